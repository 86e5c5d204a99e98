//! Which plan each field of an object gets, by its name, its type and its neighbours.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::DateTime;

use crate::model::autonumber::Display;
use crate::model::{FieldDef, FieldSource, FieldType, ObjectDef, Value};

use super::files::FileFacts;
use super::plan::Plan;
use super::stamps::Stamps;
use super::words::PlacePart;
use super::{agree, hash_text, mix};

/// Generated rows of another object.
#[derive(Debug, Clone)]
pub struct Neighbour {
    pub def: Arc<ObjectDef>,
    pub prefix: String,
    pub first: u64,
    pub count: u64,
}

/// What plans may refer to.
#[derive(Debug, Clone, Default)]
pub struct Neighbours {
    pub seed: u64,
    pub epoch_ms: i64,
    /// By object name.
    pub generated: HashMap<String, Neighbour>,
    /// Ids of written rows of objects that have few: users, profiles, record types, the standard price book.
    pub written: HashMap<String, Vec<String>>,
}

impl Neighbours {
    pub(super) fn seed_of(&self, object: &str) -> u64 {
        mix(self.seed ^ hash_text(object))
    }

    pub(super) fn stamps_of(&self, object: &str) -> Stamps {
        Stamps::new(self.generated.get(object).map_or(0, |n| n.count), self.epoch_ms)
    }

    /// The rows of another object one after the other, each of them so many times.
    fn aligned(&self, object: &str, divisor: u64) -> Option<Plan> {
        self.generated.get(object).map(|n| Plan::Aligned {
            prefix: n.prefix.clone(),
            first: n.first,
            count: n.count,
            divisor,
        })
    }

    fn ids(&self, object: &str) -> Vec<Value> {
        self.written.get(object).into_iter().flatten().map(|id| Value::Id(id.clone())).collect()
    }
}

/// The plans of an object's fields, by slot.
pub(super) fn plans(def: &ObjectDef, neighbours: &Neighbours) -> Vec<Plan> {
    let mut plans = vec![Plan::Null; def.next_slot()];
    for field in &def.fields {
        plans[field.slot] = plan_of(def, field, neighbours);
    }
    plans
}

