//! Rows as the CSV of Bulk 2.0: every value quoted, quotes doubled, datetimes with `Z`.

use crate::model::value::{write_date, write_datetime, write_java_double, write_padded, write_time};
use crate::model::{Cell, FieldDef, Value, ids};
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
}

/// Writes the rows of one result, one after the other.
pub(super) struct Lines<'a> {
    view: &'a View,
    columns: Vec<Source<'a>>,
    /// What stands between two values: `","`.
    between: String,
    /// What stands after the last value of a row.
    end: &'static str,
    held: String,
}

/// Where the values of one column come from.
enum Source<'a> {
    Own(&'a Path, &'a FieldDef),
    Parents(&'a Path),
    Other(&'a Column),
}

impl<'a> Lines<'a> {
    pub(super) fn new(format: Format, columns: &'a [Column], view: &'a View) -> Self {
        let source = |column: &'a Column| match column {
            Column::Field(path) if path.hops.is_empty() => Source::Own(path, path.def()),
            Column::Field(path) => Source::Parents(path),
            other => Source::Other(other),
        };
        Self {
            view,
            columns: columns.iter().map(source).collect(),
            between: format!("\"{}\"", format.delimiter()),
            end: if format.is_crlf { "\"\r\n" } else { "\"\n" },
            held: String::new(),
        }
    }

    pub(super) fn write(&mut self, out: &mut String, row: &Row) {
        let mut before = "\"";
        for source in &self.columns {
            out.push_str(before);
            before = &self.between;
            match source {
                Source::Own(path, field) => own_field(out, &mut self.held, (path, field), self.view, row),
                Source::Parents(path) => value(out, &path.read(self.view, row)),
                Source::Other(Column::Shown { path, form, .. }) => {
                    value(out, &form.of(path.read(self.view, row), path.def()));
                }
                Source::Other(Column::Computed { scalar, .. }) => value(out, &scalar.read(self.view, row)),
                Source::Other(_) => {}
            }
        }
        out.push_str(self.end);
    }
}

/// Writes a field of the row itself, the text of a generated value straight into `out`.
fn own_field(
    out: &mut String,
    scratch: &mut String,
    (path, field): (&Path, &FieldDef),
    view: &View,
    row: &Row,
) {
    let start = out.len();
    match row.cell(field, out) {
        Some(Cell::Text) => {
            if has_quotes(&out[start..]) {
                take_back(out, scratch, start);
                double_quotes(out, scratch);
            }
        }
        Some(Cell::Number) => {
            take_back(out, scratch, start);
            write_java_double(out, scratch);
        }
        Some(Cell::Null | Cell::Blob) => {}
        Some(Cell::Id(prefix, counter)) => ids::write_record_id(out, prefix, counter),
        Some(Cell::Bool(held)) => out.push_str(if held { "true" } else { "false" }),
        Some(Cell::Int(held)) => whole(out, held),
        Some(Cell::Date(date)) => write_date(out, date),
        Some(Cell::DateTime(ms)) => write_datetime(out, ms, "Z"),
        Some(Cell::Time(ms)) => write_time(out, ms),
        Some(Cell::Held(held)) => value(out, held),
        None => {
            out.truncate(start);
            value(out, &path.read(view, row));
        }
    }
}

/// Moves what was written from `start` on into `scratch`.
fn take_back(out: &mut String, scratch: &mut String, start: usize) {
    scratch.clear();
    scratch.push_str(&out[start..]);
    out.truncate(start);
}

/// What stands between the quotes.
fn value(out: &mut String, value: &Value) {
    match value {
        Value::Null | Value::Blob | Value::Compound(_) => {}
        Value::Bool(held) => out.push_str(if *held { "true" } else { "false" }),
        Value::Int(held) => whole(out, *held),
        Value::Number(digits) => write_java_double(out, digits),
        Value::Id(held) => out.push_str(held),
        Value::Text(held) => double_quotes(out, held),
        Value::Date(date) => write_date(out, *date),
        Value::DateTime(ms) => write_datetime(out, *ms, "Z"),
        Value::Time(ms) => write_time(out, *ms),
    }
}

fn whole(out: &mut String, number: i64) {
    if number < 0 {
        out.push('-');
    }
    write_padded(out, number.unsigned_abs(), 1);
}

fn text(out: &mut String, held: &str) {
    out.push('"');
    double_quotes(out, held);
    out.push('"');
}

fn double_quotes(out: &mut String, held: &str) {
    if !has_quotes(held) {
        return out.push_str(held);
    }
    for (at, piece) in held.split('"').enumerate() {
        if at > 0 {
            out.push_str("\"\"");
        }
        out.push_str(piece);
    }
}

/// Looks at all bytes without stopping, which takes a fraction of the time for texts of this length.
fn has_quotes(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | (byte == b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_written_in_the_form_of_bulk() {
        let cases = [
            (Value::Null, ""),
            (Value::Bool(true), "true"),
            (Value::Int(-50), "-50"),
            (Value::Number("14412092.8".into()), "1.44120928E7"),
            (Value::Text("a \"b\", c\r\nd".into()), "a \"\"b\"\", c\r\nd"),
            (Value::DateTime(1_727_148_367_000), "2024-09-24T03:26:07.000Z"),
            (Value::Time(37_800_000), "10:30:00.000Z"),
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
                    own_field(&mut fast, &mut String::new(), (path, path.def()), &view, row);
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
