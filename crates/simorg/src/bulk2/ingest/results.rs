//! The three results of an ingest job, written from its upload and its marks as they are read.
//!
//! Rows do not come in the order of the upload: whole chunks change places, as those of a real org do that were processed in
//! parallel. Clients match rows by a key of their own.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::job::Job;
use super::ledger::{Ledger, Mark};
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::ingest::{CHUNK, Reader, write_text};
use crate::model::ids;
use crate::pieces::{self, Pieces};
use crate::server::{AppState, Session};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Successful,
    Failed,
    Unprocessed,
}

pub(super) async fn successful(
    state: State<AppState>,
    session: Extension<Session>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    results(&state, &session, &id, Part::Successful).await
}

pub(super) async fn failed(
    state: State<AppState>,
    session: Extension<Session>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    results(&state, &session, &id, Part::Failed).await
}

pub(super) async fn unprocessed(
    state: State<AppState>,
    session: Extension<Session>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    results(&state, &session, &id, Part::Unprocessed).await
}

async fn results(state: &AppState, session: &Session, id: &str, part: Part) -> Result<Response, ApiError> {
    let now = state.org.now();
    let job = state.bulk2.find_ingest(id, session, now)?;
    job.settle(state.bulk2.polls(), now);
    if !job.phase().is_final() {
        let text = format!("Results are not available: the job is {}", job.phase().text());
        return Err(ApiError::bad_request("JOB_NOT_COMPLETE", text));
    }
    if let Some(Effect::LocatorLost) = state.org.faults().semantic(Endpoint::IngestResults, Some(&job.object))
    {
        return Err(ApiError::not_found());
    }
    // An aborted job may still be saving its last chunk.
    if job.is_cancelled() {
        job.finished.wait().await;
    }
    let body = pieces::body(move |pieces| Writer { job: &job, part, pieces }.write());
    let content_type = HeaderValue::from_static("text/csv; charset=UTF-8");
    Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
}

/// Nobody reads any more, or the upload itself ends in the middle of a value.
struct Stop;

struct Writer<'a> {
    job: &'a Arc<Job>,
    part: Part,
    pieces: &'a mut Pieces,
}

impl Writer<'_> {
    fn write(mut self) {
        let mut reader = Reader::new(self.job.text(), self.job.dialect());
        let mut values = Vec::new();
        // A header that cannot be read has no columns.
        reader.read(&mut values).ok();
        let header: Vec<Cow<'_, str>> = values.clone();
        let own: &[&str] = match self.part {
            Part::Successful => &["sf__Id", "sf__Created"],
            Part::Failed => &["sf__Id", "sf__Error"],
            Part::Unprocessed => &[],
        };
        self.line(own, &header, header.len());
        let none = Ledger::default();
        let ledger = self.job.ledger.get().unwrap_or(&none);
        // Whether it stopped early does not matter: what was written is sent.
        match self.part {
            Part::Unprocessed => self.rest(reader, ledger, header.len()).ok(),
            Part::Successful | Part::Failed => self.chunks(ledger, &header).ok(),
        };
    }

    /// Every second chunk first.
    fn chunks(&mut self, ledger: &Ledger, header: &[Cow<'_, str>]) -> Result<(), Stop> {
        let count = ledger.chunks.len();
        for at in (1..count).step_by(2).chain((0..count).step_by(2)) {
            self.chunk(ledger, at, header)?;
        }
        Ok(())
    }

    fn chunk(&mut self, ledger: &Ledger, at: usize, header: &[Cow<'_, str>]) -> Result<(), Stop> {
        let job = self.job.clone();
        let mut reader = Reader::at(job.text(), job.dialect(), ledger.chunks[at]);
        let mut values = Vec::new();
        let marks = ledger.marks.iter().skip(at * CHUNK).take(CHUNK);
        for mark in marks {
            reader.read(&mut values).map_err(|_| Stop)?;
            match (self.part, *mark) {
                (Part::Successful, Mark::Created { counter }) => {
                    self.line(&[&ids::record_id(&job.prefix, counter), "true"], &values, header.len());
                }
                (Part::Successful, Mark::Saved { counter }) => {
                    self.line(&[&ids::record_id(&job.prefix, counter), "false"], &values, header.len());
                }
                (Part::Failed, Mark::Failed(error)) => {
                    let id = self.named_id(header, &values);
                    self.line(&[&id, ledger.error_at(error)], &values, header.len());
                }
                _ => continue,
            }
            self.send_full()?;
        }
        Ok(())
    }

    /// The id by which a failed row named its record.
    fn named_id(&self, header: &[Cow<'_, str>], values: &[Cow<'_, str>]) -> String {
        if !self.job.operation.is_by_id() {
            return String::new();
        }
        let at = header.iter().position(|name| name.eq_ignore_ascii_case("Id"));
        at.and_then(|at| ids::canonical(values.get(at)?)).unwrap_or_default()
    }

    /// The rows that come after those that were processed.
    fn rest(&mut self, mut reader: Reader<'_>, ledger: &Ledger, columns: usize) -> Result<(), Stop> {
        let mut values = Vec::new();
        let mut seen = 0;
        while reader.read(&mut values).map_err(|_| Stop)? {
            seen += 1;
            if seen > ledger.marks.len() {
                self.line(&[], &values, columns);
                self.send_full()?;
            }
        }
        Ok(())
    }

    /// Writes a line of columns of the result's own and of the upload's, as many as its header has.
    fn line(&mut self, own: &[&str], values: &[Cow<'_, str>], columns: usize) {
        let uploaded = (0..columns).map(|at| values.get(at).map_or("", |value| &**value));
        for (at, value) in own.iter().copied().chain(uploaded).enumerate() {
            if at > 0 {
                self.pieces.text.push(self.job.format.delimiter());
            }
            write_text(&mut self.pieces.text, value);
        }
        self.job.format.end_line(&mut self.pieces.text);
    }

    fn send_full(&mut self) -> Result<(), Stop> {
        if self.pieces.send_full().is_break() { Err(Stop) } else { Ok(()) }
    }
}
