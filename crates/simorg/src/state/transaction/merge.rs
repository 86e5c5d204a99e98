//! Merging records: the losers go to the recycle bin, and what hung on them hangs on the master.
//!
//! A loser keeps the master's id in `MasterRecordId` for as long as it lies in the bin. Undelete brings it back without its
//! children (`merge()`, SOAP API Developer Guide). Person accounts are merged together with their contacts.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::errors::ApiError;
use crate::model::{ChildRelationship, ObjectDef, ObjectKind, Value, ids};
use crate::state::table::StoredRow;
use crate::state::view::Snapshot;

use super::Transaction;

/// Objects whose records can be merged (`merge()`, SOAP API Developer Guide).
const MERGEABLE: [&str; 5] = ["Account", "Contact", "Lead", "Case", "Individual"];

/// The most losers of one merge, in the same place.
const MOST_LOSERS: usize = 2;

/// Objects that hold a pair at most once: a row that would be the second is dropped instead of moved.
const PAIRS: [(&str, [&str; 2]); 6] = [
    ("AccountContactRelation", ["AccountId", "ContactId"]),
    ("CampaignMember", ["CampaignId", "ContactId"]),
    ("CampaignMember", ["CampaignId", "LeadId"]),
    ("ContentDocumentLink", ["LinkedEntityId", "ContentDocumentId"]),
    ("EntitySubscription", ["ParentId", "SubscriberId"]),
    ("TopicAssignment", ["EntityId", "TopicId"]),
];

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub master: String,
    pub losers: Vec<String>,
    /// Rows that hang on the master since.
    pub moved: Vec<String>,
}

/// The contacts of person accounts that are merged.
struct People {
    contact: Arc<ObjectDef>,
    kept: u64,
    others: BTreeSet<u64>,
}

