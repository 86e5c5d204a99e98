//! Cuts a SOQL statement into tokens that remember where they stand.
//!
//! A dotted path is one token. A token that starts with a digit may be a number, a date, a dateTime or a time; which
//! one is decided here, because the same characters mean other things elsewhere.

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike};

use super::fault::Fault;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A name or keyword, with its dots.
    Word(String),
    /// The text between the quotes, escapes not yet resolved.
    Text(String),
    /// Plain digits with an optional sign and point, and whether neither point nor exponent was written.
    Number {
        digits: String,
        whole: bool,
    },
    Date(NaiveDate),
    /// Milliseconds since 1970.
    DateTime(i64),
    /// Milliseconds since midnight.
    Time(i64),
    Sign(&'static str),
    End,
}

impl Token {
    /// How error texts show the token.
    pub(crate) fn shown(&self, source: &str) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Sign(sign) => (*sign).to_owned(),
            Self::End => "<EOF>".to_owned(),
            _ => source.to_owned(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spanned {
    pub token: Token,
    pub at: usize,
    pub end: usize,
}

const SIGNS: [&str; 13] = ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ":", ".", "*"];

pub(crate) fn tokens(source: &str) -> Result<Vec<Spanned>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = next_token(source, at, first)?;
        found.push(Spanned { token, at, end: at + length });
        at += length;
    }
    found.push(Spanned { token: Token::End, at: source.len(), end: source.len() });
    Ok(found)
}

fn next_token(source: &str, at: usize, first: char) -> Result<(Token, usize), Fault> {
    let rest = &source[at..];
    if first.is_ascii_alphabetic() || first == '_' {
        let length =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
        return Ok((Token::Word(rest[..length].to_owned()), length));
    }
    if first == '\'' {
        return text_token(source, at);
    }
    let signed_number = matches!(first, '-' | '+') && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    if first.is_ascii_digit() || signed_number {
        return digit_token(source, at);
    }
    for sign in SIGNS {
        if rest.starts_with(sign) {
            return Ok((Token::Sign(sign), sign.len()));
        }
    }
    let (row, column) = row_and_column(source, at);
    Err(Fault::plain(
        "MALFORMED_QUERY",
        format!("line {row}:{column} no viable alternative at character '{first}'"),
    ))
}

fn text_token(source: &str, at: usize) -> Result<(Token, usize), Fault> {
    let rest = &source[at + 1..];
    let mut escaped = false;
    for (offset, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => return Ok((Token::Text(rest[..offset].to_owned()), offset + 2)),
            _ => {}
        }
    }
    let (row, column) = row_and_column(source, source.len());
    Err(Fault::plain(
        "MALFORMED_QUERY",
        format!("line {row}:{column} mismatched character '<EOF>' expecting '''"),
    ))
}

/// The row counted from one and the column counted from zero, as the lexer's own errors have them.
fn row_and_column(source: &str, at: usize) -> (usize, usize) {
    let before = &source[..at];
    let column = before.rsplit('\n').next().unwrap_or("").chars().count();
    (before.matches('\n').count() + 1, column)
}

fn digit_token(source: &str, at: usize) -> Result<(Token, usize), Fault> {
    let rest = &source[at..];
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '+');
    let length = 1 + rest[1..].find(|c: char| !is_part(c)).unwrap_or(rest.len() - 1);
    let text = &rest[..length];
    let token = if text.as_bytes().get(4) == Some(&b'-') {
        date_or_date_time(text)
    } else if text.as_bytes().get(2) == Some(&b':') {
        time(text)
    } else {
        number(text)
    };
    match token {
        Some(token) => Ok((token, length)),
        None => Err(Fault::malformed(at, format!("unexpected token: '{text}'"))),
    }
}

/// The greatest exponent of a double.
const MAX_EXPONENT: i32 = 308;

fn number(text: &str) -> Option<Token> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let digits = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || exponent.abs() > MAX_EXPONENT {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let digits = format!("{sign}{}", shifted(whole, fraction, exponent));
    Some(Token::Number { digits, whole: whole.len() == text.trim_start_matches(['-', '+']).len() })
}

