//! What every request passes: other sites are refused, sizes and rates are limited, headers say what a page may do.

use anyhow::Result;
use holdfast_server::ServerOptions;
use reqwest::Method;
use serde_json::json;
use simorg::SimOrg;

use crate::site::Site;

/// S-50, X-45: a page of another site cannot make a member's browser change anything.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_site_sends_is_refused() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let body = json!({ "name": "Mallory" });
    let request = || owner.request(Method::PATCH, "/api/v1/me").json(&body);

    let bare = owner.answer(request()).await?;
    assert_eq!(bare.code(), "foreign_request");
    for (name, value) in
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
    {
        let foreign = request().header("x-holdfast-request", "1").header(name, value);
        assert_eq!(owner.answer(foreign).await?.code(), "foreign_request", "{name}: {value}");
    }
    let form = owner
        .request(Method::POST, "/api/v1/session")
        .header("x-holdfast-request", "1")
        .header("content-type", "text/plain")
        .body("{}");
    assert_eq!(owner.answer(form).await?.code(), "bad_input", "a form of another site cannot send JSON");
    let own = request().header("x-holdfast-request", "1").header("origin", &site.url);
    assert_eq!(owner.answer(own).await?.ok()["name"], "Mallory");
    site.end().await
}

/// the cookie alone changes nothing, whatever the operation.
#[tokio::test(flavor = "multi_thread")]
async fn every_operation_that_changes_something_needs_the_proof_that_our_own_page_sent_it() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let mut tried = 0;
    for (path, methods) in holdfast_server::document()["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|method| *method != "get") {
            let path = path.replace(['{', '}'], "");
            let method: Method = method.to_uppercase().parse()?;
            let by_cookie = owner.answer(owner.request(method.clone(), &path).json(&json!({}))).await?;
            assert_eq!(by_cookie.code(), "foreign_request", "{method} {path}");
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
    owner.get("/api/v1/me").await?.ok();
    site.end().await
}

/// S-50: what somebody typed into a record, an address or a path is never a page.
#[tokio::test(flavor = "multi_thread")]
async fn what_records_and_addresses_hold_is_never_taken_for_markup() -> Result<()> {
    const SCRIPT: &str = "<script>alert(1)</script>";
    let site = Site::start().await?;
    site.insert("Account", &json!({ "Name": SCRIPT }));
    site.app.backup().await?;
    let owner = site.owner().await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    let found = owner.get(&format!("{org}/records?object=Account&q=alert")).await?;
    assert_eq!(found.ok()["items"].as_array().unwrap().len(), 1, "stored as it came");
    let id = found.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let script = "%3Cscript%3Ealert(1)%3C/script%3E";
    for path in [
        format!("{org}/records?object=Account&q=alert"),
        format!("{org}/records/Account/{id}"),
        format!("{org}/objects/{script}"),
        format!("/api/v1/runs/{script}"),
        format!("/api/v1/{script}"),
        format!("{org}/records?object={script}"),
        format!("/assets/{script}.js"),
    ] {
        let answer = owner.get(&path).await?;
        let kind = answer.headers["content-type"].to_str()?;
        assert!(kind == "application/json" || kind == "application/problem+json", "{path}: {kind}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
    }
    for path in [format!("/{script}"), format!("/sign-in?error={script}&message={script}")] {
        let page = owner.get(&path).await?;
        assert!(!page.text.contains("alert(1)"), "{path}: {}", page.text);
    }
    site.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_too_large_or_of_another_form_is_refused() -> Result<()> {
    let site = Site::start().await?;
    let browser = site.browser();
    let large = json!({ "email": "x".repeat(300 * 1024), "password": "y" });
    assert_eq!(browser.post("/api/v1/session", &large).await?.code(), "too_large");
    let unknown = json!({ "email": "a@b.c", "password": "y", "is_admin": true });
    assert_eq!(browser.post("/api/v1/session", &unknown).await?.code(), "bad_input");
    let owner = site.owner().await?;
    for path in ["/api/v1/orgs?limit=0", "/api/v1/orgs?page=%21", "/api/v1/audit_entries?from=yesterday"] {
        assert_eq!(owner.get(path).await?.code(), "bad_input", "{path}");
    }
    assert_eq!(owner.get("/api/v1/nothing").await?.code(), "not_found");
    assert_eq!(owner.post("/api/v1/me", &json!({})).await?.code(), "not_found");
    site.end().await
}

///
#[tokio::test(flavor = "multi_thread")]
async fn headers_allow_no_script_but_our_own() -> Result<()> {
    let site = Site::start().await?;
    for path in ["/", "/orgs/anything", "/api/docs", "/api/v1/me", "/healthz"] {
        let answer = site.browser().get(path).await?;
        let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let policy = header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
        assert_eq!(header("x-frame-options").as_deref(), Some("DENY"));
        assert!(header("x-request-id").is_some(), "{path}");
        assert_eq!(header("strict-transport-security"), None, "not without TLS");
    }
    let api = site.browser().get("/api/v1/me").await?;
    assert_eq!(api.headers["cache-control"], "no-store");
    assert_eq!(api.headers["content-type"], "application/problem+json");
    site.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_cookies_are_secure_and_the_client_is_the_one_it_names() -> Result<()> {
    let options = ServerOptions { public_url: None, is_behind_proxy: true };
    let site = Site::with(SimOrg::with_records("Account", 1), options).await?;
    site.owner().await?;
    let browser = site.browser();
    let body = json!({ "email": crate::site::OWNER, "password": crate::site::PASSWORD });
    let request = browser
        .request(Method::POST, "/api/v1/session")
        .header("x-holdfast-request", "1")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "backup.acme.example")
        .header("x-forwarded-for", "1.2.3.4, 203.0.113.7")
        .header("origin", "https://backup.acme.example")
        .json(&body);
    let answer = browser.answer(request).await?;
    answer.ok();
    assert!(answer.set_cookies()[0].contains("; Secure"));
    assert!(answer.headers.contains_key("strict-transport-security"));
    let sessions = browser.get("/api/v1/me/sessions").await?.ok();
    assert_eq!(sessions["items"][0]["ip"], "203.0.113.7");
    site.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_proxy_nobody_is_believed_who_says_that_they_are_one() -> Result<()> {
    let site = Site::start().await?;
    site.owner().await?;
    let browser = site.browser();
    let body = json!({ "email": crate::site::OWNER, "password": crate::site::PASSWORD });
    let signing_in = |origin: &str| {
        browser
            .request(Method::POST, "/api/v1/session")
            .header("x-holdfast-request", "1")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-host", "backup.acme.example")
            .header("x-forwarded-for", "203.0.113.7")
            .header("origin", origin)
            .json(&body)
    };
    let foreign = browser.answer(signing_in("https://backup.acme.example")).await?;
    assert_eq!(foreign.code(), "foreign_request");
    browser.answer(signing_in(&site.url)).await?.ok();
    let sessions = browser.get("/api/v1/me/sessions").await?.ok();
    assert_eq!(sessions["items"][0]["ip"], "127.0.0.1", "{sessions}");
    site.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_stops_in_good_order_while_somebody_watches() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let events = owner.request(Method::GET, "/api/v1/events").send().await?;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    site.end().await?;
    assert_eq!(events.text().await?, "", "the stream ends");
    Ok(())
}
