//! What there is to capture: the Objects that the integration user may see, each with its describe.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use holdfast_catalog::objects::{self, ObjectState, Phase, SeenObject};
use holdfast_domain::capture::drift::Drift;
use holdfast_domain::capture::method::{CaptureMethod, capture_method};
use holdfast_domain::manifest::{Gap, ObjectEntry, Trigger};
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ErrorCode, ObjectName, SchemaHash};
use holdfast_lake::Table;
use holdfast_salesforce::{ApiError, DESCRIBES_BESIDE_QUERIES, DescribeAnswer, QUERIES_PER_CALL};

use super::context::RunContext;
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
    let db = ctx.engine.catalog().db();
    let known = objects::list(db, &ctx.org).await.doing(|| "read what is known of the objects".to_owned())?;
    let known: BTreeMap<_, _> = known.into_iter().map(|state| (state.name.clone(), state)).collect();
    let mut scope = Scope::default();
    if wanted.is_empty() {
        let names: Vec<_> = visible.iter().map(|object| &object.name).collect();
        note_vanished(ctx, &known, &names, &mut scope).await?;
    }
    let mut names = Vec::new();
    for object in visible {
        if object.queryable {
            names.push(object.name);
        } else {
            scope.gaps.insert(object.name, not_capturable("Salesforce says that it cannot be queried"));
        }
    }
    for chunk in names.chunks(DESCRIBES_BESIDE_QUERIES) {
        describe_chunk(ctx, chunk, &known, &mut scope).await?;
    }
    ctx.events.send(Event::ScopeKnown { objects: scope.found.len(), not_capturable: scope.gaps.len() });
    Ok(scope)
}

/// The Objects that are known and were not listed, each with its gap.
async fn note_vanished(
    ctx: &RunContext,
    known: &BTreeMap<ObjectName, ObjectState>,
    visible: &[&ObjectName],
    scope: &mut Scope,
) -> Result<()> {
    for state in known.values().filter(|state| !visible.contains(&&state.name)) {
        let object = &state.name;
        let gap = lost::note_vanished(ctx, state).await?;
        let doing = || format!("open the table of `{object}`");
        let held = ctx.persist(Some(object), || async { ctx.lake.table(object).await.doing(doing) }).await?;
        let entry = ObjectEntry {
            table_version: held.as_ref().map(Table::version),
            live_records: held.as_ref().map_or(0, Table::live_count),
            gap: Some(gap),
            ..ObjectEntry::default()
        };
        scope.gaps.insert(object.clone(), entry);
    }
    Ok(())
}

/// Describes some Objects, and counts in the same call what was described before.
async fn describe_chunk(
    ctx: &RunContext,
    names: &[ObjectName],
    known: &BTreeMap<ObjectName, ObjectState>,
    scope: &mut Scope,
) -> Result<()> {
    let since = unchanged_since(ctx, names, known);
    let to_count = scope.found.iter_mut().filter(|found| found.probe == Asked::NotYet);
    let mut to_count: Vec<&mut Found> = to_count.take(QUERIES_PER_CALL).collect();
    let queries: Vec<_> = to_count.iter().map(|found| found.question().query()).collect();
    let told = ctx
        .attempt(None, || async {
            let told = ctx.client.describe_and_query(names, &since, &queries).await;
            told.doing(|| format!("describe {} objects", names.len()))
        })
        .await?;
    for (found, answer) in to_count.iter_mut().zip(told.values) {
        found.probe = found.question().read(answer);
    }
    let mut transaction = ctx.engine.catalog().begin().await.doing(|| "note the describes".to_owned())?;
    for (object, answer) in told.describes {
        let before = known.get(&object);
        let (described, last_modified) = match read(ctx, &object, before, answer).await? {
            Ok(described) => described,
            Err(gap) => {
                scope.gaps.insert(object, without_capture(gap));
                continue;
            }
        };
        let gone_fields = tell_drift(ctx, before, &described).await?;
        let method = method(before, &described.schema);
        let seen = SeenObject {
            name: &object,
            method: &method,
            schema: Some(&described.hash),
            describe_last_modified: last_modified.as_deref(),
        };
        let noted = objects::upsert_seen(&mut *transaction, &ctx.org, &seen, ctx.now()).await;
        noted.doing(|| format!("note the describe of `{object}`"))?;
        if let Some(before) = before {
            let gone = gone_for_now(ctx, before, &gone_fields, &described.schema);
            if gone != before.gone_fields {
                let noted = objects::set_gone_fields(&mut *transaction, &ctx.org, &object, &gone).await;
                noted.doing(|| format!("note the fields of `{object}` that are gone"))?;
            }
        }
        if let CaptureMethod::None { reason } = &method {
            let stopped =
                objects::set_phase(&mut *transaction, &ctx.org, &object, Phase::Stopped, Some(reason)).await;
            stopped.doing(|| format!("note why `{object}` is not captured"))?;
            scope.gaps.insert(object, not_capturable(reason));
        } else {
            scope.found.push(Found { object, described, method, gone_fields, probe: Asked::NotYet });
        }
    }
    holdfast_catalog::commit(transaction).await.doing(|| "note the describes".to_owned())
}