impl Transaction<'_> {
    /// Merges the losers into the master, which is given these fields first.
    pub fn merge(
        &mut self,
        master: &str,
        fields: &Map<String, Json>,
        losers: &[String],
    ) -> Result<Merged, ApiError> {
        if losers.is_empty() || losers.len() > MOST_LOSERS {
            let message = format!("A merge takes between 1 and {MOST_LOSERS} records to merge");
            return Err(refused("NUMBER_OUTSIDE_VALID_RANGE", &message));
        }
        let (def, keeper) = self.mergeable(master)?;
        let mut going = BTreeSet::new();
        for loser in losers {
            let (other, counter) = self.mergeable(loser)?;
            if other.name != def.name {
                return Err(refused("INVALID_TYPE", "cannot merge records of different types"));
            }
            if counter == keeper || !going.insert(counter) {
                return Err(refused("INVALID_ID_FIELD", "a record cannot be merged with itself"));
            }
        }
        let people = self.person_contacts(&def, keeper, &going)?;
        let master = ids::record_id(&def.id_prefix, keeper);
        if !fields.is_empty() {
            self.update(&def.name, &master, fields)?;
        }
        let mut moved = self.rehang(&def, keeper, &going)?;
        if let Some(People { contact, kept, others }) = &people {
            moved.extend(self.rehang(contact, *kept, others)?);
        }
        for counter in &going {
            self.delete(&ids::record_id(&def.id_prefix, *counter))?;
        }
        self.name_master(&def, keeper, &going);
        if let Some(People { contact, kept, others }) = &people {
            self.name_master(contact, *kept, others);
        }
        let mut row = self.table_row(&def, keeper);
        self.stamp_modified(&def, &mut row);
        self.put(&def, keeper, row);
        let losers = going.iter().map(|counter| ids::record_id(&def.id_prefix, *counter)).collect();
        Ok(Merged { master, losers, moved })
    }

    fn mergeable(&self, id: &str) -> Result<(Arc<ObjectDef>, u64), ApiError> {
        let view = self.view();
        let full = ids::canonical(id).ok_or_else(|| refused("MALFORMED_ID", &format!("bad id {id}")))?;
        let def = view.object_of_id(&full).ok_or_else(ApiError::not_found)?;
        if !MERGEABLE.contains(&def.name.as_str()) {
            let message = format!("entity type {} does not support merge", def.name);
            return Err(refused("INVALID_TYPE_FOR_OPERATION", &message));
        }
        let counter = Self::live_row(&view, &def, &full)?.counter();
        drop(view);
        self.check_lock(&full)?;
        Ok((self.full_def(&def), counter))
    }

    /// The contacts, if the accounts are persons; a person and a business are not merged.
    fn person_contacts(
        &self,
        def: &ObjectDef,
        keeper: u64,
        going: &BTreeSet<u64>,
    ) -> Result<Option<People>, ApiError> {
        let contact_of = |counter: u64| {
            let row = Snapshot::find(&self.work, &ids::record_id(&def.id_prefix, counter))?;
            ids::counter_of(row.value_of("PersonContactId").as_str()?)
        };
        let others: BTreeSet<u64> = going.iter().filter_map(|counter| contact_of(*counter)).collect();
        let kept = contact_of(keeper);
        if (kept.is_some() && others.len() != going.len()) || (kept.is_none() && !others.is_empty()) {
            let message = "cannot merge a person account with a business account";
            return Err(refused("INVALID_OPERATION", message));
        }
        let contact = self.work.table("Contact").map(|table| table.def.clone());
        Ok(contact.zip(kept).map(|(contact, kept)| People { contact, kept, others }))
    }

    /// Hangs everything that refers to `going` on `keeper`; answers what was moved.
    fn rehang(
        &mut self,
        def: &Arc<ObjectDef>,
        keeper: u64,
        going: &BTreeSet<u64>,
    ) -> Result<Vec<String>, ApiError> {
        let master = ids::record_id(&def.id_prefix, keeper);
        let mut moved = BTreeSet::new();
        for relation in &def.children {
            let Some(child) = self.work.table(&relation.child).map(|table| table.def.clone()) else {
                continue;
            };
            let own_record = matches!(
                child.kind,
                ObjectKind::Share | ObjectKind::History | ObjectKind::Feed | ObjectKind::ChangeEvent
            );
            if own_record || relation.field == "MasterRecordId" {
                continue;
            }
            for counter in self.children(def, going, relation) {
                if child.name == def.name && going.contains(&counter) || self.is_person(&child, counter) {
                    continue;
                }
                if self.rehang_row(&child, counter, relation, &master)? {
                    moved.insert(ids::record_id(&child.id_prefix, counter));
                }
            }
        }
        Ok(moved.into_iter().collect())
    }

    /// The contact of a person account stays with it.
    fn is_person(&self, def: &ObjectDef, counter: u64) -> bool {
        def.name == "Contact"
            && Snapshot::find(&self.work, &ids::record_id(&def.id_prefix, counter))
                .is_some_and(|row| row.value_of("IsPersonAccount") == Value::Bool(true))
    }

    fn rehang_row(
        &mut self,
        child: &Arc<ObjectDef>,
        counter: u64,
        relation: &ChildRelationship,
        master: &str,
    ) -> Result<bool, ApiError> {
        let Some(field) = child.field(&relation.field) else { return Ok(false) };
        let id = ids::record_id(&child.id_prefix, counter);
        let mut row = self.table_row(child, counter);
        let value = if id == master { Value::Null } else { Value::Id(master.to_owned()) };
        row.set(field.slot, &value);
        if self.is_second_of_pair(child, counter, &row) {
            self.bin(child, counter);
            return Ok(false);
        }
        let before = self.shares_of(child, counter);
        self.stamp_modified(child, &mut row);
        self.put(child, counter, row);
        let now = self.shares_of(child, counter);
        self.roll_up(before, now)?;
        Ok(true)
    }

    fn is_second_of_pair(&self, def: &ObjectDef, counter: u64, row: &StoredRow) -> bool {
        PAIRS.iter().filter(|(object, _)| *object == def.name).any(|(_, names)| {
            let fields = names.map(|name| def.field(name).map(|field| field.slot));
            let [Some(first), Some(second)] = fields else { return false };
            let (Value::Id(target), other) = (row.get(first), row.get(second)) else { return false };
            if other.is_null() {
                return false;
            }
            let (Some(wanted), Some(prefix)) = (ids::counter_of(&target), target.get(..3)) else {
                return false;
            };
            let Some(table) = self.work.table(&def.name) else { return false };
            super::cascade::referring(&self.work, table, first, prefix, &BTreeSet::from([wanted]))
                .into_iter()
                .filter(|sibling| *sibling != counter)
                .any(|sibling| self.table_row(def, sibling).get(second) == other)
        })
    }

    fn name_master(&mut self, def: &Arc<ObjectDef>, keeper: u64, going: &BTreeSet<u64>) {
        let Some(field) = def.field("MasterRecordId") else { return };
        for counter in going {
            let mut row = self.table_row(def, *counter);
            row.set(field.slot, &Value::Id(ids::record_id(&def.id_prefix, keeper)));
            self.put(def, *counter, row);
        }
    }
}

fn refused(code: &str, message: &str) -> ApiError {
    ApiError::record(code, message, Vec::<String>::new())
}
