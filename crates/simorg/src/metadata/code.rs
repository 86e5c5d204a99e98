//! Apex as the data API and the Tooling API show it: one row for each class and trigger, the same in both.

use crate::model::{ObjectDef, Value, ids};
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::properties::counter_of_name;
use crate::components::{Component, namespace_of};

/// Types of components that are rows of the object of the same name.
pub(crate) const KINDS: [&str; 2] = ["ApexClass", "ApexTrigger"];

/// What the row of a class or trigger holds, apart from who made it when.
pub(crate) fn cells(snapshot: &Snapshot, component: &Component) -> Vec<(&'static str, Value)> {
    let xml = component.xml().unwrap_or_default();
    let body = body_of(component);
    let length = i64::try_from(without_comments(&body)).unwrap_or(i64::MAX);
    let namespace = namespace_of(&component.kind, &component.full_name);
    let mut cells = vec![
        ("Name", Value::text(bare_name(&component.full_name, namespace.as_deref()))),
        ("NamespacePrefix", Value::text(namespace.unwrap_or_default())),
        ("ApiVersion", api_version(&xml)),
        ("Status", Value::text(xml.text_of("status").map_or("Active", str::trim))),
        ("IsValid", Value::Bool(true)),
        ("LengthWithoutComments", Value::Int(length)),
    ];
    let mut crc = flate2::Crc::new();
    crc.update(body.as_bytes());
    cells.push(("BodyCrc", Value::Number(crc.sum().to_string())));
    if component.kind == "ApexTrigger" {
        cells.extend(trigger(snapshot, &body));
    }
    cells.push(("Body", Value::text(body)));
    cells
}

/// When a trigger runs and on which object, as its head says: `trigger T on Account (before insert, after delete)`.
fn trigger(snapshot: &Snapshot, body: &str) -> Vec<(&'static str, Value)> {
    const USAGES: [(&str, &str); 7] = [
        ("before insert", "UsageBeforeInsert"),
        ("after insert", "UsageAfterInsert"),
        ("before update", "UsageBeforeUpdate"),
        ("after update", "UsageAfterUpdate"),
        ("before delete", "UsageBeforeDelete"),
        ("after delete", "UsageAfterDelete"),
        ("after undelete", "UsageAfterUndelete"),
    ];
    let head = body.split_once('{').map_or(body, |(head, _)| head).to_lowercase();
    let head = head.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut cells: Vec<(&'static str, Value)> =
        USAGES.iter().map(|(words, field)| (*field, Value::Bool(head.contains(words)))).collect();
    if let Some(table) = trigger_object(body).and_then(|object| snapshot.table(object)) {
        let object = snapshot.components.get("CustomObject", &table.def.name);
        cells.push(("TableEnumOrId", Value::text(durable_id(&table.def, object.map(|object| &**object)))));
    }
    cells
}

/// The name without the namespace of the package that brought it.
pub(crate) fn bare_name<'a>(full_name: &'a str, namespace: Option<&str>) -> &'a str {
    namespace.and_then(|namespace| full_name.strip_prefix(namespace)?.strip_prefix("__")).unwrap_or(full_name)
}

/// The version of the API that code was written for, as a number.
pub(crate) fn api_version(xml: &Element) -> Value {
    let version = xml.text_of("apiVersion").map(str::trim).filter(|text| text.parse::<f64>().is_ok());
    version.map_or(Value::Null, |version| Value::Number(version.to_owned()))
}

/// The text of a component's body.
pub(crate) fn body_of(component: &Component) -> String {
    let body = component.files.iter().find(|(path, _)| !path.ends_with("-meta.xml"));
    body.map(|(_, body)| String::from_utf8_lossy(body).into_owned()).unwrap_or_default()
}

/// The name of a standard object, 15 characters of the definition's id of a custom one.
pub(crate) fn durable_id(def: &ObjectDef, component: Option<&Component>) -> String {
    if !def.flags.custom {
        return def.name.clone();
    }
    object_id(def, component)[..15].to_owned()
}

/// The id of an object's definition.
pub(crate) fn object_id(def: &ObjectDef, component: Option<&Component>) -> String {
    component
        .map(|component| component.id.clone())
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| ids::record_id("01I", counter_of_name(&def.name)))
}

/// The object that the head of a trigger names: `trigger Name on Object (events)`.
pub(crate) fn trigger_object(text: &str) -> Option<&str> {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter == '(')
        .filter(|word| !word.is_empty())
        .collect();
    let is_head =
        |four: &&[&str]| four[0].eq_ignore_ascii_case("trigger") && four[2].eq_ignore_ascii_case("on");
    words.windows(4).find(is_head).map(|four| four[3])
}

/// The length of code with its comments left out.
fn without_comments(body: &str) -> usize {
    let mut rest = body;
    let mut length = 0;
    while let Some(at) = rest.find("/*").into_iter().chain(rest.find("//")).min() {
        length += rest[..at].chars().count();
        let is_block = rest[at..].starts_with("/*");
        let end = if is_block { "*/" } else { "\n" };
        let after = rest[at + 2..].find(end).map(|found| at + 2 + found + if is_block { 2 } else { 0 });
        rest = after.map_or("", |after| &rest[after..]);
    }
    length + rest.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_do_not_count() {
        assert_eq!(without_comments("a /* b */ c // d\ne"), "a  c \ne".len());
        assert_eq!(without_comments("plain"), 5);
        assert_eq!(without_comments("/* open"), 0);
    }

    #[test]
    fn the_object_of_a_trigger_stands_in_its_head() {
        assert_eq!(trigger_object("// x\ntrigger T on Account(before insert) {}"), Some("Account"));
        assert_eq!(trigger_object("public class T {}"), None);
    }
}
