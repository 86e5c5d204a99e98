//! Metadata XML to objects and fields, and back.
//!
//! `apply` takes what a package or a project holds and changes a snapshot: objects first, then fields, then what needs the
//! fields (roll-ups, dependent values, record types, rows of custom metadata), so that objects which refer to each other load
//! in one go. What cannot be taken is a [`Problem`] with its place; the rest is applied, and the caller decides whether to
//! publish the snapshot. `write` goes the other way.

mod apply;
mod changes;
mod field;
mod field_users;
mod formulas;
mod object;
mod picklist;
mod record_types;
mod records;
mod remove;
mod roll_up;
pub mod standard_values;
pub mod write;

#[cfg(test)]
mod tests;

use crate::xml::Element;

pub use apply::apply;
pub use remove::remove;

/// The types that `apply` makes something of; all others concern no object, field or row.
pub const KINDS: [&str; 10] = [
    "CustomObject",
    "CustomField",
    "RecordType",
    "ValidationRule",
    "BusinessProcess",
    "Index",
    "GlobalValueSet",
    "StandardValueSet",
    "CustomTab",
    "CustomMetadata",
];

/// One component, or one child of an object by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub kind: String,
    /// `Account`, `Account.Score__c`, `Tariff.A`.
    pub full_name: String,
    pub xml: Element,
}

/// Who applies, and when: for the rows that come with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub user_id: String,
    pub at_ms: i64,
}

/// Something that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: String,
    pub full_name: String,
    pub message: String,
    /// Salesforce would take it; simorg has nothing to hold it.
    pub is_warning: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.kind, self.full_name, self.message)
    }
}
