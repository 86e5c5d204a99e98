//! Rules of the org that are not rows: automations, lookup filters, refusals on request, and switches of its set-up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::errors::ApiError;

use super::automation::{Automation, AutomationKind, Automations, Event};
use super::org::Org;

/// New versions of files that an org takes in a day ("ContentVersion", Object Reference).
const VERSIONS_A_DAY: u64 = 200_000;

/// A refusal of some records, as a busy or broken org would give it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowFault {
    pub object: String,
    /// Only records that hold these values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub when: Map<String, Json>,
    /// Lets this many matching records pass first.
    #[serde(default)]
    pub after: u64,
    /// Of every so many matching records one is refused.
    #[serde(default = "one")]
    pub every: u64,
    /// Refuses this often; absent: until cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    pub code: String,
    /// Absent: the platform's words for the code, where simorg knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

fn one() -> u64 {
    1
}

/// Which rows a lookup may point to: those whose field holds one of these values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupFilter {
    pub object: String,
    pub field: String,
    /// A field of the row pointed to.
    pub target_field: String,
    pub values: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// All of them, in an org.
#[derive(Debug)]
pub(crate) struct Rules {
    automations: Automations,
    /// With how many records each has matched.
    faults: Mutex<Vec<(RowFault, u64)>>,
    filters: Mutex<BTreeMap<(String, String), Arc<LookupFilter>>>,
    in_maintenance: AtomicBool,
    /// The org preference without which no one may set audit fields.
    audit_fields: AtomicBool,
    versions_a_day: AtomicU64,
    mails: AtomicU64,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            automations: Automations::default(),
            faults: Mutex::default(),
            filters: Mutex::default(),
            in_maintenance: AtomicBool::new(false),
            audit_fields: AtomicBool::new(true),
            versions_a_day: AtomicU64::new(VERSIONS_A_DAY),
            mails: AtomicU64::new(0),
        }
    }
}

impl Rules {
    pub(crate) fn due(&self, object: &str, event: Event) -> Vec<Arc<Automation>> {
        self.automations.due(object, event)
    }

    pub(crate) fn is_in_maintenance(&self) -> bool {
        self.in_maintenance.load(Ordering::SeqCst)
    }

    pub(crate) fn allows_audit_fields(&self) -> bool {
        self.audit_fields.load(Ordering::SeqCst)
    }

    pub(crate) fn versions_a_day(&self) -> u64 {
        self.versions_a_day.load(Ordering::SeqCst)
    }

    pub(crate) fn count_mails(&self, sent: u64) {
        self.mails.fetch_add(sent, Ordering::SeqCst);
    }

    pub(crate) fn filter(&self, object: &str, field: &str) -> Option<Arc<LookupFilter>> {
        let filters = self.filters.lock().unwrap_or_else(PoisonError::into_inner);
        if filters.is_empty() {
            return None;
        }
        filters.get(&(object.to_ascii_lowercase(), field.to_ascii_lowercase())).cloned()
    }

    /// The refusal that a fault gives this record, if one does. `holds` tells whether the record has a value.
    pub(crate) fn refusal(
        &self,
        object: &str,
        holds: &dyn Fn(&Map<String, Json>) -> bool,
        id: &str,
    ) -> Option<ApiError> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        for (fault, seen) in faults.iter_mut() {
            if !fault.object.eq_ignore_ascii_case(object) || fault.times == Some(0) || !holds(&fault.when) {
                continue;
            }
            *seen += 1;
            if *seen > fault.after && (*seen - fault.after - 1).is_multiple_of(fault.every.max(1)) {
                fault.times = fault.times.map(|times| times - 1);
                let message = fault.message.clone().unwrap_or_else(|| words(&fault.code, id));
                return Some(ApiError::record(fault.code.clone(), message, Vec::<String>::new()));
            }
        }
        None
    }
}

/// The rules as a saved org holds them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedRules {
    automations: Vec<Automation>,
    faults: Vec<(RowFault, u64)>,
    filters: Vec<LookupFilter>,
    in_maintenance: bool,
    audit_fields: bool,
    versions_a_day: u64,
    mails: u64,
}