/// The digits with the point moved by the exponent.
fn shifted(whole: &str, fraction: &str, exponent: i32) -> String {
    let steps = exponent.unsigned_abs() as usize;
    if exponent >= 0 {
        let padded = format!("{fraction:0<steps$}");
        let (moved, rest) = padded.split_at(steps);
        return if rest.is_empty() { format!("{whole}{moved}") } else { format!("{whole}{moved}.{rest}") };
    }
    let padded = format!("{whole:0>width$}", width = steps + 1);
    let (rest, moved) = padded.split_at(padded.len() - steps);
    format!("{rest}.{moved}{fraction}")
}

fn date_or_date_time(text: &str) -> Option<Token> {
    if text.len() == 10 {
        return NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Token::Date);
    }
    let moment = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()?;
    Some(Token::DateTime(moment.timestamp_millis()))
}

fn time(text: &str) -> Option<Token> {
    let time = NaiveTime::parse_from_str(text.strip_suffix('Z')?, "%H:%M:%S%.f").ok()?;
    let millis =
        i64::from(time.num_seconds_from_midnight()) * 1000 + i64::from(time.nanosecond() / 1_000_000);
    Some(Token::Time(millis))
}

/// Resolves the escapes of a text literal; any other backslash is an error.
pub(crate) fn unescape(raw: &str, at: usize) -> Result<String, Fault> {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let escape = chars.next().unwrap_or('\\');
        match escape {
            'n' | 'N' => text.push('\n'),
            'r' | 'R' => text.push('\r'),
            't' | 'T' => text.push('\t'),
            'b' | 'B' => text.push('\u{8}'),
            'f' | 'F' => text.push('\u{c}'),
            '"' | '\'' | '\\' => text.push(escape),
            '_' | '%' => text.extend(['\\', escape]),
            'u' => text.push(unicode_escape(&mut chars).ok_or_else(|| illegal_escape(raw, 'u', at))?),
            other => return Err(illegal_escape(raw, other, at)),
        }
    }
    Ok(text)
}

fn unicode_escape(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let digits: String = chars.by_ref().take(4).collect();
    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
}

fn illegal_escape(raw: &str, escape: char, at: usize) -> Fault {
    Fault::malformed(
        at,
        format!("Invalid string literal '{raw}'. Illegal character sequence '\\{escape}' in string literal."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<Token> {
        tokens(source).unwrap().into_iter().map(|spanned| spanned.token).collect()
    }

    #[test]
    fn literals_are_told_apart_by_their_shape() {
        assert_eq!(
            kinds("2024-05-31 2024-05-31T23:01:01Z 2024-05-31T23:01:01.000+0000 10:30:00.000Z -1.5 7"),
            vec![
                Token::Date(NaiveDate::from_ymd_opt(2024, 5, 31).unwrap()),
                Token::DateTime(1_717_196_461_000),
                Token::DateTime(1_717_196_461_000),
                Token::Time(37_800_000),
                Token::Number { digits: "-1.5".into(), whole: false },
                Token::Number { digits: "7".into(), whole: true },
                Token::End
            ]
        );
    }

    #[test]
    fn exponents_move_the_point() {
        for (written, digits) in
            [("1.5e3", "1500"), ("1.23456E2", "123.456"), ("12e-3", "0.012"), ("-5E0", "-5"), ("1e-1", "0.1")]
        {
            assert_eq!(kinds(written)[0], Token::Number { digits: digits.into(), whole: false }, "{written}");
        }
    }

    #[test]
    fn an_offset_moves_the_moment() {
        assert_eq!(kinds("2024-05-31T23:01:01-08:00")[0], Token::DateTime(1_717_196_461_000 + 8 * 3_600_000));
    }

    #[test]
    fn escapes_are_resolved_and_others_refused() {
        assert_eq!(unescape(r"O\'B\n\u0041\\", 0).unwrap(), "O'B\nA\\");
        assert_eq!(
            unescape(r"a\xb", 0).unwrap_err().text,
            r"Invalid string literal 'a\xb'. Illegal character sequence '\x' in string literal."
        );
    }
}
