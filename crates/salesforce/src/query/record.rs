//! Turns one JSON record into cells: exact digits, canonical text, related records flattened.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::defect::AnswerDefect;
use crate::rows::{Columns, QueryField};

/// Which member of a record goes to which column.
pub(super) struct RecordPlan {
    root: Vec<Member>,
    /// Per column, the record that last gave it a value: tells missing and doubled members.
    filled_by: Vec<u64>,
    records: u64,
}

struct Member {
    name: String,
    goes_to: Target,
}

enum Target {
    Column(usize),
    /// A related record, `Owner` of `Owner.Name`.
    Related(Vec<Member>),
}

/// The members of a JSON object in their order, values untouched.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or(64));
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl RecordPlan {
    pub(super) fn new(fields: &[QueryField]) -> Self {
        let mut root = Vec::new();
        for (column, field) in fields.iter().enumerate() {
            add(&mut root, &field.name, column);
        }
        Self { root, filled_by: vec![0; fields.len()], records: 0 }
    }

    /// Appends one record; each column gets exactly one cell, or the record is refused.
    pub(super) fn decode(&mut self, json: &[u8], columns: &mut Columns) -> Result<(), AnswerDefect> {
        self.records += 1;
        let text = std::str::from_utf8(json).map_err(|_| AnswerDefect::NotUtf8 { record: self.records })?;
        let mut cells = Cells { columns, filled_by: &mut self.filled_by, record: self.records };
        cells.object(&self.root, text)?;
        if let Some(column) = self.filled_by.iter().position(|record| *record != self.records) {
            return Err(AnswerDefect::FieldMissing {
                record: self.records,
                column: columns.name(column).to_owned(),
            });
        }
        columns.end_records(1);
        Ok(())
    }
}

fn add(members: &mut Vec<Member>, path: &str, column: usize) {
    let Some((relation, rest)) = path.split_once('.') else {
        members.push(Member { name: path.to_owned(), goes_to: Target::Column(column) });
        return;
    };
    for member in members.iter_mut() {
        if let Target::Related(nested) = &mut member.goes_to
            && member.name == relation
        {
            return add(nested, rest, column);
        }
    }
    let mut nested = Vec::new();
    add(&mut nested, rest, column);
    members.push(Member { name: relation.to_owned(), goes_to: Target::Related(nested) });
}

struct Cells<'a> {
    columns: &'a mut Columns,
    filled_by: &'a mut [u64],
    record: u64,
}

impl Cells<'_> {
    fn object(&mut self, plan: &[Member], json: &str) -> Result<(), AnswerDefect> {
        let record = self.record;
        let Members(members) =
            serde_json::from_str(json).map_err(|source| AnswerDefect::Record { record, source })?;
        // Members come in the order of the SELECT, so the next one in the plan is the likely one.
        let mut likely = 0;
        for (name, value) in members {
            if name == "attributes" {
                continue;
            }
            let Some(at) = find(plan, likely, &name) else {
                return Err(AnswerDefect::ColumnNotAsked { column: name.into_owned() });
            };
            likely = at + 1;
            match &plan[at].goes_to {
                Target::Column(column) => self.cell(*column, value.get())?,
                Target::Related(nested) if value.get() == "null" => self.all_null(nested)?,
                Target::Related(nested) => self.object(nested, value.get())?,
            }
        }
        Ok(())
    }

    fn all_null(&mut self, plan: &[Member]) -> Result<(), AnswerDefect> {
        for member in plan {
            match &member.goes_to {
                Target::Column(column) => self.cell(*column, "null")?,
                Target::Related(nested) => self.all_null(nested)?,
            }
        }
        Ok(())
    }

    fn cell(&mut self, column: usize, json: &str) -> Result<(), AnswerDefect> {
        if std::mem::replace(&mut self.filled_by[column], self.record) == self.record {
            return Err(AnswerDefect::ColumnTwice { column: self.columns.name(column).to_owned() });
        }
        let text = scalar(json);
        self.columns.append(column, text.as_deref());
        Ok(())
    }
}

fn find(plan: &[Member], likely: usize, name: &str) -> Option<usize> {
    if plan.get(likely).is_some_and(|member| member.name == name) {
        return Some(likely);
    }
    let exact = plan.iter().position(|member| member.name == name);
    exact.or_else(|| plan.iter().position(|member| member.name.eq_ignore_ascii_case(name)))
}

