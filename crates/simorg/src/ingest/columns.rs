//! The header of an upload: which field or parent's key each column fills, and how its values become a row to save.
//!
//! An empty value leaves the field alone, `#N/A` empties it (Bulk API 2.0 Developer Guide, "Prepare CSV Files"). A column
//! of a parent is `Relationship.Key`, and `Object:Relationship.Key` if and only if the reference may lead to several objects.

use std::borrow::Cow;

use serde_json::{Map, Value as Json, json};

use crate::dml::Row;
use crate::errors::ApiError;
use crate::model::{FieldType, ObjectDef};
use crate::state::View;

use super::load::Operation;
use super::typed;

const NULL: &str = "#N/A";

/// What the values of one column fill.
#[derive(Debug, Clone)]
enum Column {
    Field { name: String, label: String, kind: FieldType },
    Parent { relationship: String, of: Option<String>, key: String },
}

/// The columns of one upload, in their order.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    object: String,
    columns: Vec<Column>,
}

impl Columns {
    /// Reads a header. What is refused is the text after `InvalidBatch : `.
    pub(crate) fn of(
        view: &View,
        object: &ObjectDef,
        operation: &Operation,
        header: &[Cow<'_, str>],
    ) -> Result<Columns, String> {
        if let Some(verb) = operation.takes_only_ids()
            && !(header.len() == 1 && header[0].eq_ignore_ascii_case("Id"))
        {
            return Err(format!("The '{verb}' batch must contain only ids"));
        }
        let columns: Result<Vec<Column>, String> =
            header.iter().map(|name| column(view, object, name)).collect();
        Ok(Columns { object: object.name.clone(), columns: columns? })
    }

    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// The row that these values are; values that are missing at the end are empty.
    pub(crate) fn row(&self, values: &[Cow<'_, str>]) -> Result<Row, ApiError> {
        let mut record = Map::new();
        for (column, value) in self.columns.iter().zip(values) {
            if value.is_empty() {
                continue;
            }
            match column {
                Column::Field { name, .. } if value == NULL => {
                    record.insert(name.clone(), Json::Null);
                }
                Column::Field { name, label, kind } => {
                    let text = typed::text(name, label, *kind, value)?;
                    record.insert(name.clone(), Json::String(text.into_owned()));
                }
                // Null through the key of a parent leaves the reference as it is.
                Column::Parent { .. } if value == NULL => {}
                Column::Parent { relationship, of, key } => {
                    let mut parent = Map::new();
                    if let Some(of) = of {
                        parent.insert("attributes".to_owned(), json!({"type": of}));
                    }
                    parent.insert(key.clone(), Json::String(value.clone().into_owned()));
                    record.insert(relationship.clone(), Json::Object(parent));
                }
            }
        }
        Ok(Row::new(&self.object, record))
    }
}

fn column(view: &View, object: &ObjectDef, header: &str) -> Result<Column, String> {
    if let Some((path, key)) = header.rsplit_once('.') {
        return parent(view, object, header, path, key);
    }
    match object.field(header) {
        Some(field) if !field.kind.is_compound() => {
            Ok(Column::Field { name: field.name.clone(), label: field.label.clone(), kind: field.kind })
        }
        _ => Err(not_found(header)),
    }
}

fn not_found(header: &str) -> String {
    format!("Field name not found : {header}")
}

fn parent(view: &View, object: &ObjectDef, header: &str, path: &str, key: &str) -> Result<Column, String> {
    let (of, relationship) = path.split_once(':').map_or((None, path), |(of, name)| (Some(of), name));
    let reference = object
        .relationship(relationship)
        .ok_or_else(|| format!("Unable to find relationship: {relationship}"))?;
    let is_polymorphic = reference.reference_to.len() > 1;
    if of.is_some() && !is_polymorphic {
        return Err(format!("type is not needed for non polymorphic foreign key references: {relationship}"));
    }
    let found = reference
        .reference_to
        .iter()
        .filter(|target| of.is_none_or(|of| target.eq_ignore_ascii_case(of)))
        .filter_map(|target| view.object(target))
        .filter_map(|target| Some((target.field(key)?.clone(), target.name.clone())))
        // Without a type, the first target that can be found by this key is meant.
        .min_by_key(|(field, _)| !field.id_lookup);
    let (key, target) = found.ok_or_else(|| not_found(header))?;
    Ok(Column::Parent {
        relationship: reference.relationship_name.clone().unwrap_or_else(|| relationship.to_owned()),
        of: is_polymorphic.then_some(target),
        key: key.name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimOrg;

    fn columns(object: &str, operation: &str, header: &[&str]) -> Result<Columns, String> {
        let org = SimOrg::new().bare().build().unwrap();
        let view = org.admin_view();
        let operation = Operation::named(operation, None).unwrap();
        let header: Vec<Cow<'_, str>> = header.iter().map(|name| Cow::Borrowed(*name)).collect();
        Columns::of(&view, &view.object(object).unwrap(), &operation, &header)
    }

    fn record(object: &str, header: &[&str], values: &[&str]) -> Result<Json, ApiError> {
        let values: Vec<Cow<'_, str>> = values.iter().map(|value| Cow::Borrowed(*value)).collect();
        let row = columns(object, "update", header).unwrap().row(&values)?;
        Ok(Json::Object(row.record))
    }

    #[test]
    fn empty_leaves_alone_and_na_empties() {
        let record = record(
            "Event",
            &["id", "Subject", "Location", "Description", "IsAllDayEvent", "Account.Name"],
            &["00U", "x ", "", "#N/A", "YES", "#N/A"],
        );
        let expected = json!({"Id": "00U", "Subject": "x ", "Description": null, "IsAllDayEvent": "true"});
        assert_eq!(record.unwrap(), expected);
    }

    #[test]
    fn parents_are_named_by_a_key_and_by_their_type_where_it_is_needed() {
        let owner = json!({"Owner": {"attributes": {"type": "User"}, "Username": "a@b.example"}});
        assert_eq!(record("Case", &["User:Owner.Username"], &["a@b.example"]).unwrap(), owner);
        assert_eq!(record("Case", &["Owner.Username"], &["a@b.example"]).unwrap(), owner);
        assert_eq!(
            record("Contact", &["ReportsTo.Email"], &["a@b.example"]).unwrap(),
            json!({"ReportsTo": {"Email": "a@b.example"}})
        );
        for (header, expected) in [
            ("Nope", "Field name not found : Nope"),
            ("BillingAddress", "Field name not found : BillingAddress"),
            ("Parent:Account:Name", "Field name not found : Parent:Account:Name"),
            ("Parent.Nope", "Field name not found : Parent.Nope"),
            ("Account:Parent.Name", "type is not needed for non polymorphic foreign key references: Parent"),
            ("Parent:Account.Name", "Unable to find relationship: Account"),
        ] {
            assert_eq!(columns("Account", "insert", &[header]).unwrap_err(), expected, "{header}");
        }
    }

    #[test]
    fn deletes_take_ids_alone() {
        let refused = columns("Account", "delete", &["Id", "Name"]).unwrap_err();
        assert_eq!(refused, "The 'delete' batch must contain only ids");
        assert_eq!(columns("Account", "delete", &["ID"]).unwrap().len(), 1);
    }

    #[test]
    fn a_day_alone_is_no_time() {
        let refused = record("Event", &["StartDateTime"], &["2024-01-01"]).unwrap_err();
        assert_eq!(refused.code, "INVALID_TYPE_ON_FIELD_IN_RECORD");
        assert!(record("Event", &["StartDateTime"], &["2024-01-01T00:00:00Z"]).is_ok());
        assert!(record("Event", &["ActivityDate"], &["2024-01-01"]).is_ok());
    }
}
