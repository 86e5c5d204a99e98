//! The course of one Run, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use holdfast_catalog::orgs::Org;
use holdfast_catalog::{Failure, errors, objects, runs};
use holdfast_domain::capture::turn::{Waiting, next_turn};
use holdfast_domain::manifest::{Manifest, RunStatus, Trigger};
use holdfast_domain::retry::Retry;
use holdfast_domain::{ErrorCode, ObjectName, RunId};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::context::{Failures, RunContext};
use super::files::Fetching;
use super::object_run::Assignment;
use super::outcome::Outcomes;
use super::scope::Scope;
use super::{bulk_jobs, doubt, files, forecast, plan, scope, turn};
use crate::auto::note_first_backup;
use crate::calls::NOTED_EVERY;
use crate::engine::Engine;
use crate::error::{Doing, Error, Result, chain};
use crate::events::{Event, EventSink};
use crate::lease;

/// What a person asks for.
#[derive(Debug, Clone, Default)]
pub struct BackupOptions {
    /// Only these; empty means everything that the integration user may see.
    pub objects: Vec<ObjectName>,
    /// Records that are no longer visible are gone, however many they are.
    pub accept_missing: bool,
    /// File bodies that were stored and are no longer in the lake are fetched again.
    pub refetch_files: bool,
}

/// What one Run is to do.
pub(crate) struct RoundOptions {
    pub(crate) trigger: Trigger,
    pub(crate) wanted: Vec<ObjectName>,
    /// Auto backup looks at some Objects less often than at others.
    pub(crate) leave_out: Vec<ObjectName>,
    /// The describes of an earlier round, if they are young enough.
    pub(crate) known_scope: Option<Scope>,
    pub(crate) files: Fetching,
    pub(crate) give_up_after: Duration,
    pub(crate) accepts_missing: bool,
}

impl Engine {
    /// Captures an org once, up to date: what auto backup does, in the foreground.
    pub async fn backup(
        &self,
        org: &str,
        options: BackupOptions,
        events: EventSink,
        cancel: CancellationToken,
    ) -> Result<Manifest> {
        let org = self.find_org(org).await?;
        let options = RoundOptions {
            trigger: Trigger::Backup,
            wanted: options.objects,
            leave_out: Vec::new(),
            known_scope: None,
            files: if options.refetch_files { Fetching::NewAndLost } else { Fetching::New },
            give_up_after: self.settings().give_up_after,
            accepts_missing: options.accept_missing,
        };
        let round = round(self, &org, options, events, cancel).await?;
        Ok(round.manifest.expect("only a round of auto backup may end without a manifest"))
    }
}

/// What one Run leaves to the next.
pub(crate) struct Round {
    /// None if and only if it was a round of auto backup that found nothing to store.
    pub(crate) manifest: Option<Manifest>,
    /// The Objects that were looked at, and whether something was new.
    pub(crate) looked: Vec<(ObjectName, bool)>,
    /// The describes, unless the org has shown that they are out of date.
    pub(crate) scope: Option<Scope>,
}

/// One Run.
pub(crate) async fn round(
    engine: &Engine,
    org: &Org,
    options: RoundOptions,
    events: EventSink,
    cancel: CancellationToken,
) -> Result<Round> {
    let client = tokio::select! {
        () = cancel.cancelled() => return Err(Error::Cancelled),
        client = engine.connect(org) => client?,
    };
    let (lease, patience, waiting) = (lease::of_org(&org.id), options.give_up_after, cancel.clone());
    let used = client.clone();
    let work = async {
        let ctx = Arc::new(RunContext {
            engine: engine.clone(),
            org: org.id.clone(),
            calls_before: client.calls(),
            client,
            lake: engine.lake().org(&org.id),
            budget: org.api_budget,
            // Under the lease: of two Runs that waited for it, the later id is that of the later Run.
            run: RunId::from(uuid::Uuid::now_v7()),
            trigger: options.trigger,
            started_at: engine.clock().now(),
            events,
            cancel,
            give_up_after: options.give_up_after,
            accepts_missing: options.accepts_missing,
            permissions: OnceCell::new(),
        });
        noted_round(&ctx, org, options).await
    };
    // Boxed: the states of a whole Run would otherwise be copied from future to future.
    let work = engine.under_lease_when_free(&lease, patience, &waiting, Box::pin(work));
    engine.counting_calls(&org.id, &used, work).await
}

/// The Run, and the catalog's row about it. One Run of an org at a time, so that each Snapshot
/// follows from the one before.
async fn noted_round(ctx: &Arc<RunContext>, org: &Org, options: RoundOptions) -> Result<Round> {
    close_dead_runs(ctx).await?;
    let db = ctx.engine.catalog().db();
    let inserted = runs::insert(db, &ctx.run, &ctx.org, ctx.trigger, ctx.started_at).await;
    inserted.doing(|| "note the start of the run".to_owned())?;
    ctx.events.send(Event::RunStarted { run: ctx.run.clone() });
    tracing::info!(org.id = %ctx.org, run.id = %ctx.run, "Run of {} started", org.name);
    // Boxed: the states of a whole Run would otherwise be copied from future to future.
    let finished = tokio::select! {
        finished = Box::pin(course_to_end(ctx, org, options)) => finished,
        never = keep_telling_calls(ctx) => never,
    };
    if let Err(error) = &finished
        && let Err(not_noted) = note_failure(ctx, error).await
    {
        // The next Run of the org notes it.
        tracing::error!(org.id = %ctx.org, run.id = %ctx.run, "{}", chain(&not_noted));
    }
    ctx.events.send(Event::RunFinished { run: ctx.run.clone() });
    finished
}

