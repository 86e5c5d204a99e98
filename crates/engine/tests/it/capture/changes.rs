//! What happens in the org between two Runs is in the lake after the second.

use anyhow::Result;
use holdfast_domain::change::Change;
use holdfast_domain::manifest::RunStatus;
use holdfast_domain::{ErrorCode, ObjectName, RecordId};
use holdfast_engine::{BackupOptions, EventSink};
use holdfast_testkit::TestApp;
use serde_json::json;
use simorg::SimOrg;
use tokio_util::sync::CancellationToken;

use crate::org::{Acts, account};

fn accounts() -> ObjectName {
    ObjectName::parse("Account").expect("it is a well-formed name")
}

/// G-12, X-04, X-08: created, updated, deleted, undeleted, deleted for good.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_change_arrives() -> Result<()> {
    let org = SimOrg::with_records("Account", 300).start().await?;
    let acts = org.org();
    let [kept, changed, deleted, restored, purged] = ["kept", "changed", "deleted", "restored", "purged"]
        .map(|name| acts.insert("Account", account(name)));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    acts.update(
        "Account",
        &changed,
        json!({"Name": "changed twice", "Phone": null, "Site": "a\r\n\"b\", c"}),
    );
    acts.delete(&deleted);
    acts.delete(&restored);
    let created = acts.insert("Account", account("created"));
    app.backup().await?;
    acts.undelete(&restored);
    acts.delete(&purged);
    acts.purge(&purged);
    let last = app.backup().await?;

    app.assert_lake_equals(&org).await?;
    let told_of = |id: &str| {
        let (engine, id) = (&app.engine, RecordId::parse(id));
        async move {
            let history = engine.history("acme", &accounts(), &id?, None).await?;
            Ok::<_, anyhow::Error>(history.iter().map(|version| version.change).collect::<Vec<_>>())
        }
    };
    assert_eq!(told_of(&kept).await?, [Change::New]);
    assert_eq!(told_of(&changed).await?, [Change::New, Change::Changed]);
    assert_eq!(told_of(&deleted).await?, [Change::New, Change::Deleted]);
    assert_eq!(told_of(&restored).await?, [Change::New, Change::Deleted, Change::Undeleted]);
    assert_eq!(told_of(&created).await?, [Change::New]);
    assert_eq!(told_of(&purged).await?, [Change::New, Change::Deleted]);
    let told = app.engine.changes(last.run.as_str(), Some(&accounts()), None).await?;
    assert_eq!((told[0].undeleted, told[0].deleted, told[0].new, told[0].changed), (1, 1, 0, 0));
    Ok(())
}

/// shares are reckoned anew at each change of owner, and leave no trace.
#[tokio::test(flavor = "multi_thread")]
async fn shares_that_go_with_many_records_are_deleted() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let acts = org.org();
    let gone: Vec<_> = (0..60).map(|n| acts.insert("Account", account(&format!("gone {n}")))).collect();
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    for id in &gone {
        acts.delete(id);
        acts.purge(id);
    }
    let manifest = app.backup().await?;

    let shares = &manifest.objects[&ObjectName::parse("AccountShare")?];
    assert!(shares.counts.deleted >= 60 && shares.gap.is_none(), "{shares:?}");
    app.assert_lake_equals(&org).await
}

/// what was deleted for good between two Runs left no trace in the recycle bin.
#[tokio::test(flavor = "multi_thread")]
async fn hard_deletes_are_found_by_counting() -> Result<()> {
    let org = SimOrg::with_records("Account", 200).start().await?;
    let acts = org.org();
    let gone: Vec<_> = (0..5).map(|n| acts.insert("Account", account(&format!("gone {n}")))).collect();
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    for id in &gone {
        acts.delete(id);
        acts.purge(id);
    }
    acts.purge_delete_log(acts.now() + chrono::TimeDelta::hours(1));
    let manifest = app.backup().await?;

    assert_eq!(manifest.objects[&accounts()].counts.deleted, 5);
    assert_eq!(manifest.objects[&accounts()].is_verified, Some(true));
    app.assert_lake_equals(&org).await
}

