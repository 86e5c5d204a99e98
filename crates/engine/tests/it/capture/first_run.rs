//! The first Run of an org, and the next one in which nothing changed.

use anyhow::{Context, Result};
use holdfast_domain::manifest::{Manifest, RunStatus};
use holdfast_engine::{BackupOptions, Event, EventSink};
use holdfast_testkit::TestApp;
use simorg::SimOrg;
use tokio_util::sync::CancellationToken;

/// G-01, G-07, G-17, S-04, S-23
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_the_integration_user_sees_is_captured() -> Result<()> {
    let org = SimOrg::demo(3_000).start().await?;
    let app = TestApp::connected_to(&org).await?;

    let manifest = app.backup().await?;

    assert_eq!(unexpected_gaps(&manifest), Vec::<String>::new());
    assert_eq!(manifest.status, RunStatus::Completed);
    app.assert_lake_equals(&org).await
}

/// Salesforce itself does not look at the case of a name.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_asked_for_in_any_case() -> Result<()> {
    let org = SimOrg::with_records("Account", 10).start().await?;
    let app = TestApp::connected_to(&org).await?;

    let manifest = app.backup_of(&["account"]).await?;

    let objects: Vec<_> = manifest.objects.keys().map(ToString::to_string).collect();
    assert_eq!((objects, manifest.totals().new), (vec!["Account".to_owned()], 10));
    let unknown = app.backup_of(&["acount"]).await.unwrap_err();
    assert!(unknown.to_string().contains("`acount`"), "{unknown}");
    Ok(())
}

/// G-12, S-05: the next Run begins where this one ended, and costs less.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_which_nothing_changed_stores_nothing_and_asks_little() -> Result<()> {
    let org = SimOrg::with_records("Account", 1_000).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let first = app.backup().await?;

    let second = app.backup().await?;

    assert_eq!(second.status, RunStatus::Completed);
    assert_eq!(second.totals().versions(), 0);
    assert!(second.api_calls < first.api_calls, "{} calls, then {}", first.api_calls, second.api_calls);
    let version = |manifest: &Manifest| {
        manifest.objects.iter().find(|(name, _)| name.as_str() == "Account").map(|(_, e)| e.table_version)
    };
    assert_eq!(version(&first), version(&second));
    app.assert_lake_equals(&org).await
}

/// what a Run will cost is known before it reads anything.
#[tokio::test(flavor = "multi_thread")]
async fn the_forecast_is_near_what_a_run_costs() -> Result<()> {
    let org = SimOrg::with_records("Contact", 15_000).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let (events, mut told) = EventSink::channel();

    let run = app.engine.backup("acme", BackupOptions::default(), events, CancellationToken::new()).await?;

    let mut forecast = None;
    while let Some(event) = told.recv().await {
        if let Event::Forecast { api_calls, left } = event {
            forecast = Some((api_calls, left));
        }
    }
    let (calls, left) = forecast.context("a forecast")?;
    let real = run.api_calls;
    assert!(calls * 2 > real && calls < real * 2, "{calls} were foreseen, {real} were made");
    assert!(left.is_some_and(|left| left > real), "{left:?}");
    Ok(())
}

/// G-11, G-15, G-32: an object comes in several blocks, the oldest first, and its timeline lists them.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_bounded_and_come_oldest_first() -> Result<()> {
    let org = SimOrg::with_records("Contact", 3_000).start().await?;
    let app = TestApp::connected_to(&org).await?;

    app.backup_of(&["Contact"]).await?;

    let object = "Contact".parse()?;
    let mut blocks = app.engine.timeline("acme", &object, 100).await?;
    blocks.reverse();
    assert!(blocks.len() > 4, "{} blocks", blocks.len());
    let starts: Vec<_> = blocks.iter().map(|block| block.window_from_us).collect();
    assert!(starts.is_sorted(), "{starts:?}");
    Ok(())
}

/// G-07: the data of the public sample app, custom objects included, loaded from its plan.
#[tokio::test(flavor = "multi_thread")]
async fn an_org_loaded_from_a_data_plan_is_captured() -> Result<()> {
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/../simorg/tests/data/dreamhouse");
    let org = SimOrg::new().data_dir(plan).start().await?;
    let app = TestApp::connected_to(&org).await?;

    let manifest = app.backup().await?;

    assert_eq!(unexpected_gaps(&manifest), Vec::<String>::new());
    let property = manifest.objects.iter().find(|(name, _)| name.as_str() == "Property__c");
    assert!(property.is_some_and(|(_, entry)| entry.live_records > 0));
    app.assert_lake_equals(&org).await
}

pub(super) fn unexpected_gaps(manifest: &Manifest) -> Vec<String> {
    let gaps = manifest.objects.iter().filter_map(|(object, entry)| Some((object, entry.gap.as_ref()?)));
    gaps.filter(|(_, gap)| !gap.is_expected)
        .map(|(object, gap)| format!("{object}: {}", gap.message))
        .collect()
}
