//! Runs a statement and writes its rows as JSON, or as CSV while they come.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use holdfast_domain::{ObjectName, OrgId};
use holdfast_engine::Engine;
use holdfast_engine::access::{Act, Caller};
use holdfast_query::{AsOf, Format, QueryEngine, QueryOptions, render};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::page::{Paging, slice};
use crate::problem::{Refusal, Result};
use crate::types::records::{Query, QueryAnswer, QueryColumn, QueryTable, QueryTablePage};

const USUAL_ROWS: u64 = 1_000;
const MOST_ROWS: u64 = 10_000;
/// What one person's query may hold in memory; the rest goes to temporary files.
const MEMORY: usize = 256 << 20;
const LONGEST: Duration = Duration::from_mins(5);
/// Chunks of a CSV that wait for a slow reader.
const WAITING: usize = 8;
const CHUNK: usize = 64 * 1024;

pub(super) async fn rows(engine: &Engine, org: &OrgId, query: Query) -> Result<QueryAnswer> {
    let begun = engine.clock().now();
    let limit = query.limit.unwrap_or(USUAL_ROWS).clamp(1, MOST_ROWS);
    let read = async {
        let queries = open(engine, org, query.as_of.as_deref()).await?;
        let mut answer = queries.query(&query.sql).await?;
        let columns = columns_of(answer.columns());
        let mut rows = Vec::new();
        let mut has_more = false;
        while let Some(batch) = answer.next().await {
            for row in holdfast_query::render::json_rows(&batch?)? {
                if rows.len() as u64 >= limit {
                    has_more = true;
                    break;
                }
                rows.push(row);
            }
            if has_more {
                break;
            }
        }
        Ok::<_, Refusal>((columns, rows, has_more))
    };
    let (columns, rows, has_more) = tokio::select! {
        read = read => read?,
        () = engine.clock().sleep(LONGEST) => {
            let code = holdfast_domain::ErrorCode::QueryRefused;
            return Err(Refusal::new(code, "the query took longer than five minutes"));
        }
    };
    let took_ms = u64::try_from((engine.clock().now() - begun).num_milliseconds()).unwrap_or(0);
    Ok(QueryAnswer { columns, rows, has_more, took_ms })
}

pub(super) async fn csv(engine: &Engine, caller: &Caller, org: &OrgId, query: Query) -> Result<Response> {
    let queries = open(engine, org, query.as_of.as_deref()).await?;
    let answer = queries.query(&query.sql).await?;
    let act = Act::new("data.downloaded").of_org(org).with(json!({ "as": "csv" }));
    engine.note(&caller.actor(), act).await?;
    let (sender, chunks) = mpsc::channel::<io::Result<Bytes>>(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = io::BufWriter::with_capacity(CHUNK, Chunks(sender.clone()));
        // Not the runtime's own: within that, nothing may wait, and the writer waits for the reader.
        if let Err(error) = futures::executor::block_on(render(answer, Format::Csv, &mut out)) {
            // The status is sent already: a body that breaks off is the only way to say that it is not whole.
            let _ = sender.blocking_send(Err(io::Error::other(error.to_string())));
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"query.csv\"")),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(chunks))).into_response())
}

pub(super) async fn tables(
    engine: &Engine,
    org: &OrgId,
    as_of: Option<&str>,
    part: Option<&str>,
    paging: &Paging,
) -> Result<QueryTablePage> {
    let queries = open(engine, org, as_of).await?;
    let part = part.unwrap_or_default().to_lowercase();
    let names: Vec<ObjectName> = queries.tables().await?.to_vec();
    let names = names.into_iter().filter(|name| name.as_str().to_lowercase().contains(&part)).collect();
    let (names, next_page) = slice(names, paging, ToString::to_string)?;
    let mut items = Vec::with_capacity(names.len());
    for name in names {
        let answer = queries.query(&format!("SELECT * FROM \"{name}\" LIMIT 0")).await?;
        items.push(QueryTable { name: name.to_string(), columns: columns_of(answer.columns()) });
    }
    Ok(QueryTablePage { items, next_page })
}

async fn open(engine: &Engine, org: &OrgId, as_of: Option<&str>) -> Result<QueryEngine> {
    let as_of = as_of.filter(|text| !text.is_empty()).map_or(Ok(AsOf::Now), str::parse)?;
    let options = QueryOptions { memory_bytes: MEMORY, ..QueryOptions::default() };
    Ok(QueryEngine::open_with(engine.lake().org(org), as_of, options).await?)
}

fn columns_of(columns: Vec<(String, String)>) -> Vec<QueryColumn> {
    columns.into_iter().map(|(name, kind)| QueryColumn { name, kind }).collect()
}

/// Sends what is written, and waits for the reader.
struct Chunks(mpsc::Sender<io::Result<Bytes>>);

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
