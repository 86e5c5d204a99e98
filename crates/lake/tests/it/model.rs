//! Random histories against a plain model in memory: whatever happened to a table, its state at every past
//! version, the versions between any two and the history of each record are what the model says.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use holdfast_domain::change::{Change, Fingerprint, Occasion, classify};
use holdfast_lake::{CompactOptions, IdRange, Lake, LakeOptions, OrgLake, StateQuery, Table, TableWriter};
use object_store::memory::InMemory;
use proptest::prelude::*;

use crate::rows::{
    Described, Row, batch, collect, context, describe, id, rows_of, stamp, stamp_us, watermark,
};
use crate::tables::{account, org_in};

/// Fields of the describes between which the histories move: one hides `A__c`, one brings `B__c` and respells.
const DESCRIBES: [&[&str]; 3] = [
    &["Name", "SystemModstamp", "IsDeleted", "A__c"],
    &["Name", "SystemModstamp", "IsDeleted"],
    &["Name", "B__c", "SystemModstamp", "IsDeleted", "a__C"],
];

#[derive(Debug, Clone)]
struct Reading {
    record: u32,
    second: u32,
    values: [u8; 3],
    is_deleted: bool,
}

#[derive(Debug, Clone)]
enum Event {
    Block {
        describe: usize,
        pages: Vec<Vec<Reading>>,
        gone: Vec<(u32, Option<u32>)>,
        occasion: Occasion,
        chunk_budget: usize,
        mark: i64,
        is_abandoned: bool,
    },
    Compact {
        fan_in: usize,
    },
    Reopen {
        forget_cache: bool,
    },
}

fn reading() -> impl Strategy<Value = Reading> {
    (0..10_u32, 0..30_u32, [0..2_u8, 0..2_u8, 0..2_u8], prop::bool::weighted(0.2))
        .prop_map(|(record, second, values, is_deleted)| Reading { record, second, values, is_deleted })
}

fn event() -> impl Strategy<Value = Event> {
    let pages = prop::collection::vec(prop::collection::vec(reading(), 0..6), 0..4);
    let gone = prop::collection::vec((0..12_u32, prop::option::of(0..40_u32)), 0..3);
    let occasion = prop_oneof![
        8 => Just(Occasion::Changes),
        1 => Just(Occasion::NewFields),
        1 => Just(Occasion::FieldsShownAgain),
    ];
    let settings = (0..3_usize, occasion, 0..4_i64, prop::bool::weighted(0.1));
    let block = (pages, gone, settings, prop_oneof![Just(1_usize), Just(64 << 20)]).prop_map(
        |(pages, gone, (describe, occasion, mark, is_abandoned), chunk_budget)| Event::Block {
            describe,
            pages: in_order(pages),
            gone,
            occasion,
            chunk_budget,
            mark,
            is_abandoned,
        },
    );
    prop_oneof![
        6 => block,
        1 => (2..4_usize).prop_map(|fan_in| Event::Compact { fan_in }),
        1 => any::<bool>().prop_map(|forget_cache| Event::Reopen { forget_cache }),
    ]
}

/// A query answers as of one moment, so the stamps of a record do not go back within a block; from block to block they
/// may, as the clocks of the org's servers differ.
fn in_order(mut pages: Vec<Vec<Reading>>) -> Vec<Vec<Reading>> {
    let mut newest: BTreeMap<u32, u32> = BTreeMap::new();
    for reading in pages.iter_mut().flatten() {
        let known = newest.entry(reading.record).or_default();
        reading.second = reading.second.max(*known);
        *known = reading.second;
    }
    pages
}

/// One version of one record, as the model holds it.
#[derive(Debug, Clone, PartialEq)]
struct Version {
    seq: i64,
    change: Change,
    modstamp_us: Option<i64>,
    /// None on a bare Tombstone.
    describe: Option<usize>,
    /// By lower-case name; no empty cells.
    fields: Row,
}

#[derive(Default)]
struct Model {
    versions: BTreeMap<String, Vec<Version>>,
    newest: i64,
    mark: Option<i64>,
    has_stamp: bool,
}

