//! The Objects of an org, each with its light, its word and the reason for both.

use std::collections::BTreeMap;

use holdfast_catalog::errors::{self, RecordedError};
use holdfast_catalog::object_lists::{self, ListQuery, Place, Sort, Word};
use holdfast_catalog::objects::{self, ObjectState, Phase};
use holdfast_catalog::{BlockId, ErrorId, blocks, statistics};
use holdfast_domain::retry::Light;
use holdfast_domain::{ObjectName, OrgId};

use crate::auto::{OrgProblem, RATE_OVER, per_second};
use crate::engine::Engine;
use crate::error::{Doing, Error, Result};

/// Which Objects are asked for, in which order.
#[derive(Debug, Clone, Default)]
pub struct ObjectFilter {
    /// Part of the name, in any case.
    pub name_part: Option<String>,
    pub word: Option<Word>,
    pub phase: Option<Phase>,
    pub has_error: Option<bool>,
    pub sort: Sort,
    pub is_descending: bool,
}

/// One Object as a list shows it.
#[derive(Debug, Clone)]
pub struct ListedObject {
    pub state: ObjectState,
    pub word: Word,
    pub light: Light,
    /// Over the last minutes, as long as the first capture goes on.
    pub records_per_second: Option<f64>,
    /// What stops the rounds of the whole org, and with them this Object.
    pub org_problem: Option<OrgProblem>,
}

/// One page of Objects.
#[derive(Debug, Clone)]
pub struct ObjectPage {
    pub objects: Vec<ListedObject>,
    pub next: Option<Place>,
    /// Of the whole list under this filter.
    pub total: u64,
}

impl Engine {
    pub async fn objects(
        &self,
        org: &str,
        filter: ObjectFilter,
        after: Option<&Place>,
        limit: u32,
    ) -> Result<ObjectPage> {
        let org = self.find_org(org).await?;
        let doing = || format!("list the objects of `{}`", org.name);
        let (problem, _) = self.round_of(&org).await?;
        let ObjectFilter { name_part, word, phase, has_error, sort, is_descending } = filter;
        let query = self.list_query(&org, problem.as_ref()).await?;
        let query = ListQuery { name_part, word, phase, has_error, sort, is_descending, ..query };
        let db = self.catalog().db();
        let total = object_lists::count(db, &org.id, &query).await.doing(doing)?;
        let mut rows = object_lists::list(db, &org.id, &query, after, limit + 1).await.doing(doing)?;
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| has_more).map(|(_, place)| place.clone());
        let rates = self.rates(&org.id, rows.iter().map(|(state, _)| state)).await?;
        let objects = rows.into_iter().map(|(state, _)| listed(state, &query, &rates, problem.as_ref()));
        let objects = objects.collect();
        Ok(ObjectPage { objects, next, total })
    }

    pub async fn object(&self, org: &str, name: &ObjectName) -> Result<ListedObject> {
        let org = self.find_org(org).await?;
        let found = objects::get(self.catalog().db(), &org.id, name).await;
        let found = found.doing(|| format!("look for `{name}`"))?;
        let state =
            found.ok_or_else(|| Error::UnknownObject { org: org.name.clone(), object: name.to_string() })?;
        let (problem, _) = self.round_of(&org).await?;
        let rates = self.rates(&org.id, std::iter::once(&state)).await?;
        let query = self.list_query(&org, problem.as_ref()).await?;
        Ok(listed(state, &query, &rates, problem.as_ref()))
    }

    /// The Blocks of one Object, or of all, newest first, after `before`.
    pub async fn blocks(
        &self,
        org: &str,
        object: Option<&ObjectName>,
        before: Option<BlockId>,
        limit: u32,
    ) -> Result<Vec<blocks::Block>> {
        let org = self.find_org(org).await?;
        let db = self.catalog().db();
        let listed = match object {
            Some(object) => blocks::list_for_object(db, &org.id, object, before, limit).await,
            None => blocks::list_for_org(db, &org.id, before, limit).await,
        };
        listed.doing(|| format!("read the timeline of `{}`", org.name))
    }

    /// Errors of an org, newest first.
    pub async fn org_errors(
        &self,
        org: &str,
        object: Option<&ObjectName>,
        only_open: bool,
        before: Option<ErrorId>,
        limit: u32,
    ) -> Result<Vec<(RecordedError, Light)>> {
        let org = self.find_org(org).await?;
        let listed =
            errors::list_for_org(self.catalog().db(), &org.id, object, only_open, before, limit).await;
        let listed = listed.doing(|| format!("list the errors of `{}`", org.name))?;
        let (problem, _) = self.round_of(&org).await?;
        let query = self.list_query(&org, problem.as_ref()).await?;
        let mut judged = Vec::with_capacity(listed.len());
        for error in listed {
            let light = match &error.object {
                _ if error.resolved_at.is_some() => Light::Green,
                Some(object) => self.light_of(&org.id, object, &query).await?,
                None if query.are_all_yellow => Light::Yellow,
                None => Light::Green,
            };
            judged.push((error, light));
        }
        Ok(judged)
    }

    /// How fast the Objects are read whose first capture is among these.
    async fn rates(
        &self,
        org: &OrgId,
        mut shown: impl Iterator<Item = &ObjectState>,
    ) -> Result<BTreeMap<ObjectName, f64>> {
        if !shown.any(is_first) {
            return Ok(BTreeMap::new());
        }
        let now = self.clock().now();
        let read = statistics::throughput_by_object(self.catalog().db(), org, now - RATE_OVER).await;
        let read = read.doing(|| "measure how fast records are read".to_owned())?;
        Ok(read.into_iter().filter_map(|(object, read)| Some((object, per_second(read, now)?))).collect())
    }

    async fn light_of(&self, org: &OrgId, object: &ObjectName, query: &ListQuery) -> Result<Light> {
        let state = objects::get(self.catalog().db(), org, object).await;
        let state = state.doing(|| format!("look for `{object}`"))?;
        Ok(state.map_or(Light::Green, |state| light_of_word(Word::of(&state, query))))
    }
}

fn listed(
    state: ObjectState,
    query: &ListQuery,
    rates: &BTreeMap<ObjectName, f64>,
    problem: Option<&OrgProblem>,
) -> ListedObject {
    let word = Word::of(&state, query);
    let light = light_of_word(word);
    let problem = problem.filter(|_| word != Word::Stopped);
    let records_per_second = rates.get(&state.name).copied().filter(|_| is_first(&state));
    ListedObject { state, word, light, records_per_second, org_problem: problem.cloned() }
}

/// The one light of an Object, wherever it is shown.
pub(crate) fn light_of_word(word: Word) -> Light {
    match word {
        Word::Running => Light::Green,
        Word::Warning => Light::Yellow,
        Word::Stopped | Word::Paused => Light::Grey,
        Word::Waiting => Light::Blue,
    }
}

fn is_first(state: &ObjectState) -> bool {
    state.phase == Phase::FirstCapture
}
