//! Rows of a query in the value forms of Bulk 1.0: CSV, JSON with times as milliseconds, or XML.

use std::fmt::Write;

use crate::ingest::write_text as csv_text;
use crate::model::Value;
use crate::model::json::{write_attributes, write_text};
use crate::model::value::{java_double, time_text};
use crate::soql::{Column, Path};
use crate::state::{Row, View};
use crate::xml::Element;

use super::info::NAMESPACE;
use super::job::ContentType;
use super::tree::{self, Node};

/// What CSV says in place of a header and no rows.
const NO_ROWS: &str = "Records not found for this query";

/// Writes the rows of one result.
pub(super) struct Writer<'a> {
    content_type: ContentType,
    columns: &'a [Column],
    nodes: Vec<Node<'a>>,
    version: String,
    view: &'a View,
    /// `5` is shown as `5.0` in CSV and XML.
    whole_numbers_have_point: bool,
    is_first: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        content_type: ContentType,
        columns: &'a [Column],
        version: String,
        view: &'a View,
        whole_numbers_have_point: bool,
    ) -> Self {
        let nodes = tree::nodes(columns);
        Self { content_type, columns, nodes, version, view, whole_numbers_have_point, is_first: true }
    }

    pub(super) fn start(&self, out: &mut String, rows: usize) {
        match self.content_type {
            ContentType::Csv if rows == 0 => out.push_str(NO_ROWS),
            ContentType::Csv => {
                for (at, column) in self.columns.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    match column {
                        Column::Field(path) => csv_text(out, &path.label()),
                        Column::Shown { key, .. } => csv_text(out, key),
                        Column::Computed { .. } | Column::Child(_) | Column::TypeOf(_) => csv_text(out, ""),
                    }
                }
                out.push('\n');
            }
            ContentType::Json => out.push('['),
            ContentType::Xml => {
                out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?><queryResult xmlns=\"");
                out.push_str(NAMESPACE);
                out.push_str("\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
            }
        }
    }

    pub(super) fn row(&mut self, out: &mut String, row: &Row) {
        match self.content_type {
            ContentType::Csv => self.csv(out, row),
            ContentType::Json => {
                out.push_str(if self.is_first { "" } else { "," });
                self.json(out, row, &self.nodes);
            }
            ContentType::Xml => {
                let record = self.xml("records", row, &self.nodes).attribute("xsi:type", "sObject");
                out.push_str(&record.to_text());
            }
        }
        self.is_first = false;
    }

    pub(super) fn end(&self, out: &mut String) {
        match self.content_type {
            ContentType::Csv => {}
            ContentType::Json => out.push(']'),
            ContentType::Xml => out.push_str("</queryResult>"),
        }
    }

    fn csv(&self, out: &mut String, row: &Row) {
        for (at, column) in self.columns.iter().enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            match column {
                Column::Field(path) => csv_text(out, &self.plain(&path.read(self.view, row))),
                Column::Shown { path, form, .. } => {
                    csv_text(out, &self.plain(&form.of(path.read(self.view, row), path.def())));
                }
                Column::Computed { .. } | Column::Child(_) | Column::TypeOf(_) => csv_text(out, ""),
            }
        }
        out.push('\n');
    }

    fn json(&self, out: &mut String, row: &Row, nodes: &[Node<'_>]) {
        out.push('{');
        write_attributes(out, &self.version, row.object_name(), row.id());
        for node in nodes {
            out.push(',');
            match node {
                Node::Field { path, form } => {
                    write_text(out, &path.def().name);
                    out.push(':');
                    json_value(out, &form.of(self.end_of(path, row), path.def()));
                }
                Node::Aliased { path, key, form } => {
                    write_text(out, key);
                    out.push(':');
                    json_value(out, &form.of(path.read(self.view, row), path.def()));
                }
                Node::Parent { hop, nodes } => {
                    write_text(out, hop.relationship());
                    out.push(':');
                    match hop.follow(self.view, row) {
                        Some(parent) => self.json(out, &parent, nodes),
                        None => out.push_str("null"),
                    }
                }
            }
        }
        out.push('}');
    }

    fn xml(&self, name: &str, row: &Row, nodes: &[Node<'_>]) -> Element {
        let mut element = Element::new(name).with(Element::leaf("type", row.object_name()));
        for node in nodes {
            element = element.with(match node {
                Node::Field { path, form } => {
                    self.leaf(&path.def().name, &form.of(self.end_of(path, row), path.def()))
                }
                Node::Aliased { path, key, form } => {
                    self.leaf(key, &form.of(path.read(self.view, row), path.def()))
                }
                Node::Parent { hop, nodes } => match hop.follow(self.view, row) {
                    Some(parent) => {
                        self.xml(hop.relationship(), &parent, nodes).attribute("xsi:type", "sObject")
                    }
                    None => Element::new(hop.relationship()).attribute("xsi:nil", "true"),
                },
            });
        }
        element
    }

    fn leaf(&self, name: &str, value: &Value) -> Element {
        match value {
            Value::Null => Element::new(name).attribute("xsi:nil", "true"),
            value => Element::leaf(name, self.plain(value)),
        }
    }

    fn plain(&self, value: &Value) -> String {
        plain(value, self.whole_numbers_have_point)
    }

    /// The value of the path's last field in the row that its hops have led to.
    fn end_of(&self, path: &Path, row: &Row) -> Value {
        let is_polymorphic = path.hops.last().is_some_and(|hop| hop.target.is_none());
        path.read_end(self.view, row, is_polymorphic)
    }
}

/// A value as text, in CSV and in XML alike.
///
/// Readers that know `0.0` in a field of whole numbers know it as an exception (singer's tap-salesforce).
fn plain(value: &Value, whole_numbers_have_point: bool) -> String {
    match value {
        Value::Int(held) if whole_numbers_have_point => format!("{held}.0"),
        Value::Number(digits) => java_double(digits),
        other => other.to_plain_text(),
    }
}

/// Dates and times are milliseconds since 1970 in JSON.
fn json_value(out: &mut String, value: &Value) {
    match value {
        Value::Null | Value::Blob | Value::Compound(_) => out.push_str("null"),
        Value::Bool(held) => write!(out, "{held}").expect("writing to a string"),
        Value::Int(held) => write!(out, "{held}").expect("writing to a string"),
        Value::Number(digits) => out.push_str(&java_double(digits)),
        Value::Text(text) | Value::Id(text) => write_text(out, text),
        Value::Date(date) => {
            let at = date.and_hms_opt(0, 0, 0).expect("every day has a midnight");
            write!(out, "{}", at.and_utc().timestamp_millis()).expect("writing to a string");
        }
        Value::DateTime(ms) => write!(out, "{ms}").expect("writing to a string"),
        Value::Time(ms) => write_text(out, &time_text(*ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_forms_of_bulk_1() {
        let date = "2024-11-07".parse().unwrap();
        let cases = [
            (Value::Int(5), "5", "5"),
            (Value::Number("20000000".into()), "2.0E7", "2.0E7"),
            (Value::DateTime(1_730_962_800_000), "2024-11-07T07:00:00.000Z", "1730962800000"),
            (Value::Date(date), "2024-11-07", "1730937600000"),
            (Value::Null, "", "null"),
            (Value::Bool(true), "true", "true"),
            (Value::Text("a\"b".into()), "a\"b", "\"a\\\"b\""),
        ];
        for (value, text, json) in cases {
            let mut out = String::new();
            json_value(&mut out, &value);
            assert_eq!((plain(&value, false).as_str(), out.as_str()), (text, json), "{value:?}");
        }
        assert_eq!(plain(&Value::Int(5), true), "5.0");
    }
}