fn print(version: &Version) -> Fingerprint {
    let mut hasher = DefaultHasher::new();
    version.fields.hash(&mut hasher);
    Fingerprint {
        hash: u128::from(hasher.finish()),
        modstamp_us: version.modstamp_us,
        is_deleted: version.change == Change::Deleted,
        schema: version.describe.map_or(0, |describe| describe as u128 + 1),
    }
}

impl Model {
    fn new(has_stamp: bool) -> Self {
        Self { newest: -1, has_stamp, ..Self::default() }
    }

    /// The rows that the block must store.
    fn block(
        &mut self,
        describe: usize,
        pages: &[Vec<Reading>],
        gone: &[(u32, Option<u32>)],
        occasion: Occasion,
    ) -> Vec<(String, Version)> {
        let seq = self.newest + 1;
        let mut winners: BTreeMap<String, Version> = BTreeMap::new();
        for reading in pages.iter().flatten() {
            let fields =
                cells(describe, reading).into_iter().filter(|(name, cell)| name != "id" && !cell.is_empty());
            let version = Version {
                seq,
                change: if reading.is_deleted { Change::Deleted } else { Change::New },
                modstamp_us: self.has_stamp.then(|| stamp_us(reading.second)),
                describe: Some(describe),
                fields: fields.collect(),
            };
            let key = id(reading.record).to_string();
            let is_older = winners.get(&key).is_some_and(|known| version.modstamp_us < known.modstamp_us);
            if !is_older {
                winners.insert(key, version);
            }
        }
        let mut stored: BTreeMap<String, Version> = BTreeMap::new();
        for (key, version) in winners {
            let held = self.held(&key).cloned();
            let is_bare = held.as_ref().is_some_and(|held| held.describe.is_none());
            let now = print(&version);
            let change = classify(held.as_ref().map(print), now, occasion);
            let is_older = held
                .as_ref()
                .and_then(|held| held.modstamp_us)
                .zip(now.modstamp_us)
                .is_some_and(|(held, now)| now < held);
            let change =
                if is_bare && now.is_deleted { (!is_older).then_some(Change::Deleted) } else { change };
            if let Some(change) = change {
                let change = if now.is_deleted { Change::Deleted } else { change };
                stored.insert(key, Version { change, ..version });
            }
        }
        for (record, second) in gone {
            let key = id(*record).to_string();
            let at = second.map(stamp_us);
            let Some(known) = stored.get(&key).or_else(|| self.held(&key)).cloned() else { continue };
            let is_older = at.is_some() && known.modstamp_us.is_some() && at < known.modstamp_us;
            if known.change == Change::Deleted || is_older {
                continue;
            }
            let is_own = stored.contains_key(&key);
            let bare = Version { describe: None, fields: Row::new(), ..known.clone() };
            let from = if is_own { known.clone() } else { bare };
            let modstamp_us = at.or(known.modstamp_us);
            stored.insert(key, Version { seq, change: Change::Deleted, modstamp_us, ..from });
        }
        stored.into_iter().collect()
    }

    fn held(&self, key: &str) -> Option<&Version> {
        self.versions.get(key)?.last()
    }

    fn state(&self, as_of: i64, with_deleted: bool) -> Vec<Row> {
        let mut rows = Vec::new();
        for (key, versions) in &self.versions {
            let known: Vec<_> = versions.iter().filter(|version| version.seq <= as_of).collect();
            let Some(last) = known.last() else { continue };
            if last.change == Change::Deleted && !with_deleted {
                continue;
            }
            let mut row = expected(key, last);
            for name in field_names() {
                let captured = |version: &&&Version| version.describe.is_some_and(|it| has(it, &name));
                if let Some(from) = known.iter().rev().find(captured) {
                    row.remove(&name);
                    row.extend(from.fields.get(&name).map(|cell| (name.clone(), cell.clone())));
                }
            }
            rows.push(row);
        }
        rows
    }

    fn between(&self, after: i64, until: i64) -> Vec<Row> {
        let all = self
            .versions
            .iter()
            .flat_map(|(key, versions)| versions.iter().map(move |version| (key, version)));
        all.filter(|(_, version)| after < version.seq && version.seq <= until)
            .map(|(key, version)| expected(key, version))
            .collect()
    }
}

