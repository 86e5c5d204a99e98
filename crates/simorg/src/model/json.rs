//! Values as REST's JSON shows them, written straight into text so that long results need no tree; and numbers on their way
//! in.

use std::borrow::Cow;
use std::fmt::Write;

use super::value::{Value, datetime_text, java_double, time_text};

/// Where a cell stands; a body is shown as the path that leads to it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// E.g. `67.0`.
    pub version: &'a str,
    pub object: &'a str,
    pub id: &'a str,
    pub field: &'a str,
}

/// Writes one value as REST shows it.
pub fn write_value(out: &mut String, value: &Value, place: Place<'_>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => write!(out, "{value}").expect("writing to a string"),
        Value::Number(digits) => out.push_str(&java_double(digits)),
        Value::Text(text) | Value::Id(text) => write_text(out, text),
        Value::Date(date) => write!(out, "\"{}\"", date.format("%Y-%m-%d")).expect("writing to a string"),
        Value::DateTime(ms) => {
            write!(out, "\"{}\"", datetime_text(*ms, "+0000")).expect("writing to a string");
        }
        Value::Time(ms) => write!(out, "\"{}\"", time_text(*ms)).expect("writing to a string"),
        Value::Blob => write_text(out, &blob_path(place)),
        Value::Compound(parts) => {
            out.push('{');
            for (at, (name, part)) in parts.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(out, name);
                out.push(':');
                write_value(out, part, place);
            }
            out.push('}');
        }
    }
}

/// The path of the body in a base64 field.
pub fn blob_path(place: Place<'_>) -> String {
    format!("/services/data/v{}/sobjects/{}/{}/{}", place.version, place.object, place.id, place.field)
}

/// The `attributes` that go before the fields of every record.
pub fn write_attributes(out: &mut String, version: &str, object: &str, id: &str) {
    write!(out, "\"attributes\":{{\"type\":\"{object}\",\"url\":\"/services/data/v{version}/sobjects/{object}/{id}\"}}")
        .expect("writing to a string");
}

/// Writes a JSON string.
pub fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain_from..at]);
        plain_from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => write!(out, "\\u{byte:04x}").expect("writing to a string"),
        }
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
}

/// Every number of so many digits is held exactly.
const DIGITS_OF_F64: usize = 15;

/// JSON in which numbers that no `f64` holds exactly are texts of their digits, so that all 18 digits of a field come through.
pub fn exact_numbers(json: &[u8]) -> Cow<'_, [u8]> {
    let mut run = 0;
    let is_long = json.iter().any(|byte| {
        run = if matches!(byte, b'0'..=b'9' | b'.') { run + 1 } else { 0 };
        run > DIGITS_OF_F64
    });
    if !is_long {
        return Cow::Borrowed(json);
    }
    let mut out = Vec::with_capacity(json.len() + 16);
    let (mut at, mut in_text) = (0, false);
    while let Some(&byte) = json.get(at) {
        match byte {
            b'\\' if in_text => {
                out.extend_from_slice(&json[at..json.len().min(at + 2)]);
                at += 2;
                continue;
            }
            b'"' => in_text = !in_text,
            b'-' | b'0'..=b'9' if !in_text => {
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
                let length = json[at..].iter().take_while(|byte| is_part(byte)).count();
                let literal = &json[at..at + length];
                let quote: &[u8] = if is_exact(literal) { b"" } else { b"\"" };
                out.extend([quote, literal, quote].concat());
                at += length;
                continue;
            }
            _ => {}
        }
        out.push(byte);
        at += 1;
    }
    Cow::Owned(out)
}

fn is_exact(literal: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(literal) else { return true };
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    digits <= DIGITS_OF_F64
        || text.parse::<i64>().is_ok()
        || text.parse::<f64>().map_or(true, |number| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_an_f64_keep_their_digits_as_text() {
        for (given, expected) in [
            (r#"{"a":1.5,"b":12}"#, r#"{"a":1.5,"b":12}"#),
            (r#"{"a":1234567890123456.78}"#, r#"{"a":"1234567890123456.78"}"#),
            (r"[-1234567890123456.78 ,1]", r#"["-1234567890123456.78" ,1]"#),
            (r#"{"a":1.23456789012345678E17}"#, r#"{"a":"1.23456789012345678E17"}"#),
            (r#"{"a":123456789012345678}"#, r#"{"a":123456789012345678}"#),
            (r#"{"a":0.1234567890123456}"#, r#"{"a":0.1234567890123456}"#),
            (r#"{"a":"\"1234567890123456.78"}"#, r#"{"a":"\"1234567890123456.78"}"#),
            (r#"{"a":"1234567890123456.78"}"#, r#"{"a":"1234567890123456.78"}"#),
        ] {
            let exact = exact_numbers(given.as_bytes());
            assert_eq!(std::str::from_utf8(&exact).expect("text"), expected);
        }
    }

    #[test]
    fn text_survives_json() {
        for text in ["", "plain", "a\"b\\c", "line\r\nline\ttab\u{1}", "naïve 😀 \u{202e}"] {
            let mut out = String::new();
            write_text(&mut out, text);
            assert_eq!(serde_json::from_str::<String>(&out).expect("valid JSON"), text);
        }
    }
}
