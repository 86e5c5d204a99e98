//! Each Manifest follows from the one before, whatever happened to the Runs and to the catalog.

use std::time::Duration;

use anyhow::Result;
use holdfast_catalog::{leases, runs};
use holdfast_domain::RunId;
use holdfast_domain::manifest::{RunStatus, Trigger};
use holdfast_engine::Clock;
use holdfast_testkit::TestApp;
use simorg::SimOrg;

/// Ids are in the order of time, and the newest is the one that others follow.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waited_is_later_than_what_happened_meanwhile() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let lease = format!("capture/{}", app.engine.org("acme").await?.id);
    let (db, now) = (app.engine.catalog().db(), app.clock.now());
    assert!(leases::acquire(db, &lease, "another process", now + chrono::TimeDelta::hours(9), now).await?);

    let meanwhile = async {
        // The next thing that the Run does after it has noticed is to wait.
        app.clock.sleep(Duration::from_secs(10)).await;
        let meanwhile = RunId::from(uuid::Uuid::now_v7());
        leases::release(db, &lease, "another process").await?;
        anyhow::Ok(meanwhile)
    };
    let (manifest, meanwhile) = tokio::join!(app.backup(), meanwhile);

    assert!(manifest?.run > meanwhile?);
    Ok(())
}

/// A catalog that was lost and made anew knows of no Run; the lake does.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_after_a_lost_catalog_follows_the_last_one_before() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    let last = app.backup().await?;

    let app = app.without_catalog().await?;
    app.connect(&org).await?;
    let next = app.backup().await?;

    assert_eq!(next.previous, Some(last.run));
    Ok(())
}

/// Two Runs were killed after their last step; the Manifest of one of them was damaged.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_ended_as_its_manifest_says_and_a_damaged_manifest_stops_no_backup() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let (id, db) = (app.engine.org("acme").await?.id, app.engine.catalog().db());
    let (whole, damaged) = (app.backup().await?.run, app.backup().await?.run);
    for run in [&whole, &damaged] {
        runs::remove(db, run).await?;
        runs::insert(db, run, &id, Trigger::Backup, app.clock.now()).await?;
    }
    let manifests = app.data_dir().join("lake/orgs").join(id.as_str()).join("runs");
    std::fs::write(manifests.join(format!("{damaged}.json")), "{")?;

    app.backup().await?;

    let statuses: Vec<_> = app.engine.runs("acme", 10).await?.iter().map(|run| run.status).collect();
    assert_eq!(statuses, [RunStatus::Completed, RunStatus::Interrupted, RunStatus::Completed]);
    app.assert_lake_equals(&org).await
}
