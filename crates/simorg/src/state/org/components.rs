//! The components that the org has, read and changed as its rows are: by snapshots.

use std::sync::Arc;

use crate::components::Components;

use super::Org;

impl Org {
    /// The committed components, unchanged by what is deployed later.
    pub fn components(&self) -> Arc<Components> {
        self.snapshot().components.clone()
    }

    /// Changes components as one step: readers see all of it or nothing, and nothing when `change` fails.
    pub fn change_components<R, E>(
        &self,
        change: impl FnOnce(&mut Components) -> Result<R, E>,
    ) -> Result<R, E> {
        let ledger = self.ledger();
        let mut snapshot = (*self.snapshot()).clone();
        let outcome = change(Arc::make_mut(&mut snapshot.components))?;
        self.publish(Arc::new(snapshot));
        drop(ledger);
        Ok(outcome)
    }
}
