//! What goes wrong between Holdfast and the org, and goes away again, leaves no trace in the lake.

use anyhow::Result;
use holdfast_catalog::bulk_jobs::{self, BulkJob};
use holdfast_catalog::leases;
use holdfast_domain::ErrorCode;
use holdfast_domain::manifest::RunStatus;
use holdfast_engine::{Clock, Error};
use holdfast_testkit::TestApp;
use serde_json::json;
use simorg::{Effect, Endpoint, Fault, SimOrg};

use super::first_run::unexpected_gaps;
use crate::org::Acts;

async fn survives(faults: Vec<Fault>) -> Result<()> {
    let org = SimOrg::with_records("Account", 900).start().await?;
    let app = TestApp::connected_to(&org).await?;
    for fault in faults {
        org.faults().add(fault);
    }

    let manifest = app.backup().await?;

    assert_eq!(unexpected_gaps(&manifest), Vec::<String>::new());
    assert_eq!(manifest.status, RunStatus::Completed);
    app.assert_lake_equals(&org).await
}

/// G-27
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_and_bodies_that_are_cut_or_garbled() -> Result<()> {
    survives(vec![
        Fault::at(Endpoint::BulkResults, Effect::Disconnect { after_bytes: 3_000 }).times(2),
        Fault::at(Endpoint::BulkResults, Effect::Truncate { after_bytes: 2_000 }).after(3).times(2),
        Fault::at(Endpoint::BulkResults, Effect::Garble).after(6).once(),
        Fault::at(Endpoint::Query, Effect::Disconnect { after_bytes: 300 }).times(2),
        Fault::at(Endpoint::QueryAll, Effect::Truncate { after_bytes: 200 }).after(2).times(2),
        Fault::at(Endpoint::QueryAll, Effect::Garble).after(5).once(),
        Fault::at(Endpoint::Composite, Effect::Garble).once(),
        Fault::at(Endpoint::Blob, Effect::Truncate { after_bytes: 10 }).times(2),
    ])
    .await
}

/// G-28
#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_is_busy_in_maintenance_or_limits_concurrent_requests() -> Result<()> {
    survives(vec![
        Fault::status(Endpoint::Any, 503, "SERVER_UNAVAILABLE", "down for maintenance").after(5).times(3),
        Fault::status(
            Endpoint::QueryAll,
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentPerOrgLongTxn Limit exceeded.",
        )
        .times(2),
        Fault::status(Endpoint::BulkStatus, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred")
            .times(2),
        Fault::status(Endpoint::BulkCreate, 502, "", "").times(2),
        Fault::status(Endpoint::DescribeGlobal, 420, "", "").once(),
    ])
    .await
}

/// Sessions end, cursors are lost, jobs fail.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_end_cursors_that_are_lost_and_jobs_that_fail() -> Result<()> {
    survives(vec![
        Fault::at(Endpoint::Any, Effect::SessionExpired).after(10).once(),
        Fault::at(Endpoint::QueryAll, Effect::SessionExpired).after(5).once(),
        Fault::at(Endpoint::BulkResults, Effect::SessionExpired).once(),
        Fault::at(Endpoint::NextPage, Effect::LocatorLost).once(),
        Fault::at(
            Endpoint::BulkStatus,
            Effect::JobFailed { message: "InternalServerError : Retried more than fifteen times".into() },
        )
        .once(),
    ])
    .await
}

/// S-38, S-41, X-47: at the budget no further data call is made, and the next Run goes on.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_budget_stops_a_run_and_the_next_one_goes_on() -> Result<()> {
    let org = SimOrg::with_records("Account", 900).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.engine.set_api_budget("acme", Some(50), None).await?;
    let limits = org.org().limits();
    limits.set_max(1_000);
    limits.set_used(480, org.org().now());

    let stopped = app.backup().await;
    let used = limits.used(org.org().now());
    limits.set_used(0, org.org().now());
    app.backup().await?;

    let code = stopped.unwrap_err().downcast::<Error>()?.code();
    assert_eq!(code, ErrorCode::ApiBudgetReached);
    assert!(used <= 510, "{used} calls");
    app.assert_lake_equals(&org).await
}

