//! Values as REST's JSON shows them, written straight into text so that long results need no tree.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_json() {
        for text in ["", "plain", "a\"b\\c", "line\r\nline\ttab\u{1}", "naïve 😀 \u{202e}"] {
            let mut out = String::new();
            write_text(&mut out, text);
            assert_eq!(serde_json::from_str::<String>(&out).expect("valid JSON"), text);
        }
    }
}
