//! Takes all versions of some records out of a table, for good.
//!
//! Files that hold none of them stay; the others are written again without them, in one commit. Then everything else that may
//! hold what was erased goes at once, without the grace that it has otherwise: the old files, those that compaction or a
//! writer that died left behind, and the log before the commit, whose statistics name Ids. Whoever is reading an older
//! version of the table at that moment fails, and other programs can no longer go back behind it; the state at every Snapshot
//! is what it was, without the records. Doing it twice does no harm, so an erasure that was cut off is done again.
//!
//! Only what lay there before the commit goes. So if this writer slept for longer than its lease, what another one has
//! committed since is safe; and what another one was about to commit is refused, because the commit is made in any case.

mod without;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use holdfast_domain::RecordId;

use self::without::write_without;
use crate::Result;
use crate::data::blocking;
use crate::delta::{AddFile, Commit, CommitInfo, Marks};
use crate::keys::{IdKey, Key};
use crate::table::{LIVE_RECORDS, TableWriter};

/// What an erasure took away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EraseReport {
    /// The records that the table held, sorted.
    pub records: Vec<RecordId>,
    /// How many of them were not deleted.
    pub live: u64,
    pub versions: u64,
    pub files: u64,
    pub bytes_written: u64,
}

/// A data file with the newest versions of the records that it holds, by their place in the sorted list.
struct Holding {
    file: AddFile,
    found: Vec<(usize, Key)>,
}

pub(crate) async fn erase(
    writer: &mut TableWriter,
    records: &[RecordId],
    now: DateTime<Utc>,
) -> Result<EraseReport> {
    let ids = IdKey::sorted(records);
    let holding = holding(writer, ids.clone()).await?;
    let mut report = report(&ids, &holding);
    let there = writer.data_files().await?;
    let (mut adds, mut removes) = (Vec::new(), Vec::new());
    for Holding { file, found } in holding {
        removes.push(file.path.clone());
        let (target, before, now_ms) = (writer.target().clone(), file.rows, now.timestamp_millis());
        // Only those that it holds: the others would lie between its Ids, too.
        let held: BTreeSet<IdKey> = found.iter().map(|(_, key)| key.id).collect();
        let held: Vec<IdKey> = held.into_iter().collect();
        let written = blocking(move || async move { write_without(&target, &file, &held, now_ms).await });
        let written = written.await?;
        report.versions += before - written.as_ref().map_or(0, |file| file.rows);
        report.bytes_written += written.as_ref().map_or(0, |file| file.size);
        adds.extend(written);
    }
    let live = writer.live_records() - report.live.cast_signed();
    let marks = Marks(BTreeMap::from([(LIVE_RECORDS.to_owned(), live)]));
    let info = CommitInfo {
        operation: "DELETE".to_owned(),
        at: now,
        details: BTreeMap::new(),
        is_data_change: true,
    };
    writer.commit(Commit { adds, removes, columns: None, marks, info }).await?;
    writer.forget_the_past(&there, now).await?;
    Ok(report)
}

async fn holding(writer: &mut TableWriter, ids: Arc<[IdKey]>) -> Result<Vec<Holding>> {
    let (mut keys, files) = (writer.take_keys(), writer.files().to_vec());
    let (keys, holding) = blocking(move || async move {
        let mut holding = Vec::new();
        for file in files {
            let found = keys.newest(std::slice::from_ref(&file), &ids).await?;
            if !found.is_empty() {
                holding.push(Holding { file, found });
            }
        }
        Ok((keys, holding))
    })
    .await?;
    writer.put_keys(keys);
    Ok(holding)
}

fn report(ids: &[IdKey], holding: &[Holding]) -> EraseReport {
    let mut newest: BTreeMap<usize, Key> = BTreeMap::new();
    for (position, key) in holding.iter().flat_map(|holding| &holding.found) {
        let known = newest.entry(*position).or_insert(*key);
        if known.seq < key.seq {
            *known = *key;
        }
    }
    let text = |position: &usize| String::from_utf8_lossy(&ids[*position].to_bytes()).into_owned();
    EraseReport {
        records: newest.keys().filter_map(|position| RecordId::parse(&text(position)).ok()).collect(),
        live: newest.values().filter(|key| !key.print.is_deleted).count() as u64,
        files: holding.len() as u64,
        ..EraseReport::default()
    }
}