/// S-08: a failure that stays leaves a named gap in one object, and the others are whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_refusal_stops_only_its_object_and_is_told_in_words() -> Result<()> {
    let org = SimOrg::with_records("Account", 50).start().await?;
    let refusal = "external objects are being moved";
    org.faults().add(
        Fault::status(Endpoint::QueryAll, 400, "EXTERNAL_OBJECT_EXCEPTION_X", refusal).on_object("Account"),
    );
    let app = TestApp::connected_to(&org).await?;

    let manifest = app.backup().await?;

    assert_eq!(manifest.status, RunStatus::CompletedWithGaps);
    let gaps = unexpected_gaps(&manifest);
    assert!(gaps.len() == 1 && gaps[0].starts_with("Account: ") && gaps[0].contains(refusal), "{gaps:?}");
    let errors = app.engine.run_errors(manifest.run.as_str()).await?;
    assert_eq!(errors.len(), 1);
    org.faults().clear();
    app.backup().await?;
    app.assert_lake_equals(&org).await
}

/// A job that the org cannot end is asked for again over less and less time, until it can.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_fail_for_being_too_large_are_made_smaller() -> Result<()> {
    let failed = Effect::JobFailed { message: "QUERY_TIMEOUT".into() };
    survives(vec![Fault::at(Endpoint::BulkStatus, failed).on_object("Account").times(8)]).await
}

/// What another process is reading is left alone.
#[tokio::test(flavor = "multi_thread")]
async fn only_jobs_that_nobody_reads_are_removed_from_the_org() -> Result<()> {
    let org = SimOrg::with_records("Account", 10).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let id = app.engine.org("acme").await?.id;
    let db = app.engine.catalog().db();
    for (job, object) in [("750000000000001AAA", "Account"), ("750000000000002AAA", "Case")] {
        let row = BulkJob {
            org: id.clone(),
            job: job.to_owned(),
            object: object.parse()?,
            soql: format!("SELECT Id FROM {object}"),
            window_from_us: None,
            window_until_us: None,
            created_at: app.clock.now(),
        };
        bulk_jobs::insert(db, &row).await?;
    }
    let (now, until) = (app.clock.now(), app.clock.now() + chrono::TimeDelta::hours(9));
    assert!(leases::acquire(db, &format!("table/{id}/Case"), "another process", until, now).await?);

    app.backup_of(&["Contact"]).await?;

    let left: Vec<_> =
        bulk_jobs::list(db, &id).await?.into_iter().map(|job| job.object.to_string()).collect();
    assert_eq!(left, ["Case"]);
    Ok(())
}

/// A page goes into the Block as it arrives, and from its start once more if it breaks off.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_breaks_off_after_its_first_batch_is_stored_once() -> Result<()> {
    let org = SimOrg::new().bare().start().await?;
    for n in 0..220 {
        org.org().insert("Account", json!({"Name": format!("Account {n}"), "Description": noise(n, 30_000)}));
    }
    // A batch is full after 4 MB, and this much of the gzipped answer is more. A connection that broke might
    // take with it what was not read yet.
    let cut = Effect::Truncate { after_bytes: 3_000_000 };
    org.faults().add(Fault::at(Endpoint::BulkResults, cut).once());
    let app = TestApp::connected_to(&org).await?;

    let manifest = app.backup_of(&["Account"]).await?;

    let counts = manifest.objects[&"Account".parse()?].counts;
    assert_eq!((counts.new, org.faults().list()[0].struck), (220, 1));
    assert!((100..220).contains(&counts.unchanged), "{counts:?}");
    app.backup().await?;
    app.assert_lake_equals(&org).await
}

/// Letters that no compression makes much shorter.
fn noise(seed: u32, length: usize) -> String {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let letters = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        char::from(b'a' + state.to_le_bytes()[1] % 26)
    });
    letters.take(length).collect()
}
