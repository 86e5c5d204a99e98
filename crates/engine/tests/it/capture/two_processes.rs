//! Two processes on one catalog: at any time one of them writes an object, and one that lost its lease writes nothing.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use holdfast_catalog::leases;
use holdfast_domain::manifest::RunStatus;
use holdfast_domain::{ErrorCode, ObjectName};
use holdfast_engine::{Clock, Engine, Settings};
use holdfast_lake::{Step, StepHook};
use holdfast_testkit::{TestApp, quick};
use serde_json::json;
use simorg::SimOrg;
use tokio::runtime::Handle;

use super::first_run::unexpected_gaps;
use crate::org::{Acts, account};

/// G-26
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_back_up_one_org_in_turn() -> Result<()> {
    let org = SimOrg::with_records("Account", 900).start().await?;
    let app = TestApp::with_settings(&org, settings(Duration::from_hours(1))).await?;
    let neighbour = app.another_process().await?;

    let (first, second) = tokio::join!(app.backup(), neighbour.backup());

    let (first, second) = (first?, second?);
    ensure!(first.finished_at <= second.started_at || second.finished_at <= first.started_at);
    let stored: u64 = [&first, &second].map(|run| run.objects[&accounts()].counts.new).iter().sum();
    ensure!(stored == first.objects[&accounts()].live_records, "{stored} versions");
    app.assert_lake_equals(&org).await
}

fn settings(give_up_after: Duration) -> Settings {
    let mut settings = quick();
    settings.give_up_after = give_up_after;
    settings
}

fn accounts() -> ObjectName {
    ObjectName::parse("Account").expect("it is a well-formed name")
}

/// A process that slept past the end of its leases finds that another one has them.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_writes_nothing() -> Result<()> {
    let org = SimOrg::with_records("Account", 40).start().await?;
    let engine: Arc<OnceLock<Engine>> = Arc::default();
    let stolen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (victim, loot) = (engine.clone(), stolen.clone());
    let hook = StepHook::new(move |step| {
        if step == Step::DataFile
            && let Some(engine) = victim.get()
        {
            let names = tokio::task::block_in_place(|| Handle::current().block_on(steal(engine)));
            loot.lock().expect("no test panics while holding this lock").extend(names);
        }
        ControlFlow::Continue(())
    });
    // One object at a time, so that no other one is about to commit when its lease is taken.
    let settings = Settings { parallel: 1, ..settings(Duration::ZERO) };
    let app = TestApp::with_settings(&org, settings).await?;
    let robbed = app.another_process_with(hook).await?;
    ensure!(engine.set(robbed.engine.clone()).is_ok());

    let robbed = robbed.backup().await?;

    let stolen = stolen.lock().expect("no test panics while holding this lock").clone();
    ensure!(stolen.iter().any(|name| name.ends_with("/Account")), "{stolen:?}");
    for name in &stolen {
        let object = ObjectName::parse(name.rsplit('/').next().unwrap_or_default())?;
        let entry = &robbed.objects[&object];
        ensure!(entry.table_version.is_none(), "{object} was written: {entry:?}");
        ensure!(entry.gap.as_ref().map(|gap| gap.code) == Some(ErrorCode::LeaseLost), "{entry:?}");
        ensure!(app.engine.lake().org(&robbed.org).table(&object).await?.is_none(), "{object} was written");
    }
    leases::release_all(app.engine.catalog().db(), THIEF).await?;
    let healed = app.backup().await?;
    ensure!(healed.status == RunStatus::Completed, "{:?}", unexpected_gaps(&healed));
    app.assert_lake_equals(&org).await
}

const THIEF: &str = "another process";

/// Gives every table that is being written to somebody else; says which.
async fn steal(engine: &Engine) -> Vec<String> {
    let (db, now) = (engine.catalog().db(), engine.clock().now());
    let held = leases::list(db, now).await.expect("the catalog is there");
    let mut stolen = Vec::new();
    for lease in held.into_iter().filter(|lease| lease.name.starts_with("table/") && lease.owner != THIEF) {
        leases::release(db, &lease.name, &lease.owner).await.expect("the catalog is there");
        let until = now + TimeDelta::hours(9);
        let taken = leases::acquire(db, &lease.name, THIEF, until, now).await;
        if taken.expect("the catalog is there") {
            stolen.push(lease.name);
        }
    }
    stolen
}

/// An object that somebody else is writing is left to them, told in words, and captured afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_another_process_writes_is_left_to_it() -> Result<()> {
    let org = SimOrg::with_records("Account", 40).start().await?;
    let app = TestApp::with_settings(&org, settings(Duration::ZERO)).await?;
    let first = app.backup().await?;
    org.org().insert("Account", account("while it is taken"));
    org.org().insert("Contact", json!({ "LastName": "seen all the same" }));
    let (db, now) = (app.engine.catalog().db(), app.clock.now());
    let name = format!("table/{}/Account", first.org);
    ensure!(leases::acquire(db, &name, THIEF, now + TimeDelta::hours(9), now).await?);

    let second = app.backup().await?;

    let gap = second.objects[&accounts()].gap.as_ref();
    ensure!(
        gap.is_some_and(|gap| gap.code == ErrorCode::LeaseLost && gap.message.contains("another")),
        "{gap:?}"
    );
    ensure!(second.objects[&ObjectName::parse("Contact")?].counts.new == 1);
    leases::release_all(db, THIEF).await?;
    app.backup().await?;
    app.assert_lake_equals(&org).await
}
