//! Person accounts: an account and its contact that are one logical record.
//!
//! In an org with the feature an account is a person if and only if its record type says so, or none is given and there is a
//! last name. The contact is made by the platform and found by `PersonContactId`; what one of the two shows of the person the
//! other shows as well ("Person Accounts", SOAP API Developer Guide).

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::errors::ApiError;
use crate::model::{ObjectDef, Value, ids};
use crate::state::permission_rows::each;
use crate::state::row::Row;

use super::Transaction;

/// Fields of the account and of the contact that hold the same.
const MIRRORED: [(&str, &str); 38] = [
    ("FirstName", "FirstName"),
    ("LastName", "LastName"),
    ("Salutation", "Salutation"),
    ("Phone", "Phone"),
    ("Fax", "Fax"),
    ("PersonMailingStreet", "MailingStreet"),
    ("PersonMailingCity", "MailingCity"),
    ("PersonMailingState", "MailingState"),
    ("PersonMailingPostalCode", "MailingPostalCode"),
    ("PersonMailingCountry", "MailingCountry"),
    ("PersonMailingLatitude", "MailingLatitude"),
    ("PersonMailingLongitude", "MailingLongitude"),
    ("PersonMailingGeocodeAccuracy", "MailingGeocodeAccuracy"),
    ("PersonOtherStreet", "OtherStreet"),
    ("PersonOtherCity", "OtherCity"),
    ("PersonOtherState", "OtherState"),
    ("PersonOtherPostalCode", "OtherPostalCode"),
    ("PersonOtherCountry", "OtherCountry"),
    ("PersonOtherLatitude", "OtherLatitude"),
    ("PersonOtherLongitude", "OtherLongitude"),
    ("PersonOtherGeocodeAccuracy", "OtherGeocodeAccuracy"),
    ("PersonMobilePhone", "MobilePhone"),
    ("PersonHomePhone", "HomePhone"),
    ("PersonOtherPhone", "OtherPhone"),
    ("PersonAssistantPhone", "AssistantPhone"),
    ("PersonEmail", "Email"),
    ("PersonTitle", "Title"),
    ("PersonDepartment", "Department"),
    ("PersonAssistantName", "AssistantName"),
    ("PersonLeadSource", "LeadSource"),
    ("PersonBirthdate", "Birthdate"),
    ("PersonHasOptedOutOfEmail", "HasOptedOutOfEmail"),
    ("PersonHasOptedOutOfFax", "HasOptedOutOfFax"),
    ("PersonDoNotCall", "DoNotCall"),
    ("PersonEmailBouncedReason", "EmailBouncedReason"),
    ("PersonEmailBouncedDate", "EmailBouncedDate"),
    ("PersonIndividualId", "IndividualId"),
    ("OwnerId", "OwnerId"),
];

fn has_feature(def: &ObjectDef) -> bool {
    matches!(def.name.as_str(), "Account" | "Contact") && def.field("IsPersonAccount").is_some()
}

fn is_person(row: &Row) -> bool {
    row.value_of("IsPersonAccount") == Value::Bool(true)
}

