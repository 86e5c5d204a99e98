//! Records from the org into a Block, by REST pages or by a Bulk job, whichever costs the org less.
//!
//! A page is read whole before it is pushed, so a page that breaks off is read again from its
//! locator; what the org sends twice the Block drops.

use std::time::Duration;

use arrow_array::RecordBatch;
use futures::TryStreamExt;
use holdfast_salesforce::BatchStream;

use super::context::RunContext;
use super::select::Select;
use super::sink::Sink;
use crate::error::{Doing, Error, Result};
use crate::events::Event;

/// Which API brought the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Rest,
    Bulk,
}

impl Way {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Bulk => "bulk",
        }
    }
}

/// What a fetch brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fetched {
    All {
        records: u64,
        way: Way,
    },
    /// The first REST page announced more than was allowed; nothing was pushed.
    TooMany {
        records: u64,
    },
}

/// How a query is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Also deleted and archived records.
    pub(crate) all: bool,
    /// How many are expected, if known.
    pub(crate) expected: Option<u64>,
    pub(crate) bulk_refused: bool,
    /// Above this many records REST is not used, if Bulk may be.
    pub(crate) rest_records: u64,
}

/// Bytes of one Bulk page in memory, about.
const PAGE_BYTES: usize = 8 << 20;
const FIRST_PAGE_RECORDS: u32 = 10_000;
const LONGEST_PAGE_RECORDS: u32 = 100_000;

/// Reads everything that `select` finds into `sink`.
pub(crate) async fn fetch(
    ctx: &RunContext,
    select: &Select,
    plan: Plan,
    sink: &mut impl Sink,
) -> Result<Fetched> {
    let is_large = plan.expected.is_some_and(|expected| expected > plan.rest_records);
    let prefers_bulk = is_large || !select.fits_url();
    if prefers_bulk && !plan.bulk_refused {
        let records = bulk(ctx, select, plan, sink).await?;
        return Ok(Fetched::All { records, way: Way::Bulk });
    }
    rest(ctx, select, plan, sink).await
}

async fn rest(ctx: &RunContext, select: &Select, plan: Plan, sink: &mut impl Sink) -> Result<Fetched> {
    let soql = select.soql();
    let doing = || format!("query `{}`", select.object);
    let object = Some(&select.object);
    let first = ctx
        .attempt(object, || async {
            let page = ctx.client.query_page(&soql, plan.all, &select.fields).await.doing(doing)?;
            let total = page.total;
            Ok((total, read_page(page.rows).await.doing(doing)?))
        })
        .await?;
    let (total, mut page) = first;
    if let Some(total) = total.filter(|total| !plan.bulk_refused && *total > plan.rest_records) {
        return Ok(Fetched::TooMany { records: total });
    }
    let mut records = 0;
    loop {
        records += push(ctx, select, page.batches, records, sink).await?;
        let Some(url) = page.next else { break };
        page = ctx
            .attempt(object, || async {
                let page = ctx.client.next_page(&url, &select.fields).await.doing(doing)?;
                read_page(page.rows).await.doing(doing)
            })
            .await?;
    }
    all_came(total, records)?;
    Ok(Fetched::All { records, way: Way::Rest })
}

struct RestPage {
    batches: Vec<RecordBatch>,
    next: Option<String>,
}

async fn read_page(mut rows: BatchStream) -> Result<RestPage, holdfast_salesforce::Error> {
    let mut batches = Vec::new();
    while let Some(batch) = rows.try_next().await? {
        batches.push(batch);
    }
    Ok(RestPage { batches, next: rows.next_url().map(str::to_owned) })
}

async fn push(
    ctx: &RunContext,
    select: &Select,
    batches: Vec<RecordBatch>,
    before: u64,
    sink: &mut impl Sink,
) -> Result<u64> {
    let records: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
    sink.push(batches).await?;
    ctx.events.send(Event::BlockProgress { object: select.object.clone(), records: before + records });
    Ok(records)
}

async fn bulk(ctx: &RunContext, select: &Select, plan: Plan, sink: &mut impl Sink) -> Result<u64> {
    let soql = select.soql();
    let object = Some(&select.object);
    let create = || async {
        let job = ctx.client.bulk_create(&soql, plan.all).await;
        job.doing(|| format!("start a Bulk query of `{}`", select.object))
    };
    let job = ctx.attempt(object, create).await?.id;
    super::bulk_jobs::remember(ctx, &job, &select.object, &soql).await?;
    let outcome = read_job(ctx, select, &job, sink).await;
    super::bulk_jobs::clean_up(ctx, &job).await;
    outcome
}