/// The plan of one field.
pub(super) fn plan_of(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Plan {
    agree::plan(def, field, neighbours)
        .or_else(|| special(def, field, neighbours))
        .unwrap_or_else(|| usual(def, field, neighbours))
}

/// Fields whose values must agree with those of other rows.
fn special(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Option<Plan> {
    let aligned = |object: &str, divisor| neighbours.aligned(object, divisor);
    match (def.name.as_str(), field.name.as_str()) {
        ("PricebookEntry", "Pricebook2Id") => neighbours.ids("Pricebook2").first().cloned().map(Plan::Fixed),
        ("OpportunityLineItem" | "QuoteLineItem" | "OrderItem", "PricebookEntryId") => {
            aligned("PricebookEntry", 1)
        }
        ("PricebookEntry" | "OpportunityLineItem" | "QuoteLineItem" | "OrderItem", "Product2Id") => {
            aligned("Product2", 1)
        }
        ("CampaignMember", "LeadId") => Some(even_odd(aligned("Lead", 1)?, Plan::Null)),
        ("CampaignMember", "ContactId") => Some(even_odd(Plan::Null, aligned("Contact", 1)?)),
        ("AccountContactRelation", "ContactId") => aligned("Contact", 1),
        ("AccountContactRelation", "IsDirect") => Some(Plan::Fixed(Value::Bool(true))),
        (_, "RowCause") => Some(Plan::Fixed(Value::Text("Owner".to_owned()))),
        ("ContentVersion" | "ContentDocument" | "ContentDocumentLink" | "Attachment" | "Document", _) => {
            file_field(def, field, neighbours)
        }
        (_, "LatestPublishedVersionId") => None,
        (_, name) if def.associate.is_some() && field.reference_to.len() == 1 && name != "CreatedById" => {
            aligned(&field.reference_to[0], 1)
        }
        _ => None,
    }
}

fn even_odd(even: Plan, odd: Plan) -> Plan {
    Plan::EvenOdd(Box::new(even), Box::new(odd))
}

fn file_field(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Option<Plan> {
    let aligned = |object: &str, divisor| neighbours.aligned(object, divisor);
    let of_version = |plan: Plan, divisor| Plan::Through {
        plan: Box::new(plan),
        seed: neighbours.seed_of("ContentVersion"),
        divisor,
        stamps: neighbours.stamps_of("ContentVersion"),
    };
    let fact = match field.name.as_str() {
        "Title" => FileFacts::Title,
        "Name" | "PathOnClient" => FileFacts::Path,
        "FileExtension" | "Type" => FileFacts::Extension,
        "FileType" => FileFacts::Kind,
        "ContentType" => FileFacts::ContentType,
        "ContentSize" | "ContentSizeLong" | "BodyLength" => FileFacts::Size,
        "Checksum" => FileFacts::Checksum,
        "VersionData" | "Body" => FileFacts::Body,
        _ => return file_reference(def, field, neighbours, &aligned, &of_version),
    };
    let plan = Plan::File(fact);
    Some(if def.name == "ContentDocument" { of_version(plan, 1) } else { plan })
}

fn file_reference(
    def: &ObjectDef,
    field: &FieldDef,
    neighbours: &Neighbours,
    aligned: &dyn Fn(&str, u64) -> Option<Plan>,
    of_version: &dyn Fn(Plan, u64) -> Plan,
) -> Option<Plan> {
    let text = |text: &str| Some(Plan::Fixed(Value::Text(text.to_owned())));
    let owner = Plan::Pick { choices: neighbours.ids("User"), filled: 100, topic: 20 };
    match (def.name.as_str(), field.name.as_str()) {
        ("ContentVersion", "ContentDocumentId") => aligned("ContentDocument", 1),
        ("ContentVersion", "IsLatest") => Some(Plan::Fixed(Value::Bool(true))),
        ("ContentVersion", "VersionNumber") => text("1"),
        ("ContentVersion", "FirstPublishLocationId") => Some(owner),
        ("ContentVersion" | "ContentDocument", "OwnerId") if def.name == "ContentVersion" => Some(owner),
        ("ContentDocument", "OwnerId") => Some(of_version(owner, 1)),
        ("ContentDocument", "LatestPublishedVersionId") => aligned("ContentVersion", 1),
        ("ContentVersion" | "ContentDocument", "PublishStatus") => text("P"),
        ("ContentVersion", "ContentLocation") => text("S"),
        ("ContentVersion", "Origin") => text("H"),
        ("ContentDocument", "IsArchived") => Some(Plan::Fixed(Value::Bool(false))),
        ("ContentDocumentLink", "ContentDocumentId") => aligned("ContentDocument", 2),
        ("ContentDocumentLink", "LinkedEntityId") => {
            Some(even_odd(of_version(owner, 2), aligned("Account", 2)?))
        }
        ("ContentDocumentLink", "ShareType") => {
            Some(even_odd(Plan::Fixed(Value::Text("I".to_owned())), Plan::Fixed(Value::Text("V".to_owned()))))
        }
        ("ContentDocumentLink", "Visibility") => text("AllUsers"),
        ("ContentDocument", "ParentId" | "ContentAssetId" | "ArchivedById" | "ArchivedDate") => {
            Some(Plan::Null)
        }
        ("Attachment", "ParentId") => aligned("Account", 1),
        _ => None,
    }
}

pub(super) fn usual(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Plan {
    let topic = topic_of(field);
    match (&field.source, field.name.as_str()) {
        (FieldSource::AutoNumber(format), _) => numbered(format, neighbours.epoch_ms),
        (FieldSource::Stored, "CreatedDate" | "LoginTime") => Plan::Created,
        (FieldSource::Stored, "SystemModstamp" | "LastModifiedDate") => Plan::Modified,
        (FieldSource::Stored, "CreatedById" | "LastModifiedById" | "OwnerId" | "UserId" | "AuthorId") => {
            Plan::Pick { choices: neighbours.ids("User"), filled: 100, topic: 20 }
        }
        (FieldSource::Stored, "LastViewedDate" | "LastReferencedDate") => Plan::Null,
        (FieldSource::Stored, "IsArchived") => Plan::Boolean { true_in_100: 3, topic },
        (FieldSource::Stored, _) if field.kind == FieldType::Reference => {
            reference(def, field, neighbours, topic)
        }
        (FieldSource::Stored, _) => scalar(def, field, topic),
        (FieldSource::RollUp(_), _) => Plan::Fixed(Value::Number("0".to_owned())),
        _ => Plan::Null,
    }
}

fn numbered(format: &str, epoch_ms: i64) -> Plan {
    let day = DateTime::from_timestamp_millis(epoch_ms).unwrap_or_default().date_naive();
    let Display { before, width, after } = Display::on(day, format);
    Plan::Numbered { before, width, after }
}

/// Parts of one compound share a topic, so that they fit together.
pub(super) fn topic_of(field: &FieldDef) -> u64 {
    let name = field.compound_field_name.as_deref().filter(|name| *name != "Name").unwrap_or(&field.name);
    1000 + hash_text(name) % 1_000_000 * 64
}

fn reference(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours, topic: u64) -> Plan {
    let filled = if !field.nillable || field.name == "AccountId" { 100 } else { 60 };
    if field.reference_to == [def.name.clone()] {
        return match neighbours.generated.get(&def.name) {
            Some(own) => Plan::Earlier { prefix: own.prefix.clone(), first: own.first, filled: 30, topic },
            None => Plan::Null,
        };
    }
    let targets: Vec<(String, u64, u64)> = field
        .reference_to
        .iter()
        .filter_map(|target| neighbours.generated.get(target))
        .filter(|n| n.count > 0)
        .map(|n| (n.prefix.clone(), n.first, n.count))
        .collect();
    match targets.as_slice() {
        [] => {
            let choices: Vec<Value> =
                field.reference_to.iter().flat_map(|target| neighbours.ids(target)).collect();
            Plan::Pick { choices, filled, topic }
        }
        [(prefix, first, count)] if field.cascade_delete => {
            Plan::Aligned { prefix: prefix.clone(), first: *first, count: *count, divisor: 1 }
        }
        [(prefix, first, count)] => {
            Plan::Reference { prefix: prefix.clone(), first: *first, count: *count, filled, topic }
        }
        _ => Plan::AnyOf { targets, filled, topic },
    }
}

fn scalar(def: &ObjectDef, field: &FieldDef, topic: u64) -> Plan {
    use FieldType as T;
    let filled = if field.nillable { 70 } else { 100 };
    let length = usize::try_from(field.length).unwrap_or(255);
    match field.kind {
        T::String | T::ComboBox | T::AnyType => named_text(def, field, topic, filled, length),
        T::TextArea if field.is_long_text() => {
            Plan::Long { topic, filled, length, html: field.html_formatted }
        }
        T::TextArea if field.name.ends_with("Street") => Plan::Street { topic },
        T::TextArea => Plan::Line { topic, filled, length },
        T::Picklist => Plan::Pick { choices: active_values(field), filled, topic },
        T::MultiPicklist => {
            let choices = field.picklist_values.iter().map(|v| v.value.clone()).collect();
            Plan::MultiPick { choices, filled, topic }
        }
        T::Boolean => Plan::Boolean { true_in_100: if field.createable { 30 } else { 0 }, topic },
        T::Int | T::Long => Plan::Whole { topic, filled, end: 5000 },
        T::Double if field.name.ends_with("Latitude") || field.name.ends_with("Latitude__s") => {
            Plan::Latitude { topic }
        }
        T::Double if field.name.ends_with("Longitude") || field.name.ends_with("Longitude__s") => {
            Plan::Longitude { topic }
        }
        T::Double | T::Currency | T::Percent => {
            Plan::Decimal { topic, filled, digits: field.precision.min(18), scale: field.scale.min(8) }
        }
        T::Date => Plan::Date { topic, filled: if field.createable { filled } else { 0 }, ahead_days: 365 },
        T::DateTime => Plan::DateTime { topic, filled: if field.createable { filled } else { 0 } },
        T::Time => Plan::Time { topic, filled },
        T::Email => Plan::Email,
        T::Phone => Plan::Phone { topic, filled },
        T::Url => Plan::Url { topic, filled: if field.createable { filled } else { 0 }, length },
        T::EncryptedString => Plan::Code { prefix: "S".to_owned(), length },
        T::Id | T::Reference | T::Address | T::Location | T::Base64 => Plan::Null,
    }
}

/// An inactive value of a restricted picklist stays in old rows, so it is generated too.
pub(super) fn active_values(field: &FieldDef) -> Vec<Value> {
    field.picklist_values.iter().map(|choice| Value::Text(choice.value.clone())).collect()
}

fn named_text(def: &ObjectDef, field: &FieldDef, topic: u64, filled: u64, length: usize) -> Plan {
    let part = |part| Plan::Place { part, topic };
    match field.name.as_str() {
        "FirstName" => Plan::FirstName,
        "LastName" => Plan::LastName,
        "Company" => Plan::Company { length },
        "Name" if def.name == "Account" => Plan::Company { length },
        "Name" | "Title" | "DeveloperName" | "MasterLabel" if field.name_field || !field.nillable => {
            Plan::Line { topic, filled: 100, length }
        }
        name if name.ends_with("City") => part(PlacePart::City),
        name if name.ends_with("State") => part(PlacePart::State),
        name if name.ends_with("PostalCode") => part(PlacePart::PostalCode),
        name if name.ends_with("Country") => part(PlacePart::Country),
        _ if field.unique || field.external_id => Plan::Code { prefix: "X".to_owned(), length },
        _ if !field.createable && !field.name_field => Plan::Null,
        _ if field.kind == FieldType::AnyType => Plan::Line { topic, filled: 60, length: 255 },
        _ if field.calculated => Plan::Null,
        _ => Plan::Line { topic, filled, length: length.max(1) },
    }
}