impl Transaction<'_> {
    /// The record as it is to be checked and saved: a person gets its name and record type, and keeps to its own fields.
    pub(super) fn as_person<'r>(
        &self,
        def: &ObjectDef,
        record: &'r Map<String, Json>,
        row: Option<&Row>,
    ) -> Result<Cow<'r, Map<String, Json>>, ApiError> {
        if def.name != "Account" || !has_feature(def) {
            return Ok(Cow::Borrowed(record));
        }
        let person = match row {
            Some(row) => is_person(row),
            None => self.wants_person(record),
        };
        let given = |name: &str| record.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let wrong: Vec<String> = record
            .iter()
            .filter(|(key, value)| !value.is_null() && is_of_other_kind(key, person))
            .map(|(key, _)| key.clone())
            .collect();
        if !wrong.is_empty() {
            let message = format!("Account: bad field names on insert/update call: {}", wrong.join(", "));
            return Err(ApiError::record("INVALID_FIELD_FOR_INSERT_UPDATE", message, wrong));
        }
        if !person {
            return Ok(Cow::Borrowed(record));
        }
        let part = |name: &str| match given(name) {
            Some((_, value)) => value.as_str().unwrap_or_default().to_owned(),
            None => row.map_or_else(String::new, |row| row.value_of(name).to_plain_text()),
        };
        let parts = [part("FirstName"), part("LastName")];
        if parts[1].is_empty() {
            let message = "Required fields are missing: [LastName]";
            return Err(ApiError::record("REQUIRED_FIELD_MISSING", message, ["LastName"]));
        }
        let mut whole = record.clone();
        whole.insert("Name".to_owned(), json!(parts.join(" ").trim()));
        if row.is_none()
            && given("RecordTypeId").is_none()
            && let Some(id) = self.person_type()
        {
            whole.insert("RecordTypeId".to_owned(), json!(id));
        }
        Ok(Cow::Owned(whole))
    }

    /// What marks a new record as a person.
    pub(super) fn person_values(&self, def: &ObjectDef, record: &Map<String, Json>) -> Vec<(usize, Value)> {
        let flag =
            def.field("IsPersonAccount").filter(|_| def.name == "Account" && self.wants_person(record));
        flag.map(|field| (field.slot, Value::Bool(true))).into_iter().collect()
    }

    fn wants_person(&self, record: &Map<String, Json>) -> bool {
        let given = |name: &str| {
            let found = record.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.and_then(|(_, value)| value.as_str()).filter(|text| !text.is_empty())
        };
        match given("RecordTypeId") {
            Some(id) => ids::canonical(id)
                .and_then(|id| self.found(&id))
                .is_some_and(|row| row.value_of("IsPersonType") == Value::Bool(true)),
            None => given("LastName").is_some(),
        }
    }

    fn person_type(&self) -> Option<String> {
        let mut found = None;
        each(&self.work, "RecordType", |row| {
            if row.value_of("IsPersonType") == Value::Bool(true) {
                found = Some(row.id().to_owned());
            }
        });
        found
    }

    /// A new person gets its contact.
    pub(super) fn new_person(&mut self, def: &Arc<ObjectDef>, counter: u64) -> Result<(), ApiError> {
        if !has_feature(def) {
            return Ok(());
        }
        let account = self.current(def, counter);
        if !is_person(&account) {
            return Ok(());
        }
        let Some(contact) = self.work.table("Contact").map(|table| table.def.clone()) else { return Ok(()) };
        let pairs = mirrored(def, &contact);
        let mut values: Vec<(&str, Value)> =
            pairs.iter().map(|(from, to)| (to.as_str(), account.value_of(from))).collect();
        values.push(("AccountId", Value::Id(account.id().to_owned())));
        values.push(("IsPersonAccount", Value::Bool(true)));
        drop(account);
        let made = self.system_row("Contact", values)?;
        let contact = made.map_or(Value::Null, Value::Id);
        self.set_fields(def, counter, vec![("PersonContactId", contact)]);
        Ok(())
    }

    /// Brings the other half of a person in line with the half that was saved.
    pub(super) fn mirror_person(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        if !has_feature(def) {
            return;
        }
        let saved = self.current(def, counter);
        if !is_person(&saved) {
            return;
        }
        let link = if def.name == "Account" { "PersonContactId" } else { "AccountId" };
        let Some(other) = saved.value_of(link).as_str().and_then(|id| self.found(id)) else { return };
        let Some(other_def) = self.work.table(other.object_name()).map(|table| table.def.clone()) else {
            return;
        };
        let from_account = def.name == "Account";
        let pairs = if from_account { mirrored(def, &other_def) } else { mirrored(&other_def, def) };
        let mut changed: Vec<(String, Value)> = pairs
            .into_iter()
            .map(|(account, contact)| if from_account { (account, contact) } else { (contact, account) })
            .map(|(from, to)| (to, saved.value_of(&from)))
            .filter(|(to, value)| other.value_of(to) != *value)
            .collect();
        if !from_account {
            let name = ["FirstName", "LastName"].map(|name| saved.value_of(name).to_plain_text()).join(" ");
            changed.push(("Name".to_owned(), Value::text(name.trim())));
        }
        let other_counter = other.counter();
        drop((saved, other));
        if !changed.is_empty() {
            let values = changed.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            self.rewrite(&other_def, other_counter, values);
        }
    }

    /// The contact of a person goes with its account only.
    pub(super) fn is_no_person_contact(row: &Row) -> Result<(), ApiError> {
        if row.object_name() != "Contact" || !is_person(row) {
            return Ok(());
        }
        let message = "the contact of a person account is deleted with its account";
        Err(ApiError::record("DELETE_FAILED", message, Vec::<String>::new()))
    }
}

/// A business account has no field of a person, and a person no name that is written.
fn is_of_other_kind(key: &str, person: bool) -> bool {
    if person {
        return key.eq_ignore_ascii_case("Name");
    }
    let name = key.to_ascii_lowercase();
    name.ends_with("__pc")
        || (name.starts_with("person") && name != "personcontactid")
        || matches!(name.as_str(), "lastname" | "firstname" | "salutation")
}

/// The pairs of fields that both objects have, with those of custom contact fields: `X__pc` shows `X__c`.
fn mirrored(account: &ObjectDef, contact: &ObjectDef) -> Vec<(String, String)> {
    let known = MIRRORED
        .into_iter()
        .filter(|(from, to)| account.field(from).is_some() && contact.field(to).is_some())
        .map(|(from, to)| (from.to_owned(), to.to_owned()));
    let custom = account.fields.iter().filter_map(|field| {
        let name = format!("{}__c", field.name.strip_suffix("__pc")?);
        contact.field(&name).map(|_| (field.name.clone(), name.clone()))
    });
    known.chain(custom).collect()
}
