//! An org in which acts are played, an engine that backs it up, and the comparison with the plain model.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use holdfast_domain::change::Change;
use holdfast_domain::manifest::Manifest;
use holdfast_domain::{ErrorCode, ObjectName, RecordId, RunId};
use holdfast_engine::Settings;
use holdfast_engine::history::FieldChange;
use holdfast_testkit::{TestApp, lake_contents, visible};
use serde_json::{Map, Value, json};
use simorg::model::{FieldDef, FieldType};
use simorg::schema::notation;
use simorg::state::transaction::Operation;
use simorg::state::users::User;
use simorg::state::view::Scan;
use simorg::{ApiError, RunningOrg, SimOrg};

use super::act::{Act, Step, Write};
use super::model::{Model, Record};
use crate::org::{Acts, somebody};

/// An Object of these histories, the lookup to its parent, and fields that are written.
struct Kind {
    object: &'static str,
    name: Option<&'static str>,
    parent: (&'static str, &'static str),
    fields: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind {
        object: "Account",
        name: Some("Name"),
        parent: ("ParentId", "Account"),
        fields: &["Site", "Description", "Alpha__c", "Beta__c"],
    },
    Kind {
        object: "Contact",
        name: Some("LastName"),
        parent: ("AccountId", "Account"),
        fields: &["Title", "Birthdate"],
    },
    Kind {
        object: "Project__c",
        name: Some("Name"),
        parent: ("Account__c", "Account"),
        fields: &["Summary__c", "Notes__c"],
    },
    Kind {
        object: "Invoice__c",
        name: None,
        parent: ("Project__c", "Project__c"),
        fields: &["Net__c", "Remarks__c"],
    },
    Kind { object: EXTRA, name: Some("Name"), parent: ("Account__c", "Account"), fields: &["Note__c"] },
];

/// Comes and goes.
const EXTRA: &str = "Extra__c";
/// Fields of Account that come, go and change their type.
const COMING: [&str; 2] = ["Alpha__c", "Beta__c"];
/// Fields that are hidden and shown.
const HIDEABLE: [(&str, &str); 6] = [
    ("Account", "Site"),
    ("Account", "Alpha__c"),
    ("Account", "Beta__c"),
    ("Contact", "Title"),
    ("Invoice__c", "Net__c"),
    ("Project__c", "Summary__c"),
];
/// Of one Object: more that vanish at once are taken for a lost permission.
const MOST_RECORDS: usize = 18;
/// A transaction lasts ten minutes at most.
const LONGEST_TRANSACTION: TimeDelta = TimeDelta::minutes(9);

pub(super) struct World {
    org: RunningOrg,
    app: TestApp,
    writer: Arc<User>,
    model: Model,
    /// Of each look, the Run that saw the same.
    runs: Vec<RunId>,
    /// By Object and number of the look: other fields were there than before.
    refilled: BTreeSet<(String, usize)>,
    now: DateTime<Utc>,
    open: Option<(u64, DateTime<Utc>)>,
    /// Fields that are gone, and whether a Run has seen that. One that comes again before could not
    /// be told from the one that was there: the two describes are the same.
    gone: BTreeMap<&'static str, bool>,
    extras: usize,
    log: Vec<String>,
}

/// Plays the history to its end; the error says what differs, and after which acts.
pub(super) async fn play(settings: &Settings, history: &[Step]) -> Result<(), String> {
    let mut world = World::new(settings.clone()).await.map_err(|error| format!("{error:#}"))?;
    let played = world.play_all(history).await;
    played.map_err(|error| format!("{error:#}\nafter\n{}", world.log.join("\n")))
}

impl World {
    async fn new(settings: Settings) -> Result<Self> {
        let org = SimOrg::new().bare().start().await?;
        let now = org.org().now();
        org.org().clock().stop_at(now);
        // It follows another object's field, which moves no stamp.
        org.org().remove_field("Project__c", "Account_Name__c")?;
        let app = TestApp::with_settings(&org, settings).await?;
        let writer = somebody(org.org());
        let all: Vec<_> = org.org().objects(&writer).iter().map(|object| object.name.clone()).collect();
        for object in all.iter().filter(|name| KINDS.iter().all(|kind| kind.object != **name)) {
            org.org().hide_object(object, true);
        }
        let mut world = Self {
            org,
            app,
            writer,
            model: Model::default(),
            runs: Vec::new(),
            refilled: BTreeSet::new(),
            now,
            open: None,
            gone: COMING.iter().map(|field| (*field, true)).collect(),
            extras: 0,
            log: Vec::new(),
        };
        world.add_extra()?;
        Ok(world)
    }

