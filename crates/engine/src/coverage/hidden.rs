//! Objects and fields that the org has and the integration user cannot see.
//!
//! A describe leaves out what is hidden, without a word. `EntityDefinition` and `FieldDefinition` tell all, to who may
//! view the setup. Neither can be paged: `queryMore` is refused (Tooling API, `EntityDefinition`).

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::ObjectName;
use holdfast_domain::schema::ObjectSchema;
use holdfast_salesforce::{ApiError, Client, QueryValues};
use serde_json::{Map, Value};

use super::Hidden;
use crate::error::{Doing, Result};

/// The most rows of one answer.
const PAGE: usize = 2000;
/// Described fields of the objects that one query asks about: some are hidden, so fewer than a page.
const FIELDS_AT_ONCE: usize = 1200;
/// Names in one query, for the length of its address.
const OBJECTS_AT_ONCE: usize = 40;

/// What is hidden, or why the org would not tell.
pub(super) async fn hidden(
    client: &Client,
    visible: &BTreeSet<ObjectName>,
    described: &BTreeMap<ObjectName, ObjectSchema>,
) -> Result<Result<Hidden, ApiError>> {
    let objects = match all_objects(client).await? {
        Ok(all) => all.into_iter().filter(|name| !visible.contains(name)).collect(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut fields: BTreeMap<ObjectName, Vec<String>> = BTreeMap::new();
    let mut in_doubt = Vec::new();
    let groups = groups(described);
    let queries: Vec<_> = groups.iter().map(|group| (fields_query(group), false)).collect();
    let answers = client.composite_query(&queries).await.doing(|| "list the fields of the org".to_owned())?;
    for (answer, group) in answers.into_iter().zip(groups) {
        match answer {
            Ok(values) if values.next_url.is_none() && values.records.len() < PAGE => {
                note_hidden(&values, described, &mut fields);
            }
            Ok(_) | Err(_) => in_doubt.extend(group.into_iter().cloned()),
        }
    }
    Ok(Ok(Hidden { objects, fields, in_doubt }))
}

async fn all_objects(client: &Client) -> Result<Result<Vec<ObjectName>, ApiError>> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let filter =
            if after.is_empty() { String::new() } else { format!(" WHERE QualifiedApiName > '{after}'") };
        let order = format!("ORDER BY QualifiedApiName LIMIT {PAGE}");
        let soql = format!("SELECT QualifiedApiName FROM EntityDefinition{filter} {order}");
        let answers = client.composite_query(&[(soql, false)]).await;
        let answers = answers.doing(|| "list the objects of the org".to_owned())?;
        let Some(page) = answers.into_iter().next() else { return Ok(Ok(all)) };
        let page = match page {
            Ok(page) => page,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let names: Vec<_> = page.records.iter().filter_map(|row| text(row, "QualifiedApiName")).collect();
        all.extend(names.iter().filter_map(|name| ObjectName::parse(name).ok()));
        match names.last() {
            Some(last) if names.len() >= PAGE && *last != after => (*last).clone_into(&mut after),
            _ => return Ok(Ok(all)),
        }
    }
}

/// The objects whose fields fit one answer each.
fn groups(described: &BTreeMap<ObjectName, ObjectSchema>) -> Vec<Vec<&ObjectName>> {
    let mut groups: Vec<Vec<&ObjectName>> = Vec::new();
    let mut fields = 0;
    for (name, schema) in described {
        let is_full = fields + schema.fields.len() > FIELDS_AT_ONCE;
        match groups.last_mut().filter(|group| !is_full && group.len() < OBJECTS_AT_ONCE) {
            Some(group) => group.push(name),
            None => {
                groups.push(vec![name]);
                fields = 0;
            }
        }
        fields += schema.fields.len();
    }
    groups
}

fn fields_query(group: &[&ObjectName]) -> String {
    let names: Vec<_> = group.iter().map(|name| format!("'{name}'")).collect();
    format!(
        "SELECT QualifiedApiName, EntityDefinition.QualifiedApiName FROM FieldDefinition \
         WHERE EntityDefinition.QualifiedApiName IN ({}) LIMIT {PAGE}",
        names.join(", ")
    )
}

fn note_hidden(
    values: &QueryValues,
    described: &BTreeMap<ObjectName, ObjectSchema>,
    hidden: &mut BTreeMap<ObjectName, Vec<String>>,
) {
    for row in &values.records {
        let object = row.get("EntityDefinition").and_then(Value::as_object);
        let object = object.and_then(|object| text(object, "QualifiedApiName"));
        let (Some(object), Some(field)) = (object, text(row, "QualifiedApiName")) else { continue };
        let Ok(object) = ObjectName::parse(object) else { continue };
        if described.get(&object).is_some_and(|schema| schema.field(field).is_none()) {
            hidden.entry(object).or_default().push(field.to_owned());
        }
    }
}

fn text<'a>(row: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    row.get(field).and_then(Value::as_str)
}
