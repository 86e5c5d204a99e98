//! An org in which acts are played, an engine that backs it up, and the comparison with the plain model.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use holdfast_domain::RunId;
use holdfast_engine::Settings;
use holdfast_testkit::TestApp;
use serde_json::{Map, Value, json};
use simorg::model::FieldType;
use simorg::schema::notation;
use simorg::state::transaction::Operation;
use simorg::state::users::User;
use simorg::state::view::Scan;
use simorg::{ApiError, RunningOrg, SimOrg};

use super::act::{Act, Step, Write};
use super::kinds::{COMING, EXTRA, HIDEABLE, KINDS, Kind, kind, new_field, value_of};
use super::model::Model;
use crate::org::{Acts, somebody};

/// Of one Object: more that vanish at once are taken for a lost permission.
const MOST_RECORDS: usize = 18;
/// A transaction lasts ten minutes at most.
const LONGEST_TRANSACTION: TimeDelta = TimeDelta::minutes(9);

pub(super) struct World {
    pub(super) org: RunningOrg,
    pub(super) app: TestApp,
    writer: Arc<User>,
    pub(super) model: Model,
    /// Of each look, the Run that saw the same.
    pub(super) runs: Vec<RunId>,
    /// By Object and number of the look: other fields were there than before.
    pub(super) refilled: BTreeSet<(String, usize)>,
    now: DateTime<Utc>,
    open: Option<(u64, DateTime<Utc>)>,
    /// Fields that are gone, and whether a Run has seen that. One that comes again before could not
    /// be told from the one that was there: the two describes are the same.
    pub(super) gone: BTreeMap<&'static str, bool>,
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
        for object in [0, 0, 1, 2, 3, 4] {
            let write = Write::Create { object, parent: 0, value: 1 };
            world.act(&Act::Write(write)).await?;
        }
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

    pub(super) fn say(&mut self, what: impl std::fmt::Display) {
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
            Act::Merge { master, loser } => self.merge(*master, *loser),
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

    fn merge(&mut self, master: usize, loser: usize) {
        let accounts = self.records("Account", false);
        if let (Some(master), Some(loser)) = (at(&accounts, master), at(&accounts, loser)) {
            let losers = [loser.clone()];
            let outcome =
                self.org.org().write(&self.writer, |work| work.merge(&master, &Map::new(), &losers));
            self.done(&format!("merge {loser} into {master}"), outcome);
        }
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