/// The content of a JSON value. Objects and arrays in a plain column stay as they came.
fn scalar(json: &str) -> Option<Cow<'_, str>> {
    if json == "null" {
        return None;
    }
    let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Some(Cow::Borrowed(json));
    };
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    // Half a surrogate pair is no text in UTF-8; it stays in the escaped form in which it came.
    Some(serde_json::from_str(json).map_or(Cow::Borrowed(inner), Cow::Owned))
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, RecordBatch, StringArray};
    use holdfast_domain::schema::FieldKind;

    use super::*;

    const ID: &str = r#""Id":"001000000000001AAA""#;

    fn decode(fields: &[(&str, FieldKind)], records: &[String]) -> Result<RecordBatch, AnswerDefect> {
        let fields: Vec<_> = fields.iter().map(|(name, kind)| QueryField::new(*name, kind.clone())).collect();
        let (mut plan, mut columns) = (RecordPlan::new(&fields), Columns::new(&fields));
        for record in records {
            plan.decode(record.as_bytes(), &mut columns)?;
        }
        Ok(columns.take()?.unwrap())
    }

    fn cell(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
        let array = batch.column_by_name(column).unwrap().as_any().downcast_ref::<StringArray>().unwrap();
        array.is_valid(row).then(|| array.value(row).to_owned())
    }

    #[test]
    fn values_keep_their_digits_and_get_their_canonical_form() {
        for (kind, json, expected) in [
            (FieldKind::Double, "123456789012345678", Some("123456789012345678")),
            (FieldKind::Double, "123456789012.345678", Some("123456789012.345678")),
            (FieldKind::Currency, "1.44120928E7", Some("14412092.8")),
            (FieldKind::Currency, "100.0", Some("100")),
            (FieldKind::Int, "5", Some("5")),
            (FieldKind::Double, r#""NaN""#, Some("NaN")),
            (FieldKind::Double, "-0.0", Some("0")),
            (FieldKind::DateTime, r#""2024-09-24T03:26:07.000+0000""#, Some("2024-09-24T03:26:07.000Z")),
            (FieldKind::Boolean, "true", Some("true")),
            (FieldKind::String, "null", None),
            (FieldKind::String, r#""""#, None),
            (FieldKind::String, r#""null""#, Some("null")),
            (FieldKind::String, r#""NA""#, Some("NA")),
            (FieldKind::String, r#"" a\r\n\"b\"\\ \u00e9\ud83d\ude00\u0000""#, Some(" a\r\n\"b\"\\ é😀\0")),
            (FieldKind::String, r#""half \ud83d""#, Some(r"half \ud83d")),
            (FieldKind::AnyType, "12.50", Some("12.50")),
            (FieldKind::Address, r#"{"city":"Paris"}"#, Some(r#"{"city":"Paris"}"#)),
        ] {
            let record = format!(r#"{{"attributes":{{"type":"X"}},{ID},"V__c":{json}}}"#);
            let batch = decode(&[("Id", FieldKind::Id), ("V__c", kind)], &[record]).unwrap();
            assert_eq!(cell(&batch, "V__c", 0).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn related_records_are_flattened_and_a_missing_one_is_null() {
        let fields = [
            ("Id", FieldKind::Id),
            ("Owner.Name", FieldKind::String),
            ("Owner.Manager.Email", FieldKind::Email),
            ("Name", FieldKind::String),
        ];
        let records = [
            format!(
                r#"{{{ID},"Name":"n","Owner":{{"attributes":{{}},"Name":"o","Manager":{{"Email":"e"}}}}}}"#
            ),
            format!(r#"{{{ID},"Owner":{{"Name":"o","Manager":null}},"Name":null}}"#),
            format!(r#"{{{ID},"Owner":null,"Name":"n"}}"#),
        ];
        let batch = decode(&fields, &records).unwrap();
        let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["Id", "Owner.Name", "Owner.Manager.Email", "Name"]);
        let row = |row| {
            ["Owner.Name", "Owner.Manager.Email", "Name"]
                .map(|column| cell(&batch, column, row).unwrap_or_default())
        };
        assert_eq!([row(0), row(1), row(2)], [["o", "e", "n"], ["o", "", ""], ["", "", "n"]]);
    }

    #[test]
    fn a_record_that_does_not_fit_what_was_asked_is_refused() {
        let fields = [("Id", FieldKind::Id), ("Name", FieldKind::String)];
        for (record, part) in [
            (format!("{{{ID}}}"), "lacks `Name`"),
            (format!(r#"{{{ID},"Name":"a","Name":"b"}}"#), "`Name` comes twice"),
            (format!(r#"{{{ID},"Name":"a","Other":1}}"#), "`Other` that was not asked for"),
            (r#"{"Id":null,"Name":"a"}"#.to_owned(), "no 18-character Id"),
            (format!(r#"{{{ID},"Name":"a}}"#), "not well-formed"),
            ("null".to_owned(), "not well-formed"),
            ("[]".to_owned(), "not well-formed"),
        ] {
            let error = decode(&fields, std::slice::from_ref(&record)).unwrap_err().to_string();
            assert!(error.contains(part), "{record}: {error}");
        }
    }
}
