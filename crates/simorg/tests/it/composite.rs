//! `POST /composite`, `/limits` and `/limits/recordCount` over HTTP.

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};
use simorg::SimOrg;

use crate::caller::Caller;

fn part(reference: &str, url: &str) -> Json {
    json!({"method": "GET", "url": url, "referenceId": reference})
}

fn composite(parts: &[Json]) -> Json {
    json!({"allOrNone": false, "compositeRequest": parts})
}

#[tokio::test]
async fn parts_are_answered_in_order_for_one_call() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 3)).await?;
    let used = |caller: &Caller| caller.org.org().limits().used(caller.org.org().now());
    let before = used(&caller);
    let parts = [
        part("count", "/services/data/v67.0/query?q=SELECT+COUNT()+FROM+Account"),
        part("all", "/services/data/v67.0/queryAll/?q=SELECT Id FROM Account ORDER BY Id LIMIT 1"),
        part("row", "/services/data/v67.0/sobjects/Account/@{all.records[0].Id}"),
        part("describe", "/services/data/v67.0/sobjects/Lead/describe"),
        part("wrong", "/services/data/v67.0/query?q=SELECT+Nope+FROM+Account"),
        part("limits", "/services/data/v67.0/limits"),
        part("lost", "/services/data/v67.0/nowhere"),
    ];

    let answer = caller.post("/composite", &composite(&parts)).await?;

    assert_eq!(used(&caller), before + 1);
    let body = answer.json();
    let parts = body["compositeResponse"].as_array().context("parts")?;
    let statuses: Vec<(&str, u64)> = parts
        .iter()
        .map(|part| {
            (
                part["referenceId"].as_str().unwrap_or_default(),
                part["httpStatusCode"].as_u64().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        statuses,
        [
            ("count", 200),
            ("all", 200),
            ("row", 200),
            ("describe", 200),
            ("wrong", 400),
            ("limits", 400),
            ("lost", 400)
        ]
    );
    assert_eq!(parts[0]["body"]["totalSize"], 3);
    assert_eq!(parts[2]["body"]["Id"], parts[1]["body"]["records"][0]["Id"]);
    assert_eq!(parts[3]["body"]["name"], "Lead");
    assert_eq!(parts[4]["body"][0]["errorCode"], "INVALID_FIELD");
    Ok(())
}

#[tokio::test]
async fn a_describe_that_has_not_changed_answers_304_inside() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let url = "/services/data/v67.0/sobjects/Account/describe";
    let first = caller.post("/composite", &composite(&[part("a", url)])).await?.json();
    let modified = first["compositeResponse"][0]["httpHeaders"]["Last-Modified"]
        .as_str()
        .context("Last-Modified")?
        .to_owned();

    let conditional = json!({"method": "GET", "url": url, "referenceId": "a", "httpHeaders": {"If-Modified-Since": modified}});
    let second = caller.post("/composite", &composite(&[conditional])).await?.json();

    let part = &second["compositeResponse"][0];
    assert_eq!((&part["httpStatusCode"], &part["body"]), (&json!(304), &Json::Null));
    Ok(())
}

#[tokio::test]
async fn too_many_parts_or_queries_are_refused_whole() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let many = |count: usize, url: &str| {
        composite(&(0..count).map(|at| part(&format!("r{at}"), url)).collect::<Vec<_>>())
    };
    let (object, query, collection) = (
        "/services/data/v67.0/sobjects/Account",
        "/services/data/v67.0/query?q=SELECT+COUNT()+FROM+Account",
        "/services/data/v67.0/composite/sobjects/Account?ids=&fields=Id",
    );
    assert_eq!(caller.post("/composite", &many(25, object)).await?.status, 200);
    assert_eq!(caller.post("/composite", &many(26, object)).await?.refusal(), "400 LIMIT_EXCEEDED");
    for bounded in [query, collection] {
        assert_eq!(caller.post("/composite", &many(5, bounded)).await?.status, 200);
        assert_eq!(caller.post("/composite", &many(6, bounded)).await?.refusal(), "400 LIMIT_EXCEEDED");
    }
    assert_eq!(
        caller.post("/composite", &composite(&[part("a", object), part("a", object)])).await?.refusal(),
        "400 INVALID_INPUT"
    );
    assert_eq!(caller.post("/composite", &json!({})).await?.refusal(), "400 JSON_PARSER_ERROR");
    Ok(())
}

