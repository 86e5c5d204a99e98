//! No answer and no log holds a secret: not one that was given to Holdfast, and none that it made, but where it is handed out.

use std::io;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::browser::Browser;
use crate::site::{OWNER, PASSWORD, Site, secret_of};

///
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_holds_a_secret() -> Result<()> {
    let site = Site::start().await?;
    site.app.backup().await?;
    let owner = site.owner().await?;
    let totp = owner.post("/api/v1/me/totp", &json!({ "password": PASSWORD })).await?.ok();
    let token = owner.post("/api/v1/me/tokens", &json!({ "name": "t", "scopes": ["view"] })).await?.ok();
    let sso = json!({ "is_enabled": false, "issuer": "http://localhost:1", "client_id": "x", "client_secret": "hidden-sso-secret" });
    owner.put("/api/v1/single_sign_on", &sso).await?.ok();
    let invite = json!({ "email": "max@acme.example", "role": "member" });
    let invitation = owner.post("/api/v1/invitations", &invite).await?.ok();
    let secrets = [
        PASSWORD.to_owned(),
        "hidden-sso-secret".to_owned(),
        "argon2".to_owned(),
        "v1:".to_owned(),
        format!("\"{}\"", site.org.client_secret()),
        totp["secret"].as_str().unwrap().to_owned(),
        token["secret"].as_str().unwrap().to_owned(),
        invitation["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned(),
        owner.cookie("holdfast_session").unwrap(),
    ];
    let org = site.org_id().await?;
    let run = owner.get(&format!("/api/v1/orgs/{org}/runs")).await?.ok()["items"][0]["id"].clone();
    let mut seen = 0;
    for (path, methods) in holdfast_server::document()["paths"].as_object().unwrap() {
        if methods.get("get").is_none() || path.ends_with("/events") || path.ends_with("/callback") {
            continue;
        }
        let path = path.replace("{org_id}", &org).replace("{run_id}", run.as_str().unwrap());
        let path = path.replace("{object}", "Account") + "?object=Account";
        let answer = owner.get(&path).await?;
        seen += usize::from(answer.status.is_success());
        for secret in &secrets {
            assert!(!answer.text.contains(secret.as_str()), "{path} tells `{secret}`");
        }
    }
    assert!(seen > 25, "{seen} answers were looked at");
    site.end().await
}

/// What was logged, by whatever this process runs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn listen() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let all = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        all.with_writer(move || writer.clone()).init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// not even at the finest level, and not of what is refused either.
#[tokio::test(flavor = "multi_thread")]
async fn no_log_holds_a_secret_an_address_or_what_records_hold() -> Result<()> {
    let log = Log::listen();
    let site = Site::start().await?;
    site.insert("Account", &json!({ "Name": "name-of-a-customer" }));
    site.app.backup().await?;
    let owner = site.owner().await?;
    let (half, _) = site.sign_in(OWNER, PASSWORD).await?;
    let wrong = json!({ "email": OWNER, "password": "a-mistyped-password" });
    site.browser().post("/api/v1/session", &wrong).await?;
    half.post("/api/v1/session/second_factor", &json!({ "code": "code-of-nobody" })).await?;
    let totp = owner.post("/api/v1/me/totp", &json!({ "password": PASSWORD })).await?.ok();
    let token = owner.post("/api/v1/me/tokens", &json!({ "name": "t", "scopes": ["view"] })).await?.ok();
    let token = token["secret"].as_str().unwrap().to_owned();
    Browser::with_token(&site.url, &token).get("/api/v1/orgs").await?.ok();
    let invite = json!({ "email": "max@acme.example", "role": "member" });
    let invited = secret_of(&owner.post("/api/v1/invitations", &invite).await?.ok()["link"]);
    site.browser().post("/api/v1/invitations/open", &json!({ "token": invited })).await?.ok();
    let credentials = json!({
        "method": "client_credentials", "login_url": site.org.url(), "client_id": site.org.client_id(),
        "client_secret": "a-mistyped-client-secret"
    });
    owner.post("/api/v1/orgs", &json!({ "name": "other", "credentials": credentials })).await?.code();
    owner.get("/api/v1/org_sign_ins/callback?code=code-of-salesforce&state=state-of-nobody").await?;
    let org = site.org_id().await?;
    owner.get(&format!("/api/v1/orgs/{org}/records?q=name-of-a-customer&object=Account")).await?.ok();

    let text = log.text();
    assert!(text.contains("POST /api/v1/invitations/open"), "requests are logged");
    for secret in [
        PASSWORD,
        "a-mistyped-password",
        "code-of-nobody",
        totp["secret"].as_str().unwrap(),
        &token,
        &invited,
        &owner.cookie("holdfast_session").unwrap(),
        "a-mistyped-client-secret",
        "code-of-salesforce",
        OWNER,
        "max@acme.example",
        "name-of-a-customer",
    ] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the log tells `{secret}`");
    }
    site.end().await
}
