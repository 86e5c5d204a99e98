//! What is refused because doing it would mislead.

use anyhow::Result;
use holdfast_domain::ErrorCode;
use holdfast_engine::NewOrg;
use holdfast_salesforce::Credentials;
use holdfast_testkit::TestApp;
use simorg::{RunningOrg, SimOrg};

use crate::org::{Acts, account};

fn named(name: &str, org: &RunningOrg) -> Result<NewOrg> {
    let credentials = Credentials::ClientCredentials {
        login_url: org.url().parse()?,
        client_id: org.client_id().to_owned(),
        client_secret: "simorg".into(),
    };
    Ok(NewOrg { name: name.to_owned(), instance_url: None, credentials })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_is_connected_keeps_its_name() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let app = TestApp::connected_to(&org).await?;

    let error = app.engine.add_org(named("other", &org)?).await.unwrap_err();

    assert_eq!(error.code(), ErrorCode::AlreadyExists);
    assert!(error.to_string().contains("`acme`"), "{error}");
    let names: Vec<_> = app.engine.orgs().await?.into_iter().map(|org| org.name).collect();
    assert_eq!(names, ["acme"]);
    let document = app.engine.lake().orgs().await?.remove(0);
    assert_eq!(document.name, "acme");
    app.connect(&org).await
}

/// S-60
#[tokio::test(flavor = "multi_thread")]
async fn changes_that_would_run_backwards_are_refused() -> Result<()> {
    let org = SimOrg::with_records("Account", 10).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let older = app.backup().await?.run;
    org.org().insert("Account", account("between"));
    let newer = app.backup().await?.run;

    let error = app.engine.changes(older.as_str(), None, Some(newer.as_str())).await.unwrap_err();

    assert_eq!(error.code(), ErrorCode::BadInput);
    assert!(error.to_string().contains("newer"), "{error}");
    let forwards = app.engine.changes(newer.as_str(), None, Some(older.as_str())).await?;
    assert!(forwards.iter().any(|change| change.object.as_str() == "Account" && change.new == 1));
    assert_eq!(app.engine.changes(newer.as_str(), None, Some(newer.as_str())).await?, []);
    Ok(())
}
