//! The grant of an org, shared by several processes.

use anyhow::Result;
use holdfast_catalog::connections::ConnectionStatus;
use holdfast_catalog::leases;
use holdfast_domain::ErrorCode;
use holdfast_engine::{BackupOptions, Clock, Error, EventSink, NewOrg};
use holdfast_salesforce::Credentials;
use holdfast_testkit::{TestApp, web_grant};
use simorg::SimOrg;
use tokio_util::sync::CancellationToken;

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

/// Another process may renew a grant for minutes, if the org is slow.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_grant_holds_up_nobody_else_and_can_be_stopped() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 5).start().await?;
    let other_org = SimOrg::new().bare().org_number(2).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let credentials = web_grant(&org).await?;
    app.engine.add_org(NewOrg { name: "acme".to_owned(), instance_url: None, credentials }).await?;
    let credentials = Credentials::ClientCredentials {
        login_url: other_org.url().parse()?,
        client_id: other_org.client_id().to_owned(),
        client_secret: "simorg".into(),
    };
    app.engine.add_org(NewOrg { name: "other".to_owned(), instance_url: None, credentials }).await?;
    let grant = format!("grant/{}", app.engine.org("acme").await?.id);
    let (db, now) = (app.engine.catalog().db(), app.clock.now());
    assert!(leases::acquire(db, &grant, "another process", now + chrono::TimeDelta::hours(9), now).await?);

    let cancel = CancellationToken::new();
    let backup = app.engine.backup("acme", BackupOptions::default(), EventSink::default(), cancel.clone());
    let mut waiting = std::pin::pin!(backup);
    tokio::select! {
        ended = &mut waiting => anyhow::bail!("it did not wait: {ended:?}"),
        others = app.engine.permissions("other") => drop(others?),
    }
    cancel.cancel();
    let stopped = waiting.await;
    let connected = app.connect(&org).await;

    assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
    // What the other process gets for the old grant would be stored over the new one.
    let code = connected.unwrap_err().downcast::<Error>()?.code();
    assert_eq!(code, ErrorCode::LeaseLost);
    leases::release(db, &grant, "another process").await?;
    app.backup().await?;
    app.assert_lake_equals(&org).await
}
