//! Somebody who works in the simulated org: edits a few records every few seconds, over plain HTTP.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use holdfast_engine::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::stage::{Deed, Journal};
use crate::failure::CommandError;

/// A signed-in user of the simulated org.
pub(crate) struct SimulatedUser {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl SimulatedUser {
    pub(crate) async fn sign_in(url: &str, client_id: &str, client_secret: &str) -> Result<Self> {
        let http = http_client()?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", client_secret),
        ];
        let answer: Value = http
            .post(format!("{url}/services/oauth2/token"))
            .form(&form)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let token = answer["access_token"].as_str().context("the simulated org gave no token")?.to_owned();
        Ok(Self { http, url: url.to_owned(), token })
    }

    /// Does again what was done before the demo was stopped. Ids that come out otherwise are followed.
    pub(crate) async fn repeat(&self, deeds: Vec<Deed>) -> Result<Vec<Deed>> {
        let mut ids: HashMap<String, String> = HashMap::new();
        let mut done = Vec::with_capacity(deeds.len());
        for deed in deeds {
            let now = |id: &String| ids.get(id).unwrap_or(id).clone();
            let again = match &deed {
                Deed::Create { .. } => deed.clone(),
                Deed::Update { object, id, fields } => {
                    Deed::Update { object: object.clone(), id: now(id), fields: fields.clone() }
                }
                Deed::Delete { object, id } => Deed::Delete { object: object.clone(), id: now(id) },
            };
            let again = self.act(again).await?;
            if let (Deed::Create { id: before, .. }, Deed::Create { id: after, .. }) = (&deed, &again) {
                ids.insert(before.clone(), after.clone());
            }
            done.push(again);
        }
        Ok(done)
    }

    /// Works until cancelled. A deed that fails is left out: the demo goes on.
    pub(crate) async fn work(self, mut journal: Journal, pause: Duration, cancel: CancellationToken) {
        let mut day = Day { rounds: 0, hired: Vec::new() };
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = SystemClock.sleep(pause) => {}
            }
            if let Err(error) = self.next_deed(&mut day, &mut journal).await {
                warn!("the simulated user could not do what they wanted: {error:#}");
            }
        }
    }

    async fn next_deed(&self, day: &mut Day, journal: &mut Journal) -> Result<()> {
        let accounts = self.ids("SELECT Id FROM Account ORDER BY Id LIMIT 200").await?;
        for deed in day.plan(&accounts) {
            let done = self.act(deed).await?;
            journal.add(&done).await?;
            day.remember(&done);
        }
        day.rounds += 1;
        Ok(())
    }

    /// Does one thing; what comes back has the id that the org gave.
    async fn act(&self, deed: Deed) -> Result<Deed> {
        match deed {
            Deed::Create { object, fields, .. } => {
                let answer = self.call(Method::POST, &format!("sobjects/{object}"), Some(&fields)).await?;
                let id = answer["id"].as_str().context("the simulated org gave no id")?.to_owned();
                Ok(Deed::Create { object, id, fields })
            }
            Deed::Update { object, id, fields } => {
                self.call(Method::PATCH, &format!("sobjects/{object}/{id}"), Some(&fields)).await?;
                Ok(Deed::Update { object, id, fields })
            }
            Deed::Delete { object, id } => {
                self.call(Method::DELETE, &format!("sobjects/{object}/{id}"), None).await?;
                Ok(Deed::Delete { object, id })
            }
        }
    }

    async fn ids(&self, soql: &str) -> Result<Vec<String>> {
        let query = url::form_urlencoded::byte_serialize(soql.as_bytes()).collect::<String>();
        let answer = self.call(Method::GET, &format!("query?q={query}"), None).await?;
        let records = answer["records"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(records.iter().filter_map(|record| record["Id"].as_str().map(ToOwned::to_owned)).collect())
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self
            .http
            .request(method, format!("{}/services/data/v67.0/{path}", self.url))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(CommandError::SimulatedOrg(format!("{status} for {path}: {text}")).into());
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulated user is nobody of ours and shares no client with us"
)]
fn http_client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()
}

/// What the user did today, from which follows what they do next.
struct Day {
    rounds: usize,
    /// Contacts that they made and that are still there.
    hired: Vec<String>,
}

impl Day {
    /// Two accounts are edited each time; every second time a contact comes, every fifth time one goes.
    fn plan(&self, accounts: &[String]) -> Vec<Deed> {
        let n = self.rounds;
        let mut deeds = Vec::new();
        if accounts.is_empty() {
            return deeds;
        }
        for i in [n * 2, n * 2 + 1] {
            let fields = json!({
                "Phone": format!("+1 555 01{:02}", (i * 37) % 100),
                "Description": format!("Called for the {}. time; wants an offer.", i + 1),
            });
            let id = accounts[(i * 7919) % accounts.len()].clone();
            deeds.push(Deed::Update { object: "Account".to_owned(), id, fields });
        }
        if n.is_multiple_of(2) {
            let account = &accounts[(n * 31) % accounts.len()];
            let fields = json!({ "LastName": format!("Newcomer {}", n + 1), "FirstName": "Nia", "AccountId": account });
            deeds.push(Deed::Create { object: "Contact".to_owned(), id: String::new(), fields });
        }
        if n % 5 == 4
            && let Some(id) = self.hired.first()
        {
            deeds.push(Deed::Delete { object: "Contact".to_owned(), id: id.clone() });
        }
        deeds
    }

    fn remember(&mut self, done: &Deed) {
        match done {
            Deed::Create { id, .. } => self.hired.push(id.clone()),
            Deed::Delete { id, .. } => self.hired.retain(|hired| hired != id),
            Deed::Update { .. } => {}
        }
    }
}
