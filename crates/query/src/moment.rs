//! Finds what the lake held at a moment, through the Manifests.
//!
//! A Manifest names, for each Object in its Run's scope, the table version and the describe. An
//! Object that the moment's own Manifest does not name (a Run of a few Objects) is as the newest
//! earlier Manifest left it. Manifests are read from the newest on, only as far back as a question
//! needs, and each is read once.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use holdfast_domain::manifest::Manifest;
use holdfast_domain::{ObjectName, RunId, SchemaHash};
use holdfast_lake::OrgLake;
use tokio::sync::{Mutex, OnceCell};

use crate::{Error, Result};

/// The moment at which the lake is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AsOf {
    /// Everything that has been captured, also by a Run that is still under way.
    Now,
    /// As this Run left it.
    Run(RunId),
    /// As the newest Run that had finished by then left it.
    Time(DateTime<Utc>),
}

impl FromStr for AsOf {
    type Err = Error;

    /// Reads `now`, a run id, an RFC 3339 time, a time as Holdfast prints it (UTC), or a date (its first instant in UTC).
    fn from_str(text: &str) -> Result<Self> {
        if text.eq_ignore_ascii_case("now") {
            return Ok(Self::Now);
        }
        if let Ok(run) = RunId::parse(text) {
            return Ok(Self::Run(run));
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Time(time.with_timezone(&Utc)));
        }
        let in_utc = text.strip_suffix(" UTC").unwrap_or(text);
        let printed = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(in_utc, form).ok());
        if let Some(time) = printed {
            return Ok(Self::Time(time.and_utc()));
        }
        let day = NaiveDate::from_str(text).map_err(|_| Error::NotAMoment { text: text.to_owned() })?;
        Ok(Self::Time(day.and_time(NaiveTime::MIN).and_utc()))
    }
}

/// One Object as the Manifests up to the moment have it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    pub(crate) table_version: Option<i64>,
    /// Each describe once, the one in force first.
    pub(crate) describes: Vec<SchemaHash>,
    is_settled: bool,
}

impl Held {
    /// Takes what an older Manifest adds.
    fn add(&mut self, version: Option<i64>, describe: Option<&SchemaHash>) {
        if !self.is_settled && (version.is_some() || describe.is_some()) {
            self.table_version = version;
            self.is_settled = true;
        }
        if let Some(describe) = describe
            && !self.describes.contains(describe)
        {
            self.describes.push(describe.clone());
        }
    }
}

/// A lake at a moment.
#[derive(Debug)]
pub(crate) struct Moment {
    lake: OrgLake,
    as_of: AsOf,
    walk: Mutex<Walk>,
    objects: OnceCell<Vec<ObjectName>>,
}

/// How far back the Manifests have been read, and what they said.
#[derive(Debug)]
struct Walk {
    /// Not yet read; the newest last.
    runs: Vec<RunId>,
    held: BTreeMap<ObjectName, Held>,
}

impl Moment {
    pub(crate) async fn open(lake: OrgLake, as_of: AsOf) -> Result<Self> {
        let mut runs = lake.manifests().await?;
        runs.sort_unstable();
        if let AsOf::Run(run) = &as_of {
            if runs.binary_search(run).is_err() {
                return Err(Error::NoSuchRun { run: run.clone() });
            }
            runs.retain(|other| other <= run);
        }
        let walk = Mutex::new(Walk { runs, held: BTreeMap::new() });
        let moment = Self { lake, as_of, walk, objects: OnceCell::new() };
        let is_empty = !moment.walk.lock().await.step(&moment.lake, &moment.as_of).await?;
        match &moment.as_of {
            AsOf::Time(time) if is_empty => Err(Error::NothingCapturedYet { time: time.to_rfc3339() }),
            _ => Ok(moment),
        }
    }

    pub(crate) fn lake(&self) -> &OrgLake {
        &self.lake
    }

    pub(crate) fn is_now(&self) -> bool {
        self.as_of == AsOf::Now
    }

    /// Every Object that can be read at the moment, in order of names.
    pub(crate) async fn objects(&self) -> Result<&[ObjectName]> {
        self.objects.get_or_try_init(|| self.list()).await.map(Vec::as_slice)
    }

    async fn list(&self) -> Result<Vec<ObjectName>> {
        let mut objects = self.lake.objects().await?;
        if !self.is_now() {
            let mut known = Vec::with_capacity(objects.len());
            for object in objects {
                if self.held(&object).await?.is_some() {
                    known.push(object);
                }
            }
            objects = known;
        }
        let walk = self.walk.lock().await;
        objects
            .extend(walk.held.iter().filter(|(_, held)| held.is_settled).map(|(object, _)| object.clone()));
        objects.sort_unstable();
        objects.dedup();
        Ok(objects)
    }

    /// What the Manifests say about `object`; none if and only if no Manifest up to the moment has it.
    pub(crate) async fn held(&self, object: &ObjectName) -> Result<Option<Held>> {
        let mut walk = self.walk.lock().await;
        loop {
            if let Some(held) = walk.held.get(object).filter(|held| held.is_settled) {
                return Ok(Some(held.clone()));
            }
            if !walk.step(&self.lake, &self.as_of).await? {
                return Ok(None);
            }
        }
    }

    /// The describe that was in force `steps` changes before the moment.
    pub(crate) async fn describe_before(
        &self,
        object: &ObjectName,
        steps: usize,
    ) -> Result<Option<SchemaHash>> {
        let mut walk = self.walk.lock().await;
        loop {
            if let Some(describe) = walk.held.get(object).and_then(|held| held.describes.get(steps)) {
                return Ok(Some(describe.clone()));
            }
            if !walk.step(&self.lake, &self.as_of).await? {
                return Ok(None);
            }
        }
    }
}

impl Walk {
    /// Reads the next older Manifest of the moment; false if and only if there is none.
    async fn step(&mut self, lake: &OrgLake, as_of: &AsOf) -> Result<bool> {
        while let Some(run) = self.runs.last() {
            let manifest = lake.manifest(run).await?;
            self.runs.pop();
            let is_later = matches!(as_of, AsOf::Time(time) if manifest.finished_at > *time);
            if !is_later {
                self.add(&manifest);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn add(&mut self, manifest: &Manifest) {
        for (object, entry) in &manifest.objects {
            let held = self.held.entry(object.clone()).or_default();
            held.add(entry.table_version, entry.schema.as_ref());
        }
    }
}

#[cfg(test)]
mod tests {
    use holdfast_domain::ErrorCode;

    use super::*;

    #[test]
    fn a_moment_is_now_a_run_a_time_or_a_day() {
        let time = |text: &str| AsOf::Time(text.parse().unwrap());
        let run = "0192a4b0-0000-7000-8000-000000000001";
        for (text, expected) in [
            ("now", AsOf::Now),
            (run, AsOf::Run(RunId::parse(run).unwrap())),
            ("2026-01-31T18:00:00+02:00", time("2026-01-31T16:00:00Z")),
            ("2026-01-31 18:00:00", time("2026-01-31T18:00:00Z")),
            ("2026-01-31 18:00:00 UTC", time("2026-01-31T18:00:00Z")),
            ("2026-01-31T18:00:00", time("2026-01-31T18:00:00Z")),
            ("2026-01-31", time("2026-01-31T00:00:00Z")),
        ] {
            assert_eq!(text.parse::<AsOf>().unwrap(), expected);
        }
        for text in ["yesterday", "2026-13-01", ""] {
            assert_eq!(text.parse::<AsOf>().unwrap_err().code(), ErrorCode::BadInput);
        }
    }
}
