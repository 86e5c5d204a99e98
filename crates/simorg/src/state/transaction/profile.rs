//! Profiles and the permission sets that they own.

use std::sync::Arc;

use crate::model::{ObjectDef, Value};

use super::Transaction;

impl Transaction<'_> {
    /// A profile passes its permissions on to the permission set that it owns.
    pub(super) fn mirror_profile(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let profile = self.current(def, counter);
        let held: Vec<(String, Value)> = def
            .fields
            .iter()
            .filter(|field| field.name.starts_with("Permissions"))
            .map(|field| (field.name.clone(), profile.value(field)))
            .collect();
        let id = profile.id().to_owned();
        drop(profile);
        for (set, counter) in self.referrers("PermissionSet", "ProfileId", &id) {
            let values = held.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            self.rewrite(&set, counter, values);
        }
    }
}
