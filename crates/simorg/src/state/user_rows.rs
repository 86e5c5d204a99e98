//! Users follow their rows: who may sign in, what profile and permission sets grant, who belongs to which group and role.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::Value;

use super::org::Org;
use super::permission_rows::{self, Grants};
use super::row::Row;
use super::sharing::{self, Access, Sharing};
use super::users::{Permissions, Switches, User};
use super::view::Snapshot;

impl Org {
    /// Changes what a user may see and do, whatever the rows say; describes change with it.
    pub fn set_permissions(&self, user_id: &str, change: impl FnOnce(&mut Permissions)) -> bool {
        let ledger = self.ledger();
        let changed = self.change_user(user_id, |user| {
            let before = user.permissions.clone();
            change(&mut user.permissions);
            user.switches.note(&before, &user.permissions);
        });
        if let Some(user) = self.user(user_id).filter(|_| changed) {
            let mut snapshot = (*self.committed()).clone();
            permission_rows::put_access_row(&mut snapshot, user_id, &user.permissions, self.stamp_ms());
            self.publish(Arc::new(snapshot));
        }
        drop(ledger);
        changed
    }

    /// Sets the org-wide default of an object: what everyone has of rows that others own.
    pub fn set_default_access(&self, object: &str, access: Access) {
        let ledger = self.ledger();
        let snapshot = self.committed();
        let mut defaults = snapshot.sharing.defaults().clone();
        defaults.insert(object.to_ascii_lowercase(), access);
        let mut changed = (*snapshot).clone();
        changed.sharing = Arc::new(Sharing::of(&snapshot, defaults));
        tell_default(&mut changed, object, access);
        self.publish(Arc::new(changed));
        drop(ledger);
    }

    /// The org-wide defaults that were set, by object in lower case.
    pub fn default_access(&self) -> BTreeMap<String, Access> {
        self.committed().sharing.defaults().clone()
    }

    /// Brings users, permissions and sharing in line with the rows that a transaction touched, before it is published.
    pub(crate) fn follow_rows(&self, work: &mut Arc<Snapshot>, touched: &BTreeSet<String>) {
        for id in touched.iter().filter(|id| id.starts_with("005")) {
            if let Some(row) = Snapshot::find(work, id) {
                self.follow_user(&row);
            }
        }
        if permission_rows::decides(touched) {
            let grants = Grants::of(work);
            for user in self.users() {
                let profile = permission_rows::profile_of(work, &user.id);
                let mut own = grants.permissions(work, &user.id, &profile);
                user.switches.apply(&mut own);
                if own != user.permissions || touched.contains(&user.id) {
                    permission_rows::put_access_row(Arc::make_mut(work), &user.id, &own, self.stamp_ms());
                }
                if own != user.permissions {
                    self.change_user(&user.id, |user| user.permissions = own);
                }
            }
        }
        if sharing::decides(touched) {
            let sharing = Sharing::of(work, work.sharing.defaults().clone());
            Arc::make_mut(work).sharing = Arc::new(sharing);
        }
    }

    fn follow_user(&self, row: &Row) {
        let text = |name: &str| row.value_of(name).to_plain_text();
        let told = User {
            id: row.id().to_owned(),
            username: text("Username"),
            first_name: text("FirstName"),
            last_name: text("LastName"),
            email: text("Email"),
            active: row.value_of("IsActive") == Value::Bool(true),
            permissions: Permissions::of(&[]),
            switches: Switches::default(),
            generation: 0,
            changed_ms: self.stamp_ms(),
        };
        let Some(known) = self.user(&told.id) else {
            self.add_user(told);
            return;
        };
        let facts = |user: &User| (user.username.clone(), user.name(), user.email.clone(), user.active);
        if facts(&known) != facts(&told) {
            self.change_user(&told.id.clone(), |user| {
                let User { username, first_name, last_name, email, active, .. } = told;
                (user.username, user.email, user.active) = (username, email, active);
                (user.first_name, user.last_name) = (first_name, last_name);
            });
        }
    }
}

/// The row of the organization tells the defaults of the older objects.
fn tell_default(snapshot: &mut Snapshot, object: &str, access: Access) {
    let Some(table) = snapshot.table_mut("Organization") else { return };
    let Some(slot) = table.def.field(&format!("Default{object}Access")).map(|field| field.slot) else {
        return;
    };
    let told = match access {
        Access::None => "None",
        Access::Read => "Read",
        Access::Edit => "Edit",
        Access::All => "ReadEditTransfer",
    };
    let rows: Vec<u64> = table.written_rows().map(|(counter, _)| counter).collect();
    for counter in rows {
        let Some(mut row) = table.take(counter) else { continue };
        row.set(slot, &Value::text(told));
        table.put(counter, row);
    }
}
