//! Fields of standard objects that follow from other fields, worked out at every save, whoever saves.
//!
//! Each is told on the page of its object in the Object Reference. What a caller may set as well, such as a probability, follows
//! only while the caller leaves it alone.

pub(super) mod event;
mod opportunity;
mod status;

use std::collections::BTreeSet;

use crate::model::{FieldType, ObjectDef, Value};
use crate::state::table::StoredRow;

use super::Transaction;

/// A record that is being saved, with all values that it was given.
struct Saving<'a> {
    def: &'a ObjectDef,
    row: &'a mut StoredRow,
    /// The record as it was, unless it is new.
    before: Option<&'a StoredRow>,
    /// The slots of the values that were given.
    given: &'a BTreeSet<usize>,
}

impl Saving<'_> {
    fn value(&self, name: &str) -> Value {
        self.def.field(name).map_or(Value::Null, |field| self.row.get(field.slot))
    }

    fn text(&self, name: &str) -> String {
        self.value(name).to_plain_text()
    }

    fn set(&mut self, name: &str, value: &Value) {
        if let Some(field) = self.def.field(name) {
            self.row.set(field.slot, value);
        }
    }

    fn is_given(&self, name: &str) -> bool {
        self.def.field(name).is_some_and(|field| self.given.contains(&field.slot))
    }

    /// Whether the value is another one than before; true for every value of a new record.
    fn is_changed(&self, name: &str) -> bool {
        let Some(field) = self.def.field(name) else { return false };
        self.before.is_none_or(|before| before.get(field.slot) != self.row.get(field.slot))
    }
}

/// Whether records of the object have fields that follow from others.
pub(super) fn concerns(def: &ObjectDef) -> bool {
    matches!(def.name.as_str(), "Opportunity" | "Case" | "Task" | "Event" | "Lead")
        || def.fields.iter().any(|field| field.kind == FieldType::Address)
}

impl Transaction<'_> {
    /// Sets what follows from the other fields of a record that is about to be put.
    pub(super) fn derive(
        &self,
        def: &ObjectDef,
        row: &mut StoredRow,
        before: Option<&StoredRow>,
        given: &BTreeSet<usize>,
    ) {
        let mut saving = Saving { def, row, before, given };
        match def.name.as_str() {
            "Opportunity" => opportunity::derive(&mut saving, &self.work, self.stamp_ms),
            "Case" => self.derive_case(&mut saving),
            "Task" => self.derive_task(&mut saving),
            "Event" => self.derive_account(&mut saving),
            "Lead" => derive_lead(&mut saving),
            _ => {}
        }
        derive_accuracy(&mut saving);
    }

    fn derive_case(&self, saving: &mut Saving<'_>) {
        let is_closed = status::is_closed(&self.work, "CaseStatus", &saving.text("Status"));
        self.follow_closing(saving, is_closed, "ClosedDate");
        if saving.is_changed("ContactId")
            && !saving.is_given("AccountId")
            && saving.value("AccountId").is_null()
        {
            let account = self.account_of(&saving.value("ContactId"));
            saving.set("AccountId", &account);
        }
    }

    fn derive_task(&self, saving: &mut Saving<'_>) {
        let is_closed = status::is_closed(&self.work, "TaskStatus", &saving.text("Status"));
        self.follow_closing(saving, is_closed, "CompletedDateTime");
        saving.set("IsHighPriority", &Value::Bool(saving.text("Priority") == "High"));
        if saving.value("TaskSubtype").is_null() {
            saving.set("TaskSubtype", &Value::text("Task"));
        }
        self.derive_account(saving);
    }

    /// `IsClosed`, and the time at which it came to be.
    fn follow_closing(&self, saving: &mut Saving<'_>, is_closed: bool, when: &str) {
        saving.set("IsClosed", &Value::Bool(is_closed));
        if !is_closed {
            saving.set(when, &Value::Null);
        } else if saving.is_changed("IsClosed") || saving.value(when).is_null() {
            saving.set(when, &Value::DateTime(self.stamp_ms));
        }
    }

    /// The account of an activity is the one that it is about, or else that of its contact.
    fn derive_account(&self, saving: &mut Saving<'_>) {
        let what = saving.value("WhatId");
        let object = what.as_str().and_then(|id| self.found(id)).map(|row| row.object_name().to_owned());
        let account = match object.as_deref() {
            Some("Account") => what,
            Some("Opportunity" | "Contract") => self.account_of(&what),
            _ => {
                let who = saving.value("WhoId");
                let is_contact = who.as_str().is_some_and(|id| id.starts_with("003"));
                if is_contact { self.account_of(&who) } else { Value::Null }
            }
        };
        saving.set("AccountId", &account);
    }

    /// The account that the record with this id belongs to.
    fn account_of(&self, id: &Value) -> Value {
        id.as_str().and_then(|id| self.found(id)).map_or(Value::Null, |row| row.value_of("AccountId"))
    }
}

/// A lead that is not converted was never converted into anything.
fn derive_lead(saving: &mut Saving<'_>) {
    if saving.value("IsConverted") != Value::Bool(true) {
        for name in ["ConvertedDate", "ConvertedAccountId", "ConvertedContactId", "ConvertedOpportunityId"] {
            saving.set(name, &Value::Null);
        }
    }
}

/// Without coordinates an address has no accuracy of them.
fn derive_accuracy(saving: &mut Saving<'_>) {
    let addresses: Vec<String> = saving
        .def
        .fields
        .iter()
        .filter(|field| field.kind == FieldType::Address)
        .map(|field| field.name.trim_end_matches("Address").to_owned())
        .collect();
    for prefix in addresses {
        let is_missing = |part: &str| saving.value(&format!("{prefix}{part}")).is_null();
        if is_missing("Latitude") || is_missing("Longitude") {
            saving.set(&format!("{prefix}GeocodeAccuracy"), &Value::Null);
        }
    }
}
