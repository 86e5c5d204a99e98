//! Every operation of the API, tried by nobody, by somebody without the right, and by somebody with it.
//!
//! The operations come from the OpenAPI document, what each needs from its `x-permission`. An operation without a row
//! here fails the test; so does a row without an operation.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::site::{PASSWORD, Site};

const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// How an operation is called, and what it answers to somebody who may.
struct Row {
    operation: &'static str,
    /// What follows the path.
    query: &'static str,
    body: &'static str,
    allowed: u16,
}

const fn row(operation: &'static str, query: &'static str, body: &'static str, allowed: u16) -> Row {
    Row { operation, query, body, allowed }
}

/// In this order: what ends something comes last. `404` and `409` stand where being allowed shows by being told that there
/// is no such thing, or that there is one already.
const ROWS: &[Row] = &[
    row("get_health", "", "", 200),
    row("get_readiness", "", "", 200),
    row("get_openapi", "", "", 200),
    row("get_docs", "", "", 200),
    row("get_sign_in_options", "", "", 200),
    row(
        "create_first_owner",
        "",
        r#"{"token":"x","name":"n","email":"a@b.c","password":"correct horse battery"}"#,
        404,
    ),
    row("create_session", "", r#"{"email":"nobody@b.c","password":"x"}"#, 401),
    row("confirm_session", "", r#"{"code":"000000"}"#, 401),
    row("open_invitation", "", r#"{"token":"x"}"#, 404),
    row("accept_invitation", "", r#"{"token":"x","name":"n","password":"correct horse battery"}"#, 404),
    row("start_single_sign_on", "", "", 303),
    row("finish_single_sign_on", "?code=x&state=y", "", 303),
    row("get_me", "", "", 200),
    row("update_me", "", r#"{"name":"Olga Owner"}"#, 200),
    row("update_password", "", r#"{"current_password":"wrong","new_password":"x"}"#, 401),
    row("begin_totp", "", r#"{"password":"wrong"}"#, 401),
    row("confirm_totp", "", r#"{"code":"000000"}"#, 409),
    row("delete_totp", "", r#"{"password":"wrong"}"#, 409),
    row("replace_recovery_codes", "", r#"{"password":"wrong"}"#, 409),
    row("list_sessions", "", "", 200),
    row("revoke_session", "", "", 404),
    row("list_tokens", "", "", 200),
    row("create_token", "", r#"{"name":"t","scopes":["view"]}"#, 201),
    row("revoke_token", "", "", 404),
    row("get_single_sign_on", "", "", 200),
    row(
        "update_single_sign_on",
        "",
        r#"{"is_enabled":false,"issuer":"http://localhost:1","client_id":"x"}"#,
        200,
    ),
    row("list_members", "", "", 200),
    row("get_member", "", "", 404),
    row("update_member", "", "{}", 404),
    row("delete_member", "", "", 404),
    row("revoke_member_sessions", "", "", 404),
    row("reset_member_totp", "", "", 404),
    row("list_invitations", "", "", 200),
    row("create_invitation", "", r#"{"email":"new@b.c","role":"member"}"#, 201),
    row("revoke_invitation", "", "", 404),
    row("list_rights", "", "", 200),
    row("update_rights", "", r#"{"rights":["view"]}"#, 404),
    row("update_org_owner", "", r#"{"member_id":"01900000-0000-7000-8000-000000000000"}"#, 404),
    row("list_audit_entries", "", "", 200),
    row("verify_audit_entries", "", "", 200),
    row("list_orgs", "", "", 200),
    row(
        "create_org",
        "",
        r#"{"name":"acme","credentials":{"method":"access_token","instance_url":"http://localhost:1","access_token":"x"}}"#,
        409,
    ),
    row(
        "start_org_sign_in",
        "",
        r#"{"name":"other","login_url":"https://login.salesforce.com","client_id":"x"}"#,
        201,
    ),
    row("finish_org_sign_in", "?code=x&state=y", "", 303),
    row("get_org", "", "", 200),
    row("update_org", "", r#"{"api_budget_percent":70}"#, 200),
    row(
        "update_connection",
        "",
        r#"{"credentials":{"method":"access_token","instance_url":"http://localhost:1","access_token":"x"}}"#,
        503,
    ),
    row("get_integration_user", "", "", 200),
    row("get_coverage", "", "", 200),
    row("get_auto_backup", "", "", 200),
    row("update_auto_backup", "", r#"{"state":"paused"}"#, 200),
    row("update_all_auto_backups", "", r#"{"state":"paused"}"#, 200),
    row("list_objects", "", "", 200),
    row("get_object", "", "", 200),
    row("list_blocks", "?object=Account", "", 200),
    row("list_errors", "", "", 200),
    row("get_volume", "", "", 200),
    row("get_api_use", "", "", 200),
    row("list_runs", "", "", 200),
    row("start_run", "", "{}", 202),
    row("start_check", "", r#"{"read_data":true}"#, 202),
    row("start_compaction", "", "", 202),
    row("start_lake_check", "", "{}", 202),
    row("start_lake_compaction", "", "", 202),
    row("list_work_items", "", "", 200),
    row("list_lake_work_items", "", "", 200),
    row("get_work_item", "", "", 200),
    row("cancel_work_item", "", "", 204),
    row("get_run", "", "", 200),
    row("list_run_objects", "", "", 200),
    row("list_run_errors", "", "", 200),
    row("list_changes", "", "", 200),
    row("list_changed_records", "?object=Account", "", 200),
    row("list_records", "?object=Account", "", 200),
    row("get_record", "", "", 200),
    row("run_query", "", r#"{"sql":"SELECT 1"}"#, SQL),
    row("export_query", "", r#"{"sql":"SELECT 1"}"#, SQL),
    row("list_query_tables", "", "", SQL),
    row("list_events", "", "", 200),
    row("get_system", "", "", 200),
    row("get_metrics", "", "", 200),
    row("delete_session", "", "", 204),
    row("delete_org", "", "", 204),
];

const SQL: u16 = if cfg!(feature = "query") { 200 } else { 501 };

/// What anybody may call, signed in or not. An operation that becomes public must be added here, by somebody who thought of it.
const PUBLIC: [&str; 12] = [
    "accept_invitation",
    "confirm_session",
    "create_first_owner",
    "create_session",
    "finish_single_sign_on",
    "get_docs",
    "get_health",
    "get_openapi",
    "get_readiness",
    "get_sign_in_options",
    "open_invitation",
    "start_single_sign_on",
];

/// What an operation needs beside the right that it names.
const BESIDE: &[(&str, &str)] = &[("export_query", "browse")];

struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    permission: String,
}

impl Call {
    async fn by(&self, browser: &Browser) -> Result<Answer> {
        browser.send(self.method.clone(), &self.path, self.body.as_ref()).await
    }
}

/// The operations of the document, by id, with their placeholders filled in.
fn operations(filled: &BTreeMap<&str, String>) -> BTreeMap<String, Call> {
    let mut calls = BTreeMap::new();
    for (path, methods) in holdfast_server::document()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let mut path = path.clone();
            for (name, value) in filled {
                path = path.replace(&format!("{{{name}}}"), value);
            }
            assert!(!path.contains('{'), "{path} has a placeholder that is not filled in");
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let permission = operation["x-permission"].as_str().unwrap().to_owned();
            let method = method.to_uppercase().parse().unwrap();
            calls.insert(id, Call { method, path, body: None, permission });
        }
    }
    calls
}

/// X-45, L-01, S-30, S-31, S-50
#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_refused_without_its_permission_and_allowed_with_it() -> Result<()> {
    let site = Site::start().await?;
    let run = site.app.backup().await?.run.to_string();
    let owner = site.owner().await?;
    let record = site.app.engine.find_records("acme", &accounts(), None, 1).await?.records.remove(0).id;
    let org = site.org_id().await?;
    let asked = owner.post(&format!("/api/v1/orgs/{org}/checks"), &json!({ "read_data": true })).await?.ok();
    let filled: BTreeMap<&str, String> = [
        ("org_id", org.clone()),
        ("run_id", run),
        ("object", "Account".to_owned()),
        ("record_id", record),
        ("member_id", NOBODY.to_owned()),
        ("session_id", NOBODY.to_owned()),
        ("work_item_id", asked["id"].as_str().unwrap().to_owned()),
        ("token_id", NOBODY.to_owned()),
        ("invitation_id", NOBODY.to_owned()),
    ]
    .into();
    let mut calls = operations(&filled);
    let known: BTreeSet<&str> = calls.keys().map(String::as_str).collect();
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.operation).collect();
    assert_eq!(known, rows, "every operation has one row in this test, and every row is an operation");
    let public: Vec<&str> =
        calls.iter().filter(|(_, call)| call.permission == "public").map(|(id, _)| id.as_str()).collect();
    assert_eq!(public, PUBLIC);
    let people = People::arrive(&site, &owner).await?;

    for row in ROWS {
        let call = calls.get_mut(row.operation).unwrap();
        call.path.push_str(row.query);
        call.body = (!row.body.is_empty()).then(|| serde_json::from_str(row.body).unwrap());
        try_one(&site, &people, &org, row, call).await?;
    }
    site.end().await
}

fn accounts() -> holdfast_engine::search::RecordQuery {
    let object = holdfast_domain::ObjectName::parse("Account").unwrap();
    holdfast_engine::search::RecordQuery { object: Some(object), ..Default::default() }
}

/// Who tries.
struct People {
    owner: Browser,
    owner_token: Browser,
    /// A member, whose rights on the org are set for each operation.
    member: Browser,
    member_id: String,
}

impl People {
    async fn arrive(site: &Site, owner: &Browser) -> Result<Self> {
        let all = ["view", "browse", "execute", "edit", "delete", "restore", "download", "team"];
        let token = json!({ "name": "everything", "scopes": all });
        let created = owner.post("/api/v1/me/tokens", &token).await?.ok();
        let owner_token = Browser::with_token(&site.url, created["secret"].as_str().unwrap());
        let member = site.member(owner, "max@acme.example", &[]).await?;
        let member_id = member.get("/api/v1/me").await?.ok()["id"].as_str().unwrap().to_owned();
        let (owner, _) = site.sign_in(crate::site::OWNER, PASSWORD).await?;
        Ok(Self { owner, owner_token, member, member_id })
    }

    async fn give(&self, org: &str, rights: &[&str]) -> Result<()> {
        let path = format!("/api/v1/orgs/{org}/rights/{}", self.member_id);
        self.owner_token.put(&path, &json!({ "rights": rights })).await?.ok();
        Ok(())
    }
}

async fn try_one(site: &Site, people: &People, org: &str, row: &Row, call: &Call) -> Result<()> {
    let name = row.operation;
    let by_nobody = call.by(&site.browser()).await?;
    if call.permission == "public" {
        assert_eq!(by_nobody.status.as_u16(), row.allowed, "{name} by anybody: {}", by_nobody.text);
        return Ok(());
    }
    assert_eq!(by_nobody.status.as_u16(), 401, "{name} by nobody: {}", by_nobody.text);
    assert_eq!(by_nobody.code(), "not_signed_in", "{name}");

    let allowed = match call.permission.split_once(':') {
        None => {
            people.give(org, &[]).await?;
            if call.permission == "session" {
                let by_token = call.by(&people.owner_token).await?;
                assert_eq!(by_token.status.as_u16(), 403, "{name} by a token: {}", by_token.text);
            }
            // What ends a session is tried on one of its own.
            let own = site.sign_in("max@acme.example", PASSWORD).await?.0;
            call.by(&own).await?
        }
        Some(("org", right)) if right != "connect" => with_right(people, org, row, call, right).await?,
        Some(_) => {
            people.give(org, &["view", "browse", "execute", "edit", "delete", "restore", "download"]).await?;
            let by_member = call.by(&people.member).await?;
            assert_eq!(by_member.status.as_u16(), 403, "{name} by a member: {}", by_member.text);
            assert_eq!(by_member.code(), "not_allowed", "{name}");
            call.by(&people.owner).await?
        }
    };
    assert_eq!(allowed.status.as_u16(), row.allowed, "{name} by somebody who may: {}", allowed.text);
    Ok(())
}

/// Without any right there is no org; with all rights but this one it is refused; with this one alone it is done.
async fn with_right(people: &People, org: &str, row: &Row, call: &Call, right: &str) -> Result<Answer> {
    let name = row.operation;
    people.give(org, &[]).await?;
    let without = call.by(&people.member).await?;
    assert_eq!(without.status.as_u16(), 404, "{name} without rights: {}", without.text);
    let implies = |other: &str| other == right || (right == "view" && other == "browse");
    let all = ["view", "browse", "execute", "edit", "delete", "restore", "download"];
    let others: Vec<_> = all.into_iter().filter(|other| !implies(other)).collect();
    people.give(org, &others).await?;
    let refused = call.by(&people.member).await?;
    assert_eq!(refused.status.as_u16(), 403, "{name} without `{right}`: {}", refused.text);
    assert_eq!(refused.code(), "not_allowed", "{name}");
    let mut needed = vec![right];
    needed.extend(BESIDE.iter().filter(|(operation, _)| *operation == name).map(|(_, beside)| *beside));
    people.give(org, &needed).await?;
    call.by(&people.member).await
}
