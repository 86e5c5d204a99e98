//! One page of a job's results, streamed.
//!
//! UTF-8 whatever the headers say: the charset is missing from some answers, and libraries that guess
//! spoil every accent. A page is whole if and only if its CSV ends between records and holds as many
//! as `Sforce-NumberOfRecords` says.

use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use futures::{StreamExt, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::csv::CsvDecoder;
use super::job_path;
use crate::api_error::describe_body;
use crate::client::Client;
use crate::defect::AnswerDefect;
use crate::doing::Doing;
use crate::error::Error;
use crate::rows::{BatchStream, Columns, PageEnd, QueryField};
use crate::transport::{Body, Request};

#[derive(Debug)]
pub struct BulkPage {
    /// How many records the page says it has.
    pub expected: Option<u64>,
    /// Where the next page is; none on the last one.
    pub next: Option<String>,
    pub rows: BatchStream,
}

impl Client {
    /// Reads a page of at most `max_records` records; `locator` is [`BulkPage::next`] of the page before.
    pub async fn bulk_page(
        &self,
        job: &str,
        locator: Option<&str>,
        max_records: u32,
        fields: &[QueryField],
    ) -> Result<BulkPage, Error> {
        let doing = Doing::ReadBulkPage { job: job.to_owned(), locator: locator.map(str::to_owned) };
        let mut path = format!("{}/results?maxRecords={max_records}", job_path(self, job));
        if let Some(locator) = locator {
            path.extend(["&locator="].into_iter().chain(utf8_percent_encode(locator, NON_ALPHANUMERIC)));
        }
        let answer = self.send(&Request::get(doing, path).accept("text/csv")).await?;
        let next = answer.header("sforce-locator").filter(|text| !text.is_empty() && *text != "null");
        let next = next.map(str::to_owned);
        let expected = answer.header("sforce-numberofrecords").and_then(|text| text.parse().ok());
        let is_page = answer.header("content-type").is_some_and(|kind| kind.contains("html"));
        if is_page {
            return Err(not_csv(answer.body).await);
        }
        let reader = PageReader {
            body: answer.body,
            csv: CsvDecoder::new(fields),
            columns: Columns::new(fields),
            expected,
            end: Arc::default(),
        };
        let end = Arc::clone(&reader.end);
        let batches = stream::try_unfold(reader, |mut reader| async move {
            Ok(reader.next_batch().await?.map(|batch| (batch, reader)))
        });
        Ok(BulkPage { expected, next, rows: BatchStream::new(batches.boxed(), end) })
    }
}

async fn not_csv(mut body: Body) -> Error {
    match body.chunk().await {
        Ok(start) => {
            let what = describe_body(&start.unwrap_or_default());
            body.unreadable(AnswerDefect::WrongShape { what, expected: "CSV" })
        }
        Err(error) => error,
    }
}

struct PageReader {
    body: Body,
    csv: CsvDecoder,
    columns: Columns,
    expected: Option<u64>,
    end: Arc<OnceLock<PageEnd>>,
}

impl PageReader {
    async fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.end.get().is_some() {
            return Ok(None);
        }
        loop {
            self.csv.decode(&mut self.columns).map_err(|defect| self.body.unreadable(defect))?;
            if self.columns.room() == 0 {
                return self.columns.take().map_err(|defect| self.body.unreadable(defect));
            }
            match self.body.chunk().await? {
                Some(chunk) => self.csv.push(&chunk),
                None => return self.finish().map_err(|defect| self.body.unreadable(defect)),
            }
        }
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>, AnswerDefect> {
        self.csv.finish(&mut self.columns)?;
        let last = self.columns.take()?;
        let records = self.columns.records();
        match self.expected {
            Some(expected) if expected != records => {
                Err(AnswerDefect::RecordCount { expected, found: records })
            }
            _ => {
                self.end.set(PageEnd { records, next_url: None }).expect("a page ends once");
                Ok(last)
            }
        }
    }
}
