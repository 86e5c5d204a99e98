//! What `check` finds beside the lake's own invariants, and what a backup mends.

use std::path::PathBuf;

use anyhow::{Context, Result};
use holdfast_engine::{BackupOptions, EventSink};
use holdfast_lake::check::Invariant;
use holdfast_testkit::TestApp;
use simorg::SimOrg;
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
    let shelves = std::fs::read_dir(folder(&app).await?.join("files"))?;
    let shelf = shelves.flatten().find(|shelf| shelf.file_name() != "temporary").context("a body")?;
    std::fs::remove_dir_all(shelf.path())?;
    let lost = broken(&app).await?;
    assert!(!lost.is_empty() && lost.iter().all(|(broken, _)| *broken == Invariant::RowNamesKnownBlob));

    let plain = app.backup().await?;
    let options = BackupOptions { refetch_files: true, ..BackupOptions::default() };
    let mended = app.engine.backup("acme", options, EventSink::default(), CancellationToken::new()).await?;

    assert_eq!(plain.files.stored, 0, "bodies are not looked for unasked");
    assert!(mended.files.stored > 0 && mended.files.failed == 0, "{:?}", mended.files);
    assert_eq!(broken(&app).await?, []);
    Ok(())
}
