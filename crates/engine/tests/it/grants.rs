//! The grant of an org, shared by several processes.

use anyhow::Result;
use holdfast_catalog::connections::ConnectionStatus;
use holdfast_engine::NewOrg;
use holdfast_testkit::{TestApp, web_grant};
use simorg::SimOrg;

/// Each renewal replaces the refresh token, and showing a replaced one ends the grant: whoever renews
/// must know what the other processes have stored.
#[tokio::test(flavor = "multi_thread")]
async fn processes_that_share_a_rotating_grant_renew_it_in_turns() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 20).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let credentials = web_grant(&org).await?;
    org.state().oauth.set_rotation(true);
    app.engine.add_org(NewOrg { name: "acme".to_owned(), instance_url: None, credentials }).await?;
    let other = app.another_process().await?;

    for _ in 0..4 {
        org.state().oauth.expire_sessions();
        let (mine, others) = tokio::join!(app.engine.permissions("acme"), other.engine.permissions("acme"));
        mine?;
        others?;
    }

    assert_eq!(app.engine.org("acme").await?.connection, ConnectionStatus::Works);
    app.backup().await?;
    app.assert_lake_equals(&org).await
}
