//! A client of the simulated org for tests: it knows HTTP and nothing else.

use anyhow::{Context, Result};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value as Json, json};
use simorg::{RunningOrg, SimOrg};

/// A running org and a signed-in client.
pub(crate) struct Caller {
    pub org: RunningOrg,
    pub http: Client,
    pub token: String,
}

/// One answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `400 MALFORMED_ID`: the status and the first error code.
    pub(crate) fn refusal(&self) -> String {
        let code = self.json()[0]["errorCode"].as_str().unwrap_or("no code").to_owned();
        format!("{} {code}", self.status.as_u16())
    }
}

pub(crate) async fn read(request: RequestBuilder) -> Result<Answer> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    Ok(Answer { status, headers, text: answer.text().await? })
}

impl Caller {
    pub(crate) async fn start(org: SimOrg) -> Result<Self> {
        let org = org.start().await?;
        #[expect(
            clippy::disallowed_methods,
            reason = "a client of the loopback server, which must see redirects"
        )]
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let mut caller = Self { org, http, token: String::new() };
        let answer = caller
            .token(&[
                ("grant_type", "client_credentials"),
                ("client_id", "simorg"),
                ("client_secret", "simorg"),
            ])
            .await?;
        answer.json()["access_token"].as_str().context("a token")?.clone_into(&mut caller.token);
        Ok(caller)
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Result<Answer> {
        self.form("/services/oauth2/token", form).await
    }

    pub(crate) async fn form(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer> {
        read(self.http.post(format!("{}{path}", self.org.url())).form(form)).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = if path.starts_with("/services") {
            path.to_owned()
        } else {
            format!("/services/data/v67.0{path}")
        };
        self.http.request(method, format!("{}{path}", self.org.url())).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer> {
        read(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Json) -> Result<Answer> {
        read(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn query(&self, soql: &str) -> Result<Answer> {
        read(self.request(Method::GET, "/query").query(&[("q", soql)])).await
    }

    pub(crate) async fn query_all(&self, soql: &str) -> Result<Answer> {
        read(self.request(Method::GET, "/queryAll").query(&[("q", soql)])).await
    }

    pub(crate) async fn insert(&self, object: &str, record: &Json) -> Result<String> {
        let answer = self.post(&format!("/sobjects/{object}"), record).await?;
        Ok(answer.json()["id"].as_str().with_context(|| answer.text.clone())?.to_owned())
    }

    /// A Bulk job for this statement.
    pub(crate) async fn bulk(&self, operation: &str, soql: &str) -> Result<Answer> {
        self.post("/jobs/query", &json!({"operation": operation, "query": soql})).await
    }

    /// Polls a job until it is finished, and gives the last answer and every state that was seen.
    pub(crate) async fn finish(&self, id: &str) -> Result<(Json, Vec<String>)> {
        let mut states: Vec<String> = Vec::new();
        for _ in 0..100_000 {
            let job = self.get(&format!("/jobs/query/{id}")).await?.json();
            let state = job["state"].as_str().context("a state")?.to_owned();
            if states.last() != Some(&state) {
                states.push(state.clone());
            }
            if matches!(state.as_str(), "JobComplete" | "Failed" | "Aborted") {
                return Ok((job, states));
            }
            tokio::task::yield_now().await;
        }
        anyhow::bail!("the job never ends: {states:?}")
    }
}
