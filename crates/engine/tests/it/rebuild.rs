//! The catalog is lost; the lake tells everything that matters again.

use std::path::{Path, PathBuf};

use anyhow::Result;
use holdfast_domain::{ErrorCode, ObjectName, RecordId};
use holdfast_engine::completeness::Completeness;
use holdfast_engine::{BackupOptions, EventSink};
use holdfast_testkit::TestApp;
use serde_json::json;
use simorg::SimOrg;
use tokio_util::sync::CancellationToken;

use crate::org::{Acts, account};

///
#[tokio::test(flavor = "multi_thread")]
async fn the_same_questions_are_answered_the_same_after_a_rebuild() -> Result<()> {
    let org = SimOrg::with_records("Account", 100).start().await?;
    let id = org.org().insert("Account", account("one"));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    org.org().update("Account", &id, json!({"Name": "two"}));
    org.org().hide_field("Account", "Site", true);
    let second = app.backup().await?;
    let complete = app.engine.completeness("acme").await?;
    assert_eq!(complete.as_ref().map(|now| now.fields_not_captured), Some(1));
    let object = ObjectName::parse("Account")?;
    let record = RecordId::parse(&id)?;
    let history = app.engine.history("acme", &object, &record, None).await?;
    let changes = app.engine.changes(second.run.as_str(), None, None).await?;
    let runs: Vec<_> = app.engine.runs("acme", 10).await?.into_iter().map(|run| run.id).collect();

    let app = app.without_catalog().await?;
    let report = app.engine.rebuild().await?;

    assert_eq!((report.orgs, report.runs), (1, 2));
    assert_eq!(app.engine.history("acme", &object, &record, None).await?, history);
    assert_eq!(app.engine.changes(second.run.as_str(), None, None).await?, changes);
    assert_eq!(app.engine.runs("acme", 10).await?.into_iter().map(|run| run.id).collect::<Vec<_>>(), runs);
    let again = app.engine.completeness("acme").await?;
    let figures = |now: Option<Completeness>| now.map(|now| (now.objects_verified, now.fields_not_captured));
    assert_eq!(figures(again), figures(complete));
    app.connect(&org).await?;
    org.org().update("Account", &id, json!({"Name": "three"}));
    let third = app.backup().await?;
    assert_eq!(third.objects[&object].counts.versions(), 1);
    app.assert_lake_equals(&org).await
}

/// G-18: that a person has said of an Object that it is gone is not forgotten with the catalog.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_knows_which_objects_are_gone() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 10).records("Contact", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    org.org().hide_object("Account", true);
    let options = BackupOptions { accept_missing: true, ..BackupOptions::default() };
    app.engine.backup("acme", options, EventSink::default(), CancellationToken::new()).await?;
    org.org().hide_object("Contact", true);
    app.backup().await?;
    let complete = app.engine.completeness("acme").await?;

    let app = app.without_catalog().await?;
    app.engine.rebuild().await?;

    let again = app.engine.completeness("acme").await?;
    let missed = |now: Option<Completeness>| now.map(|now| (now.objects_verified, now.objects_to_come));
    assert_eq!(missed(again), missed(complete));
    let reason = |name: &str| {
        let (engine, name) = (app.engine.clone(), ObjectName::parse(name).unwrap());
        async move { engine.object("acme", &name).await.map(|object| object.state.stopped_reason) }
    };
    assert!(reason("Account").await?.is_some_and(|reason| reason.contains("a person has confirmed")));
    assert!(reason("Contact").await?.is_some_and(|reason| reason.contains("no longer sees it")));
    app.connect(&org).await?;
    assert_eq!(
        app.backup().await?.objects[&ObjectName::parse("Account")?].gap.as_ref().map(|gap| gap.is_expected),
        Some(true)
    );
    Ok(())
}

/// Overwrites a file, or every file of a folder, and says what had been in each.
fn damage(path: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let files = if path.is_dir() {
        std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?
    } else {
        vec![path.to_owned()]
    };
    let mut whole = Vec::new();
    for file in files.into_iter().filter(|file| file.is_file()) {
        whole.push((file.clone(), std::fs::read(&file)?));
        std::fs::write(file, "{ not what it was")?;
    }
    Ok(whole)
}

/// what is damaged is named, hinders nothing else, and is read when it was put back.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_reads_around_what_is_damaged_and_names_it() -> Result<()> {
    let org = SimOrg::with_records("Account", 20).start().await?;
    org.org().insert("Contact", json!({"LastName": "Somebody"}));
    let app = TestApp::connected_to(&org).await?;
    let first = app.backup().await?.run;
    let id = org.org().insert("Account", account("second"));
    let second = app.backup().await?.run;
    let folder = app.data_dir().join("lake/orgs").join(app.engine.org("acme").await?.id.as_str());
    let mut whole = damage(&folder.join("runs").join(format!("{first}.json")))?;
    whole.extend(damage(&folder.join("objects/Contact/_delta_log"))?);

    let app = app.without_catalog().await?;
    let report = app.engine.rebuild().await?;

    let (account, contact) = (ObjectName::parse("Account")?, ObjectName::parse("Contact")?);
    let named: Vec<_> =
        report.not_read.iter().map(|part| (part.object.as_ref(), part.run.as_ref())).collect();
    assert_eq!(named, [(Some(&contact), None), (None, Some(&first))], "{report:?}");
    assert!(report.not_read.iter().all(|part| part.code == ErrorCode::LakeDamaged), "{report:?}");
    assert!(report.not_read[1].message.contains(&format!("runs/{first}.json")), "{report:?}");
    assert_eq!((report.orgs, report.runs), (1, 1));
    assert_eq!(app.engine.runs("acme", 10).await?.remove(0).id, second);
    assert_eq!(app.engine.history("acme", &account, &RecordId::parse(&id)?, None).await?.len(), 1);

    for (file, bytes) in whole {
        std::fs::write(file, bytes)?;
    }
    let again = app.engine.rebuild().await?;
    assert_eq!((again.runs, again.not_read), (2, Vec::new()));
    Ok(())
}

/// without its name an org cannot be shown; connecting it again says the name.
#[tokio::test(flavor = "multi_thread")]
async fn an_org_whose_document_is_damaged_is_read_back_once_it_is_connected_again() -> Result<()> {
    let org = SimOrg::with_records("Account", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    let id = app.engine.org("acme").await?.id;
    damage(&app.data_dir().join("lake/orgs").join(id.as_str()).join("org.json"))?;

    let app = app.without_catalog().await?;
    let report = app.engine.rebuild().await?;
    assert_eq!((report.orgs, report.runs, report.not_read.len()), (0, 0, 1));
    assert_eq!(report.not_read[0].org, id);

    app.connect(&org).await?;
    let again = app.engine.rebuild().await?;
    assert_eq!((again.orgs, again.runs, again.not_read), (1, 1, Vec::new()));
    Ok(())
}
