//! Objects and fields that the org has and the integration user cannot see.
//!
//! A describe leaves out what is hidden, without a word. `EntityDefinition` and `FieldDefinition` tell all, to who may
//! view the setup. They take filters of equality only, and cannot be paged ("SOQL Operation Limitations", Tooling API):
//! so a question whose answer is full is asked again in parts.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::ObjectName;
use holdfast_domain::schema::ObjectSchema;
use holdfast_salesforce::{ApiError, Client, QueryValues};
use serde_json::{Map, Value};

use super::Hidden;
use super::permissions::told;
use crate::error::{Doing, Result};

/// The most rows of one answer.
const PAGE: usize = 2000;
/// Described fields of the objects that one query asks about: some are hidden, so fewer than a page.
const FIELDS_AT_ONCE: usize = 1200;
/// Names in one query, for the length of its address.
const OBJECTS_AT_ONCE: usize = 40;
/// What divides the objects of an org when they are too many for one answer.
const DIVIDED_BY: [&str; 4] = ["IsCustomizable", "IsTriggerable", "IsSearchable", "IsFeedEnabled"];

/// What is hidden; none if the org does not let the user ask.
pub(super) async fn hidden(
    client: &Client,
    visible: &BTreeSet<ObjectName>,
    described: &BTreeMap<ObjectName, ObjectSchema>,
) -> Result<Option<Hidden>> {
    let Some(objects) = objects(client).await? else { return Ok(None) };
    let mut hidden = Hidden {
        objects: objects.found.into_iter().filter(|name| !visible.contains(name)).collect(),
        has_more_objects: !objects.is_whole,
        ..Hidden::default()
    };
    let overflowing = note_fields(client, groups(described), described, &mut hidden).await?;
    let one_by_one = overflowing.into_iter().map(|name| vec![name]).collect();
    let unknown = note_fields(client, one_by_one, described, &mut hidden).await?;
    hidden.in_doubt = unknown.into_iter().cloned().collect();
    Ok(Some(hidden))
}

struct Objects {
    found: BTreeSet<ObjectName>,
    is_whole: bool,
}

async fn objects(client: &Client) -> Result<Option<Objects>> {
    let mut objects = Objects { found: BTreeSet::new(), is_whole: true };
    let mut questions = vec![("IsQueryable = true".to_owned(), &DIVIDED_BY[..])];
    while let Some((filter, dividers)) = questions.pop() {
        let soql = format!("SELECT QualifiedApiName FROM EntityDefinition WHERE {filter} LIMIT {PAGE}");
        let doing = || "list the objects of the org".to_owned();
        let answers = client.composite_query(&[(soql, false)]).await.doing(doing)?;
        let Some(values) = told(answers.into_iter().next(), doing)? else { return Ok(None) };
        let names = values.records.iter().filter_map(|row| text(row, "QualifiedApiName"));
        objects.found.extend(names.filter_map(|name| ObjectName::parse(name).ok()));
        match (is_whole(&values), dividers) {
            (true, _) => {}
            (false, []) => objects.is_whole = false,
            (false, [divider, rest @ ..]) => {
                questions.extend([true, false].map(|is| (format!("{filter} AND {divider} = {is}"), rest)));
            }
        }
    }
    Ok(Some(objects))
}

fn is_whole(values: &QueryValues) -> bool {
    values.next_url.is_none() && values.records.len() < PAGE
}

/// The objects whose fields fit one answer each.
fn groups(described: &BTreeMap<ObjectName, ObjectSchema>) -> Vec<Vec<&ObjectName>> {
    let mut groups: Vec<Vec<&ObjectName>> = Vec::new();
    let mut fields = 0;
    for (name, schema) in described {
        let is_full = fields + schema.fields.len() > FIELDS_AT_ONCE;
        let group = groups.last_mut().filter(|group| !is_full && group.len() < OBJECTS_AT_ONCE);
        if let Some(group) = group {
            group.push(name);
        } else {
            groups.push(vec![name]);
            fields = 0;
        }
        fields += schema.fields.len();
    }
    groups
}

/// Notes the hidden fields of each group, and gives back the objects of which the answer was not whole.
async fn note_fields<'n>(
    client: &Client,
    groups: Vec<Vec<&'n ObjectName>>,
    described: &BTreeMap<ObjectName, ObjectSchema>,
    hidden: &mut Hidden,
) -> Result<Vec<&'n ObjectName>> {
    let doing = || "list the fields of the org".to_owned();
    let queries: Vec<_> = groups.iter().map(|group| (fields_query(group), false)).collect();
    let answers: Vec<Result<QueryValues, ApiError>> = client.composite_query(&queries).await.doing(doing)?;
    let mut unknown = Vec::new();
    for (answer, group) in answers.into_iter().zip(groups) {
        match told(Some(answer), doing)? {
            Some(values) if is_whole(&values) => note_hidden(&values, described, &mut hidden.fields),
            _ => unknown.extend(group),
        }
    }
    Ok(unknown)
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