#[tokio::test]
async fn writes_go_through_the_same_routes() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let parts = [
        json!({"method": "POST", "url": "/services/data/v67.0/sobjects/Account", "referenceId": "account", "body": {"Name": "Acme"}}),
        json!({"method": "POST", "url": "/services/data/v67.0/sobjects/Contact", "referenceId": "contact", "body": {"LastName": "Lee", "AccountId": "@{account.id}"}}),
    ];
    let answer = caller.post("/composite", &composite(&parts)).await?.json();
    assert_eq!(answer["compositeResponse"][1]["httpStatusCode"], 201, "{answer}");
    let joined = caller.query("SELECT Account.Name FROM Contact WHERE LastName = 'Lee'").await?.json();
    assert_eq!(joined["records"][0]["Account"]["Name"], "Acme");
    Ok(())
}

#[tokio::test]
async fn limits_and_record_counts_agree_with_the_org() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 12)).await?;
    let limits = caller.get("/limits").await?;
    let api = &limits.json()["DailyApiRequests"];
    let usage = limits.header("sforce-limit-info").context("usage")?;
    let used = api["Max"].as_u64().context("max")? - api["Remaining"].as_u64().context("remaining")?;
    assert_eq!(usage, format!("api-usage={used}/{}", api["Max"]));

    let counts = caller.get("/limits/recordCount?sObjects=Account,Lead,AccountShare,Nope").await?.json();
    assert_eq!(counts, json!({"sObjects": [{"count": 12, "name": "Account"}, {"count": 0, "name": "Lead"}]}));
    let all = caller.get("/limits/recordCount?sObjects").await?.json();
    assert!(all["sObjects"].as_array().context("a list")?.len() > 50);
    Ok(())
}

#[tokio::test]
async fn bodies_jobs_and_calls_within_calls_are_no_parts() -> Result<()> {
    let caller = Caller::start(SimOrg::new()).await?;
    let version = caller.query("SELECT Id FROM ContentVersion LIMIT 1").await?.json();
    let version = version["records"][0]["Id"].as_str().context("a version")?.to_owned();
    let paths = [
        (format!("/sobjects/ContentVersion/{version}"), 200, 200),
        (format!("/sobjects/ContentVersion/{version}/VersionData"), 400, 400),
        ("/jobs/query".to_owned(), 400, 400),
        ("/composite/batch".to_owned(), 400, 400),
        ("/metadata/deployRequest".to_owned(), 400, 400),
        ("/limits".to_owned(), 400, 200),
        ("/composite/sobjects/Account?ids=&fields=Id".to_owned(), 200, 400),
    ];
    for (path, in_composite, in_batch) in paths {
        let url = format!("/services/data/v67.0{path}");
        let answer = caller.post("/composite", &composite(&[part("a", &url)])).await?.json();
        assert_eq!(answer["compositeResponse"][0]["httpStatusCode"], in_composite, "{path}: {answer}");
        let batch = json!({"batchRequests": [{"method": "GET", "url": url}]});
        let answer = caller.post("/composite/batch", &batch).await?.json();
        assert_eq!(answer["results"][0]["statusCode"], in_batch, "{path}: {answer}");
    }
    Ok(())
}

#[tokio::test]
async fn limits_are_shown_to_those_who_may_view_setup_and_storage_to_those_who_manage_users() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let org = caller.org.org();
    let body = "A".repeat(4 * 1024 * 1024);
    let file = json!({"Title": "T", "PathOnClient": "t.txt", "VersionData": body});
    caller.insert("ContentVersion", &file).await?;

    let limits = caller.get("/limits").await?.json();
    assert_eq!(limits["FileStorageMB"], json!({"Max": 10_240, "Remaining": 10_237}));
    assert_eq!(limits["DailyMetadataRetrievesWithDependencies"]["Max"], 25);

    org.set_permissions(&org.admin().id, |held| {
        held.set("ManageUsers", false);
    });
    let limits = caller.get("/limits").await?.json();
    assert!(limits["DailyApiRequests"].is_object() && limits["DataStorageMB"].is_null(), "{limits}");

    org.set_permissions(&org.admin().id, |held| {
        held.set("ViewSetup", false);
    });
    assert_eq!(caller.get("/limits").await?.refusal(), "403 INSUFFICIENT_ACCESS");
    Ok(())
}
