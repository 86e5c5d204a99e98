//! Which Objects there are, and what each consists of.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use holdfast_domain::ObjectName;
use serde::Deserialize;
use serde_json::Map;

use crate::api_error::ApiError;
use crate::client::Client;
use crate::composite::{CALLS_AT_ONCE, QueryValues, REQUESTS_PER_CALL, SubAnswer, SubRequest, read_query};
use crate::doing::Doing;
use crate::error::Error;
use crate::transport::Request;

/// An Object as the list of all Objects shows it. Keys that newer releases add are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are Salesforce's own describe attributes")]
pub struct GlobalObject {
    pub name: ObjectName,
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub key_prefix: Option<String>,
    #[serde(default)]
    pub custom: bool,
    #[serde(default)]
    pub custom_setting: bool,
    #[serde(default)]
    pub queryable: bool,
    #[serde(default)]
    pub replicateable: bool,
    #[serde(default)]
    pub retrieveable: bool,
    #[serde(default)]
    pub createable: bool,
    #[serde(default)]
    pub updateable: bool,
    #[serde(default)]
    pub deletable: bool,
    #[serde(default)]
    pub undeletable: bool,
    /// `Share`, `History`, `Feed`, … of [`Self::associate_parent_entity`].
    #[serde(default)]
    pub associate_entity_type: Option<String>,
    #[serde(default)]
    pub associate_parent_entity: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DescribeAnswer {
    /// Unchanged since the time that was given.
    NotModified,
    /// The describe exactly as it came.
    Describe {
        json: Bytes,
        last_modified: Option<String>,
    },
    Refused(ApiError),
}

/// What one call told.
#[derive(Debug)]
pub struct DescribedAndQueried {
    pub describes: Vec<(ObjectName, DescribeAnswer)>,
    /// In the order of the queries.
    pub values: Vec<Result<QueryValues, ApiError>>,
}

#[derive(Deserialize)]
struct GlobalDescribe {
    sobjects: Vec<GlobalObject>,
}

impl Client {
    pub async fn describe_global(&self) -> Result<Vec<GlobalObject>, Error> {
        let request = Request::get(Doing::ListObjects, self.data_path("/sobjects"));
        let answer: GlobalDescribe = self.fetch(&request).await?;
        Ok(answer.sobjects)
    }

    /// Describes `names`, 25 per call, in their order. `if_modified_since` holds, per Object, the
    /// `last_modified` of the describe that the caller already has.
    pub async fn describe_many(
        &self,
        names: &[ObjectName],
        if_modified_since: &BTreeMap<ObjectName, String>,
    ) -> Result<Vec<(ObjectName, DescribeAnswer)>, Error> {
        // Collected first: a stream over the closure itself would not be `Send` for every lifetime.
        let calls: Vec<_> = names
            .chunks(REQUESTS_PER_CALL)
            .map(|names| self.describe_call(names, if_modified_since))
            .collect();
        let answers: Vec<_> = stream::iter(calls).buffered(CALLS_AT_ONCE).try_collect().await?;
        Ok(answers.into_iter().flatten().collect())
    }

    async fn describe_call(
        &self,
        names: &[ObjectName],
        if_modified_since: &BTreeMap<ObjectName, String>,
    ) -> Result<Vec<(ObjectName, DescribeAnswer)>, Error> {
        let requests = self.describe_requests(names, if_modified_since);
        let answers = self.composite(Doing::Describe, requests).await?;
        Ok(names.iter().cloned().zip(answers.iter().map(read)).collect())
    }

    /// One call that describes up to [`DESCRIBES_BESIDE_QUERIES`](crate::DESCRIBES_BESIDE_QUERIES) Objects and runs up to
    /// [`QUERIES_PER_CALL`](crate::QUERIES_PER_CALL) small queries, `(soql, all)`.
    pub async fn describe_and_query(
        &self,
        names: &[ObjectName],
        if_modified_since: &BTreeMap<ObjectName, String>,
        queries: &[(String, bool)],
    ) -> Result<DescribedAndQueried, Error> {
        let mut requests = self.describe_requests(names, if_modified_since);
        requests.extend(self.query_requests(queries));
        let answers = self.composite(Doing::Describe, requests).await?;
        let (describes, values) = answers.split_at(names.len());
        Ok(DescribedAndQueried {
            describes: names.iter().cloned().zip(describes.iter().map(read)).collect(),
            values: values.iter().map(read_query).collect::<Result<_, _>>()?,
        })
    }

    fn describe_requests(
        &self,
        names: &[ObjectName],
        if_modified_since: &BTreeMap<ObjectName, String>,
    ) -> Vec<SubRequest> {
        let request = |name: &ObjectName| {
            let since = if_modified_since.get(name);
            let since = since.map(|time| ("If-Modified-Since".to_owned(), time.as_str().into()));
            let headers: Map<_, _> = since.into_iter().collect();
            SubRequest { path: self.data_path(&format!("/sobjects/{name}/describe")), headers }
        };
        names.iter().map(request).collect()
    }
}

fn read(answer: &SubAnswer) -> DescribeAnswer {
    match answer.http_status_code {
        304 => DescribeAnswer::NotModified,
        200 => DescribeAnswer::Describe {
            json: Bytes::copy_from_slice(answer.text().as_bytes()),
            last_modified: answer.header("Last-Modified").map(str::to_owned),
        },
        _ => DescribeAnswer::Refused(answer.api_error()),
    }
}
