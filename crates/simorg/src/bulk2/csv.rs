//! Rows as the CSV of Bulk 2.0: every value quoted, quotes doubled, datetimes with `Z`.

use std::fmt::Write;

use crate::model::value::{
    datetime_text, java_double, time_text, write_date, write_datetime, write_java_double, write_time,
};
use crate::model::{Cell, Value, ids};
use crate::soql::{Column, Path};
use crate::state::{Row, View};

#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    delimiter: Delimiter,
    is_crlf: bool,
}

#[derive(Debug, Clone, Copy)]
enum Delimiter {
    Backquote,
    Caret,
    Comma,
    Pipe,
    Semicolon,
    Tab,
}

impl Format {
    /// The format of a job by the names that its creation gives; commas and LF unless said otherwise.
    pub(super) fn named(delimiter: Option<&str>, line_ending: Option<&str>) -> Option<Self> {
        let delimiter = match delimiter.unwrap_or("COMMA") {
            "BACKQUOTE" => Delimiter::Backquote,
            "CARET" => Delimiter::Caret,
            "COMMA" => Delimiter::Comma,
            "PIPE" => Delimiter::Pipe,
            "SEMICOLON" => Delimiter::Semicolon,
            "TAB" => Delimiter::Tab,
            _ => return None,
        };
        let is_crlf = match line_ending.unwrap_or("LF") {
            "LF" => false,
            "CRLF" => true,
            _ => return None,
        };
        Some(Self { delimiter, is_crlf })
    }

    pub(super) fn delimiter_name(self) -> &'static str {
        match self.delimiter {
            Delimiter::Backquote => "BACKQUOTE",
            Delimiter::Caret => "CARET",
            Delimiter::Comma => "COMMA",
            Delimiter::Pipe => "PIPE",
            Delimiter::Semicolon => "SEMICOLON",
            Delimiter::Tab => "TAB",
        }
    }

    pub(super) fn line_ending_name(self) -> &'static str {
        if self.is_crlf { "CRLF" } else { "LF" }
    }

    pub(super) fn delimiter(self) -> char {
        match self.delimiter {
            Delimiter::Backquote => '`',
            Delimiter::Caret => '^',
            Delimiter::Comma => ',',
            Delimiter::Pipe => '|',
            Delimiter::Semicolon => ';',
            Delimiter::Tab => '\t',
        }
    }

    pub(super) fn end_line(self, out: &mut String) {
        out.push_str(if self.is_crlf { "\r\n" } else { "\n" });
    }

    /// The names of the columns, parents' fields with their path.
    pub(super) fn header(self, out: &mut String, columns: &[Column]) {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(self.delimiter());
            }
            match column {
                Column::Field(path) => text(out, &path.label()),
                Column::Shown { key, .. } | Column::Computed { key, .. } => text(out, key),
                Column::Child(_) | Column::TypeOf(_) => text(out, ""),
            }
        }
        self.end_line(out);
    }

    pub(super) fn row(self, out: &mut String, columns: &[Column], view: &View, row: &Row) {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(self.delimiter());
            }
            match column {
                Column::Field(path) if path.hops.is_empty() => own_field(out, path, view, row),
                Column::Field(path) => value(out, &path.read(view, row)),
                Column::Shown { path, form, .. } => value(out, &form.of(path.read(view, row), path.def())),
                Column::Computed { scalar, .. } => value(out, &scalar.read(view, row)),
                Column::Child(_) | Column::TypeOf(_) => text(out, ""),
            }
        }
        self.end_line(out);
    }
}

