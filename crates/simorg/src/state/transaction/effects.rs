//! What a committed transaction changes besides the rows, and how it is published with them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::state::blobs::Body;
use crate::state::org::{ClearedLookup, DeletedRecord, Ledger, Org};
use crate::state::view::Snapshot;

/// What a transaction uses up of the org.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted {
    /// New versions of files.
    pub(super) versions: u64,
    pub(super) mails: u64,
}

/// What a committed transaction changes besides the rows.
#[derive(Debug)]
pub(in crate::state) struct Effects {
    pub(super) counted: Counted,
    /// When the rows were saved.
    pub(super) stamp_ms: i64,
    pub(super) written: BTreeSet<String>,
    pub(super) purged: Vec<String>,
    pub(super) bodies: Vec<(String, String, Body)>,
    pub(super) deletes: Vec<DeletedRecord>,
    pub(super) undeletes: BTreeSet<String>,
    pub(super) cleared: Vec<(String, ClearedLookup)>,
}

impl Effects {
    /// Publishes the rows with all that goes with them.
    pub(in crate::state) fn apply(self, org: &Org, ledger: &mut Ledger, mut work: Arc<Snapshot>) {
        org.follow_rows(&mut work, &self.written);
        for (id, cleared) in self.cleared {
            ledger.cleared.entry(id).or_default().push(cleared);
        }
        for id in &self.purged {
            org.blobs().remove(id);
            ledger.cleared.remove(id);
        }
        for (id, field, body) in self.bodies {
            org.blobs().put(&id, &field, body);
        }
        if !self.undeletes.is_empty() {
            ledger.deletes.retain(|deleted| !self.undeletes.contains(&deleted.id));
        }
        ledger.deletes.extend(self.deletes);
        ledger.count_versions(self.stamp_ms, self.counted.versions);
        org.rules().count_mails(self.counted.mails);
        org.publish(work);
    }

    /// Takes what a later transaction changed, to be applied at once with this.
    pub(in crate::state) fn absorb(&mut self, later: Effects) {
        self.written.extend(later.written);
        self.purged.extend(later.purged);
        self.bodies.extend(later.bodies);
        self.deletes.retain(|deleted| !later.undeletes.contains(&deleted.id));
        self.deletes.extend(later.deletes);
        self.undeletes.extend(later.undeletes);
        self.cleared.extend(later.cleared);
        self.counted.versions += later.counted.versions;
        self.counted.mails += later.counted.mails;
        self.stamp_ms = later.stamp_ms;
    }
}
