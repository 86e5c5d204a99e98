//! Cuts the text of a formula into tokens.

use super::FormulaError;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word: a field path, a function, a global such as `$User.Id`, or `TRUE`, `FALSE`, `NULL`, `NOT`.
    Word(String),
    Number(String),
    Text(String),
    Symbol(&'static str),
    End,
}

impl Token {
    /// As it is shown in an error.
    pub(super) fn shown(&self) -> &str {
        match self {
            Token::Word(text) | Token::Number(text) | Token::Text(text) => text,
            Token::Symbol(symbol) => symbol,
            Token::End => "end of formula",
        }
    }
}

/// Longer ones first.
const SYMBOLS: [&str; 25] = [
    ">=", "<=", "<>", "!=", "==", "=>", "||", "&&", "(", ")", "[", "]", ",", "!", "/", "+", "-", "*", ">",
    "<", "=", "&", "^", ".", ";",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FormulaError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        let Some(first) = rest.chars().next() else { break };
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").ok_or_else(unreadable)?.1;
        } else if first == '"' || first == '\'' {
            let (literal, after) = literal(&rest[1..], first)?;
            tokens.push(Token::Text(literal));
            rest = after;
        } else if first.is_ascii_digit() {
            let (number, after) = number(rest);
            tokens.push(Token::Number(number.to_owned()));
            rest = after;
        } else if first.is_ascii_alphabetic() || first == '$' {
            let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)).ok_or_else(unreadable)?;
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        }
    }
    tokens.push(Token::End);
    Ok(tokens)
}

fn unreadable() -> FormulaError {
    FormulaError::Invalid("Syntax error".to_owned())
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '$' | '_' | ':' | '.' | '#')
}

fn number(text: &str) -> (&str, &str) {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(text);
    if let Some(fraction) = text[end..].strip_prefix('.')
        && digits(fraction) > 0
    {
        end += 1 + digits(fraction);
    }
    text.split_at(end)
}

/// The text up to the closing quote, and what follows it. A literal stays on one line.
fn literal(text: &str, quote: char) -> Result<(String, &str), FormulaError> {
    let mut out = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => out.push(match letters.next().map(|(_, escaped)| escaped) {
                Some('n' | 'N') => '\n',
                Some('r' | 'R') => '\r',
                Some('t' | 'T') => '\t',
                Some(escaped @ ('"' | '\'' | '\\')) => escaped,
                _ => return Err(unreadable()),
            }),
            '\n' | '\r' => return Err(unreadable()),
            _ if letter == quote => return Ok((out, &text[at + 1..])),
            _ => out.push(letter),
        }
    }
    Err(unreadable())
}