/// The fields that were captured and are not visible, unless a person has said that what is missed is gone.
fn gone_for_now(
    ctx: &RunContext,
    before: &ObjectState,
    newly: &[String],
    schema: &ObjectSchema,
) -> Vec<String> {
    if ctx.accepts_missing {
        return Vec::new();
    }
    let mut gone: BTreeSet<_> = before.gone_fields.iter().chain(newly).cloned().collect();
    gone.retain(|field| schema.field(field).is_none());
    gone.into_iter().collect()
}

/// A person who starts a Run may just have changed permissions, and whether that moves
/// `Last-Modified` is not documented: so only auto backup asks conditionally.
fn unchanged_since(
    ctx: &RunContext,
    names: &[ObjectName],
    known: &BTreeMap<ObjectName, ObjectState>,
) -> BTreeMap<ObjectName, String> {
    if ctx.trigger != Trigger::Auto {
        return BTreeMap::new();
    }
    let date = |name: &ObjectName| {
        let state = known.get(name)?;
        state.schema.as_ref()?;
        Some((name.clone(), state.describe_last_modified.clone()?))
    };
    names.iter().filter_map(date).collect()
}

type Answer = Result<(Described, Option<String>), Gap>;

async fn read(
    ctx: &RunContext,
    object: &ObjectName,
    before: Option<&ObjectState>,
    answer: DescribeAnswer,
) -> Result<Answer> {
    match answer {
        DescribeAnswer::Describe { json, last_modified } => {
            let schema = match ObjectSchema::from_describe(&json) {
                Ok(schema) => Arc::new(schema),
                Err(error) => return Ok(Err(unreadable(&error))),
            };
            let store = || async {
                let stored = ctx.lake.put_schema(object, &json).await;
                stored.doing(|| format!("store the describe of `{object}`"))
            };
            let hash = ctx.persist(Some(object), store).await?;
            Ok(Ok((Described { schema, hash }, last_modified)))
        }
        DescribeAnswer::NotModified => {
            let hash = before.and_then(|state| state.schema.clone());
            let Some(hash) = hash else { return Ok(Err(unreadable(&"304 to an unconditional request"))) };
            Ok(Ok((stored(ctx, object, hash).await?, None)))
        }
        DescribeAnswer::Refused(error) => Ok(Err(refused(&error))),
    }
}

/// A describe that the lake holds.
pub(crate) async fn stored(ctx: &RunContext, object: &ObjectName, hash: SchemaHash) -> Result<Described> {
    let read = || async {
        ctx.lake.schema(object, &hash).await.doing(|| format!("read the describe of `{object}`"))
    };
    let json = ctx.persist(Some(object), read).await?;
    let json = json.ok_or_else(|| Error::NoDescribe { object: object.clone(), hash: hash.to_string() })?;
    let schema = ObjectSchema::from_describe(&json).map_err(|source| Error::DescribeUnreadable {
        object: object.clone(),
        hash: hash.to_string(),
        source,
    })?;
    Ok(Described { schema: Arc::new(schema), hash })
}

/// Tells what is new, and gives back the fields that are seen no more.
async fn tell_drift(ctx: &RunContext, before: Option<&ObjectState>, now: &Described) -> Result<Vec<String>> {
    let Some(hash) = before.and_then(|state| state.schema.clone()) else { return Ok(Vec::new()) };
    if hash == now.hash {
        return Ok(Vec::new());
    }
    let object = &now.schema.name;
    let drift = Drift::between(&stored(ctx, object, hash).await?.schema, &now.schema);
    if !drift.is_empty() {
        tracing::info!(org.id = %ctx.org, object = %object, "fields of {object} changed: {drift}");
        ctx.events.send(Event::SchemaChanged { object: object.clone(), what: drift.to_string() });
    }
    Ok(drift.removed)
}

/// An Object whose time field once turned out to refuse filters stays with the way that worked.
fn method(before: Option<&ObjectState>, schema: &ObjectSchema) -> CaptureMethod {
    let remembered = before.and_then(|state| state.method.clone());
    match (capture_method(schema), remembered) {
        (CaptureMethod::Windows { .. }, Some(CaptureMethod::Whole)) => CaptureMethod::Whole,
        (chosen, _) => chosen,
    }
}

fn without_capture(gap: Gap) -> ObjectEntry {
    ObjectEntry { gap: Some(gap), ..ObjectEntry::default() }
}

fn not_capturable(reason: &str) -> ObjectEntry {
    without_capture(Gap {
        code: ErrorCode::ObjectNotCapturable,
        message: reason.to_owned(),
        is_expected: true,
    })
}

fn refused(error: &ApiError) -> Gap {
    Gap {
        code: error.error_code(),
        message: format!("Salesforce refused to describe it: {error}"),
        is_expected: false,
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> Gap {
    let message = format!("its describe could not be read: {error}");
    Gap { code: ErrorCode::AnswerUnreadable, message, is_expected: false }
}
