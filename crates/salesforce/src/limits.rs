//! The org's limits and its own estimate of how many records each Object has.

use std::collections::BTreeMap;

use holdfast_domain::ObjectName;
use serde::Deserialize;

use crate::client::Client;
use crate::doing::Doing;
use crate::error::Error;
use crate::transport::Request;

/// So many names fit one address whatever their length (120 characters each at most).
const NAMES_PER_CALL: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Limit {
    pub max: i64,
    pub remaining: i64,
}

/// Limits by Salesforce's names. A name that is absent is unknown, not zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits(pub BTreeMap<String, Limit>);

impl Limits {
    pub fn get(&self, name: &str) -> Option<Limit> {
        self.0.get(name).copied()
    }
}

#[derive(Deserialize)]
struct RecordCounts {
    #[serde(rename = "sObjects")]
    objects: Vec<RecordCount>,
}

#[derive(Deserialize)]
struct RecordCount {
    name: ObjectName,
    count: u64,
}

impl Client {
    pub async fn limits(&self) -> Result<Limits, Error> {
        let request = Request::get(Doing::ReadLimits, self.data_path("/limits"));
        let all: BTreeMap<String, serde_json::Value> = self.fetch(&request).await?;
        let readable = |(name, value)| Some((name, serde_json::from_value(value).ok()?));
        Ok(Limits(all.into_iter().filter_map(readable).collect()))
    }

    /// A cached estimate: good for choosing a way to read, never for checking. Objects without one are absent.
    pub async fn record_counts(&self, names: &[ObjectName]) -> Result<BTreeMap<ObjectName, u64>, Error> {
        let mut counts = BTreeMap::new();
        for names in names.chunks(NAMES_PER_CALL) {
            let list = names.iter().map(ObjectName::as_str).collect::<Vec<_>>().join(",");
            let path = self.data_path(&format!("/limits/recordCount?sObjects={list}"));
            let answer: RecordCounts = self.fetch(&Request::get(Doing::CountRecords, path)).await?;
            counts.extend(answer.objects.into_iter().map(|object| (object.name, object.count)));
        }
        Ok(counts)
    }
}
