//! Queries over REST: pages of records as a stream of batches, and small answers whole.
//!
//! Only `nextRecordsUrl` says whether there is more; page sizes are never assumed, because
//! Salesforce sends smaller pages where fields are long (SOQL Reference, "Change the Batch Size").

mod record;
mod split;

use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::client::Client;
use crate::composite::QueryValues;
use crate::defect::AnswerDefect;
use crate::doing::Doing;
use crate::error::Error;
use crate::rows::{BatchStream, Columns, PageEnd, QueryField};
use crate::transport::{Body, Request};
use record::RecordPlan;

pub(crate) use split::{ArraySplitter, Piece};

/// REST API Developer Guide, status 414: an address may have so many bytes.
const LONGEST_URI: usize = 16_384;
/// The same limit holds for address and headers together (status 431); tokens in JWT form are long.
const ROOM_FOR_HEADERS: usize = 2_500;
/// A query meant to be small that answers more than this was meant for [`Client::query_page`].
const MOST_VALUES: usize = 20_000;

/// One page of a query.
#[derive(Debug)]
pub struct QueryPage {
    /// Records in all pages together, as far as the org could say at the start of this page.
    pub total: Option<u64>,
    pub rows: BatchStream,
}

/// What stands around the records of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    total_size: Option<u64>,
    done: Option<bool>,
    next_records_url: Option<String>,
}

pub(crate) fn query_path(client: &Client, soql: &str, all: bool) -> String {
    let query: String = form_urlencoded::byte_serialize(soql.as_bytes()).collect();
    client.data_path(&format!("/{}?q={query}", if all { "queryAll" } else { "query" }))
}

impl Client {
    /// True if and only if the query is short enough to be sent over REST; others go through Bulk.
    pub fn query_fits(&self, soql: &str, all: bool) -> bool {
        self.uri_length(&query_path(self, soql, all)) + ROOM_FOR_HEADERS <= LONGEST_URI
    }

    fn uri_length(&self, path: &str) -> usize {
        self.instance_url().as_str().len() + path.len()
    }

    /// Runs a query and reads its first page. `fields` are the selected columns, `Id` first.
    pub async fn query_page(&self, soql: &str, all: bool, fields: &[QueryField]) -> Result<QueryPage, Error> {
        let path = query_path(self, soql, all);
        let length = self.uri_length(&path);
        if length > LONGEST_URI {
            return Err(Error::QueryTooLong { doing: Doing::Query, length, longest: LONGEST_URI });
        }
        self.page(Request::get(Doing::Query, path), fields).await
    }

    /// Reads the page at [`BatchStream::next_url`] of the one before it.
    pub async fn next_page(&self, url: &str, fields: &[QueryField]) -> Result<QueryPage, Error> {
        self.page(Request::get(Doing::NextPage, url), fields).await
    }

    async fn page(&self, request: Request, fields: &[QueryField]) -> Result<QueryPage, Error> {
        let request = request.header("sforce-query-options", "batchSize=2000");
        let body = self.send(&request).await?.body;
        let mut reader = PageReader::new(body, fields);
        let total = reader.read_head().await?;
        let end = Arc::clone(&reader.end);
        let batches = stream::try_unfold(reader, |mut reader| async move {
            Ok(reader.next_batch().await?.map(|batch| (batch, reader)))
        });
        Ok(QueryPage { total, rows: BatchStream::new(batches.boxed(), end) })
    }

    /// Runs a query whose answer is small: counts, bounds, single records. Numbers beyond 15 digits may
    /// be rounded here; records to be kept are read with [`Client::query_page`].
    pub async fn query_values(&self, soql: &str, all: bool) -> Result<Vec<Map<String, Value>>, Error> {
        let mut page: QueryValues =
            self.fetch(&Request::get(Doing::Query, query_path(self, soql, all))).await?;
        let mut records = page.records;
        while let Some(url) = page.next_url {
            page = self.fetch(&Request::get(Doing::NextPage, url)).await?;
            records.append(&mut page.records);
            if records.len() > MOST_VALUES {
                let source = AnswerDefect::WrongShape {
                    what: format!("more than {MOST_VALUES} records"),
                    expected: "a few",
                };
                return Err(Error::Unreadable { doing: Doing::Query, source });
            }
        }
        Ok(records)
    }

    /// The number that a `SELECT COUNT() FROM …` query answers.
    pub async fn query_count(&self, soql: &str, all: bool) -> Result<u64, Error> {
        let page: QueryValues = self.fetch(&Request::get(Doing::Query, query_path(self, soql, all))).await?;
        Ok(page.total)
    }
}

/// Turns the bytes of one page into batches.
struct PageReader {
    body: Body,
    splitter: ArraySplitter,
    plan: RecordPlan,
    columns: Columns,
    end: Arc<OnceLock<PageEnd>>,
}

impl PageReader {
    fn new(body: Body, fields: &[QueryField]) -> Self {
        Self {
            body,
            splitter: ArraySplitter::new("records"),
            plan: RecordPlan::new(fields),
            columns: Columns::new(fields),
            end: Arc::default(),
        }
    }

    /// Reads up to the first record, and what the org says of the total before it.
    async fn read_head(&mut self) -> Result<Option<u64>, Error> {
        while !self.splitter.has_begun() {
            let begun = self.splitter.skip_head().map_err(|defect| self.body.unreadable(defect))?;
            if !begun {
                match self.body.chunk().await? {
                    Some(chunk) => self.splitter.push(&chunk),
                    None => return Err(self.body.unreadable(self.splitter.cut_short())),
                }
            }
        }
        let head: Envelope =
            self.splitter.head().map_err(|source| self.body.unreadable(AnswerDefect::Json { source }))?;
        Ok(head.total_size)
    }

    async fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.end.get().is_some() {
            return Ok(None);
        }
        loop {
            if self.fill().map_err(|defect| self.body.unreadable(defect))? {
                return self.columns.take().map_err(|defect| self.body.unreadable(defect));
            }
            match self.body.chunk().await? {
                Some(chunk) => self.splitter.push(&chunk),
                None => return self.finish().map_err(|defect| self.body.unreadable(defect)),
            }
        }
    }

    /// Decodes what has arrived; true if and only if the batch is full.
    fn fill(&mut self) -> Result<bool, AnswerDefect> {
        while self.columns.room() > 0 {
            match self.splitter.next_piece()? {
                Piece::Element(record) => self.plan.decode(record, &mut self.columns)?,
                Piece::NeedMore => return Ok(false),
            }
        }
        Ok(true)
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>, AnswerDefect> {
        let envelope: Envelope = self.splitter.finish()?;
        let next_url = envelope.next_records_url.filter(|url| !url.is_empty());
        if envelope.done == Some(false) && next_url.is_none() {
            return Err(AnswerDefect::NoNextPage);
        }
        let next_url = next_url.filter(|_| envelope.done != Some(true));
        let last = self.columns.take()?;
        let end = PageEnd { records: self.columns.records(), next_url };
        self.end.set(end).expect("a page ends once");
        Ok(last)
    }
}