impl Org {
    pub(crate) fn saved_rules(&self) -> SavedRules {
        let rules = self.rules();
        SavedRules {
            automations: self.automations().iter().map(|automation| (**automation).clone()).collect(),
            faults: rules.faults.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            filters: self.lookup_filters().iter().map(|filter| (**filter).clone()).collect(),
            in_maintenance: rules.is_in_maintenance(),
            audit_fields: rules.allows_audit_fields(),
            versions_a_day: rules.versions_a_day(),
            mails: self.sent_mails(),
        }
    }

    pub(crate) fn restore_rules(&self, saved: SavedRules) {
        let rules = self.rules();
        saved.automations.into_iter().for_each(|automation| self.put_automation(automation));
        saved.filters.into_iter().for_each(|filter| self.set_lookup_filter(filter));
        *rules.faults.lock().unwrap_or_else(PoisonError::into_inner) = saved.faults;
        self.set_maintenance(saved.in_maintenance);
        self.allow_audit_fields(saved.audit_fields);
        self.set_versions_a_day(saved.versions_a_day);
        rules.mails.store(saved.mails, Ordering::SeqCst);
    }
}

/// What the platform says with some codes.
fn words(code: &str, id: &str) -> String {
    let id = id.get(..15).unwrap_or(id);
    match code {
        "UNABLE_TO_LOCK_ROW" => {
            format!("unable to obtain exclusive access to this record or 1 records: {id}")
        }
        "TooManyLockFailure" => "Too many lock failure 200 Trying again later.".to_owned(),
        "STORAGE_LIMIT_EXCEEDED" => "storage limit exceeded".to_owned(),
        "ENTITY_IS_LOCKED" => "the entity is locked for editing".to_owned(),
        "REQUEST_RUNNING_TOO_LONG" => {
            "Your request was running for too long, and has been stopped.".to_owned()
        }
        "UNKNOWN_EXCEPTION" => {
            "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567-12345 (-1234567)".to_owned()
        }
        _ => code.to_ascii_lowercase().replace('_', " "),
    }
}

impl Org {
    /// Adds an automation, in place of one with the same kind and name.
    pub fn put_automation(&self, automation: Automation) {
        self.rules().automations.put(automation);
    }

    pub fn remove_automation(&self, kind: AutomationKind, full_name: &str) -> bool {
        self.rules().automations.remove(kind, full_name)
    }

    /// Switches an automation on or off; `kind` is the name of its metadata type. Answers false if there is none.
    pub fn set_automation_active(&self, kind: &str, full_name: &str, active: bool) -> bool {
        AutomationKind::named(kind)
            .is_some_and(|kind| self.rules().automations.set_active(kind, full_name, active))
    }

    pub fn automations(&self) -> Vec<Arc<Automation>> {
        self.rules().automations.all()
    }

    /// How many e-mails automations have sent.
    pub fn sent_mails(&self) -> u64 {
        self.rules().mails.load(Ordering::SeqCst)
    }

    pub fn add_row_fault(&self, fault: RowFault) {
        self.rules().faults.lock().unwrap_or_else(PoisonError::into_inner).push((fault, 0));
    }

    pub fn row_faults(&self) -> Vec<RowFault> {
        let faults = self.rules().faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter().map(|(fault, _)| fault.clone()).collect()
    }

    pub fn clear_row_faults(&self) {
        self.rules().faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Filters a lookup; an empty list of values takes the filter away.
    pub fn set_lookup_filter(&self, filter: LookupFilter) {
        let key = (filter.object.to_ascii_lowercase(), filter.field.to_ascii_lowercase());
        let mut filters = self.rules().filters.lock().unwrap_or_else(PoisonError::into_inner);
        if filter.values.is_empty() {
            filters.remove(&key);
        } else {
            filters.insert(key, Arc::new(filter));
        }
    }

    pub fn lookup_filters(&self) -> Vec<Arc<LookupFilter>> {
        self.rules().filters.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// While in maintenance the org can be read and not written.
    pub fn set_maintenance(&self, in_maintenance: bool) {
        self.rules().in_maintenance.store(in_maintenance, Ordering::SeqCst);
    }

    /// The org preference that lets users with the permission set audit fields on new records.
    pub fn allow_audit_fields(&self, allowed: bool) {
        self.rules().audit_fields.store(allowed, Ordering::SeqCst);
    }

    /// How many new versions of files the org takes in a day.
    pub fn set_versions_a_day(&self, most: u64) {
        self.rules().versions_a_day.store(most, Ordering::SeqCst);
    }
}
