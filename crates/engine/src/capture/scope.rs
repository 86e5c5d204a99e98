//! What there is to capture: the Objects that the integration user may see, each with its describe.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_catalog::objects::{self, SeenObject};
use holdfast_domain::ObjectName;
use holdfast_domain::capture::method::{CaptureMethod, NOT_QUERYABLE};
use holdfast_domain::manifest::{ObjectEntry, Trigger};
use holdfast_salesforce::GlobalObject;

use super::context::RunContext;
use super::describes::{Known, Patience, describe_all};
use super::lost;
use super::object_run::Described;
use super::probe::{Asked, Question};
use crate::error::{Doing, Error, Result};
use crate::events::Event;

/// An Object to capture.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) object: ObjectName,
    pub(crate) described: Described,
    pub(crate) method: CaptureMethod,
    /// Fields that are seen no more since the last describe.
    pub(crate) gone_fields: Vec<String>,
    pub(crate) probe: Asked,
}

impl Found {
    pub(crate) fn question(&self) -> Question<'_> {
        let stamp = match &self.method {
            CaptureMethod::Windows { stamp } => Some(stamp.as_str()),
            _ => None,
        };
        Question { described: &self.described, stamp }
    }
}

/// The Objects of one Run: those to capture, and those that cannot be, each with its reason.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    pub(crate) found: Vec<Found>,
    pub(crate) gaps: BTreeMap<ObjectName, ObjectEntry>,
    /// Those of the gaps that are describes which the org refused.
    pub(super) refused: BTreeSet<ObjectName>,
    /// And of these the ones that were refused for a reason that may have passed by the next round.
    pub(super) to_ask_again: Vec<ObjectName>,
}

impl Scope {
    /// For the rounds that follow: what was missed for the first time is known by then, and what was counted is to be
    /// counted anew.
    pub(crate) fn into_known(mut self) -> Self {
        for found in &mut self.found {
            found.gone_fields.clear();
            found.probe = Asked::NotYet;
        }
        for gap in self.gaps.values_mut().filter_map(|entry| entry.gap.as_mut()) {
            gap.is_expected = true;
        }
        self
    }
}

/// Describes the org, or only the `wanted` Objects of it.
pub(crate) async fn describe(ctx: &RunContext, wanted: &[ObjectName]) -> Result<Scope> {
    let global = ctx
        .attempt(None, || async {
            let global = ctx.client.describe_global().await;
            global.doing(|| "list the objects of the org".to_owned())
        })
        .await?;
    // As in Salesforce itself, a person may write a name in any case.
    let is = |object: &ObjectName, name: &ObjectName| object.as_str().eq_ignore_ascii_case(name.as_str());
    let is_wanted = |object: &ObjectName| wanted.is_empty() || wanted.iter().any(|name| is(object, name));
    let visible: Vec<_> = global.into_iter().filter(|object| is_wanted(&object.name)).collect();
    if let Some(name) = wanted.iter().find(|name| !visible.iter().any(|object| is(&object.name, name))) {
        return Err(Error::ObjectNotVisible { name: name.clone() });
    }
    let known = known(ctx).await?;
    let mut scope = Scope::default();
    if wanted.is_empty() {
        let names: Vec<_> = visible.iter().map(|object| &object.name).collect();
        note_vanished(ctx, &known, &names, &mut scope).await?;
    }
    let (queryable, others): (Vec<_>, Vec<_>) = visible.into_iter().partition(|object| object.queryable);
    note_not_queryable(ctx, others, &known, &mut scope).await?;
    let names: Vec<_> = queryable.into_iter().map(|object| object.name).collect();
    describe_all(ctx, names, &known, &mut scope, Patience::AsForAnyCall).await?;
    tell_refused(ctx, &known, &mut scope).await?;
    ctx.events.send(Event::ScopeKnown { objects: scope.found.len(), not_capturable: scope.gaps.len() });
    Ok(scope)
}

/// In a round that goes by an earlier describe: the Objects whose describe was refused for a reason that may have passed.
pub(crate) async fn describe_again(ctx: &RunContext, scope: &mut Scope) -> Result<()> {
    let names = std::mem::take(&mut scope.to_ask_again);
    if names.is_empty() {
        return Ok(());
    }
    let known = known(ctx).await?;
    describe_all(ctx, names, &known, scope, Patience::None).await?;
    tell_refused(ctx, &known, scope).await
}

async fn known(ctx: &RunContext) -> Result<Known> {
    let known = objects::list(ctx.engine.catalog().db(), &ctx.org).await;
    let known = known.doing(|| "read what is known of the objects".to_owned())?;
    Ok(known.into_iter().map(|state| (state.name.clone(), state)).collect())
}

/// The Objects that are known and were not listed, each with its gap.
async fn note_vanished(
    ctx: &RunContext,
    known: &Known,
    visible: &[&ObjectName],
    scope: &mut Scope,
) -> Result<()> {
    for state in known.values().filter(|state| !visible.contains(&&state.name)) {
        let object = &state.name;
        let entry = lost::entry(ctx, object, Some(state), lost::gap()).await?;
        scope.gaps.insert(object.clone(), entry);
    }
    Ok(())
}

async fn note_not_queryable(
    ctx: &RunContext,
    objects: Vec<GlobalObject>,
    known: &Known,
    scope: &mut Scope,
) -> Result<()> {
    let doing = || "note what cannot be queried".to_owned();
    let method = CaptureMethod::None { reason: NOT_QUERYABLE.to_owned() };
    let mut transaction = ctx.engine.catalog().begin().await.doing(doing)?;
    for GlobalObject { name, .. } in &objects {
        let seen = SeenObject { method: Some(&method), ..SeenObject::named(name) };
        objects::upsert_seen(&mut *transaction, &ctx.org, &seen, ctx.now()).await.doing(doing)?;
    }
    holdfast_catalog::commit(transaction).await.doing(doing)?;
    for GlobalObject { name, .. } in objects {
        let entry = lost::entry(ctx, &name, known.get(&name), lost::not_capturable(NOT_QUERYABLE)).await?;
        scope.gaps.insert(name, entry);
    }
    Ok(())
}

/// A refused describe is a failure of its Object. Auto backup, which asks again and again, tells of the same one once.
async fn tell_refused(ctx: &RunContext, known: &Known, scope: &mut Scope) -> Result<()> {
    for object in &scope.refused {
        let Some(gap) = scope.gaps.get_mut(object).and_then(|entry| entry.gap.as_mut()) else { continue };
        let told = known.get(object).and_then(|state| state.trouble.as_ref()).map(|trouble| &trouble.failure);
        let is_told = told.is_some_and(|told| (told.code, &told.message) == (gap.code, &gap.message));
        if ctx.trigger == Trigger::Auto && is_told {
            gap.is_expected = true;
        } else {
            lost::note_failure(ctx, object, gap, None).await?;
        }
    }
    Ok(())
}
