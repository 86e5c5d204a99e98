//! File bodies follow the records: whatever record has a body field gets its body into the lake.
//!
//! Which body belongs to which record is itself a table of the lake ([`bodies`]), so that the
//! storage alone tells it. A mark in that table says up to which version of the source table every
//! body is there; a Run that stored nothing in the source table has nothing to look for.

mod bodies;
mod candidates;
mod download;
mod share;

use futures::{StreamExt, TryStreamExt, stream};
use holdfast_catalog::runs;
use holdfast_catalog::statistics::{self, FilesKept};
use holdfast_domain::manifest::{FileCounts, Trigger};
use holdfast_domain::retry::Retry;
use holdfast_lake::delta::Marks;

use self::bodies::{Bodies, Body, Missing};
use self::candidates::{Candidate, Source};
use self::download::Download;
use self::share::Share;
use super::context::RunContext;
use super::object_run::ObjectRun;
use crate::error::{Doing, Result, chain};
use crate::events::Event;
use crate::lease;

/// Bodies between two commits: what a kill may have to fetch again.
const BATCH: usize = 200;
/// Downloads at once.
const PARALLEL: usize = 4;

/// Which bodies a Run fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fetching {
    /// None; they are only counted.
    Nothing,
    /// Those of records that are new or changed.
    New,
    /// Also those that were stored once and are no longer in the lake.
    NewAndLost,
}

/// True if and only if each record of the Object has a body to fetch.
pub(crate) fn has_bodies(run: &ObjectRun) -> bool {
    Source::of(run).is_some()
}

/// Fetches what is missing, or only counts it.
pub(crate) async fn capture(ctx: &RunContext, runs: &[ObjectRun], fetching: Fetching) -> Result<FileCounts> {
    let mut counts = FileCounts::default();
    let sources: Vec<_> = runs.iter().filter_map(Source::of).collect();
    if sources.is_empty() {
        return Ok(counts);
    }
    let looks_for_lost = fetching == Fetching::NewAndLost;
    let mut fetching = fetching;
    let work = async {
        let mut bodies = Bodies::open(ctx).await?;
        let share = Share::open(ctx).await?;
        for source in &sources {
            capture_source(ctx, source, &mut bodies, &share, &mut fetching, &mut counts).await?;
        }
        Ok(())
    };
    ctx.engine.under_lease(&lease::of_table(&ctx.org, &bodies::table_name()), work).await?;
    if looks_for_lost {
        // A body that was lost and is there again was counted when it was first stored.
        ctx.engine.recount_files(&ctx.org).await?;
    }
    Ok(counts)
}

/// Once an API budget is reached, the other bodies are only counted: the records are whole without them.
async fn capture_source(
    ctx: &RunContext,
    source: &Source,
    bodies: &mut Bodies,
    share: &Share,
    fetching: &mut Fetching,
    counts: &mut FileCounts,
) -> Result<()> {
    let Some(table) =
        ctx.lake.table(&source.object).await.doing(|| format!("open the table of `{}`", source.object))?
    else {
        return Ok(());
    };
    let mark = source.mark();
    let looks_for_lost = *fetching == Fetching::NewAndLost;
    let done_until = bodies.mark(&mark).filter(|_| !looks_for_lost).unwrap_or(-1);
    if done_until >= table.version() {
        return Ok(());
    }
    let candidates = candidates::since(source, &table, done_until).try_chunks(BATCH);
    let mut candidates = std::pin::pin!(candidates);
    let mut is_settled = *fetching != Fetching::Nothing;
    while let Some(batch) = candidates.next().await {
        let batch = batch.map_err(|error| error.1)?;
        let again = ctx.trigger == Trigger::Backup;
        let missing = bodies.missing(ctx, source, batch, Missing { again, looks_for_lost }).await?;
        if *fetching == Fetching::Nothing {
            counts.pending += missing.len() as u64;
            continue;
        }
        let before = *counts;
        let (fetched, end) = fetch_all(ctx, source, missing, share, counts).await?;
        share.keep(ctx).await?;
        is_settled &= counts.failed == before.failed && end == End::All;
        bodies.store(ctx, fetched, Marks::default()).await?;
        note_progress(ctx, before, *counts).await?;
        match end {
            End::All => {}
            End::BudgetReached => *fetching = Fetching::Nothing,
            End::Hopeless => break,
        }
    }
    let done_until = if is_settled {
        table.version()
    } else if looks_for_lost {
        // The mark had passed records whose body is missing still: the next Run tries these again.
        -1
    } else {
        return Ok(());
    };
    let mut marks = Marks::default();
    marks.0.insert(mark, done_until);
    bodies.store(ctx, Vec::new(), marks).await
}

/// For those who watch the Run, and for what is held.
async fn note_progress(ctx: &RunContext, before: FileCounts, now: FileCounts) -> Result<()> {
    let (db, doing) = (ctx.engine.catalog().db(), || "note how many file bodies are stored".to_owned());
    runs::set_files(db, &ctx.run, now).await.doing(doing)?;
    let more = FilesKept { files: now.stored - before.stored, bytes: now.bytes - before.bytes };
    statistics::add_files(db, &ctx.org, more).await.doing(doing)
}

/// Why no more of a batch was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    All,
    BudgetReached,
    /// Each was repeated for as long as it makes sense; the others would fare no better.
    Hopeless,
}

async fn fetch_all(
    ctx: &RunContext,
    source: &Source,
    missing: Vec<Candidate>,
    share: &Share,
    counts: &mut FileCounts,
) -> Result<(Vec<Body>, End)> {
    let (mut open, mut unsettled, mut end) = (missing.len(), 0, End::All);
    let downloads = missing.into_iter().map(|candidate| download::body(ctx, source, share, candidate));
    let mut downloads = stream::iter(downloads).buffer_unordered(PARALLEL);
    let mut fetched = Vec::new();
    while let Some(download) = downloads.next().await {
        let download = match download {
            Err(error) if error.retry() == Retry::WhenLimitMoves => {
                // Those under way come to their end; all others are refused at once.
                if end == End::All {
                    tracing::warn!(org.id = %ctx.org, "file bodies wait for the next run: {}", chain(&error));
                }
                end = End::BudgetReached;
                counts.pending += 1;
                open -= 1;
                continue;
            }
            download => download?,
        };
        open -= 1;
        match download {
            Download::Settled(body) if body.failure.is_none() => {
                counts.stored += 1;
                counts.bytes += body.size;
                fetched.push(*body);
            }
            Download::Settled(body) => {
                counts.failed += 1;
                // The row of a lost body goes on naming it: a copy of the lake may bring it back.
                if !body.candidate.is_lost {
                    fetched.push(*body);
                }
            }
            Download::Unsettled => {
                counts.failed += 1;
                unsettled += 1;
            }
        }
        ctx.events.send(Event::FilesProgress { files: *counts });
        if unsettled >= PARALLEL {
            counts.pending += open as u64;
            return Ok((fetched, End::Hopeless));
        }
    }
    Ok((fetched, end))
}