/// The Run's own row follows its calls, so that it tells of them when the process is killed.
async fn keep_telling_calls<T>(ctx: &RunContext) -> T {
    loop {
        ctx.engine.clock().sleep(NOTED_EVERY).await;
        if let Err(error) = runs::set_calls(ctx.engine.catalog().db(), &ctx.run, ctx.calls()).await {
            tracing::debug!(org.id = %ctx.org, run.id = %ctx.run, "{}", chain(&error));
        }
    }
}

/// Under the org's lease nobody else is at work: a Run that is still noted as running was killed,
/// perhaps after its last step.
async fn close_dead_runs(ctx: &RunContext) -> Result<()> {
    let db = ctx.engine.catalog().db();
    let unfinished = runs::list_unfinished(db, &ctx.org).await;
    for run in unfinished.doing(|| "look for the runs of processes that ended".to_owned())? {
        let manifest = manifest_left_by(ctx, &run.id).await?;
        let message = "the process ended before the run did; the next run goes on from there".to_owned();
        let failure = Failure { code: ErrorCode::Interrupted, message };
        let api_calls = run.totals.api_calls;
        close(ctx, &run.id, manifest, Ending { status: RunStatus::Interrupted, api_calls, failure }).await?;
    }
    Ok(())
}

/// A Manifest that nobody can read is as good as none: it must not stop the backups that come after it.
async fn manifest_left_by(ctx: &RunContext, run: &RunId) -> Result<Option<Manifest>> {
    let mut failures = Failures::default();
    loop {
        let error = match ctx.unless_cancelled(ctx.lake.manifest(run)).await? {
            Ok(manifest) => return Ok(Some(manifest)),
            Err(holdfast_lake::Error::NotFound { .. }) => return Ok(None),
            Err(error) => error,
        };
        if error.retry() == Retry::Never {
            tracing::error!(
                org.id = %ctx.org, run.id = %run,
                "Run {run} counts as interrupted, because its manifest cannot be read: {}", chain(&error)
            );
            return Ok(None);
        }
        let doing = format!("look for the manifest of run `{run}`");
        let error = Error::Lake { doing, source: Box::new(error) };
        ctx.wait_to_repeat(None, &mut failures, error).await?;
    }
}

/// How a Run ends that leaves no Manifest.
struct Ending {
    status: RunStatus,
    api_calls: u64,
    failure: Failure,
}

/// Notes the end of a Run that broke off. If it left a Manifest, it ended as that says, whatever came after.
async fn close(ctx: &RunContext, run: &RunId, manifest: Option<Manifest>, ending: Ending) -> Result<()> {
    let db = ctx.engine.catalog().db();
    let noted = if let Some(manifest) = manifest {
        runs::insert_finished(db, &manifest).await
    } else {
        let Ending { status, api_calls, failure } = ending;
        runs::finish(db, run, status, ctx.now(), api_calls, Some(&failure)).await
    };
    noted.doing(|| format!("note the end of run `{run}`"))
}

async fn course_to_end(ctx: &Arc<RunContext>, org: &Org, options: RoundOptions) -> Result<Round> {
    ctx.refresh_usage().await;
    if ctx.trigger == Trigger::Backup {
        ctx.permissions().await?;
    }
    bulk_jobs::clean_up_left_over(ctx).await?;
    let scope = match options.known_scope {
        Some(mut scope) => {
            scope::describe_again(ctx, &mut scope).await?;
            scope
        }
        None => scope::describe(ctx, &options.wanted).await?,
    };
    let failing = objects::failing(ctx.engine.catalog().db(), &ctx.org).await;
    let failing = failing.doing(|| "look which objects fail".to_owned())?;
    let mut found = scope.found.clone();
    // Whether one still fails is worth a look, however quiet it has been.
    found.retain(|found| !options.leave_out.contains(&found.object) || failing.contains(&found.object));
    let mut outcomes = Outcomes::new(scope.gaps.clone());
    let assignments = plan::assignments(ctx, found, &mut outcomes).await?;
    forecast::tell(ctx, &assignments);
    capture_all(ctx, assignments, &mut outcomes).await?;
    let fetch_files = || files::capture(ctx, outcomes.done(), options.files);
    outcomes.files = Box::pin(ctx.persist(None, fetch_files)).await?;
    let looked_at_all = options.wanted.is_empty() && options.leave_out.is_empty();
    let names_every_object = ctx.trigger == Trigger::Backup && options.wanted.is_empty();
    let scope = outcomes.describes_hold().then(|| scope.into_known());
    let looked = outcomes.looked();
    let manifest = finish(ctx, outcomes, names_every_object).await?;
    if names_every_object {
        let resolved = errors::resolve(ctx.engine.catalog().db(), &ctx.org, None, ctx.now()).await;
        resolved.doing(|| "close the errors of the org".to_owned())?;
        ctx.engine.hasten_round(org).await?;
    }
    if looked_at_all {
        note_first_backup(&ctx.engine, &ctx.org).await?;
    }
    Ok(Round { manifest, looked, scope })
}

