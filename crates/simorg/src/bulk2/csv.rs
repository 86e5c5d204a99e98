//! Rows as the CSV of Bulk 2.0: every value quoted, quotes doubled, datetimes with `Z`.

use crate::generate::{GeneratedRow, Plan};
use crate::model::value::{write_date, write_datetime, write_java_double, write_padded, write_time};
use crate::model::{Cell, FieldDef, FieldSource, FieldType, Value, ids};
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

    /// What stands between two values. All are of one length, which makes it cheap to write.
    fn between(self) -> &'static str {
        match self.delimiter {
            Delimiter::Backquote => "\"`\"",
            Delimiter::Caret => "\"^\"",
            Delimiter::Comma => "\",\"",
            Delimiter::Pipe => "\"|\"",
            Delimiter::Semicolon => "\";\"",
            Delimiter::Tab => "\"\t\"",
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
    format: Format,
    columns: Vec<Source<'a>>,
    held: String,
}

/// Where the values of one column come from.
enum Source<'a> {
    Own(Own<'a>),
    Parents(&'a Path),
    Other(&'a Column),
}

/// A field of the rows themselves.
struct Own<'a> {
    path: &'a Path,
    field: &'a FieldDef,
    kind: FieldType,
    /// How its generated values are made, where they are shown as they are made.
    plan: Option<&'a Plan>,
    /// Whether its generated values need no look for quotes.
    is_plain: bool,
}

impl<'a> Own<'a> {
    fn new(path: &'a Path, view: &'a View) -> Self {
        let field = path.def();
        let is_kept = matches!(field.source, FieldSource::Stored | FieldSource::AutoNumber(_));
        let generator = view.snapshot().table(&path.object.name).and_then(|table| table.generator.as_deref());
        let plan = generator.and_then(|generator| generator.plan(field.slot)).filter(|_| is_kept);
        Self { path, field, kind: field.kind, plan, is_plain: plan.is_some_and(Plan::makes_no_quotes) }
    }

    /// Writes the value of a row, or tells that only reading the row's value as a whole can.
    fn write(
        &self,
        out: &mut String,
        held: &mut String,
        row: &Row,
        generated: Option<&GeneratedRow<'_>>,
    ) -> bool {
        let start = out.len();
        let is_written = if let (Some(plan), Some(row)) = (self.plan, generated) {
            let cell = plan.cell(row, out);
            let fits = cell.fits(self.kind);
            if fits {
                finish(out, held, start, &cell, self.is_plain);
            }
            fits
        } else {
            let cell = row.cell(self.field, out);
            if let Some(cell) = &cell {
                finish(out, held, start, cell, false);
            }
            cell.is_some()
        };
        if !is_written {
            out.truncate(start);
        }
        is_written
    }
}

impl<'a> Lines<'a> {
    pub(super) fn new(format: Format, columns: &'a [Column], view: &'a View) -> Self {
        let source = |column: &'a Column| match column {
            Column::Field(path) if path.hops.is_empty() => Source::Own(Own::new(path, view)),
            Column::Field(path) => Source::Parents(path),
            other => Source::Other(other),
        };
        Self { view, format, columns: columns.iter().map(source).collect(), held: String::new() }
    }

    pub(super) fn write(&mut self, out: &mut String, row: &Row) {
        let generated = row.untouched();
        out.push('"');
        for (at, source) in self.columns.iter().enumerate() {
            if at > 0 {
                out.push_str(self.format.between());
            }
            match source {
                Source::Own(own) => {
                    if !own.write(out, &mut self.held, row, generated.as_ref()) {
                        value(out, &own.path.read(self.view, row));
                    }
                }
                Source::Parents(path) => value(out, &path.read(self.view, row)),
                Source::Other(Column::Shown { path, form, .. }) => {
                    value(out, &form.of(path.read(self.view, row), path.def()));
                }
                Source::Other(Column::Computed { scalar, .. }) => value(out, &scalar.read(self.view, row)),
                Source::Other(_) => {}
            }
        }
        out.push('"');
        self.format.end_line(out);
    }
}

/// Writes a cell whose text, if it has one, was written from `start` on.
fn finish(out: &mut String, scratch: &mut String, start: usize, cell: &Cell<'_>, is_plain: bool) {
    match *cell {
        Cell::Text => {
            if !is_plain && has_quotes(&out[start..]) {
                take_back(out, scratch, start);
                double_quotes(out, scratch);
            }
        }
        Cell::Number => {
            take_back(out, scratch, start);
            write_java_double(out, scratch);
        }
        Cell::Null | Cell::Blob => {}
        Cell::Id(prefix, counter) => ids::write_record_id(out, prefix, counter),
        Cell::Bool(held) => out.push_str(if held { "true" } else { "false" }),
        Cell::Int(held) => whole(out, held),
        Cell::Date(date) => write_date(out, date),
        Cell::DateTime(ms) => write_datetime(out, ms, "Z"),
        Cell::Time(ms) => write_time(out, ms),
        Cell::Held(Value::Text(held)) if is_plain => out.push_str(held),
        Cell::Held(held) => value(out, held),
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
    text.bytes().fold(0, |found, byte| found | u8::from(byte == b'"')) != 0
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
            let columns: Vec<Column> = (0..def.fields.len())
                .map(|field| Column::Field(Path { hops: Vec::new(), object: def.clone(), field }))
                .collect();
            let format = Format::named(Some("PIPE"), None).expect("a delimiter of Bulk");
            let mut lines = Lines::new(format, &columns, &view);
            view.scan(&def, crate::state::Scan::default(), &mut |row| {
                let (mut fast, mut plain) = (String::new(), Vec::new());
                lines.write(&mut fast, row);
                for column in &columns {
                    let Column::Field(path) = column else { unreachable!("made above") };
                    let mut quoted = "\"".to_owned();
                    value(&mut quoted, &path.read(&view, row));
                    plain.push(quoted + "\"");
                    compared += usize::from(row.stored().is_none());
                }
                assert_eq!(fast, plain.join("|") + "\n", "{} {}", def.name, row.id());
                std::ops::ControlFlow::Continue(())
            });
        }
        assert!(compared > 50_000, "{compared}");
    }

    #[test]
    fn choices_with_quotes_are_looked_at() {
        let pick =
            |choice: &str| Plan::Pick { choices: vec![Value::Text(choice.into())], filled: 100, topic: 0 };
        assert!(pick("Hot").makes_no_quotes());
        assert!(!pick("6\" pipe").makes_no_quotes());
    }

    #[test]
    fn unknown_formats_are_refused() {
        assert!(Format::named(Some("DOT"), None).is_none());
        assert!(Format::named(None, Some("CR")).is_none());
        assert_eq!(Format::named(Some("TAB"), Some("CRLF")).map(Format::delimiter_name), Some("TAB"));
    }
}