    async fn play_all(&mut self, history: &[Step]) -> Result<()> {
        for step in history {
            self.pass(step.wait, step.skew)?;
            self.act(&step.act).await?;
        }
        self.pass(60, 0)?;
        self.commit()?;
        self.run().await?;
        self.compare_histories(None).await?;
        self.pass(1, 0)?;
        let idle = self.app.backup().await?;
        ensure!(idle.totals().versions() == 0, "a run in which nothing changed stored {:?}", idle.totals());
        let report = self.app.engine.check(true, &mut |_| {}).await?;
        ensure!(report.is_whole(), "the lake is damaged: {:?}", report.damage);
        Ok(())
    }

    fn pass(&mut self, seconds: u32, skew: i64) -> Result<()> {
        let until = self.now + TimeDelta::seconds(seconds.into());
        if self.open.is_some_and(|(_, since)| until - since > LONGEST_TRANSACTION) {
            self.commit()?;
        }
        self.now = until;
        self.org.org().clock().stop_at(until + TimeDelta::seconds(skew));
        let skewed = if skew == 0 { String::new() } else { format!(" (its clock {skew:+} s)") };
        self.log.push(format!("  {seconds} s later{skewed}:"));
        Ok(())
    }

    fn say(&mut self, what: impl std::fmt::Display) {
        self.log.push(format!("    {what}"));
    }

    /// What the org refuses did not happen.
    fn done<T>(&mut self, what: &str, outcome: Result<T, ApiError>) -> Option<T> {
        match outcome {
            Ok(done) => {
                self.say(what);
                Some(done)
            }
            Err(refusal) => {
                self.say(format!("{what}: refused, {}", refusal.code));
                None
            }
        }
    }

    async fn act(&mut self, act: &Act) -> Result<()> {
        let org = self.org.org().clone();
        match act {
            Act::Write(write) => {
                if let Some(operation) = self.operation(write) {
                    let outcome = org.write(&self.writer, |work| work.run(&operation));
                    self.done(&told(&operation), outcome);
                }
            }
            Act::Open(write) => self.open(write)?,
            Act::Commit => self.commit()?,
            Act::HardDelete { object, pick } => {
                if let Some(id) = at(&self.records(kind(*object).object, false), *pick) {
                    let outcome = org.write(&self.writer, |work| work.purge(&id));
                    self.done(&format!("hard delete {id}"), outcome);
                }
            }
            Act::EmptyBin { pick } => {
                if let Some(id) = at(&self.all_deleted(), *pick) {
                    let outcome = org.write(&self.writer, |work| work.purge(&id));
                    self.done(&format!("empty the bin of {id}"), outcome);
                }
            }
            Act::ForgetDeletes => {
                org.purge_delete_log(org.now() + TimeDelta::hours(1));
                self.say("purge the delete log");
            }
            Act::MassUpdate { object, field, value } => self.mass_update(kind(*object), *field, *value),
            Act::Merge { master, loser } => {
                let accounts = self.records("Account", false);
                if let (Some(master), Some(loser)) = (at(&accounts, *master), at(&accounts, *loser)) {
                    let losers = [loser.clone()];
                    let outcome = org.write(&self.writer, |work| work.merge(&master, &Map::new(), &losers));
                    self.done(&format!("merge {loser} into {master}"), outcome);
                }
            }
            Act::Object { object, is_hidden } => {
                let object = kind(*object).object;
                org.hide_object(object, *is_hidden);
                self.say(format!("{} {object}", if *is_hidden { "hide" } else { "show" }));
            }
            Act::Field { field, is_hidden } => {
                let (object, field) = HIDEABLE[field % HIDEABLE.len()];
                org.hide_field(object, field, *is_hidden);
                self.say(format!("{} {object}.{field}", if *is_hidden { "hide" } else { "show" }));
            }
            Act::AddField { .. } | Act::RemoveField { .. } | Act::RetypeField { .. } => {
                self.change_fields(act)?;
            }
            Act::AddObject => self.add_extra()?,
            Act::RemoveObject => {
                self.commit()?;
                let outcome = org.remove_object(EXTRA);
                self.done(&format!("remove {EXTRA}"), outcome);
            }
            Act::OwnClock { hours } => {
                self.app.clock.advance(TimeDelta::hours(*hours));
                self.say(format!("Holdfast's own clock moves by {hours} hours"));
            }
            Act::Run => self.run().await?,
        }
        Ok(())
    }