/// Gives turns until no Object has a step left. Objects that fail leave a gap; a stop ends the Run.
async fn capture_all(
    ctx: &Arc<RunContext>,
    assignments: Vec<Assignment>,
    outcomes: &mut Outcomes,
) -> Result<()> {
    let slots = ctx.engine.settings().parallel.max(1);
    let has_steps = |assignment: &Assignment| !assignment.run.steps.is_empty();
    let (mut waiting, idle): (Vec<_>, Vec<_>) = assignments.into_iter().partition(has_steps);
    for Assignment { run, .. } in idle {
        outcomes.object_done(ctx, run).await?;
    }
    let mut running: JoinSet<(Assignment, Result<()>)> = JoinSet::new();
    let mut in_turn: Vec<Waiting> = Vec::new();
    let mut stop = None;
    loop {
        while stop.is_none() && running.len() < slots {
            let turns: Vec<_> = waiting.iter().map(|assignment| assignment.run.waiting()).collect();
            let Some(index) = next_turn(&turns, &in_turn, slots) else { break };
            in_turn.push(turns[index].clone());
            running.spawn(one_turn(ctx.clone(), waiting.swap_remove(index)));
        }
        let Some(ended) = running.join_next().await else { break };
        let (assignment, outcome) = ended.map_err(|source| Error::TaskStopped { source })?;
        in_turn.retain(|other| other.object != assignment.run.object);
        match outcome {
            Ok(()) if !has_steps(&assignment) => outcomes.object_done(ctx, assignment.run).await?,
            Ok(()) => waiting.push(assignment),
            Err(error) if is_stop(&error) => stop = stop.or(Some(error)),
            Err(error) => outcomes.object_failed(ctx, &assignment.run, &error).await?,
        }
    }
    stop.map_or(Ok(()), Err)
}

async fn one_turn(ctx: Arc<RunContext>, mut assignment: Assignment) -> (Assignment, Result<()>) {
    let was_refused = assignment.run.bulk_refused;
    let outcome = match turn::take_with_retries(&ctx, &mut assignment).await {
        Ok(()) => plan::remember_ways(&ctx, &assignment.run, was_refused).await,
        Err(error) => Err(error),
    };
    (assignment, outcome)
}

/// True for what concerns the whole Run and not one Object.
fn is_stop(error: &Error) -> bool {
    matches!(error, Error::Cancelled)
        || error.retry() == Retry::WhenLimitMoves
        || error.needs_reauthorisation()
}

async fn finish(ctx: &RunContext, outcomes: Outcomes, names_every_object: bool) -> Result<Option<Manifest>> {
    let db = ctx.engine.catalog().db();
    if ctx.trigger == Trigger::Auto && outcomes.is_empty() {
        runs::remove(db, &ctx.run).await.doing(|| "forget an empty run".to_owned())?;
        return Ok(None);
    }
    let told = outcomes.unexplained();
    ctx.engine.confirm(&lease::of_org(&ctx.org)).await?;
    let manifest = outcomes.into_manifest(ctx, run_before(ctx).await?, names_every_object);
    let put = || async { ctx.lake.put_manifest(&manifest).await.doing(|| "write the manifest".to_owned()) };
    ctx.persist(None, put).await?;
    let noted = runs::insert_finished(db, &manifest).await;
    noted.doing(|| "note the end of the run".to_owned())?;
    for object in &told {
        doubt::note_told(ctx, object).await?;
    }
    tracing::info!(org.id = %ctx.org, run.id = %ctx.run, "Run {} ended: {}", ctx.run, manifest.status.as_str());
    Ok(Some(manifest))
}

/// The newest Run that left a Manifest. A catalog that was lost knows of none; the lake still does.
async fn run_before(ctx: &RunContext) -> Result<Option<RunId>> {
    let doing = || "look for the run before".to_owned();
    let known = runs::newest_with_manifest(ctx.engine.catalog().db(), &ctx.org).await.doing(doing)?;
    match known {
        Some(run) => Ok(Some(run)),
        None => Ok(ctx.lake.manifests().await.doing(doing)?.pop()),
    }
}

async fn note_failure(ctx: &RunContext, error: &Error) -> Result<()> {
    let is_interrupted = matches!(error, Error::Cancelled) || error.retry() == Retry::WhenLimitMoves;
    let status = if is_interrupted { RunStatus::Interrupted } else { RunStatus::Failed };
    let gap = error.as_gap();
    let failure = Failure { code: gap.code, message: gap.message };
    // What failed may be the catalog, after the Manifest was written.
    let manifest = ctx.lake.manifest(&ctx.run).await.ok();
    close(ctx, &ctx.run, manifest, Ending { status, api_calls: ctx.calls(), failure }).await
}
