//! A data directory, a simulated org and the binary between them.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use simorg::{RunningOrg, SimOrg};
use tempfile::TempDir;
use tokio::process::Command;

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The answer of a command that must have ended well.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let out = self.done();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// The error of a command that must have ended with this code.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        self.err
    }
}

/// The binary, free of whatever the environment of the tests says.
pub(crate) fn holdfast(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    let inherited: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    for name in inherited.iter().filter(|name| name.starts_with("HOLDFAST_") || *name == "RUST_LOG") {
        command.env_remove(name);
    }
    // An org that fails in a test fails for good.
    command.env("HOLDFAST_GIVE_UP_AFTER", "10s");
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

pub(crate) async fn run_in(folder: &Path, args: &[&str]) -> Ended {
    Ended::of(&holdfast(folder).args(args).output().await.unwrap())
}

/// A folder to work in and an org to back up.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) org: RunningOrg,
    token: String,
}

impl Stage {
    /// An org with a few rows of every object.
    pub(crate) async fn new() -> Self {
        Self::with(SimOrg::new()).await
    }

    pub(crate) async fn with(org: SimOrg) -> Self {
        let org = org.start().await.unwrap();
        let token = token(&org).await;
        Self { folder: tempfile::tempdir().unwrap(), org, token }
    }

    /// The same, connected as `acme`.
    pub(crate) async fn connected() -> Self {
        let stage = Self::new().await;
        stage.connect("acme").await;
        stage
    }

    pub(crate) async fn connect(&self, name: &str) -> String {
        let url = self.org.url();
        let (id, secret) = (self.org.client_id(), self.org.client_secret());
        self.run(&["org", "add", name, "--client-id", id, "--client-secret", secret, "--login-url", &url])
            .await
            .done()
    }

    pub(crate) async fn run(&self, args: &[&str]) -> Ended {
        run_in(self.folder.path(), args).await
    }

    /// One call as the org's administrator: to its REST API, or by a path from the root.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let root = if path.starts_with('/') { "" } else { "/services/data/v67.0/" };
        let url = format!("{}{root}{path}", self.org.url());
        let mut request = http().request(method.parse().unwrap(), url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub(crate) async fn create(&self, object: &str, fields: Value) -> String {
        let answer = self.call("POST", &format!("sobjects/{object}"), Some(fields)).await;
        answer["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn update(&self, object: &str, id: &str, fields: Value) {
        self.call("PATCH", &format!("sobjects/{object}/{id}"), Some(fields)).await;
    }

    pub(crate) async fn delete(&self, object: &str, id: &str) {
        self.call("DELETE", &format!("sobjects/{object}/{id}"), None).await;
    }

    /// A new account, and its id.
    pub(crate) async fn account(&self, name: &str) -> String {
        self.create("Account", json!({ "Name": name })).await
    }
}

async fn token(org: &RunningOrg) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", org.client_id()),
        ("client_secret", org.client_secret()),
    ];
    let url = format!("{}/services/oauth2/token", org.url());
    let answer: Value = http().post(url).form(&form).send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "the tests are another client of the simulated org")]
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}