/// a transaction that commits late brings records with an early SystemModstamp.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_is_not_missed() -> Result<()> {
    let org = SimOrg::with_records("Account", 50).start().await?;
    let acts = org.org();
    let held = acts.insert("Account", account("before"));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    let open = acts.open_transaction(&acts.admin());
    let record = json!({"Name": "stamped early"}).as_object().cloned().unwrap_or_default();
    acts.save_in(
        open,
        simorg::state::transaction::Operation::Insert { object: "Account".into(), record: record.clone() },
    )?;
    acts.save_in(
        open,
        simorg::state::transaction::Operation::Update { object: "Account".into(), id: held, record },
    )?;

    acts.clock().advance(chrono::TimeDelta::seconds(300));
    acts.insert("Account", account("stamped later, seen earlier"));
    app.backup().await?;
    acts.commit(open)?;
    app.backup().await?;

    app.assert_lake_equals(&org).await
}

/// the servers of an org stamp by clocks of their own.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_stamped_by_a_slower_clock_is_not_missed() -> Result<()> {
    let org = SimOrg::with_records("Account", 20).start().await?;
    let acts = org.org();
    let [changed, restored] = ["changed", "restored"].map(|name| acts.insert("Account", account(name)));
    acts.delete(&restored);
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    acts.clock().advance(chrono::TimeDelta::seconds(-40));
    acts.update("Account", &changed, json!({"Site": "stamped before the version that is held"}));
    acts.undelete(&restored);
    acts.clock().advance(chrono::TimeDelta::seconds(45));
    app.backup().await?;

    app.assert_lake_equals(&org).await
}

/// S-60: what is not there before and not there after is no change, whatever happened in between.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_came_back_and_went_again_is_not_told_as_deleted() -> Result<()> {
    let org = SimOrg::with_records("Account", 5).start().await?;
    let acts = org.org();
    let [gone, kept] = ["gone", "kept"].map(|name| acts.insert("Account", account(name)));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    acts.delete(&gone);
    app.backup().await?;

    acts.clock().advance(chrono::TimeDelta::minutes(1));
    acts.undelete(&gone);
    acts.update("Account", &gone, json!({"Site": "for a moment"}));
    acts.delete(&gone);
    acts.delete(&kept);
    let last = app.backup().await?;

    let told = app.engine.changed_records(last.run.as_str(), &accounts(), None, 10).await?;
    let told: Vec<_> = told.iter().map(|record| (record.id.as_str(), record.change)).collect();
    assert_eq!(told, [(kept.as_str(), Change::Deleted)]);
    let history = app.engine.history("acme", &accounts(), &RecordId::parse(&gone)?, Some("Site")).await?;
    assert_eq!(history.len(), 1, "what it said for a moment is not lost");
    Ok(())
}

/// G-13, X-03: more records in one second than a block holds.
#[tokio::test(flavor = "multi_thread")]
async fn many_records_of_one_second_are_neither_lost_nor_doubled() -> Result<()> {
    let org = SimOrg::new().bare().start().await?;
    let acts = org.org();
    acts.clock().stop_at(acts.now());
    acts.write(&acts.admin(), |work| {
        for n in 0..1_500 {
            work.insert("Account", account(&format!("tie {n}")).as_object().expect("a JSON object"))?;
        }
        Ok(())
    })?;
    let app = TestApp::connected_to(&org).await?;

    let manifest = app.backup().await?;
    app.backup().await?;

    assert_eq!(manifest.objects[&accounts()].counts.new, 1_500);
    app.assert_lake_equals(&org).await
}

/// G-10, G-18, G-20: taking access away stops the object, keeps what is there, and goes on when it comes back.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_hidden_and_shown_again_has_no_gap() -> Result<()> {
    let org = SimOrg::with_records("Account", 100).start().await?;
    let acts = org.org();
    let id = acts.insert("Account", account("before"));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    acts.hide_object("Account", true);
    acts.update("Account", &id, json!({"Name": "while hidden"}));
    let hidden = app.backup().await?;
    let status = app.engine.auto_status(Some("acme")).await?.remove(0);
    acts.hide_object("Account", false);
    app.backup().await?;

    assert_eq!(hidden.status, RunStatus::CompletedWithGaps, "a loss is never silent");
    assert!(
        hidden.objects[&accounts()].gap.as_ref().is_some_and(|gap| gap.code == ErrorCode::PermissionMissing)
    );
    let account = status.objects.iter().find(|object| object.object == accounts());
    assert!(account.is_some_and(|account| account.word == "stopped" && account.stopped_reason.is_some()));
    app.assert_lake_equals(&org).await
}

