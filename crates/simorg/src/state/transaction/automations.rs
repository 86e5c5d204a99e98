//! Running automations around a save: before it they change or refuse the record, after it they make others and reassign.

use serde_json::{Map, Value as Json, json};

use crate::errors::ApiError;
use crate::model::{ObjectDef, Value, ids};
use crate::state::automation::{Automation, AutomationKind, Effect, Event};
use crate::state::permission_rows::each;
use crate::state::row::Row;
use crate::state::validation;

use super::Transaction;
use super::draft::Draft;

/// How deep triggers may set each other off ("Execution Governors and Limits", Apex Developer Guide).
const DEEPEST: u32 = 16;

impl Transaction<'_> {
    /// Lets automations change the record or refuse it.
    pub(super) fn run_before(&self, event: Event, draft: &mut Draft<'_>) -> Result<(), ApiError> {
        for automation in self.org.rules().due(&draft.def.name, event) {
            if !draft.holds(&automation.when) {
                continue;
            }
            match &automation.effect {
                Effect::Fail { code, message } => {
                    return Err(failure(&automation, event, code.as_deref(), message));
                }
                Effect::CpuLimit => return Err(cpu_limit(&automation)),
                Effect::SetField { field, value } => {
                    let Some(field) = draft.def.field(field).cloned() else { continue };
                    let value = validation::value(&field, value)?;
                    draft.set(&field, value);
                }
                Effect::Duplicate { fields, alert } => {
                    self.check_duplicates(&automation, draft, fields, *alert)?;
                }
                Effect::None | Effect::CreateChild { .. } | Effect::Reassign { .. } | Effect::SendMail => {}
            }
        }
        Ok(())
    }

    /// Lets automations act on a record that was saved.
    pub(super) fn run_after(&mut self, event: Event, def: &ObjectDef, counter: u64) -> Result<(), ApiError> {
        let due = self.org.rules().due(&def.name, event);
        if due.is_empty() {
            return Ok(());
        }
        let id = ids::record_id(&def.id_prefix, counter);
        for automation in due {
            let Some(row) = self.found(&id) else { return Ok(()) };
            let mut none = Vec::new();
            if !(Draft { def: &self.full_def(def), row: Some(&row), values: &mut none })
                .holds(&automation.when)
            {
                continue;
            }
            drop(row);
            match &automation.effect {
                Effect::CreateChild { object, parent_field, values } => {
                    self.create_child(&automation, event, &id, (object, parent_field, values))?;
                }
                Effect::Reassign { owner } if self.assigns(automation.kind) => {
                    self.reassign(def, counter, owner);
                }
                Effect::SendMail => self.counted.mails += 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// Assignment rules run unless the request says no (`Sforce-Auto-Assign`, REST API Developer Guide).
    fn assigns(&self, kind: AutomationKind) -> bool {
        kind != AutomationKind::AssignmentRule || self.options.auto_assign != Some(false)
    }

    fn create_child(
        &mut self,
        automation: &Automation,
        event: Event,
        id: &str,
        (object, parent_field, values): (&str, &str, &Map<String, Json>),
    ) -> Result<(), ApiError> {
        if self.depth >= DEEPEST {
            return Err(failure(automation, event, None, "maximum trigger depth exceeded"));
        }
        let mut record = values.clone();
        record.insert(parent_field.to_owned(), json!(id));
        self.depth += 1;
        let made = self.insert(object, &record);
        self.depth -= 1;
        made.map(|_| ())
            .map_err(|error| failure(automation, event, None, &format!("{}: {}", error.code, error.message)))
    }

    fn reassign(&mut self, def: &ObjectDef, counter: u64, owner: &str) {
        let Some(owner) = self.owner_named(owner) else { return };
        let def = self.full_def(def);
        self.rewrite(&def, counter, vec![("OwnerId", Value::Id(owner))]);
    }

    /// An owner by id, username or a queue's developer name.
    fn owner_named(&self, text: &str) -> Option<String> {
        if let Some(row) = ids::canonical(text).and_then(|id| self.found(&id)) {
            return Some(row.id().to_owned());
        }
        if let Some(user) = self.org.user_by_name(text) {
            return Some(user.id.clone());
        }
        let mut found = None;
        each(&self.work, "Group", |row| {
            if row.value_of("DeveloperName").to_plain_text() == text {
                found = Some(row.id().to_owned());
            }
        });
        found
    }

    fn check_duplicates(
        &self,
        rule: &Automation,
        draft: &Draft<'_>,
        fields: &[String],
        alert: bool,
    ) -> Result<(), ApiError> {
        let changes = fields.iter().any(|name| draft.changes(name));
        let wanted: Vec<String> =
            fields.iter().map(|name| draft.value(name).to_plain_text().to_lowercase()).collect();
        if (alert && self.options.allow_duplicates) || !changes || wanted.iter().any(String::is_empty) {
            return Ok(());
        }
        let mut matches: Vec<String> = Vec::new();
        each(&self.work, &draft.def.name, |row| {
            let is_other = draft.row.is_none_or(|own| own.id() != row.id());
            if is_other && matches_all(row, fields, &wanted) {
                matches.push(row.id().to_owned());
            }
        });
        if matches.is_empty() { Ok(()) } else { Err(duplicates(rule, &draft.def.name, alert, &matches)) }
    }
}

fn matches_all(row: &Row, fields: &[String], wanted: &[String]) -> bool {
    fields.iter().zip(wanted).all(|(name, text)| row.value_of(name).to_plain_text().to_lowercase() == *text)
}

/// The refusal by a duplicate rule with what the rule found (`DuplicateResult`, SOAP API Developer Guide).
fn duplicates(rule: &Automation, object: &str, alert: bool, matches: &[String]) -> ApiError {
    let message = if alert {
        "Use one of these records?"
    } else {
        "You're creating a duplicate record. We recommend you use an existing record instead."
    };
    let records: Vec<Json> = matches
        .iter()
        .map(|id| {
            let url = format!("/services/data/v{}.0/sobjects/{object}/{id}", crate::model::NEWEST_VERSION);
            json!({
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100.0,
                "record": {"attributes": {"type": object, "url": url}, "Id": id},
            })
        })
        .collect();
    let name = rule.full_name.rsplit('.').next().unwrap_or(&rule.full_name);
    let mut error = ApiError::record("DUPLICATES_DETECTED", message, Vec::<String>::new());
    error.duplicate_result = Some(Box::new(json!({
        "allowSave": alert,
        "duplicateRule": name,
        "duplicateRuleEntityType": object,
        "errorMessage": message,
        "matchResults": [{
            "entityType": object,
            "errors": [],
            "matchEngine": "ExactMatchEngine",
            "matchRecords": records,
            "rule": format!("{name}_Match"),
            "size": matches.len(),
            "success": true,
        }],
    })));
    error
}

/// The words of a trigger or flow that failed; a code of its own stands for `addError` and its kin.
fn failure(automation: &Automation, event: Event, code: Option<&str>, message: &str) -> ApiError {
    if let Some(code) = code {
        return ApiError::record(code, message, Vec::<String>::new());
    }
    let name = &automation.full_name;
    let (code, text) = match automation.kind {
        AutomationKind::ApexTrigger => {
            let execution = match event {
                Event::Insert => "BeforeInsert",
                Event::Update => "BeforeUpdate",
                Event::Delete => "BeforeDelete",
                Event::Undelete => "AfterUndelete",
            };
            let text = format!(
                "{name}: execution of {execution}\n\ncaused by: {message}\n\nTrigger.{name}: line 3, column 1"
            );
            ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text)
        }
        AutomationKind::Flow => {
            let text = format!(
                "We can't save this record because the \"{name}\" process failed. Give your Salesforce admin these details. {message}"
            );
            ("CANNOT_EXECUTE_FLOW_TRIGGER", text)
        }
        _ => ("FIELD_CUSTOM_VALIDATION_EXCEPTION", message.to_owned()),
    };
    ApiError::record(code, text, Vec::<String>::new())
}

fn cpu_limit(automation: &Automation) -> ApiError {
    let message = format!("{}: System.LimitException: Apex CPU time limit exceeded", automation.full_name);
    ApiError::record("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, Vec::<String>::new())
}
