//! What changed between two describes of one Object.

use crate::schema::ObjectSchema;

/// The fields that differ; names as the newer describe spells them (removed ones as the older did).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub retyped: Vec<String>,
}

impl Drift {
    pub fn between(old: &ObjectSchema, new: &ObjectSchema) -> Self {
        let mut drift = Self::default();
        for field in new.captured_fields() {
            match old.field(&field.name) {
                None => drift.added.push(field.name.clone()),
                Some(before) if before.kind != field.kind => drift.retyped.push(field.name.clone()),
                Some(_) => {}
            }
        }
        let is_gone = |name: &str| new.field(name).is_none();
        drift.removed = old.captured_fields().filter(|f| is_gone(&f.name)).map(|f| f.name.clone()).collect();
        drift
    }

    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.retyped.is_empty()
    }

    /// Fields whose values may have appeared without moving any record's stamp.
    pub fn to_backfill(&self) -> impl Iterator<Item = &str> {
        self.added.iter().chain(&self.retyped).map(String::as_str)
    }
}

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [("added", &self.added), ("removed", &self.removed), ("type changed", &self.retyped)];
        let named = parts.iter().filter(|(_, fields)| !fields.is_empty());
        let texts: Vec<_> = named.map(|(what, fields)| format!("{what}: {}", fields.join(", "))).collect();
        f.write_str(&texts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &[(&str, &str)]) -> ObjectSchema {
        let fields: Vec<_> = fields.iter().map(|(n, t)| serde_json::json!({"name": n, "type": t})).collect();
        serde_json::from_value(serde_json::json!({"name": "X__c", "fields": fields})).unwrap()
    }

    #[test]
    fn names_compare_without_case_and_types_count() {
        let old = schema(&[("Id", "id"), ("A__c", "string"), ("B__c", "string"), ("C__c", "double")]);
        let new = schema(&[("Id", "id"), ("a__c", "string"), ("C__c", "string"), ("D__c", "date")]);

        let drift = Drift::between(&old, &new);

        assert_eq!(drift.to_string(), "added: D__c; removed: B__c; type changed: C__c");
        assert_eq!(drift.to_backfill().collect::<Vec<_>>(), ["D__c", "C__c"]);
        assert!(Drift::between(&new, &new).is_empty());
    }
}
