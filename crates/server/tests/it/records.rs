//! Looking at what was captured: objects, runs, changes, records, and SQL.

use anyhow::Result;
use holdfast_server::ServerOptions;
use serde_json::{Value, json};
use simorg::SimOrg;

use crate::browser::Browser;
use crate::site::Site;

async fn items(browser: &Browser, path: &str) -> Result<Vec<Value>> {
    Ok(browser.get(path).await?.ok()["items"].as_array().unwrap().clone())
}

/// All pages of a list.
async fn all(browser: &Browser, path: &str) -> Result<Vec<Value>> {
    let (mut found, mut page) = (Vec::new(), String::new());
    loop {
        let answer = browser.get(&format!("{path}{page}")).await?.ok();
        found.extend(answer["items"].as_array().unwrap().iter().cloned());
        match answer["next_page"].as_str() {
            Some(next) => page = format!("&page={next}"),
            None => return Ok(found),
        }
    }
}

/// G-24, G-32: sorted, filtered and cut by the server, whatever the size of a page.
#[tokio::test(flavor = "multi_thread")]
async fn objects_come_in_pages_in_any_order() -> Result<()> {
    let site = Site::with(SimOrg::with_records("Account", 30), ServerOptions::default()).await?;
    site.app.backup().await?;
    let owner = site.owner().await?;
    let path = format!("/api/v1/orgs/{}/objects", site.org_id().await?);
    let whole = owner.get(&format!("{path}?limit=500")).await?.ok();
    let total = usize::try_from(whole["total"].as_u64().unwrap())?;
    assert!(total > 20, "{total} objects");
    for sort in ["name", "status", "live_records", "remaining_records", "last_captured_at", "failing_since"] {
        for order in ["ascending", "descending"] {
            let listed = all(&owner, &format!("{path}?limit=7&sort={sort}&order={order}")).await?;
            let mut names: Vec<&str> =
                listed.iter().map(|object| object["object"].as_str().unwrap()).collect();
            assert_eq!(names.len(), total, "{sort} {order}");
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), total, "{sort} {order}: an object came twice");
        }
    }
    let by_size = all(&owner, &format!("{path}?limit=9&sort=live_records&order=descending")).await?;
    let sizes: Vec<u64> = by_size.iter().map(|object| object["live_records"].as_u64().unwrap()).collect();
    assert!(sizes[0] >= 30 && sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
    let named = items(&owner, &format!("{path}?q=ACCOUNT&limit=500")).await?;
    assert!(!named.is_empty());
    assert!(named.iter().all(|object| object["object"].as_str().unwrap().to_lowercase().contains("account")));
    assert!(items(&owner, &format!("{path}?q=%25")).await?.is_empty(), "a percent sign is itself");
    let account = owner.get(&format!("{path}/Account")).await?.ok();
    assert_eq!((account["light"].as_str(), account["live_records"].as_u64()), (Some("grey"), Some(30)));
    assert_eq!(account["word"], "paused", "auto backup is off");
    assert!(account["last_verified_at"].is_string());
    site.end().await
}