/// G-18: what is gone for good is not a gap for ever.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_a_person_said_is_gone_is_missed_no_more() -> Result<()> {
    let org = SimOrg::with_records("Account", 10).start().await?;
    let acts = org.org();
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    acts.hide_object("Account", true);
    let options = BackupOptions { accept_missing: true, ..BackupOptions::default() };
    let confirmed =
        app.engine.backup("acme", options, EventSink::default(), CancellationToken::new()).await?;
    let next = app.backup().await?;
    acts.hide_object("Account", false);
    acts.insert("Account", account("back again"));
    let back = app.backup().await?;

    for run in [&confirmed, &next] {
        let gap = run.objects[&accounts()].gap.as_ref();
        assert!(gap.is_some_and(|gap| gap.is_expected), "{gap:?}");
        assert_eq!((run.status, run.objects[&accounts()].live_records), (RunStatus::Completed, 10));
    }
    assert_eq!(back.objects[&accounts()].counts.new, 1);
    app.assert_lake_equals(&org).await
}

/// records that a lost permission hides are not taken for deleted, unless a person says so.
#[tokio::test(flavor = "multi_thread")]
async fn losing_view_all_data_deletes_nothing_in_the_backup() -> Result<()> {
    let org = SimOrg::with_records("Account", 400).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let before = app.backup().await?.objects[&accounts()].live_records;

    // Modify All Data holds View All Data in it.
    let see_all = |sees: bool| {
        org.org().set_permissions(&org.org().admin().id, |permissions| {
            (permissions.view_all_data, permissions.modify_all_data) = (sees, sees);
        });
    };
    see_all(false);
    let blind = app.backup().await?;
    see_all(true);
    let again = app.backup().await?;

    let account = &blind.objects[&accounts()];
    assert_eq!((account.live_records, account.counts.deleted), (before, 0));
    assert!(account.gap.as_ref().is_some_and(|gap| gap.code == ErrorCode::PermissionMissing), "{account:?}");
    assert_eq!(blind.status, RunStatus::CompletedWithGaps);
    assert_eq!((again.status, again.objects[&accounts()].counts.versions()), (RunStatus::Completed, 0));
    app.assert_lake_equals(&org).await
}

/// A new table in its place would hide the loss, and answer the past with the present.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_table_is_not_begun_anew() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 20).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let first = app.backup().await?;
    let log = format!("lake/orgs/{}/objects/Account/_delta_log", first.org);
    std::fs::remove_dir_all(app.data_dir().join(log))?;

    org.org().insert("Account", account("later"));
    let second = app.backup().await?;

    let entry = &second.objects[&accounts()];
    assert!(entry.gap.as_ref().is_some_and(|gap| gap.code == ErrorCode::LakeDamaged), "{entry:?}");
    assert!(!app.engine.check(false, &mut |_| {}).await?.is_whole());
    Ok(())
}

/// A table that cannot be read stops its own object only.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_table_leaves_the_other_objects_whole() -> Result<()> {
    let org = SimOrg::with_records("Account", 20).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let first = app.backup().await?;
    let log = format!("lake/orgs/{}/objects/Account/_delta_log/00000000000000000000.json", first.org);
    std::fs::write(app.data_dir().join(log), "{\"commitInfo\":")?;

    org.org().insert("Contact", json!({"LastName": "seen all the same"}));
    let second = app.backup().await?;

    let gap = second.objects[&accounts()].gap.as_ref();
    assert!(gap.is_some_and(|gap| gap.code == ErrorCode::LakeDamaged), "{gap:?}");
    assert_eq!(second.objects[&ObjectName::parse("Contact")?].counts.new, 1);
    assert_eq!(second.status, RunStatus::CompletedWithGaps);
    Ok(())
}
