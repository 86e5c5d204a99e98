//! The service on a port of its own, with an engine that is connected to a simulated org.

use std::net::Ipv4Addr;

use anyhow::Result;
use holdfast_engine::EventSink;
use holdfast_server::{ServerOptions, first_owner_address, serve};
use holdfast_testkit::TestApp;
use serde_json::{Value, json};
use simorg::{RunningOrg, SimOrg};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::browser::Browser;

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const OWNER: &str = "olga@acme.example";

pub(crate) struct Site {
    pub(crate) app: TestApp,
    pub(crate) org: RunningOrg,
    pub(crate) url: String,
    pub(crate) stop: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Site {
    pub(crate) async fn start() -> Result<Self> {
        Self::with(SimOrg::with_records("Account", 5), ServerOptions::default()).await
    }

    pub(crate) async fn with(org: SimOrg, options: ServerOptions) -> Result<Self> {
        let org = org.start().await?;
        let app = TestApp::connected_to(&org).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(app.engine.clone(), listener, options, stop.clone()));
        Ok(Self { app, org, url, stop, serving })
    }

    /// Stops in good order.
    pub(crate) async fn end(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.serving.await??)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// The id of the org that is connected.
    pub(crate) async fn org_id(&self) -> Result<String> {
        Ok(self.app.engine.org("acme").await?.id.to_string())
    }

    /// The first owner, signed in.
    pub(crate) async fn owner(&self) -> Result<Browser> {
        let link = first_owner_address(&self.app.engine, &self.url.parse()?).await?.unwrap();
        let browser = self.browser();
        let body = json!({
            "token": link.fragment(), "name": "Olga Owner", "email": OWNER, "password": PASSWORD
        });
        browser.post("/api/v1/first_owner", &body).await?.ok();
        Ok(browser)
    }

    /// Somebody who was invited by `owner` and came, with these rights on the org.
    pub(crate) async fn member(&self, owner: &Browser, email: &str, rights: &[&str]) -> Result<Browser> {
        let invitation = json!({ "email": email, "role": "member" });
        let created = owner.post("/api/v1/invitations", &invitation).await?.ok();
        let token = secret_of(&created["link"]);
        let browser = self.browser();
        let body = json!({ "token": token, "name": "Max Member", "password": PASSWORD });
        let me = browser.post("/api/v1/invitations/accept", &body).await?.ok();
        let path = format!("/api/v1/orgs/{}/rights/{}", self.org_id().await?, me["id"].as_str().unwrap());
        owner.put(&path, &json!({ "rights": rights })).await?.ok();
        Ok(browser)
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Result<(Browser, Value)> {
        let browser = self.browser();
        let answer =
            browser.post("/api/v1/session", &json!({ "email": email, "password": password })).await?;
        Ok((browser, answer.ok()))
    }
}

/// What stands behind the `#` of a link.
pub(crate) fn secret_of(link: &Value) -> String {
    link.as_str().unwrap().split_once('#').unwrap().1.to_owned()
}

impl Site {
    /// A record that somebody makes in the org.
    pub(crate) fn insert(&self, object: &str, record: &Value) -> String {
        let org = self.org.org();
        let fields = record.as_object().unwrap().clone();
        org.write(&org.admin(), |work| work.insert(object, &fields)).unwrap()
    }

    pub(crate) fn update(&self, object: &str, id: &str, record: &Value) {
        let org = self.org.org();
        let fields = record.as_object().unwrap().clone();
        org.write(&org.admin(), |work| work.update(object, id, &fields)).unwrap();
    }

    pub(crate) fn delete_record(&self, id: &str) {
        let org = self.org.org();
        org.write(&org.admin(), |work| work.delete(id)).unwrap();
    }
}

/// An engine that does the work of auto backup until it is dropped.
pub(crate) struct Worker {
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<holdfast_engine::error::Result<()>>,
}

impl Worker {
    pub(crate) fn start(site: &Site) -> Self {
        let cancel = CancellationToken::new();
        let (engine, token) = (site.app.engine.clone(), cancel.clone());
        Self { cancel, task: tokio::spawn(async move { engine.serve(EventSink::default(), token).await }) }
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.cancel.cancel();
        Ok(self.task.await??)
    }
}
