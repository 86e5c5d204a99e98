//! Converting a lead into an account, a contact and an opportunity.
//!
//! The fields that go along are those of the platform's own mapping; custom ones have none. Activities, notes and files of
//! the lead move to the contact, memberships in campaigns name both afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate};
use serde::Deserialize;

use crate::errors::ApiError;
use crate::model::{ObjectDef, Value, ids};
use crate::state::row::Row;
use crate::state::view::Snapshot;

use super::Transaction;

const TO_ACCOUNT: [(&str, &str); 14] = [
    ("Company", "Name"),
    ("Phone", "Phone"),
    ("Fax", "Fax"),
    ("Website", "Website"),
    ("Industry", "Industry"),
    ("AnnualRevenue", "AnnualRevenue"),
    ("NumberOfEmployees", "NumberOfEmployees"),
    ("Rating", "Rating"),
    ("LeadSource", "AccountSource"),
    ("Street", "BillingStreet"),
    ("City", "BillingCity"),
    ("State", "BillingState"),
    ("PostalCode", "BillingPostalCode"),
    ("Country", "BillingCountry"),
];

const TO_CONTACT: [(&str, &str); 16] = [
    ("Salutation", "Salutation"),
    ("FirstName", "FirstName"),
    ("LastName", "LastName"),
    ("Title", "Title"),
    ("Email", "Email"),
    ("Phone", "Phone"),
    ("MobilePhone", "MobilePhone"),
    ("Fax", "Fax"),
    ("LeadSource", "LeadSource"),
    ("Description", "Description"),
    ("IndividualId", "IndividualId"),
    ("Street", "MailingStreet"),
    ("City", "MailingCity"),
    ("State", "MailingState"),
    ("PostalCode", "MailingPostalCode"),
    ("Country", "MailingCountry"),
];

/// What refers to a lead and goes on with the contact.
const MOVING: [(&str, &str); 5] = [
    ("Task", "WhoId"),
    ("Event", "WhoId"),
    ("Attachment", "ParentId"),
    ("Note", "ParentId"),
    ("ContentDocumentLink", "LinkedEntityId"),
];

/// How a lead is to be converted (`LeadConvert`, SOAP API Developer Guide).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conversion {
    pub lead: String,
    /// Without it the first status that means converted.
    pub converted_status: Option<String>,
    /// An account that exists, in place of a new one.
    pub account: Option<String>,
    /// A contact that exists, in place of a new one; needs `account`.
    pub contact: Option<String>,
    pub opportunity_name: Option<String>,
    pub do_not_create_opportunity: bool,
    /// Who owns what is made; without it the lead's owner.
    pub owner: Option<String>,
}

/// What a conversion made or used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    pub lead: String,
    pub account: String,
    pub contact: String,
    pub opportunity: Option<String>,
}