fn field_names() -> BTreeSet<String> {
    DESCRIBES.iter().flat_map(|fields| fields.iter().map(|name| name.to_lowercase())).collect()
}

fn has(describe: usize, field: &str) -> bool {
    DESCRIBES[describe].iter().any(|name| name.eq_ignore_ascii_case(field))
}

fn expected(key: &str, version: &Version) -> Row {
    let mut row = version.fields.clone();
    row.insert("id".into(), key.to_owned());
    row.insert("_seq".into(), version.seq.to_string());
    row.insert("_change".into(), version.change.as_str().to_owned());
    row.extend(version.modstamp_us.map(|stamp| ("_modstamp".to_owned(), stamp.to_string())));
    row
}

fn cells(describe: usize, reading: &Reading) -> Vec<(String, String)> {
    let value = |which: usize| match reading.values[which] {
        0 => String::new(),
        other => format!("value {which} {other}, “quoted”"),
    };
    let cell = |name: &&str| match name.to_lowercase().as_str() {
        "name" => value(0),
        "a__c" => value(1),
        "b__c" => value(2),
        "isdeleted" => reading.is_deleted.to_string(),
        _ => stamp(reading.second),
    };
    let fields = DESCRIBES[describe].iter().map(|name| (name.to_lowercase(), cell(name)));
    std::iter::once(("id".to_owned(), id(reading.record).to_string())).chain(fields).collect()
}

/// The columns that the model knows, by lower-case name.
fn seen(rows: Vec<Row>) -> Vec<Row> {
    let skipped = ["_run", "_captured_at", "_hash", "_schema"];
    let known = |row: Row| row.into_iter().filter(|(name, _)| !skipped.contains(&name.as_str()));
    rows.into_iter().map(|row| known(row).map(|(name, cell)| (name.to_lowercase(), cell)).collect()).collect()
}

struct World {
    org: OrgLake,
    cache: Option<tempfile::TempDir>,
    describes: Vec<Described>,
    writer: TableWriter,
    model: Model,
    batch_rows: usize,
}

impl World {
    async fn new(has_cache: bool, has_stamp: bool, batch_rows: usize) -> Self {
        let cache = has_cache.then(|| tempfile::tempdir().unwrap());
        let options = LakeOptions {
            cache_dir: cache.as_ref().map(|dir| dir.path().to_owned()),
            ..LakeOptions::default()
        };
        let lake = Lake::with_store(Arc::new(InMemory::new()), "memory", options).await.unwrap();
        let org = org_in(&lake).await;
        let mut describes = Vec::new();
        for fields in DESCRIBES {
            describes.push(describe(&org, fields).await);
        }
        let writer = org.writer(&account()).await.unwrap();
        Self { org, cache, describes, writer, model: Model::new(has_stamp), batch_rows }
    }

    async fn apply(&mut self, event: &Event) {
        match event {
            Event::Block { describe, pages, gone, occasion, chunk_budget, mark, is_abandoned } => {
                let described = &self.describes[*describe];
                let mut with = context(described);
                with.occasion = *occasion;
                with.stamp_field = with.stamp_field.filter(|_| self.model.has_stamp);
                self.writer.set_chunk_budget(*chunk_budget);
                let mut block = self.writer.begin_block(with).await.unwrap();
                for page in pages {
                    let values =
                        |reading| cells(*describe, reading).into_iter().map(|(_, cell)| cell).collect();
                    let rows: Vec<Vec<String>> = page.iter().map(values).collect();
                    block.push_page(vec![batch(described, &rows)]).await.unwrap();
                }
                let gone_ids =
                    gone.iter().map(|(record, second)| (id(*record), second.map(stamp_us))).collect();
                block.push_tombstones(gone_ids).await.unwrap();
                if *is_abandoned {
                    return block.abandon().await.unwrap();
                }
                let stored = self.model.block(*describe, pages, gone, *occasion);
                let commit = block.finish(watermark(*mark)).await.unwrap();
                self.expect_commit(&commit, stored, *mark);
            }
            Event::Compact { fan_in } => {
                let mut options = CompactOptions::at("2026-01-02T03:04:05Z".parse().unwrap());
                options.fan_in = *fan_in;
                let report = self.writer.compact(&options).await.unwrap();
                self.model.newest += i64::try_from(report.merges).unwrap();
            }
            Event::Reopen { forget_cache } => {
                if let Some(dir) = self.cache.as_ref().filter(|_| *forget_cache) {
                    let _ = std::fs::remove_dir_all(dir.path().join("keys"));
                }
                self.writer = self.org.writer(&account()).await.unwrap();
            }
        }
    }

