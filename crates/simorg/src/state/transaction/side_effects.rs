//! What the platform itself does when a row is saved: fields that follow from others, and rows that it adds.

use std::sync::Arc;

use crate::errors::ApiError;
use crate::model::{ObjectDef, ObjectKind, Value, ids};
use crate::state::row::Row;
use crate::state::view::Snapshot;

use super::Transaction;

/// `StageName`, `Probability`, `IsClosed`, `IsWon`, `ForecastCategory`.
const STAGES: [(&str, &str, bool, bool, &str); 10] = [
    ("Prospecting", "10", false, false, "Pipeline"),
    ("Qualification", "10", false, false, "Pipeline"),
    ("Needs Analysis", "20", false, false, "Pipeline"),
    ("Value Proposition", "50", false, false, "Pipeline"),
    ("Id. Decision Makers", "60", false, false, "Pipeline"),
    ("Perception Analysis", "70", false, false, "Pipeline"),
    ("Proposal/Price Quote", "75", false, false, "Pipeline"),
    ("Negotiation/Review", "90", false, false, "Best"),
    ("Closed Won", "100", true, true, "Closed"),
    ("Closed Lost", "0", true, false, "Omitted"),
];

/// Fields whose changes the history objects keep.
const TRACKED: [&str; 9] =
    ["Name", "OwnerId", "Status", "StageName", "Amount", "Priority", "Industry", "AccountId", "Rating"];

