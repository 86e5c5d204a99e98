//! Records from the org into a Block, by REST pages or by a Bulk job, whichever costs the org less.
//!
//! A page that breaks off is read again from its locator, and what comes twice the Block drops. So the
//! large pages of Bulk jobs go into the Block as they arrive, and none of them is ever held whole.

use std::time::Duration;

use arrow_array::RecordBatch;
use futures::TryStreamExt;
use holdfast_salesforce::BatchStream;

use super::context::{Failures, RunContext};
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

/// A Bulk page of about this many bytes: the most records that a page may have, of most objects. What breaks off is asked for
/// again in halves, and nothing of it is held, so that a larger page costs calls only behind a proxy that cuts.
const PAGE_BYTES: usize = 256 << 20;
/// What a field of a record takes, until a page has told: more than most do, since many are blank.
const GUESSED_FIELD_BYTES: usize = 32;
const LONGEST_PAGE_RECORDS: u32 = 250_000;
/// So many pages must come whole before larger ones are tried again.
const WHOLE_PAGES: u32 = 5;

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
    let mut size = PageSize::of(select.fields.len());
    let mut records = 0;
    loop {
        let place = Place { job, locator: locator.as_deref(), before: records };
        let page = bulk_page(ctx, select, place, size.records, sink).await?;
        records += page.records;
        size.learn(&page);
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
    let mut seen = None;
    let mut since = ctx.now();
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
        let progress = Some((status.state, status.records));
        if seen != progress {
            (seen, since) = (progress, ctx.now());
        } else if (ctx.now() - since).to_std().is_ok_and(|idle| idle >= ctx.engine.settings().job_patience) {
            return Err(Error::JobStuck { job: job.to_owned(), object: select.object.clone() });
        }
        ctx.pause(pause).await?;
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}

/// Where a page of a Bulk job begins.
#[derive(Clone, Copy)]
struct Place<'a> {
    job: &'a str,
    locator: Option<&'a str>,
    /// Records of earlier pages.
    before: u64,
}

/// How many records the next page is to have: as many as weigh [`PAGE_BYTES`], but where pages break off no more
/// than came whole. A proxy that cuts every long answer would else cut each page anew.
struct PageSize {
    records: u32,
    most: u32,
    whole_pages: u32,
}

impl PageSize {
    /// The first page of records with so many fields.
    fn of(fields: usize) -> Self {
        let records = fitting(PAGE_BYTES / (fields.max(1) * GUESSED_FIELD_BYTES));
        Self { records, most: LONGEST_PAGE_RECORDS, whole_pages: 0 }
    }

    fn learn(&mut self, page: &BulkPageRead) {
        if page.asked < self.records {
            (self.most, self.whole_pages) = (page.asked, 0);
        } else {
            self.whole_pages += 1;
            if self.whole_pages == WHOLE_PAGES {
                (self.most, self.whole_pages) = (self.most.saturating_mul(2).min(LONGEST_PAGE_RECORDS), 0);
            }
        }
        self.records = page.fitting_records().min(self.most);
    }
}

/// What one page brought.
struct BulkPageRead {
    /// The most records that it was allowed to have when it came whole.
    asked: u32,
    records: u64,
    bytes: usize,
    next: Option<String>,
}

impl BulkPageRead {
    /// As many records as make a page of the right size, judging by this one.
    fn fitting_records(&self) -> u32 {
        let records = usize::try_from(self.records).unwrap_or(usize::MAX);
        let Some(bytes_each) = self.bytes.checked_div(records) else { return self.asked };
        fitting(PAGE_BYTES / bytes_each.max(1))
    }
}

fn fitting(records: usize) -> u32 {
    u32::try_from(records).unwrap_or(u32::MAX).clamp(1, LONGEST_PAGE_RECORDS)
}

/// One page into `sink`. What breaks off is asked for again in smaller pieces.
async fn bulk_page(
    ctx: &RunContext,
    select: &Select,
    place: Place<'_>,
    mut records: u32,
    sink: &mut impl Sink,
) -> Result<BulkPageRead> {
    let mut failures = Failures::default();
    loop {
        match stream_page(ctx, select, place, records, sink).await? {
            Ok(page) => return Ok(page),
            Err(error) => ctx.wait_to_repeat(Some(&select.object), &mut failures, error).await?,
        }
        records = (records / 2).max(1);
    }
}

/// The inner failure is one of the reading, which may be repeated.
async fn stream_page(
    ctx: &RunContext,
    select: &Select,
    place: Place<'_>,
    records: u32,
    sink: &mut impl Sink,
) -> Result<Result<BulkPageRead>> {
    ctx.may_go_on()?;
    let doing = || format!("read the results of Bulk job `{}`", place.job);
    let opening = ctx.client.bulk_page(place.job, place.locator, records, &select.fields);
    let mut page = match ctx.unless_cancelled(opening).await?.doing(doing) {
        Ok(page) => page,
        Err(error) => return Ok(Err(error)),
    };
    let mut read = BulkPageRead { asked: records, records: 0, bytes: 0, next: page.next };
    loop {
        match ctx.unless_cancelled(page.rows.try_next()).await?.doing(doing) {
            Ok(Some(batch)) => {
                read.bytes += batch.get_array_memory_size();
                read.records += push(ctx, select, vec![batch], place.before + read.records, sink).await?;
            }
            Ok(None) => return Ok(Ok(read)),
            Err(error) => return Ok(Err(error)),
        }
    }
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

    #[test]
    fn pages_are_sized_by_what_the_last_one_weighed() {
        let page = |records, bytes| BulkPageRead { asked: 7, records, bytes, next: None }.fitting_records();
        assert_eq!(page(0, 0), 7);
        assert_eq!(page(1_000, 4 << 20), 64_004);
        assert_eq!((page(1_000, 1_000), page(1, 1 << 30)), (LONGEST_PAGE_RECORDS, 1));
    }

    #[test]
    fn the_first_page_is_sized_by_the_number_of_fields() {
        let first = |fields| PageSize::of(fields).records;
        assert_eq!((first(0), first(30), first(800)), (LONGEST_PAGE_RECORDS, LONGEST_PAGE_RECORDS, 10_485));
    }

    /// A proxy cuts each answer of more than 20,000 records.
    #[test]
    fn pages_that_break_off_are_rare_behind_a_proxy_that_cuts_long_answers() {
        let mut size = PageSize::of(30);
        let (mut broken, mut sizes) = (0, Vec::new());
        for _ in 0..24 {
            let mut asked = size.records;
            while asked > 20_000 {
                (broken, asked) = (broken + 1, asked / 2);
            }
            sizes.push(asked);
            size.learn(&BulkPageRead { asked, records: asked.into(), bytes: asked as usize, next: None });
        }

        assert_eq!(sizes, [15_625; 24]);
        // The first page four times, and once whenever larger pages are tried again.
        assert_eq!(broken, 4 + 3);
    }
}
