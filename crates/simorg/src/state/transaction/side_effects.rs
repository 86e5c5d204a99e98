//! What the platform itself does after a row was saved: what follows from its body, and rows that it adds.

use std::sync::Arc;

use crate::errors::ApiError;
use crate::model::{FieldDef, FieldType, ObjectDef, ObjectKind, Value, ids};
use crate::state::row::Row;
use crate::state::sharing;
use crate::state::table::StoredRow;
use crate::state::view::Snapshot;

use super::Transaction;

/// Fields whose changes the history objects keep.
const TRACKED: [&str; 9] =
    ["Name", "OwnerId", "Status", "StageName", "Amount", "Priority", "Industry", "AccountId", "Rating"];

impl Transaction<'_> {
    pub(super) fn after_insert(&mut self, def: &Arc<ObjectDef>, counter: u64) -> Result<(), ApiError> {
        match def.name.as_str() {
            "ContentVersion" => self.new_file_version(def, counter)?,
            "Attachment" => self.follow_body(def, counter, true),
            "Document" => {
                self.follow_body(def, counter, true);
                self.name_document(def, counter);
            }
            "Contact" => self.direct_relation(def, counter),
            "Account" => self.new_person(def, counter)?,
            _ => {}
        }
        self.owner_share(def, counter);
        Ok(())
    }

    pub(super) fn after_update(&mut self, def: &Arc<ObjectDef>, counter: u64) -> Result<(), ApiError> {
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

    /// The length of the body follows the body that this transaction brings, if it brings one.
    fn follow_body(&mut self, def: &Arc<ObjectDef>, counter: u64, inserted: bool) {
        let id = ids::record_id(&def.id_prefix, counter);
        let given = self.bodies.iter().rev().find(|(row, name, _)| *row == id && name == "Body");
        let length = given.map(|(_, _, body)| body.length()).or(inserted.then_some(0));
        if let Some(length) = length {
            self.set_fields(def, counter, vec![("BodyLength", whole(length))]);
        }
    }

    /// A document without a unique name gets one of its name ("Insert or Update Blob Data", REST API Developer Guide, gives none).
    fn name_document(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let document = self.current(def, counter);
        if !document.value_of("DeveloperName").is_null() {
            return;
        }
        let name = document.value_of("Name").to_plain_text();
        drop(document);
        let unique: String =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
        self.set_fields(def, counter, vec![("DeveloperName", Value::Text(unique))]);
    }

    /// A contact with an account gets its direct relation.
    fn direct_relation(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let row = self.current(def, counter);
        let (account, contact) = (row.value_of("AccountId"), row.id().to_owned());
        let person = row.value_of("IsPersonAccount") == Value::Bool(true);
        drop(row);
        if account.is_null() || person {
            return;
        }
        let values = vec![
            ("AccountId", account),
            ("ContactId", Value::Id(contact)),
            ("IsDirect", Value::Bool(true)),
            ("IsActive", Value::Bool(true)),
        ];
        self.system_row("AccountContactRelation", values).expect("no rule holds up a row of the system");
    }

    /// The direct relation of a contact that got another account, or none.
    fn move_direct_relation(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let account = self.current(def, counter).value_of("AccountId");
        let contact = ids::record_id(&def.id_prefix, counter);
        let is_direct = |work: &Self, relation: &ObjectDef, counter| {
            work.current(relation, counter).value_of("IsDirect") == Value::Bool(true)
        };
        let relations = self.referrers("AccountContactRelation", "ContactId", &contact);
        let direct = relations.into_iter().find(|(relation, counter)| is_direct(self, relation, *counter));
        match direct {
            Some((relation, counter)) if account.is_null() => self.bin(&relation, counter),
            Some((relation, counter)) => self.rewrite(&relation, counter, vec![("AccountId", account)]),
            None => self.direct_relation(def, counter),
        }
    }

    /// What follows from another owner or another account.
    pub(super) fn follow_references(&mut self, def: &Arc<ObjectDef>, counter: u64, before: &StoredRow) {
        let is_changed = |work: &Self, name: &str| {
            let held = |field: &FieldDef| work.current(def, counter).value(field) != before.get(field.slot);
            def.field(name).is_some_and(held)
        };
        if is_changed(self, "OwnerId") {
            self.move_owner_share(def, counter);
        }
        if def.name == "Contact" && is_changed(self, "AccountId") {
            self.move_direct_relation(def, counter);
        }
    }

    /// The sharing table of an object, and its columns for the row and the level.
    fn shares_table(&self, def: &ObjectDef) -> Option<(Arc<ObjectDef>, String, String)> {
        let table = self.work.table(&sharing::share_of(&def.name))?;
        let share = Some(table.def.clone()).filter(|share| share.kind == ObjectKind::Share)?;
        let (parent, level) = sharing::share_columns(&share, &def.name);
        Some((share, parent, level))
    }

    /// The owner's own row in the object's sharing table.
    fn owner_share(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let Some((share, parent, level)) = self.shares_table(def) else { return };
        let row = self.current(def, counter);
        let owner = row.value_of("OwnerId");
        let id = Value::Id(row.id().to_owned());
        drop(row);
        if owner.is_null() {
            return;
        }
        let values = vec![
            (parent.as_str(), id),
            ("UserOrGroupId", owner),
            (level.as_str(), Value::Text("All".to_owned())),
            ("RowCause", Value::Text("Owner".to_owned())),
        ];
        self.system_row(&share.name, values).expect("no rule holds up a row of the system");
    }

    /// The row of the former owner becomes that of the new one.
    fn move_owner_share(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let Some((share, parent, _)) = self.shares_table(def) else { return };
        let owner = self.current(def, counter).value_of("OwnerId");
        let id = ids::record_id(&def.id_prefix, counter);
        let rows = self.referrers(&share.name, &parent, &id);
        let of_owner = rows.into_iter().find(|(share, counter)| {
            self.current(share, *counter).value_of("RowCause").as_str() == Some("Owner")
        });
        match of_owner {
            Some((share, counter)) => self.rewrite(&share, counter, vec![("UserOrGroupId", owner)]),
            None => self.owner_share(def, counter),
        }
    }

    /// One history row for each tracked field that this update changed; two for a reference, by names and by ids.
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
        for field in TRACKED.iter().filter_map(|name| def.field(name)) {
            let (old, new) = (before.value(field), now.value(field));
            if old == new {
                continue;
            }
            if field.kind == FieldType::Reference {
                let name = |row: &Row| row.referenced(field).map_or(Value::Null, |target| name_of(&target));
                rows.push((&field.name, "Text", name(&before), name(&now)));
            }
            rows.push((&field.name, data_type(field.kind), old, new));
        }
        let id = now.id().to_owned();
        drop((now, before));
        for (name, kind, old, new) in rows {
            let values = vec![
                (parent.as_deref().unwrap_or("ParentId"), Value::Id(id.clone())),
                ("Field", Value::Text(name.clone())),
                ("DataType", Value::Text(kind.to_owned())),
                ("OldValue", as_any(old)),
                ("NewValue", as_any(new)),
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

fn name_of(row: &Row) -> Value {
    row.table().def.name_field().map_or(Value::Null, |field| row.value(field))
}

/// An id in a column of any type is a text.
fn as_any(value: Value) -> Value {
    if let Value::Id(id) = value { Value::Text(id) } else { value }
}

/// How history names the type of a field (`AccountHistory`, Object Reference).
fn data_type(kind: FieldType) -> &'static str {
    use FieldType as T;
    match kind {
        T::Reference | T::Id => "EntityId",
        T::Picklist | T::ComboBox => "DynamicEnum",
        T::MultiPicklist => "MultiEnum",
        T::Currency => "Currency",
        T::Percent => "Percent",
        T::Int | T::Long | T::Double => "Double",
        T::Boolean => "Boolean",
        T::Date => "DateOnly",
        T::DateTime => "DateTime",
        T::Email => "Email",
        T::Phone => "Phone",
        T::Url => "Url",
        _ => "Text",
    }
}

pub(super) fn whole(size: u64) -> Value {
    Value::Int(i64::try_from(size).unwrap_or(i64::MAX))
}
