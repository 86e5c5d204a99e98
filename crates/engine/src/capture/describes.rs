//! The describes of Objects: asked for many at once, kept in the lake, and compared with the ones before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use holdfast_catalog::objects::{self, ObjectState, SeenObject};
use holdfast_domain::capture::drift::Drift;
use holdfast_domain::capture::method::{CaptureMethod, capture_method};
use holdfast_domain::manifest::{Gap, Trigger};
use holdfast_domain::retry::Retry;
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ErrorCode, ObjectName, SchemaHash};
use holdfast_lake::OrgLake;
use holdfast_salesforce::{ApiError, DESCRIBES_BESIDE_QUERIES, DescribeAnswer, QUERIES_PER_CALL};

use super::context::{Failures, RunContext};
use super::lost;
use super::object_run::Described;
use super::probe::Asked;
use super::scope::{Found, Scope};
use crate::error::{Doing, Error, Result};
use crate::events::Event;

/// What the catalog tells of each Object.
pub(super) type Known = BTreeMap<ObjectName, ObjectState>;

/// How long a refusal that may pass is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    AsForAnyCall,
    None,
}

/// Describes the Objects into `scope`. What is refused to the end has its gap there.
pub(super) async fn describe_all(
    ctx: &RunContext,
    mut names: Vec<ObjectName>,
    known: &Known,
    scope: &mut Scope,
    patience: Patience,
) -> Result<()> {
    let mut failures = Failures::default();
    loop {
        let mut passing = Vec::new();
        for chunk in names.chunks(DESCRIBES_BESIDE_QUERIES) {
            let answers = ask(ctx, chunk, known, scope).await?;
            passing.extend(take_up(ctx, answers, known, scope).await?);
        }
        let Some((_, refusal)) = passing.first() else { return Ok(()) };
        let source = holdfast_salesforce::Error::refused_describe(refusal.clone());
        let refused = Error::Salesforce { doing: format!("describe {} objects", passing.len()), source };
        names = passing.into_iter().map(|(name, _)| name).collect();
        let waited = match patience {
            Patience::AsForAnyCall => ctx.wait_to_repeat(None, &mut failures, refused).await,
            Patience::None => Err(refused),
        };
        match waited {
            Ok(()) => {}
            Err(error) if matches!(error, Error::Cancelled) || error.retry() == Retry::WhenLimitMoves => {
                return Err(error);
            }
            Err(_) => {
                scope.to_ask_again = names;
                return Ok(());
            }
        }
    }
}

/// Describes some Objects, and counts in the same call what was described before.
async fn ask(
    ctx: &RunContext,
    names: &[ObjectName],
    known: &Known,
    scope: &mut Scope,
) -> Result<Vec<(ObjectName, DescribeAnswer)>> {
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
    Ok(told.describes)
}

/// A describe that was read, and what follows from it.
struct Seen {
    object: ObjectName,
    described: Described,
    last_modified: Option<String>,
    method: CaptureMethod,
    gone_fields: Vec<String>,
}

/// Takes the answers into `scope` and the catalog. Gives back the refusals that may pass.
async fn take_up(
    ctx: &RunContext,
    answers: Vec<(ObjectName, DescribeAnswer)>,
    known: &Known,
    scope: &mut Scope,
) -> Result<Vec<(ObjectName, ApiError)>> {
    let (mut seen, mut refused, mut passing) = (Vec::new(), Vec::new(), Vec::new());
    for (object, answer) in answers {
        if let DescribeAnswer::Refused(error) = &answer
            && error.retry() != Retry::Never
        {
            passing.push((object.clone(), error.clone()));
        }
        let before = known.get(&object);
        match read(ctx, &object, before, answer).await? {
            Ok((described, last_modified)) => {
                let gone_fields = tell_drift(ctx, before, &described).await?;
                let method = method(before, &described.schema);
                seen.push(Seen { object, described, last_modified, method, gone_fields });
            }
            Err(gap) => refused.push((object, gap)),
        }
    }
    note(ctx, &seen, refused.iter().map(|(object, _)| object), known).await?;
    for Seen { object, described, method, gone_fields, .. } in seen {
        scope.refused.remove(&object);
        scope.gaps.remove(&object);
        if let CaptureMethod::None { reason } = &method {
            let entry = lost::entry(ctx, &object, known.get(&object), lost::not_capturable(reason)).await?;
            scope.gaps.insert(object, entry);
        } else {
            scope.found.push(Found { object, described, method, gone_fields, probe: Asked::NotYet });
        }
    }
    for (object, gap) in refused {
        let entry = lost::without_capture(ctx, &object, known.get(&object), gap).await?;
        scope.refused.insert(object.clone());
        scope.gaps.insert(object, entry);
    }
    Ok(passing)
}

/// How an Object would be captured whose describe is refused nobody knows, but that it is not must show.
async fn note<'a>(
    ctx: &RunContext,
    seen: &[Seen],
    refused: impl Iterator<Item = &'a ObjectName>,
    known: &Known,
) -> Result<()> {
    let doing = || "note the describes".to_owned();
    let mut transaction = ctx.engine.catalog().begin().await.doing(doing)?;
    for name in refused {
        objects::upsert_seen(&mut *transaction, &ctx.org, &SeenObject::named(name), ctx.now())
            .await
            .doing(doing)?;
    }
    for Seen { object, described, last_modified, method, gone_fields } in seen {
        let seen = SeenObject {
            name: object,
            method: Some(method),
            schema: Some(&described.hash),
            describe_last_modified: last_modified.as_deref(),
        };
        objects::upsert_seen(&mut *transaction, &ctx.org, &seen, ctx.now()).await.doing(doing)?;
        let Some(before) = known.get(object) else { continue };
        let gone = gone_for_now(ctx, before, gone_fields, &described.schema);
        if gone != before.gone_fields {
            let noted = objects::set_gone_fields(&mut *transaction, &ctx.org, object, &gone).await;
            noted.doing(|| format!("note the fields of `{object}` that are gone"))?;
        }
    }
    holdfast_catalog::commit(transaction).await.doing(doing)
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
fn unchanged_since(ctx: &RunContext, names: &[ObjectName], known: &Known) -> BTreeMap<ObjectName, String> {
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
    let schema = ctx.persist(Some(object), || described(&ctx.lake, object, &hash)).await?;
    Ok(Described { schema: Arc::new(schema), hash })
}

pub(crate) async fn described(
    lake: &OrgLake,
    object: &ObjectName,
    hash: &SchemaHash,
) -> Result<ObjectSchema> {
    let json = lake.schema(object, hash).await.doing(|| format!("read the describe of `{object}`"))?;
    let json = json.ok_or_else(|| Error::NoDescribe { object: object.clone(), hash: hash.to_string() })?;
    ObjectSchema::from_describe(&json).map_err(|source| Error::DescribeUnreadable {
        object: object.clone(),
        hash: hash.to_string(),
        source,
    })
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