async fn read_job(ctx: &RunContext, select: &Select, job: &str, sink: &mut impl Sink) -> Result<u64> {
    let announced = wait_for_job(ctx, select, job).await?;
    let mut locator: Option<String> = None;
    let mut page_records = FIRST_PAGE_RECORDS;
    let mut records = 0;
    loop {
        let (page, asked) = bulk_page(ctx, select, job, locator.as_deref(), page_records).await?;
        page_records = next_page_records(&page.batches, asked);
        records += push(ctx, select, page.batches, records, sink).await?;
        locator = page.next;
        if locator.is_none() {
            break;
        }
    }
    all_came(announced, records)?;
    Ok(records)
}

/// A reading that is short of records must not pass for whole: what it lacks would be missed, or
/// taken for deleted.
fn all_came(announced: Option<u64>, got: u64) -> Result<()> {
    match announced {
        Some(expected) if got < expected => Err(Error::RecordsMissing { expected, got }),
        _ => Ok(()),
    }
}

/// Polls with growing pauses: most jobs end within a second, some wait for minutes in the org's queue.
async fn wait_for_job(ctx: &RunContext, select: &Select, job: &str) -> Result<Option<u64>> {
    let mut pause = Duration::from_millis(200);
    loop {
        let poll = || async {
            let status = ctx.client.bulk_status(job).await;
            status.doing(|| format!("ask for the state of Bulk job `{job}`"))
        };
        let status = ctx.attempt(Some(&select.object), poll).await?;
        if let Some(source) = status.failure() {
            return Err(Error::Salesforce {
                doing: format!("run a Bulk query of `{}`", select.object),
                source,
            });
        }
        if status.is_finished() {
            return Ok(status.records);
        }
        ctx.pause(pause).await?;
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}

struct BulkPageRead {
    batches: Vec<RecordBatch>,
    next: Option<String>,
}

/// One page, asked for again with fewer records when it proves too large for memory.
async fn bulk_page(
    ctx: &RunContext,
    select: &Select,
    job: &str,
    locator: Option<&str>,
    mut records: u32,
) -> Result<(BulkPageRead, u32)> {
    loop {
        let read = || async {
            let page = ctx.client.bulk_page(job, locator, records, &select.fields).await;
            let page = page.doing(|| format!("read the results of Bulk job `{job}`"))?;
            let batches = read_within(page.rows, records > 1).await;
            let batches = batches.doing(|| format!("read the results of Bulk job `{job}`"))?;
            Ok(batches.map(|batches| BulkPageRead { batches, next: page.next }))
        };
        match ctx.attempt(Some(&select.object), read).await? {
            Some(page) => return Ok((page, records)),
            None => records = (records / 8).max(1),
        }
    }
}

/// `None` if the page is larger than memory allows and could be asked for in smaller pieces.
async fn read_within(
    mut rows: BatchStream,
    may_shrink: bool,
) -> Result<Option<Vec<RecordBatch>>, holdfast_salesforce::Error> {
    let mut batches = Vec::new();
    let mut bytes = 0;
    while let Some(batch) = rows.try_next().await? {
        bytes += batch.get_array_memory_size();
        if may_shrink && bytes > 3 * PAGE_BYTES {
            return Ok(None);
        }
        batches.push(batch);
    }
    Ok(Some(batches))
}

/// As many records as fill a page of memory, judging by the page just read.
fn next_page_records(batches: &[RecordBatch], asked: u32) -> u32 {
    let records: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let bytes: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
    if records == 0 {
        return asked;
    }
    let fitting = PAGE_BYTES / (bytes / records).max(1);
    u32::try_from(fitting).unwrap_or(u32::MAX).clamp(1, LONGEST_PAGE_RECORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_records_than_announced_are_no_whole_reading() {
        assert!(all_came(Some(3), 3).is_ok());
        assert!(all_came(Some(3), 4).is_ok(), "what comes twice is dropped by the Block");
        assert!(all_came(None, 0).is_ok());
        assert!(matches!(all_came(Some(3), 2), Err(Error::RecordsMissing { expected: 3, got: 2 })));
    }
}
