//! The first Run of an org, and the next one in which nothing changed.

use anyhow::Result;
use holdfast_domain::manifest::RunStatus;
use holdfast_testkit::TestApp;
use simorg::SimOrg;

/// G-01, G-07, G-11, G-15, G-17
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_the_integration_user_sees_is_captured() -> Result<()> {
    let org = SimOrg::demo(3_000).start().await?;
    let app = TestApp::connected_to(&org).await?;

    let manifest = app.backup().await?;

    let gaps: Vec<_> = manifest
        .objects
        .iter()
        .filter_map(|(object, entry)| Some((object, entry.gap.as_ref()?)))
        .filter(|(_, gap)| !gap.is_expected)
        .collect();
    assert!(gaps.is_empty(), "{gaps:#?}");
    assert_eq!(manifest.status, RunStatus::Completed);
    app.assert_lake_equals(&org).await
}
