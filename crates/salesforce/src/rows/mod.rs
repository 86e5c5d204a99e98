//! How records leave this crate: Arrow batches of canonical text, one column per asked field.

mod columns;

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use arrow_array::RecordBatch;
use futures::Stream;
use futures::stream::BoxStream;
use holdfast_domain::schema::FieldKind;

use crate::error::Error;

pub(crate) use columns::Columns;

/// One asked column: what it is called (`Name`, `Owner.Name`) and how its values become canonical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryField {
    pub name: String,
    pub kind: FieldKind,
}

impl QueryField {
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        Self { name: name.into(), kind }
    }
}

/// The records of one page, at most 8,192 per batch. An error ends it; what came before is not the whole page.
pub struct BatchStream {
    batches: BoxStream<'static, Result<RecordBatch, Error>>,
    end: Arc<OnceLock<PageEnd>>,
}

/// What is known when a page has been read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageEnd {
    pub(crate) records: u64,
    pub(crate) next_url: Option<String>,
}

impl BatchStream {
    pub(crate) fn new(
        batches: BoxStream<'static, Result<RecordBatch, Error>>,
        end: Arc<OnceLock<PageEnd>>,
    ) -> Self {
        Self { batches, end }
    }

    /// True if and only if the page was read to its end and found whole.
    pub fn is_complete(&self) -> bool {
        self.end.get().is_some()
    }

    /// How many records the page held; known at its end.
    pub fn records(&self) -> Option<u64> {
        self.end.get().map(|end| end.records)
    }

    /// Where the next page of the query is, for [`crate::Client::next_page`]. Asking before the end is a
    /// defect of the caller: the page might look like the last one.
    pub fn next_url(&self) -> Option<&str> {
        debug_assert!(self.is_complete(), "the page is read to its end before the next one is asked for");
        self.end.get()?.next_url.as_deref()
    }
}

impl Stream for BatchStream {
    type Item = Result<RecordBatch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for BatchStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchStream").field("end", &self.end).finish_non_exhaustive()
    }
}
