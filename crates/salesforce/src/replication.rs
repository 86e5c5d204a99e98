//! What was deleted or updated in a time window, as the org's own log has it.
//!
//! Salesforce cuts seconds off, so windows are whole minutes; both logs reach back only so far
//! (SOAP API Developer Guide, "getDeleted" and "getUpdated").

use chrono::{DateTime, Utc};
use holdfast_domain::schema::FieldKind;
use holdfast_domain::value::{canonical, timestamp_us};
use holdfast_domain::{ObjectName, RecordId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::defect::AnswerDefect;
use crate::doing::Doing;
use crate::error::Error;
use crate::query::{ArraySplitter, Piece};
use crate::transport::Request;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedRecord {
    pub id: RecordId,
    pub deleted_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    pub records: Vec<DeletedRecord>,
    /// Deletions before this are no longer in the log.
    pub earliest_available: Option<DateTime<Utc>>,
    /// Everything up to here is covered; the next window begins here, not at the end that was asked for.
    pub latest_covered: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    pub ids: Vec<RecordId>,
    pub latest_covered: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    earliest_date_available: Option<String>,
    latest_date_covered: Option<String>,
}

#[derive(Deserialize)]
struct DeletedEntry {
    id: RecordId,
    #[serde(rename = "deletedDate")]
    deleted_date: String,
}

impl Client {
    pub async fn get_deleted(
        &self,
        object: &ObjectName,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<Deleted, Error> {
        let doing = Doing::ListDeleted { object: object.to_string() };
        let path = self.replication_path(object, "deleted", start, end);
        let mut records = Vec::new();
        let window = self
            .read_list(doing, path, "deletedRecords", |entry: DeletedEntry| {
                records.push(DeletedRecord { id: entry.id, deleted_at: time(&entry.deleted_date)? });
                Ok(())
            })
            .await?;
        Ok(Deleted { records, earliest_available: window.0, latest_covered: window.1 })
    }

    pub async fn get_updated(
        &self,
        object: &ObjectName,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<Updated, Error> {
        let doing = Doing::ListUpdated { object: object.to_string() };
        let path = self.replication_path(object, "updated", start, end);
        let mut ids = Vec::new();
        let window = self
            .read_list(doing, path, "ids", |id: RecordId| {
                ids.push(id);
                Ok(())
            })
            .await?;
        Ok(Updated { ids, latest_covered: window.1 })
    }

    fn replication_path(
        &self,
        object: &ObjectName,
        log: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> String {
        let [start, end] = [start, end].map(|time| time.format("%Y-%m-%dT%H:%M:%SZ"));
        self.data_path(&format!("/sobjects/{object}/{log}/?start={start}&end={end}"))
    }

    /// Lists hold up to 600,000 entries, so they are read one by one as they arrive.
    async fn read_list<T: DeserializeOwned>(
        &self,
        doing: Doing,
        path: String,
        key: &str,
        mut visit: impl FnMut(T) -> Result<(), AnswerDefect>,
    ) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>), Error> {
        let mut body = self.send(&Request::get(doing, path)).await?.body;
        let mut splitter = ArraySplitter::new(key);
        let mut read = 0;
        while let Some(chunk) = body.chunk().await? {
            splitter.push(&chunk);
            while let Piece::Element(entry) =
                splitter.next_piece().map_err(|defect| body.unreadable(defect))?
            {
                read += 1;
                let entry = serde_json::from_slice(entry)
                    .map_err(|source| body.unreadable(AnswerDefect::Record { record: read, source }))?;
                visit(entry).map_err(|defect| body.unreadable(defect))?;
            }
        }
        let window: Window = splitter.finish().map_err(|defect| body.unreadable(defect))?;
        let read_time = |text: Option<String>| text.map(|text| time(&text)).transpose();
        let earliest = read_time(window.earliest_date_available).map_err(|defect| body.unreadable(defect))?;
        let latest = read_time(window.latest_date_covered).map_err(|defect| body.unreadable(defect))?;
        Ok((earliest, latest))
    }
}

fn time(text: &str) -> Result<DateTime<Utc>, AnswerDefect> {
    timestamp_us(&canonical(&FieldKind::DateTime, text))
        .and_then(DateTime::from_timestamp_micros)
        .ok_or_else(|| AnswerDefect::BadTime(text.to_owned()))
}