impl Transaction<'_> {
    pub fn convert_lead(&mut self, wanted: &Conversion) -> Result<Converted, ApiError> {
        let view = self.view();
        let def = view.object("Lead").ok_or_else(ApiError::not_found)?;
        let lead = Self::live_row(&view, &def, &wanted.lead)?;
        if !self.user.permissions.holds("ConvertLeads") {
            return Err(super::guard::insufficient());
        }
        self.may_update(&view, &def, &lead)?;
        drop(view);
        let def = self.full_def(&def);
        self.check_lock(lead.id())?;
        if lead.value_of("IsConverted") == Value::Bool(true) {
            return Err(refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"));
        }
        let status = converted_status(&def, wanted.converted_status.as_deref())?;
        let owner = match &wanted.owner {
            Some(owner) => ids::canonical(owner).map_or(Value::Null, Value::Id),
            None => lead.value_of("OwnerId"),
        };
        let is_user = |owner: &str| owner.starts_with("005") && self.found(owner).is_some();
        if !owner.as_str().is_some_and(is_user) {
            let message = "Converted objects can only be owned by users. If the lead is not owned by a user, you must specify a user for the Owner field.";
            return Err(refused("INVALID_CROSS_REFERENCE_KEY", message));
        }
        let account = self.account_for(wanted, &lead, &owner)?;
        let contact = self.contact_for(wanted, &lead, &owner, &account)?;
        let opportunity = self.opportunity_for(wanted, &lead, &owner, &account, &contact)?;
        let id = lead.id().to_owned();
        let counter = lead.counter();
        drop(lead);
        self.close_lead(&def, counter, &status, [&account, &contact, opportunity.as_deref().unwrap_or("")]);
        self.move_to_contact(&id, &contact, opportunity.as_deref());
        Ok(Converted { lead: id, account, contact, opportunity })
    }

    fn account_for(&mut self, wanted: &Conversion, lead: &Row, owner: &Value) -> Result<String, ApiError> {
        if let Some(account) = &wanted.account {
            return self.existing("Account", account);
        }
        let mut values = mapped(lead, &TO_ACCOUNT);
        values.push(("OwnerId", owner.clone()));
        self.system_row("Account", values)?.ok_or_else(ApiError::not_found)
    }

    fn contact_for(
        &mut self,
        wanted: &Conversion,
        lead: &Row,
        owner: &Value,
        account: &str,
    ) -> Result<String, ApiError> {
        if let Some(contact) = &wanted.contact {
            if wanted.account.is_none() {
                let message = "a contact that exists can only be used with its account";
                return Err(refused("REQUIRED_FIELD_MISSING", message));
            }
            return self.existing("Contact", contact);
        }
        let mut values = mapped(lead, &TO_CONTACT);
        values.extend([("OwnerId", owner.clone()), ("AccountId", Value::Id(account.to_owned()))]);
        self.system_row("Contact", values)?.ok_or_else(ApiError::not_found)
    }

    fn opportunity_for(
        &mut self,
        wanted: &Conversion,
        lead: &Row,
        owner: &Value,
        account: &str,
        contact: &str,
    ) -> Result<Option<String>, ApiError> {
        if wanted.do_not_create_opportunity {
            return Ok(None);
        }
        let company = lead.value_of("Company").to_plain_text();
        let name = wanted.opportunity_name.clone().unwrap_or_else(|| format!("{company}-"));
        let values = vec![
            ("Name", Value::text(name)),
            ("AccountId", Value::Id(account.to_owned())),
            ("OwnerId", owner.clone()),
            ("LeadSource", lead.value_of("LeadSource")),
            ("StageName", Value::Text("Prospecting".to_owned())),
            ("CloseDate", Value::Date(end_of_quarter(self.stamp_ms))),
        ];
        let Some(opportunity) = self.system_row("Opportunity", values)? else { return Ok(None) };
        let role = vec![
            ("OpportunityId", Value::Id(opportunity.clone())),
            ("ContactId", Value::Id(contact.to_owned())),
            ("IsPrimary", Value::Bool(true)),
        ];
        self.system_row("OpportunityContactRole", role)?;
        Ok(Some(opportunity))
    }

    fn existing(&self, object: &str, id: &str) -> Result<String, ApiError> {
        let view = self.view();
        let def = view.object(object).ok_or_else(ApiError::not_found)?;
        let row = view.row(&def, id).filter(|row| !row.is_deleted());
        row.map(|row| row.id().to_owned())
            .ok_or_else(|| refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
    }

    fn close_lead(&mut self, def: &Arc<ObjectDef>, counter: u64, status: &str, made: [&str; 3]) {
        let reference = |id: &str| if id.is_empty() { Value::Null } else { Value::Id(id.to_owned()) };
        let mut row = self.table_row(def, counter);
        for (name, value) in [
            ("Status", Value::Text(status.to_owned())),
            ("IsConverted", Value::Bool(true)),
            ("ConvertedDate", Value::Date(day_of(self.stamp_ms))),
            ("ConvertedAccountId", reference(made[0])),
            ("ConvertedContactId", reference(made[1])),
            ("ConvertedOpportunityId", reference(made[2])),
            ("IsUnreadByOwner", Value::Bool(false)),
        ] {
            if let Some(field) = def.field(name) {
                row.set(field.slot, &value);
            }
        }
        self.stamp_modified(def, &mut row);
        self.put(def, counter, row);
    }

    fn move_to_contact(&mut self, lead: &str, contact: &str, opportunity: Option<&str>) {
        for (object, name) in MOVING {
            for (def, counter) in self.referrers(object, name, lead) {
                let mut values = vec![(name, Value::Id(contact.to_owned()))];
                if let (true, Some(opportunity)) = (name == "WhoId", opportunity) {
                    values.push(("WhatId", Value::Id(opportunity.to_owned())));
                }
                self.rewrite(&def, counter, values);
            }
        }
        for (def, counter) in self.referrers("CampaignMember", "LeadId", lead) {
            self.rewrite(&def, counter, vec![("ContactId", Value::Id(contact.to_owned()))]);
        }
    }

    /// The live rows of an object whose field holds this id.
    pub(super) fn referrers(&self, object: &str, field: &str, id: &str) -> Vec<(Arc<ObjectDef>, u64)> {
        let Some(table) = self.work.table(object) else { return Vec::new() };
        let Some(slot) = table.def.field(field).map(|field| field.slot) else { return Vec::new() };
        let (Some(counter), Some(prefix)) = (ids::counter_of(id), id.get(..3)) else { return Vec::new() };
        super::cascade::referring(&self.work, table, slot, prefix, &BTreeSet::from([counter]))
            .into_iter()
            .map(|counter| (table.def.clone(), counter))
            .collect()
    }

    /// Gives a row values that no user gave it, and moves its stamps.
    pub(super) fn rewrite(&mut self, def: &Arc<ObjectDef>, counter: u64, values: Vec<(&str, Value)>) {
        let row = self.table_row(def, counter);
        let by_slot = |(name, value)| Some((def.field(name)?.slot, value));
        let values = values.into_iter().filter_map(by_slot).collect();
        self.put_values(def, counter, row, values);
    }

    /// A lead that was converted is read only, but for users who may edit such leads.
    pub(super) fn not_converted(&self, row: &Row) -> Result<(), ApiError> {
        let converted = row.object_name() == "Lead" && row.value_of("IsConverted") == Value::Bool(true);
        if converted && !self.user.permissions.holds("AllowViewEditConvertedLeads") {
            return Err(refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"));
        }
        Ok(())
    }

    /// The row with this id of the work so far, in the bin or not.
    pub(super) fn found(&self, id: &str) -> Option<Row> {
        Snapshot::find(&self.work, id)
    }
}

/// The statuses of a lead that mean converted are those whose name says so.
fn converted_status(def: &ObjectDef, wanted: Option<&str>) -> Result<String, ApiError> {
    let values = def.field("Status").map(|field| field.picklist_values.as_slice()).unwrap_or_default();
    let means_it = |value: &str| value.contains("Converted") && !value.contains("Not Converted");
    let found = values
        .iter()
        .map(|choice| choice.value.as_str())
        .find(|value| means_it(value) && wanted.is_none_or(|wanted| wanted == *value));
    found.map(str::to_owned).ok_or_else(|| {
        refused("INVALID_STATUS", &format!("invalid convertedStatus: {}", wanted.unwrap_or("")))
    })
}

fn mapped<'a>(lead: &Row, map: &[(&str, &'a str)]) -> Vec<(&'a str, Value)> {
    map.iter().map(|(from, to)| (*to, lead.value_of(from))).filter(|(_, value)| !value.is_null()).collect()
}

pub(super) fn day_of(ms: i64) -> NaiveDate {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().date_naive()
}

fn end_of_quarter(ms: i64) -> NaiveDate {
    let day = day_of(ms);
    let (year, month) = (day.year(), day.month0() / 3 * 3 + 4);
    let next = if month > 12 {
        NaiveDate::from_ymd_opt(year + 1, 1, 1)
    } else {
        NaiveDate::from_ymd_opt(year, month, 1)
    };
    next.and_then(|next| next.pred_opt()).unwrap_or(day)
}

fn refused(code: &str, message: &str) -> ApiError {
    ApiError::record(code, message, Vec::<String>::new())
}