    fn expect_commit(
        &mut self,
        commit: &holdfast_lake::BlockCommit,
        stored: Vec<(String, Version)>,
        mark: i64,
    ) {
        let commits = !stored.is_empty() || self.model.mark != Some(mark);
        assert_eq!(commit.table_version.is_some(), commits, "a commit if and only if there is something new");
        assert_eq!(commit.counts.versions(), stored.len() as u64);
        let deleted = stored.iter().filter(|(_, version)| version.change == Change::Deleted).count();
        assert_eq!(commit.counts.deleted, deleted as u64);
        if commits {
            self.model.newest += 1;
            self.model.mark = Some(mark);
        }
        for (key, version) in stored {
            self.model.versions.entry(key).or_default().push(version);
        }
    }

    async fn compare(&self) {
        let Some(table) = self.org.table(&account()).await.unwrap() else {
            return assert_eq!(self.model.newest, -1);
        };
        // Small batches put the versions of one record into different ones.
        let table = table.with_batch_rows(self.batch_rows);
        assert_eq!(table.version(), self.model.newest);
        for as_of in 0..=table.version() {
            for with_deleted in [false, true] {
                let query = StateQuery { as_of: Some(as_of), with_deleted, ..StateQuery::default() };
                let found = seen(collect(table.state(query).unwrap()).await);
                assert_eq!(found, self.model.state(as_of, with_deleted), "state at {as_of}");
            }
            let between = table.versions_between(as_of / 2, as_of, None).unwrap();
            assert_eq!(seen(collect(between).await), self.model.between(as_of / 2, as_of), "until {as_of}");
        }
        self.compare_records(&table).await;
    }

    async fn compare_records(&self, table: &Table) {
        for number in 0..11 {
            let key = id(number).to_string();
            let versions = self.model.versions.get(&key).into_iter().flatten();
            let wanted: Vec<Row> = versions.map(|version| expected(&key, version)).collect();
            let history = table.history(&id(number)).await.unwrap();
            assert_eq!(seen(history.iter().flat_map(rows_of).collect()), wanted, "history of {key}");

            let query = StateQuery { ids: Some(IdRange::one(&id(number))), ..StateQuery::default() };
            let alone = seen(collect(table.state(query).unwrap()).await);
            let all = self.model.state(i64::MAX, false);
            assert_eq!(alone, all.into_iter().filter(|row| row["id"] == key).collect::<Vec<_>>());
        }
        let live = self.model.state(i64::MAX, false);
        assert_eq!(table.live_count(), live.len() as u64);
        assert_eq!(table.version_count(), self.model.between(-1, i64::MAX).len() as u64);
        let ids: Vec<Row> =
            live.into_iter().map(|row| Row::from([("Id".into(), row["id"].clone())])).collect();
        assert_eq!(collect(table.live_ids().unwrap()).await, ids);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 400, ..ProptestConfig::default() })]

    /// G-12, G-13, X-06, X-08: marks and every version survive, over reopening and changes of the describe.
    #[test]
    fn a_table_says_what_the_model_says(
        events in prop::collection::vec(event(), 1..14),
        has_cache in any::<bool>(),
        has_stamp in prop::bool::weighted(0.8),
        batch_rows in 1..4_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new(has_cache, has_stamp, batch_rows).await;
            for event in &events {
                world.apply(event).await;
            }
            world.compare().await;
        });
    }
}