/// G-32, G-33, S-52, S-60, S-61
#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_read_down_to_the_fields_that_changed() -> Result<()> {
    let site = Site::with(SimOrg::with_records("Account", 12), ServerOptions::default()).await?;
    site.app.backup().await?;
    site.insert("Account", &json!({ "Name": "Zebra Ltd" }));
    let run = site.app.backup().await?.run;
    let owner = site.owner().await?;
    let org = site.org_id().await?;

    let runs = items(&owner, &format!("/api/v1/orgs/{org}/runs?limit=1")).await?;
    assert_eq!((runs[0]["id"].as_str(), runs[0]["status"].as_str()), (Some(run.as_str()), Some("completed")));
    let changes = items(&owner, &format!("/api/v1/runs/{run}/changes")).await?;
    let expected = json!({ "object": "Account", "new": 1, "changed": 0, "deleted": 0, "undeleted": 0 });
    assert_eq!(changes[0], expected, "its share follows");
    let records = items(&owner, &format!("/api/v1/runs/{run}/changed_records?object=Account")).await?;
    assert_eq!((records.len(), records[0]["change"].as_str()), (1, Some("new")));
    let fields = records[0]["fields"].as_array().unwrap();
    assert!(fields.contains(&json!({ "field": "Name", "new": "Zebra Ltd" })), "{fields:?}");
    let blocks = items(&owner, &format!("/api/v1/orgs/{org}/blocks?object=Account")).await?;
    assert!(blocks.len() >= 2 && blocks.iter().all(|block| block.get("failure").is_none()), "{blocks:?}");
    assert_eq!(blocks[0]["run_id"], run.as_str());
    let all =
        owner.get(&format!("/api/v1/runs/{run}/changed_records?object=Account&change=deleted")).await?.ok();
    assert_eq!(all["items"], json!([]));
    site.end().await
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_by_id_by_name_and_by_any_value_and_shows_its_versions() -> Result<()> {
    let site = Site::with(SimOrg::with_records("Account", 40), ServerOptions::default()).await?;
    let id = site.insert("Account", &json!({ "Name": "Zebra <script>alert(1)</script>" }));
    site.app.backup().await?;
    site.delete_record(&id);
    site.app.backup().await?;
    let owner = site.owner().await?;
    let path = format!("/api/v1/orgs/{}/records", site.org_id().await?);

    for query in [
        format!("?q={id}"),
        format!("?q={}", &id[..15]),
        "?q=zebra&object=Account".to_owned(),
        "?q=ZEBRA&field=Name".to_owned(),
    ] {
        let found = all(&owner, &format!("{path}{query}")).await?;
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        assert_eq!(
            (found[0]["id"].as_str(), found[0]["is_deleted"].as_bool()),
            (Some(id.as_str()), Some(true))
        );
    }
    assert!(all(&owner, &format!("{path}?q=zebra&deleted=exclude")).await?.is_empty());
    assert_eq!(all(&owner, &format!("{path}?object=Account&limit=7")).await?.len(), 41);
    let answer = owner.get(&format!("{path}/{id}")).await?;
    assert_eq!(
        answer.headers["content-type"], "application/json",
        "what a record holds is data, never a page"
    );
    let history = answer.ok();
    assert_eq!((history["object"].as_str(), history["is_deleted"].as_bool()), (Some("Account"), Some(true)));
    let changes: Vec<_> =
        history["versions"].as_array().unwrap().iter().map(|v| v["change"].clone()).collect();
    assert_eq!(changes, ["new", "deleted"]);
    assert!(history["versions"][0]["modified_by"].is_string());
    assert_eq!(owner.get(&path).await?.code(), "bad_input");
    let mistyped = owner.get(&format!("{path}?q=zebra&object=Acount")).await?;
    assert_eq!(mistyped.code(), "not_found", "it must not pass for `no such record`");
    let mistyped = owner.get(&format!("{path}?q=zebra&object=Account&field=Nmae")).await?;
    assert_eq!((mistyped.code(), mistyped.text.contains("Nmae")), ("bad_input".to_owned(), true));
    let mistyped = owner.get(&format!("{path}?q=zebra&deleted=perhaps")).await?;
    assert!(mistyped.text.contains("perhaps") && !mistyped.text.contains("deserialize"), "{}", mistyped.text);
    site.end().await
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_by_a_value_that_it_had() -> Result<()> {
    let site = Site::with(SimOrg::with_records("Account", 40), ServerOptions::default()).await?;
    let id = site.insert("Account", &json!({ "Name": "Maiden name" }));
    let other = site.insert("Account", &json!({ "Name": "Maiden voyage" }));
    site.app.backup().await?;
    site.update("Account", &id, &json!({ "Name": "Married" }));
    site.app.backup().await?;
    let owner = site.owner().await?;
    let path = format!("/api/v1/orgs/{}/records", site.org_id().await?);

    // One record a page, so that a page ends between two records that both have versions.
    let found = all(&owner, &format!("{path}?q=maiden&object=Account&limit=1")).await?;

    let told: Vec<_> = found
        .iter()
        .map(|record| {
            (&record["id"], &record["name"], &record["match"]["value"], &record["match"]["is_earlier"])
        })
        .collect();
    let expected = [
        (&json!(id), &json!("Married"), &json!("Maiden name"), &json!(true)),
        (&json!(other), &json!("Maiden voyage"), &json!("Maiden voyage"), &json!(false)),
    ];
    assert_eq!(told, expected);
    let ids = |found: &[Value]| found.iter().map(|record| record["id"].clone()).collect::<Vec<_>>();
    let whole = all(&owner, &format!("{path}?q=a&limit=200")).await?;
    let one_by_one = all(&owner, &format!("{path}?q=a&limit=1")).await?;
    assert!(whole.iter().any(|record| record["object"] != "Account"), "{whole:?}");
    assert_eq!(
        ids(&one_by_one),
        ids(&whole),
        "a page that ends with an object is followed by the next object"
    );
    let now = all(&owner, &format!("{path}?q=married&object=Account")).await?;
    assert_eq!((now.len(), &now[0]["match"]["is_earlier"]), (1, &json!(false)));
    site.end().await
}

///
#[cfg(feature = "query")]
#[tokio::test(flavor = "multi_thread")]
async fn sql_answers_as_rows_and_as_csv() -> Result<()> {
    let site = Site::with(SimOrg::with_records("Account", 30), ServerOptions::default()).await?;
    site.app.backup().await?;
    let owner = site.owner().await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    let ask = |sql: &str, limit: u64| json!({ "sql": sql, "limit": limit });

    let counted =
        owner.post(&format!("{org}/queries"), &ask("SELECT count(*) AS n FROM account", 10)).await?.ok();
    assert_eq!((&counted["rows"], &counted["has_more"]), (&json!([[30]]), &json!(false)));
    assert_eq!(counted["columns"][0]["name"], "n");
    let cut = owner.post(&format!("{org}/queries"), &ask("SELECT Id, Name FROM Account", 7)).await?.ok();
    assert_eq!((cut["rows"].as_array().unwrap().len(), &cut["has_more"]), (7, &json!(true)));
    let csv = owner.post(&format!("{org}/query_exports"), &ask("SELECT Id FROM Account", 7)).await?;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(csv.text.lines().count(), 31, "a header and every row");
    let tables = all(&owner, &format!("{org}/query_tables?q=account&limit=2")).await?;
    assert!(tables.iter().any(|table| table["name"] == "Account"), "{tables:?}");
    for wrong in ["DROP TABLE Account", "SELECT * FROM Acount", "SELECT"] {
        assert_eq!(
            owner.post(&format!("{org}/queries"), &ask(wrong, 1)).await?.code(),
            "query_refused",
            "{wrong}"
        );
    }
    site.end().await
}
