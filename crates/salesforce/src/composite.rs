//! Several requests in one call (`/composite`): it counts once, whatever it carries.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::api_error::ApiError;
use crate::client::Client;
use crate::defect::AnswerDefect;
use crate::doing::Doing;
use crate::error::Error;
use crate::query::query_path;
use crate::transport::Request;

/// REST API Developer Guide, "Composite": at most 25 requests, of which 5 may be queries.
pub(crate) const REQUESTS_PER_CALL: usize = 25;
pub const QUERIES_PER_CALL: usize = 5;
/// What a call takes beside so many queries.
pub const DESCRIBES_BESIDE_QUERIES: usize = REQUESTS_PER_CALL - QUERIES_PER_CALL;
/// Calls under way at once: answers of many describes are large.
pub(crate) const CALLS_AT_ONCE: usize = 3;

/// What a small query answered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct QueryValues {
    #[serde(rename = "totalSize")]
    pub total: u64,
    pub records: Vec<Map<String, Value>>,
    /// Where the rest is, if it does not fit one page.
    #[serde(default, rename = "nextRecordsUrl")]
    pub next_url: Option<String>,
}

/// One of the requests in a composite call.
pub(crate) struct SubRequest {
    pub(crate) path: String,
    pub(crate) headers: Map<String, Value>,
}

#[derive(Deserialize)]
struct CompositeAnswer {
    #[serde(rename = "compositeResponse")]
    answers: Vec<SubAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubAnswer {
    #[serde(default)]
    pub(crate) body: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) http_headers: HashMap<String, Value>,
    pub(crate) http_status_code: u16,
    reference_id: String,
}

impl SubAnswer {
    pub(crate) fn text(&self) -> &str {
        self.body.as_ref().map_or("", |body| body.get())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.http_headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_str()
    }

    pub(crate) fn api_error(&self) -> ApiError {
        ApiError::read(self.http_status_code, self.text().as_bytes(), None)
    }
}

/// The inner failure is the org's refusal of this one query.
pub(crate) fn read_query(answer: &SubAnswer) -> Result<Result<QueryValues, ApiError>, Error> {
    match answer.http_status_code {
        200 => serde_json::from_str(answer.text()).map(Ok).map_err(|source| Error::Unreadable {
            doing: Doing::Query,
            source: AnswerDefect::Json { source },
        }),
        _ => Ok(Err(answer.api_error())),
    }
}

impl Client {
    /// Runs small queries, `(soql, all)`, five per call, and answers each in the order given.
    pub async fn composite_query(
        &self,
        queries: &[(String, bool)],
    ) -> Result<Vec<Result<QueryValues, ApiError>>, Error> {
        // Collected first: a stream over the closure itself would not be `Send` for every lifetime.
        let calls: Vec<_> =
            queries.chunks(QUERIES_PER_CALL).map(|queries| self.query_call(queries)).collect();
        let answers: Vec<_> = stream::iter(calls).buffered(CALLS_AT_ONCE).try_collect().await?;
        Ok(answers.into_iter().flatten().collect())
    }

    async fn query_call(
        &self,
        queries: &[(String, bool)],
    ) -> Result<Vec<Result<QueryValues, ApiError>>, Error> {
        let answers = self.composite(Doing::Query, self.query_requests(queries)).await?;
        answers.iter().map(read_query).collect()
    }

    pub(crate) fn query_requests(&self, queries: &[(String, bool)]) -> Vec<SubRequest> {
        let request = |(soql, all): &(String, bool)| SubRequest {
            path: query_path(self, soql, *all),
            headers: Map::new(),
        };
        queries.iter().map(request).collect()
    }

    /// One call with up to 25 GET requests, each succeeding or failing by itself; answers in their order.
    pub(crate) async fn composite(
        &self,
        doing: Doing,
        requests: Vec<SubRequest>,
    ) -> Result<Vec<SubAnswer>, Error> {
        let expected = requests.len();
        let requests: Vec<_> = requests
            .into_iter()
            .enumerate()
            .map(|(at, request)| {
                let mut sub = json!({"method": "GET", "url": request.path, "referenceId": format!("r{at}")});
                if !request.headers.is_empty() {
                    sub["httpHeaders"] = Value::Object(request.headers);
                }
                sub
            })
            .collect();
        let body = json!({"allOrNone": false, "compositeRequest": requests});
        let request = Request::json(doing.clone(), Method::POST, self.data_path("/composite"), &body);
        let answer: CompositeAnswer = self.fetch(&request).await?;

        let mut by_reference: HashMap<_, _> =
            answer.answers.into_iter().map(|answer| (answer.reference_id.clone(), answer)).collect();
        let ordered: Option<Vec<_>> =
            (0..expected).map(|at| by_reference.remove(&format!("r{at}"))).collect();
        ordered.ok_or(Error::Unreadable { doing, source: AnswerDefect::FewerAnswers })
    }
}
