//! Which fields a describe has, and so which cells of a row were captured at all.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::BoxFuture;
use holdfast_domain::SchemaHash;
use holdfast_domain::schema::ObjectSchema;

use crate::Result;

/// Tells the fields of a stored describe, by its hash.
pub type FieldSets = Arc<dyn Fn(SchemaHash) -> BoxFuture<'static, Result<Arc<FieldSet>>> + Send + Sync>;

/// Names of the captured fields of one describe; compared ignoring ASCII case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet(HashSet<String>);

impl FieldSet {
    pub fn of(schema: &ObjectSchema) -> Self {
        Self(schema.captured_fields().map(|field| field.name.to_ascii_lowercase()).collect())
    }

    pub fn contains(&self, field: &str) -> bool {
        self.0.contains(&field.to_ascii_lowercase())
    }
}
