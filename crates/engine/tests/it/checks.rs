//! What `check` finds beside the lake's own invariants, and what a backup mends.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use holdfast_domain::manifest::Manifest;
use holdfast_engine::{BackupOptions, EventSink};
use holdfast_lake::blobs::BLOB_INDEX;
use holdfast_lake::check::Invariant;
use holdfast_testkit::{TestApp, wait_for};
use simorg::{Endpoint, Fault, SimOrg};
use tokio_util::sync::CancellationToken;

async fn folder(app: &TestApp) -> Result<PathBuf> {
    Ok(app.data_dir().join("lake/orgs").join(app.engine.org("acme").await?.id.as_str()))
}

async fn broken(app: &TestApp) -> Result<Vec<(Invariant, String)>> {
    let report = app.engine.check(false, &mut |_| {}).await?;
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(report.damage.iter().map(|finding| (finding.invariant, name(&finding.path))).collect())
}

/// The Manifest before the newest is missed by the newest, and the newest by the catalog.
#[tokio::test(flavor = "multi_thread")]
async fn a_removed_manifest_is_missed() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let mut runs = Vec::new();
    for _ in 0..3 {
        runs.push(app.backup().await?.run);
    }
    assert_eq!(broken(&app).await?, []);

    for lost in [1, 2] {
        let path = folder(&app).await?.join("runs").join(format!("{}.json", runs[lost]));
        let bytes = std::fs::read(&path)?;
        std::fs::remove_file(&path)?;
        assert_eq!(broken(&app).await?, [(Invariant::ManifestIsThere, format!("{}.json", runs[lost]))]);
        std::fs::write(&path, bytes)?;
    }
    Ok(())
}

/// a body that the lake has lost is fetched again for who asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_body_is_fetched_again() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    let held = app.engine.volume("acme").await?.files;
    std::fs::remove_dir_all(a_shelf(&app).await?)?;
    let lost = broken(&app).await?;
    assert!(!lost.is_empty() && lost.iter().all(|(broken, _)| *broken == Invariant::RowNamesKnownBlob));

    let plain = app.backup().await?;
    let mended = refetch(&app).await?;

    assert_eq!(plain.files.stored, 0, "bodies are not looked for unasked");
    assert!(mended.files.stored > 0 && mended.files.failed == 0, "{:?}", mended.files);
    assert_eq!(app.engine.volume("acme").await?.files, held, "none is held twice");
    assert_eq!(broken(&app).await?, []);
    app.assert_lake_equals(&org).await
}

/// Bodies that share the beginning of their hash.
async fn a_shelf(app: &TestApp) -> Result<PathBuf> {
    let shelves = std::fs::read_dir(folder(app).await?.join("files"))?;
    let shelf = shelves.flatten().find(|shelf| shelf.file_name() != "temporary").context("a body")?;
    Ok(shelf.path())
}

async fn refetch(app: &TestApp) -> Result<Manifest> {
    let options = BackupOptions { refetch_files: true, ..BackupOptions::default() };
    Ok(app.engine.backup("acme", options, EventSink::default(), CancellationToken::new()).await?)
}

/// A body that is brought back from a mirror is the record's again.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_body_that_the_org_refuses_is_not_forgotten() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    let (shelf, mirror) = (a_shelf(&app).await?, app.data_dir().join("mirror"));
    std::fs::rename(&shelf, &mirror)?;
    org.faults().add(Fault::status(Endpoint::Blob, 403, "INSUFFICIENT_ACCESS", "no longer yours"));

    let refused = refetch(&app).await?;
    let told = app.engine.run_errors(refused.run.as_str()).await?;
    std::fs::rename(&mirror, &shelf)?;
    org.faults().clear();
    let after = refetch(&app).await?;

    assert!(refused.files.stored == 0 && refused.files.failed > 0, "{:?}", refused.files);
    assert!(told.iter().any(|error| error.message.contains("--refetch-files")), "{told:?}");
    assert_eq!((after.files.stored, after.files.failed), (0, 0), "it is still known which body is whose");
    assert_eq!(broken(&app).await?, []);
    Ok(())
}

/// A body that the org had refused is tried again by each backup, also after a search for lost ones.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_search_for_lost_bodies_did_not_get_is_tried_again() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let app = TestApp::connected_to(&org).await?;
    let refusal = Fault::status(Endpoint::Blob, 403, "INSUFFICIENT_ACCESS", "not yours");
    org.faults().add(refusal.clone().on_object("ContentVersion"));
    app.backup().await?;
    // Rounds of auto backup do not ask again for what was refused.
    app.engine.start_auto("acme").await?;
    let cancel = CancellationToken::new();
    let serving = tokio::spawn({
        let (engine, cancel) = (app.engine.clone(), cancel.clone());
        async move { engine.serve(EventSink::default(), cancel).await }
    });
    let is_passed = || async { passed_version(&app).await.is_ok_and(|version| version >= 0) };
    wait_for("a round to pass the refused bodies", Duration::from_mins(1), is_passed).await?;
    cancel.cancel();
    serving.await??;

    let searched = refetch(&app).await?;
    org.faults().clear();
    let after = app.backup().await?;

    assert!(searched.files.failed > 0, "{:?}", searched.files);
    assert_eq!((after.files.stored, after.files.failed), (searched.files.failed, 0));
    app.assert_lake_equals(&org).await
}

/// Up to which version of its table the bodies of files were looked at.
async fn passed_version(app: &TestApp) -> Result<i64> {
    let lake = app.engine.lake().org(&app.engine.org("acme").await?.id);
    let table = lake.table(&BLOB_INDEX.parse()?).await?.context("the table of bodies")?;
    Ok(table.marks().0.get("bodies.ContentVersion").copied().unwrap_or(-1))
}
