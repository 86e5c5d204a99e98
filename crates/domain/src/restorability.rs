//! Whether what is captured of an Object can be put back into an org.

use serde::{Deserialize, Serialize};

use crate::capture::method::{CaptureMethod, capture_method};
use crate::schema::ObjectSchema;

/// Told before a restore is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restorability {
    /// Records can be made anew.
    Restorable,
    /// Kept for reading only: Salesforce writes such records itself, or does not let the user make them.
    ReadableOnly,
    /// Nothing is captured.
    Never,
}

impl Restorability {
    pub fn of(schema: &ObjectSchema) -> Self {
        match capture_method(schema) {
            CaptureMethod::None { .. } => Self::Never,
            _ if schema.createable => Self::Restorable,
            _ => Self::ReadableOnly,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_made_anew_is_kept_for_reading() {
        let of = |name: &str, queryable: bool, createable: bool| {
            let fields = [json!({"name": "Id", "type": "id"})];
            let describe =
                json!({"name": name, "queryable": queryable, "createable": createable, "fields": fields});
            Restorability::of(&serde_json::from_value(describe).unwrap())
        };
        assert_eq!(of("Account", true, true), Restorability::Restorable);
        assert_eq!(of("AccountHistory", true, false), Restorability::ReadableOnly);
        assert_eq!(of("Order__e", true, true), Restorability::Never);
        assert_eq!(of("Sealed", false, true), Restorability::Never);
    }
}