/// Writes a field of the row itself, the text of a generated value straight into `out`.
fn own_field(out: &mut String, path: &Path, view: &View, row: &Row) {
    let before = out.len();
    out.push('"');
    let start = out.len();
    match row.cell(path.def(), out) {
        Some(Cell::Text) => {
            if out.as_bytes()[start..].contains(&b'"') {
                let held = out.split_off(start);
                double_quotes(out, &held);
            }
        }
        Some(Cell::Number) => {
            let digits = out.split_off(start);
            write_java_double(out, &digits);
        }
        Some(Cell::Null | Cell::Blob) => {}
        Some(Cell::Id(prefix, counter)) => ids::write_record_id(out, prefix, counter),
        Some(Cell::Bool(held)) => out.push_str(if held { "true" } else { "false" }),
        Some(Cell::Int(held)) => write!(out, "{held}").expect("writing to a string"),
        Some(Cell::Date(date)) => write_date(out, date),
        Some(Cell::DateTime(ms)) => write_datetime(out, ms, "Z"),
        Some(Cell::Time(ms)) => write_time(out, ms),
        Some(Cell::Held(held)) => {
            out.truncate(before);
            return value(out, held);
        }
        None => {
            out.truncate(before);
            return value(out, &path.read(view, row));
        }
    }
    out.push('"');
}

fn value(out: &mut String, value: &Value) {
    match value {
        Value::Null | Value::Blob | Value::Compound(_) => out.push_str("\"\""),
        Value::Bool(held) => write!(out, "\"{held}\"").expect("writing to a string"),
        Value::Int(held) => write!(out, "\"{held}\"").expect("writing to a string"),
        Value::Number(digits) => write!(out, "\"{}\"", java_double(digits)).expect("writing to a string"),
        Value::Text(held) | Value::Id(held) => text(out, held),
        Value::Date(date) => write!(out, "\"{}\"", date.format("%Y-%m-%d")).expect("writing to a string"),
        Value::DateTime(ms) => write!(out, "\"{}\"", datetime_text(*ms, "Z")).expect("writing to a string"),
        Value::Time(ms) => write!(out, "\"{}\"", time_text(*ms)).expect("writing to a string"),
    }
}

fn text(out: &mut String, held: &str) {
    out.push('"');
    double_quotes(out, held);
    out.push('"');
}

fn double_quotes(out: &mut String, held: &str) {
    for (at, piece) in held.split('"').enumerate() {
        if at > 0 {
            out.push_str("\"\"");
        }
        out.push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_quoted_in_the_form_of_bulk() {
        let cases = [
            (Value::Null, "\"\""),
            (Value::Bool(true), "\"true\""),
            (Value::Int(5), "\"5\""),
            (Value::Number("14412092.8".into()), "\"1.44120928E7\""),
            (Value::Text("a \"b\", c\r\nd".into()), "\"a \"\"b\"\", c\r\nd\""),
            (Value::DateTime(1_727_148_367_000), "\"2024-09-24T03:26:07.000Z\""),
            (Value::Time(37_800_000), "\"10:30:00.000Z\""),
        ];
        for (held, expected) in cases {
            let mut out = String::new();
            value(&mut out, &held);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn generated_cells_are_written_as_their_values_are() {
        let org = crate::SimOrg::demo(3000).build().expect("an org");
        let view = org.admin_view();
        let mut compared = 0;
        for def in view.objects() {
            let columns: Vec<Path> = (0..def.fields.len())
                .map(|field| Path { hops: Vec::new(), object: def.clone(), field })
                .collect();
            view.scan(&def, crate::state::Scan::default(), &mut |row| {
                for path in &columns {
                    let (mut fast, mut plain) = (String::new(), String::new());
                    own_field(&mut fast, path, &view, row);
                    value(&mut plain, &path.read(&view, row));
                    assert_eq!(fast, plain, "{} of {}", path.def().name, row.id());
                    compared += usize::from(row.stored().is_none());
                }
                std::ops::ControlFlow::Continue(())
            });
        }
        assert!(compared > 50_000, "{compared}");
    }

    #[test]
    fn unknown_formats_are_refused() {
        assert!(Format::named(Some("DOT"), None).is_none());
        assert!(Format::named(None, Some("CR")).is_none());
        assert_eq!(Format::named(Some("TAB"), Some("CRLF")).map(Format::delimiter_name), Some("TAB"));
    }
}
