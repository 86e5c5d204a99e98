//! The recycle bin grows old: after fifteen days, by the org's clock, a row is purged.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::model::ids;

use super::org::Org;
use super::view::Snapshot;

/// How long a row can be brought back (`undelete()`, SOAP API Developer Guide).
pub(crate) const KEPT_MS: i64 = 15 * 86_400_000;

impl Org {
    /// Purges what has lain in the bin for too long. Does nothing while someone writes: the next reader will.
    pub(crate) fn age_bin(&self) {
        let now_ms = self.stamp_ms();
        if now_ms < self.next_purge_ms().load(Ordering::SeqCst) {
            return;
        }
        let Some(mut ledger) = self.free_ledger() else { return };
        let mut snapshot = (*self.committed()).clone();
        let (due, oldest) = due(&snapshot, now_ms);
        for (object, counter) in due {
            let Some(table) = snapshot.table_mut(&object) else { continue };
            table.purge(counter);
            let id = ids::record_id(&table.def.id_prefix, counter);
            self.blobs().remove(&id);
            ledger.cleared.remove(&id);
        }
        self.next_purge_ms().store(oldest.map_or(i64::MAX, |deleted| deleted + KEPT_MS), Ordering::SeqCst);
        self.publish(Arc::new(snapshot));
    }

    /// Takes note that something was put into the bin at this time.
    pub(crate) fn note_binned(&self, deleted_ms: i64) {
        self.next_purge_ms().fetch_min(deleted_ms + KEPT_MS, Ordering::SeqCst);
    }
}

/// Rows to be purged, and when the oldest of the others was deleted.
fn due(snapshot: &Snapshot, now_ms: i64) -> (Vec<(String, u64)>, Option<i64>) {
    let (mut due, mut oldest) = (Vec::new(), None);
    for table in snapshot.tables() {
        for (counter, row) in table.written_rows() {
            let Some(bin) = row.bin else { continue };
            if bin.deleted_ms + KEPT_MS <= now_ms {
                due.push((table.def.name.clone(), counter));
            } else {
                oldest = Some(oldest.map_or(bin.deleted_ms, |oldest: i64| oldest.min(bin.deleted_ms)));
            }
        }
    }
    (due, oldest)
}