impl Transaction<'_> {
    pub(super) fn after_insert(&mut self, def: &Arc<ObjectDef>, counter: u64) -> Result<(), ApiError> {
        self.follow_status(def, counter, true);
        match def.name.as_str() {
            "ContentVersion" => self.new_file_version(def, counter)?,
            "Attachment" | "Document" => self.follow_body(def, counter, true),
            "Contact" => self.direct_relation(def, counter)?,
            "Account" => self.new_person(def, counter)?,
            _ => {}
        }
        self.owner_share(def, counter)
    }

    pub(super) fn after_update(&mut self, def: &Arc<ObjectDef>, counter: u64) -> Result<(), ApiError> {
        self.follow_status(def, counter, false);
        match def.name.as_str() {
            "ContentVersion" => self.version_changed(def, counter),
            "ContentDocument" => self.document_changed(def, counter),
            "Attachment" | "Document" => self.follow_body(def, counter, false),
            "Profile" => self.mirror_profile(def, counter),
            "Account" | "Contact" => self.mirror_person(def, counter),
            _ => {}
        }
        self.history(def, counter)
    }

    pub(super) fn current(&self, def: &ObjectDef, counter: u64) -> Row {
        let id = ids::record_id(&def.id_prefix, counter);
        Snapshot::find(&self.work, &id).expect("the row was just put")
    }

    pub(super) fn set_fields(&mut self, def: &Arc<ObjectDef>, counter: u64, values: Vec<(&str, Value)>) {
        let def = self.full_def(def);
        let mut row = self.table_row(&def, counter);
        for (name, value) in values {
            if let Some(field) = def.field(name) {
                row.set(field.slot, &value);
            }
        }
        self.put(&def, counter, row);
    }

    /// Closed, won, probability: they follow the status or stage.
    fn follow_status(&mut self, def: &Arc<ObjectDef>, counter: u64, inserted: bool) {
        if !matches!(def.name.as_str(), "Opportunity" | "Case" | "Task") {
            return;
        }
        let row = self.current(def, counter);
        let status = row.value_of("Status").to_plain_text();
        let values = match def.name.as_str() {
            "Opportunity" => {
                let stage = row.value_of("StageName").to_plain_text();
                let Some(stage) = STAGES.iter().find(|(name, ..)| *name == stage) else { return };
                let mut values = vec![
                    ("IsClosed", Value::Bool(stage.2)),
                    ("IsWon", Value::Bool(stage.3)),
                    ("ForecastCategory", Value::Text(stage.4.to_owned())),
                ];
                if row.value_of("Probability").is_null()
                    || !inserted && row.value_of("IsClosed") != Value::Bool(stage.2)
                {
                    values.push(("Probability", Value::Number(stage.1.to_owned())));
                }
                values
            }
            "Case" => {
                let closed = status == "Closed";
                let at = if closed { Value::DateTime(self.stamp_ms) } else { Value::Null };
                let mut values = vec![("IsClosed", Value::Bool(closed))];
                if row.value_of("IsClosed") != Value::Bool(closed) || inserted {
                    values.push(("ClosedDate", at));
                }
                values
            }
            "Task" => vec![
                ("IsClosed", Value::Bool(status == "Completed")),
                ("IsHighPriority", Value::Bool(row.value_of("Priority") == Value::Text("High".to_owned()))),
            ],
            _ => return,
        };
        drop(row);
        self.set_fields(def, counter, values);
    }

    /// The length of the body follows the body that this transaction brings, if it brings one.
    fn follow_body(&mut self, def: &Arc<ObjectDef>, counter: u64, inserted: bool) {
        let id = ids::record_id(&def.id_prefix, counter);
        let given = self.bodies.iter().rev().find(|(row, name, _)| *row == id && name == "Body");
        let length = given.map(|(_, _, body)| body.length()).or(inserted.then_some(0));
        if let Some(length) = length {
            self.set_fields(def, counter, vec![("BodyLength", whole(length))]);
        }
    }

    /// A contact with an account gets its direct relation.
    fn direct_relation(&mut self, def: &Arc<ObjectDef>, counter: u64) -> Result<(), ApiError> {
        let row = self.current(def, counter);
        let (account, contact) = (row.value_of("AccountId"), row.id().to_owned());
        let person = row.value_of("IsPersonAccount") == Value::Bool(true);
        drop(row);
        if account.is_null() || person {
            return Ok(());
        }
        let values = vec![
            ("AccountId", account),
            ("ContactId", Value::Id(contact)),
            ("IsDirect", Value::Bool(true)),
            ("IsActive", Value::Bool(true)),
        ];
        self.system_row("AccountContactRelation", values).map(|_| ())
    }

    /// The owner's own row in the object's sharing table.
    fn owner_share(&mut self, def: &Arc<ObjectDef>, counter: u64) -> Result<(), ApiError> {
        let share = if def.name.ends_with("__c") {
            def.name.replace("__c", "__Share")
        } else {
            format!("{}Share", def.name)
        };
        let Some(table) = self.work.table(&share) else { return Ok(()) };
        if table.def.kind != ObjectKind::Share {
            return Ok(());
        }
        let old = [format!("{}Id", def.name), format!("{}AccessLevel", def.name)];
        let parent = if table.def.field("ParentId").is_some() { "ParentId" } else { &old[0] };
        let level = if table.def.field("AccessLevel").is_some() { "AccessLevel" } else { &old[1] };
        let row = self.current(def, counter);
        let owner = row.value_of("OwnerId");
        let id = Value::Id(row.id().to_owned());
        drop(row);
        if owner.is_null() {
            return Ok(());
        }
        let values = vec![
            (parent, id),
            ("UserOrGroupId", owner),
            (level, Value::Text("All".to_owned())),
            ("RowCause", Value::Text("Owner".to_owned())),
        ];
        self.system_row(&share, values).map(|_| ())
    }

    /// One history row for each tracked field that this update changed.
    fn history(&mut self, def: &Arc<ObjectDef>, counter: u64) -> Result<(), ApiError> {
        let object = match def.name.as_str() {
            "Opportunity" => "OpportunityFieldHistory".to_owned(),
            name => name
                .strip_suffix("__c")
                .map_or_else(|| format!("{name}History"), |bare| format!("{bare}__History")),
        };
        let Some(history) = self.work.table(&object).map(|table| table.def.clone()) else { return Ok(()) };
        if history.kind != ObjectKind::History {
            return Ok(());
        }
        let now = self.current(def, counter);
        let Some(before) = Snapshot::find(&self.org.snapshot(), now.id()) else { return Ok(()) };
        let parent =
            history.fields.iter().find(|f| f.reference_to == [def.name.clone()]).map(|f| f.name.clone());
        let mut rows = Vec::new();
        for name in TRACKED {
            let (old, new) = (before.value_of(name), now.value_of(name));
            if old != new {
                rows.push((name, old, new));
            }
        }
        let id = now.id().to_owned();
        drop((now, before));
        for (name, old, new) in rows {
            let values = vec![
                (parent.as_deref().unwrap_or("ParentId"), Value::Id(id.clone())),
                ("Field", Value::Text(name.to_owned())),
                ("DataType", Value::Text("Text".to_owned())),
                ("OldValue", Value::text(old.to_plain_text())),
                ("NewValue", Value::text(new.to_plain_text())),
            ];
            self.system_row(&object, values)?;
        }
        Ok(())
    }

    /// Adds a row that no user asked for; objects that the org lacks are passed over.
    pub(crate) fn system_row(
        &mut self,
        object: &str,
        values: Vec<(&str, Value)>,
    ) -> Result<Option<String>, ApiError> {
        let Some(def) = self.work.table(object).map(|table| table.def.clone()) else { return Ok(None) };
        let values =
            values.into_iter().filter_map(|(name, value)| Some((def.field(name)?.slot, value))).collect();
        let counter = self.insert_values(&def, values, Vec::new())?;
        Ok(Some(ids::record_id(&def.id_prefix, counter)))
    }
}

pub(super) fn whole(size: u64) -> Value {
    Value::Int(i64::try_from(size).unwrap_or(i64::MAX))
}