    fn open(&mut self, write: &Write) -> Result<()> {
        let org = self.org.org().clone();
        let Some(operation) = self.operation(write) else { return Ok(()) };
        if self.open.is_none() {
            self.open = Some((org.open_transaction(&self.writer), self.now));
        }
        let (number, _) = self.open.context("it was just opened")?;
        let outcome = org.save_in(number, operation.clone());
        self.done(&format!("in the open transaction, {}", told(&operation)), outcome);
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        let Some((number, _)) = self.open.take() else { return Ok(()) };
        let outcome = self.org.org().commit(number);
        if self.done("commit the open transaction", outcome).is_none() {
            self.org.org().roll_back(number)?;
        }
        Ok(())
    }

    fn mass_update(&mut self, kind: &Kind, field: usize, value: usize) {
        let Some((name, value)) = self.value(kind, field, value) else { return };
        let ids = self.records(kind.object, false);
        let record = json!({ name: value });
        let outcome = self.org.org().write(&self.writer, |work| {
            ids.iter().try_for_each(|id| work.update(kind.object, id, record.as_object().expect("it is one")))
        });
        self.done(&format!("all {} of {} become {record}", ids.len(), kind.object), outcome);
    }

    fn change_fields(&mut self, act: &Act) -> Result<()> {
        self.commit()?;
        let org = self.org.org().clone();
        match *act {
            Act::AddField { field, kind } => {
                let name = COMING[field % COMING.len()];
                if self.gone.get(name) == Some(&true)
                    && self
                        .done(&format!("add {name}, {kind}"), org.add_field("Account", new_field(name, kind)))
                        .is_some()
                {
                    self.gone.remove(name);
                }
            }
            Act::RemoveField { field } => {
                let name = COMING[field % COMING.len()];
                if !self.gone.contains_key(name)
                    && self.done(&format!("remove {name}"), org.remove_field("Account", name)).is_some()
                {
                    self.gone.insert(name, false);
                }
            }
            Act::RetypeField { field, kind } => {
                let name = COMING[field % COMING.len()];
                let kind = [FieldType::String, FieldType::Double, FieldType::TextArea][kind % 3];
                if !self.gone.contains_key(name) {
                    let outcome = org.retype_field("Account", name, kind);
                    self.done(&format!("retype {name} to {kind:?}"), outcome);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Each time with another key prefix, as the platform gives it.
    fn add_extra(&mut self) -> Result<()> {
        self.commit()?;
        self.extras += 1;
        let text = format!(
            "= {EXTRA} b{:02} Extras | CUDQRTZSFL\nS; V; Owner(GU); Name:string(80) N; \
             Account__c > Account [Extras__r]; Note__c:string(80)",
            self.extras
        );
        let object = notation::objects(&text)?.remove(0);
        let outcome = self.org.org().add_object(object);
        self.done(&format!("add {EXTRA}"), outcome);
        Ok(())
    }

    // What there is.

    fn operation(&self, write: &Write) -> Option<Operation> {
        match *write {
            Write::Create { object, parent, value } => {
                let kind = kind(object);
                let is_full = self.records(kind.object, false).len() >= MOST_RECORDS;
                self.org.org().object(&self.writer, kind.object).filter(|_| !is_full)?;
                let mut record = Map::new();
                record.extend(kind.name.map(|name| (name.to_owned(), json!(format!("n{value}")))));
                let parents = self.records(kind.parent.1, false);
                record.extend(at(&parents, parent).map(|id| (kind.parent.0.to_owned(), json!(id))));
                record
                    .extend(self.value(kind, parent, value).map(|(field, value)| (field.to_owned(), value)));
                Some(Operation::Insert { object: kind.object.to_owned(), record })
            }
            Write::Update { object, pick, field, value } => {
                let kind = kind(object);
                let id = at(&self.records(kind.object, false), pick)?;
                let (field, value) = self.value(kind, field, value)?;
                let record = Map::from_iter([(field.to_owned(), value)]);
                Some(Operation::Update { object: kind.object.to_owned(), id, record })
            }
            Write::Reparent { object, pick, parent } => {
                let kind = kind(object);
                let id = at(&self.records(kind.object, false), pick)?;
                let parents = self.records(kind.parent.1, false);
                let parent = parent.checked_rem(parents.len() + 1).and_then(|at| parents.get(at));
                let record = Map::from_iter([(kind.parent.0.to_owned(), json!(parent))]);
                Some(Operation::Update { object: kind.object.to_owned(), id, record })
            }
            Write::Delete { object, pick } => {
                let id = at(&self.records(kind(object).object, false), pick)?;
                Some(Operation::Delete { id })
            }
            Write::Undelete { pick } => Some(Operation::Undelete { id: at(&self.all_deleted(), pick)? }),
        }
    }

    /// Ids of an Object, those in the recycle bin or the others.
    fn records(&self, object: &str, is_deleted: bool) -> Vec<String> {
        let view = self.org.org().view(&self.writer);
        let mut ids = Vec::new();
        if let Some(object) = view.object(object) {
            view.scan(&object, Scan { with_deleted: true, stamped: None }, &mut |row| {
                if row.is_deleted() == is_deleted {
                    ids.push(row.id().to_owned());
                }
                ControlFlow::Continue(())
            });
        }
        ids.sort_unstable();
        ids
    }

    fn all_deleted(&self) -> Vec<String> {
        KINDS.iter().flat_map(|kind| self.records(kind.object, true)).collect()
    }

    /// A field that is there, and a value that fits its type.
    fn value(&self, kind: &Kind, field: usize, value: usize) -> Option<(&'static str, Value)> {
        let object = self.org.org().object(&self.writer, kind.object)?;
        let name = kind.fields[field % kind.fields.len()];
        let value = value_of(object.field(name)?.kind, value);
        Some((name, value))
    }

    // Runs, and what must be so after each.

    async fn run(&mut self) -> Result<()> {
        let run = self.runs.len();
        self.say(format!("RUN {run}"));
        let seen = visible(self.org.org());
        self.model.look(run, &seen);
        let other = self.model.objects().filter(|(_, noted)| noted.has_other_fields);
        self.refilled.extend(other.map(|(name, _)| (name.clone(), run)));
        let manifest = self.app.backup().await.context("the run failed")?;
        self.runs.push(manifest.run.clone());
        if let Some(accounts) = seen.get("Account") {
            self.gone.iter_mut().for_each(|(field, is_seen)| *is_seen |= !accounts.fields.contains(*field));
        }
        self.compare_manifest(&manifest, |object| seen.contains_key(object))?;
        self.compare_state(&manifest).await?;
        self.compare_changes(run).await?;
        self.compare_histories(Some(run)).await
    }

    fn compare_manifest(&self, manifest: &Manifest, is_visible: impl Fn(&str) -> bool) -> Result<()> {
        for (object, entry) in &manifest.objects {
            if is_visible(object.as_str()) {
                ensure!(entry.gap.is_none(), "{object} has a gap: {:?}", entry.gap);
                ensure!(entry.is_verified == Some(true), "{object} is not verified");
            } else {
                let gap = entry.gap.as_ref().map(|gap| gap.code);
                ensure!(gap == Some(ErrorCode::PermissionMissing), "{object} is hidden, its gap: {gap:?}");
            }
        }
        Ok(())
    }

    async fn compare_state(&self, manifest: &Manifest) -> Result<()> {
        let held = lake_contents(&self.app.engine.lake().org(&manifest.org)).await?;
        for (object, noted) in self.model.objects() {
            let alive = noted.records.iter().filter(|(_, record)| record.is_alive);
            let expected: BTreeMap<_, _> =
                alive.map(|(id, record)| (id.clone(), record.values.clone())).collect();
            let found = held.0.get(object).cloned().unwrap_or_default();
            same(&format!("the state of {object}"), &found, &expected)?;
        }
        Ok(())
    }

    async fn compare_changes(&self, run: usize) -> Result<()> {
        let name = self.runs[run].as_str();
        let counted = self.app.engine.changes(name, None, None).await?;
        for (object, noted) in self.model.objects() {
            let told = |(id, record): (&String, &Record)| {
                let version = record.version_of(run)?;
                Some((id.clone(), (version.told?, version.fields.clone())))
            };
            let expected: BTreeMap<_, _> = noted.records.iter().filter_map(told).collect();
            let object_name = ObjectName::parse(object)?;
            let records = self.app.engine.changed_records(name, &object_name, None, usize::MAX).await?;
            let all = records.len() as u64;
            let found: BTreeMap<_, _> = records
                .into_iter()
                .filter(|record| !self.is_refill(object, run, record.change, &record.fields))
                .map(|record| (record.id.to_string(), (record.change, record.fields)))
                .collect();
            same(&format!("what changed of {object} by run {run}"), &found, &expected)?;
            let counts = counted.iter().find(|counts| counts.object == object_name);
            let counts = counts.map_or(0, |of| of.new + of.changed + of.deleted + of.undeleted);
            ensure!(counts == all, "{counts} changes of {object} are counted by run {run}, {all} listed");
        }
        Ok(())
    }

    /// A record that was read while a field was hidden is stored once more when the field is shown,
    /// because what is stored of it lacks the field, even if the field says what it said before.
    fn is_refill(&self, object: &str, run: usize, change: Change, fields: &[FieldChange]) -> bool {
        change == Change::Changed && fields.is_empty() && self.refilled.contains(&(object.to_owned(), run))
    }

    /// Of the records that the look changed, or of all.
    async fn compare_histories(&self, run: Option<usize>) -> Result<()> {
        for (object, noted) in self.model.objects() {
            for (id, record) in &noted.records {
                if run.is_none_or(|run| record.version_of(run).is_some()) {
                    self.compare_history(object, id, record).await?;
                }
            }
        }
        Ok(())
    }

    async fn compare_history(&self, object: &str, id: &str, record: &Record) -> Result<()> {
        let name = ObjectName::parse(object)?;
        let history = self.app.engine.history("acme", &name, &RecordId::parse(id)?, None).await?;
        let mut found = Vec::new();
        let mut is_deleted = false;
        for version in history {
            let run = self.runs.iter().position(|run| *run == version.run).context("a run that was")?;
            let was_deleted = std::mem::replace(&mut is_deleted, version.change == Change::Deleted);
            let again = is_deleted && was_deleted && version.fields.is_empty();
            let change = if again { Change::Changed } else { version.change };
            if !self.is_refill(object, run, change, &version.fields) {
                found.push((run, version.change, version.fields));
            }
        }
        let expected: Vec<_> = record
            .versions
            .iter()
            .map(|version| (version.run, version.change, version.fields.clone()))
            .collect();
        ensure!(found == expected, "the history of {id} is\n  {found:?}\nand should be\n  {expected:?}");
        Ok(())
    }
}

fn same<V: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<String, V>,
    expected: &BTreeMap<String, V>,
) -> Result<()> {
    let ids: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    for id in ids {
        let (found, expected) = (found.get(id), expected.get(id));
        ensure!(found == expected, "{what}, {id}:\n  {found:?}\nand should be\n  {expected:?}");
    }
    Ok(())
}

fn kind(object: usize) -> &'static Kind {
    &KINDS[object % KINDS.len()]
}

fn at(ids: &[String], pick: usize) -> Option<String> {
    ids.get(pick.checked_rem(ids.len())?).cloned()
}

fn told(operation: &Operation) -> String {
    match operation {
        Operation::Insert { object, record } => format!("create {object} {}", Value::from(record.clone())),
        Operation::Update { id, record, .. } => format!("update {id} {}", Value::from(record.clone())),
        Operation::Delete { id } => format!("delete {id}"),
        Operation::Undelete { id } => format!("undelete {id}"),
        other => format!("{other:?}"),
    }
}

fn value_of(kind: FieldType, value: usize) -> Value {
    let texts = [json!(null), json!("a"), json!("b"), json!("ü \"q\", c"), json!("two\r\nlines")];
    let numbers = [json!(null), json!(0), json!(12), json!(12.5), json!(-3)];
    let dates = [json!(null), json!("2024-02-29"), json!("1969-12-31")];
    match kind {
        FieldType::Boolean => json!(value % 2 == 0),
        FieldType::Date => dates[value % dates.len()].clone(),
        kind if kind.is_text() => texts[value % texts.len()].clone(),
        _ => numbers[value % numbers.len()].clone(),
    }
}

fn new_field(name: &str, kind: usize) -> FieldDef {
    match kind % 4 {
        0 => {
            let mut field = FieldDef::plain(name, FieldType::Boolean);
            field.default_value = json!(true);
            field
        }
        1 => FieldDef::plain(name, FieldType::String),
        2 => FieldDef::plain(name, FieldType::Double),
        _ => {
            let mut field = FieldDef::plain(name, FieldType::TextArea);
            field.filterable = false;
            field
        }
    }
}
