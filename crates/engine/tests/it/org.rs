//! Acting in the simulated org as its users do.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use simorg::state::users::{Permissions, User};
use simorg::{ApiError, Org};

/// What tests do to an org; each call is one transaction of somebody who may do everything.
pub(crate) trait Acts {
    fn insert(&self, object: &str, record: Value) -> String;
    fn update(&self, object: &str, id: &str, record: Value);
    fn delete(&self, id: &str);
    fn undelete(&self, id: &str);
    fn purge(&self, id: &str);
    fn hide_object(&self, object: &str, is_hidden: bool);
    fn hide_field(&self, object: &str, field: &str, is_hidden: bool);
}

impl Acts for Org {
    fn insert(&self, object: &str, record: Value) -> String {
        self.write(&somebody(self), |work| work.insert(object, fields(&record)))
            .expect("the org takes the record")
    }

    fn update(&self, object: &str, id: &str, record: Value) {
        done(self.write(&somebody(self), |work| work.update(object, id, fields(&record))));
    }

    fn delete(&self, id: &str) {
        done(self.write(&somebody(self), |work| work.delete(id)));
    }

    fn undelete(&self, id: &str) {
        done(self.write(&somebody(self), |work| work.undelete(id)));
    }

    fn purge(&self, id: &str) {
        done(self.write(&somebody(self), |work| work.purge(id)));
    }

    fn hide_object(&self, object: &str, is_hidden: bool) {
        let object = object.to_ascii_lowercase();
        let change = |permissions: &mut Permissions| {
            if is_hidden {
                permissions.hidden_objects.insert(object);
            } else {
                permissions.hidden_objects.remove(&object);
            }
        };
        assert!(self.set_permissions(&self.admin().id, change));
    }

    fn hide_field(&self, object: &str, field: &str, is_hidden: bool) {
        let name = (object.to_ascii_lowercase(), field.to_ascii_lowercase());
        let change = |permissions: &mut Permissions| {
            if is_hidden {
                permissions.hidden_fields.insert(name);
            } else {
                permissions.hidden_fields.remove(&name);
            }
        };
        assert!(self.set_permissions(&self.admin().id, change));
    }
}

/// A user like the administrator, from whom nothing is hidden: the administrator is the integration
/// user, from whom tests take rights away.
pub(crate) fn somebody(org: &Org) -> Arc<User> {
    let admin = org.admin();
    Arc::new(User { permissions: Permissions::integration(), generation: u64::MAX, ..User::clone(&admin) })
}

fn fields(record: &Value) -> &Map<String, Value> {
    record.as_object().expect("a record is a JSON object")
}

fn done(outcome: Result<(), ApiError>) {
    outcome.expect("the org does it");
}

/// An account that Salesforce would take.
pub(crate) fn account(name: &str) -> Value {
    json!({ "Name": name })
}
