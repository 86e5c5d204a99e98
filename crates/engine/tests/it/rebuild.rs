//! The catalog is lost; the lake tells everything that matters again.

use anyhow::Result;
use holdfast_domain::{ObjectName, RecordId};
use holdfast_testkit::TestApp;
use serde_json::json;
use simorg::SimOrg;

use crate::org::{Acts, account};

///
#[tokio::test(flavor = "multi_thread")]
async fn the_same_questions_are_answered_the_same_after_a_rebuild() -> Result<()> {
    let org = SimOrg::with_records("Account", 100).start().await?;
    let id = org.org().insert("Account", account("one"));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    org.org().update("Account", &id, json!({"Name": "two"}));
    let second = app.backup().await?;
    let object = ObjectName::parse("Account")?;
    let record = RecordId::parse(&id)?;
    let history = app.engine.history("acme", &object, &record, None).await?;
    let changes = app.engine.changes(second.run.as_str(), None, None).await?;
    let runs: Vec<_> = app.engine.runs("acme", 10).await?.into_iter().map(|run| run.id).collect();

    let app = app.without_catalog().await?;
    let report = app.engine.rebuild().await?;

    assert_eq!((report.orgs, report.runs), (1, 2));
    assert_eq!(app.engine.history("acme", &object, &record, None).await?, history);
    assert_eq!(app.engine.changes(second.run.as_str(), None, None).await?, changes);
    assert_eq!(app.engine.runs("acme", 10).await?.into_iter().map(|run| run.id).collect::<Vec<_>>(), runs);
    app.connect(&org).await?;
    org.org().update("Account", &id, json!({"Name": "three"}));
    let third = app.backup().await?;
    assert_eq!(third.objects[&object].counts.versions(), 1);
    app.assert_lake_equals(&org).await
}
