//! Storage that is slow, throttled, full or read-only for a while loses nothing.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use holdfast_domain::ErrorCode;
use holdfast_domain::manifest::RunStatus;
use holdfast_engine::Error;
use holdfast_testkit::{FaultyStore, Requests, StorageFault, TestApp, quick};
use object_store::memory::InMemory;
use serde_json::json;
use simorg::{RunningOrg, SimOrg};

use super::first_run::unexpected_gaps;
use crate::org::{Acts, account};

async fn stage() -> Result<(RunningOrg, Arc<FaultyStore>, TestApp)> {
    let org = SimOrg::new().records("Account", 60).start().await?;
    let store = FaultyStore::around(Arc::new(InMemory::new()));
    let app = TestApp::on_store(&org, quick(), store.clone()).await?;
    Ok((org, store, app))
}

/// G-29: what goes away while a Run is under way is survived by that Run.
#[tokio::test(flavor = "multi_thread")]
async fn storage_that_is_slow_or_fails_now_and_then_is_survived() -> Result<()> {
    let (org, store, app) = stage().await?;
    for (on, fault, every, times) in [
        (Requests::All, StorageFault::Slow(Duration::from_millis(5)), 3, None),
        // A bucket that throttles, and whose client has given up repeating.
        (Requests::All, StorageFault::Fails(ErrorKind::Other), 40, None),
        (Requests::Writes, StorageFault::Fails(ErrorKind::ConnectionReset), 1, Some(4)),
        (Requests::Reads, StorageFault::Fails(ErrorKind::TimedOut), 1, Some(4)),
        (Requests::Writes, StorageFault::Fails(ErrorKind::StorageFull), 2, Some(6)),
        (Requests::Writes, StorageFault::AnswerLost, 2, Some(12)),
    ] {
        let id = org.org().insert("Account", account("new"));
        org.org().update("Account", &id, json!({ "Site": format!("{fault:?}") }));
        store.add(on, fault, every, times);

        let manifest = app.backup().await.with_context(|| format!("{on:?}, {fault:?}"))?;

        ensure!(store.clear() > 0, "{on:?}, {fault:?} did not strike");
        ensure!(unexpected_gaps(&manifest).is_empty(), "{fault:?}: {:?}", unexpected_gaps(&manifest));
        app.assert_lake_equals(&org).await.with_context(|| format!("{on:?}, {fault:?}"))?;
    }
    let report = app.engine.check(true, &mut |_| {}).await?;
    ensure!(report.is_whole(), "{:?}", report.damage);
    Ok(())
}

/// G-29: what does not go away is told with its code, spoils nothing, and is over when it is over.
#[tokio::test(flavor = "multi_thread")]
async fn storage_that_stays_full_or_read_only_is_told_and_spoils_nothing() -> Result<()> {
    let (org, store, app) = stage().await?;
    for (round, (kind, code)) in [
        (ErrorKind::StorageFull, ErrorCode::LakeFull),
        (ErrorKind::ReadOnlyFilesystem, ErrorCode::LakeReadOnly),
        (ErrorKind::PermissionDenied, ErrorCode::LakeReadOnly),
        (ErrorKind::ConnectionRefused, ErrorCode::LakeUnreachable),
    ]
    .into_iter()
    .enumerate()
    {
        org.org().insert("Account", account(&format!("{kind:?}")));
        store.add(Requests::Writes, StorageFault::Fails(kind), 1, None);

        let failed = app.backup().await;

        ensure!(store.clear() > 0);
        let told = match failed {
            Err(error) => error.downcast::<Error>()?.code(),
            Ok(manifest) => {
                let gap = manifest
                    .objects
                    .values()
                    .find_map(|entry| entry.gap.clone().filter(|gap| !gap.is_expected));
                gap.context("a gap")?.code
            }
        };
        ensure!(told == code, "{kind:?} in round {round}: {told:?}");
        let report = app.engine.check(true, &mut |_| {}).await?;
        ensure!(report.is_whole(), "{kind:?}: {:?}", report.damage);
        let healed = app.backup().await?;
        ensure!(healed.status == RunStatus::Completed, "{:?}", unexpected_gaps(&healed));
        app.assert_lake_equals(&org).await?;
    }
    Ok(())
}
