//! What is told of a backup is true at every moment, and the same wherever it is told.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chrono::TimeDelta;
use holdfast_catalog::objects::{self, Phase};
use holdfast_domain::capture::method::NOT_QUERYABLE;
use holdfast_domain::manifest::RunStatus;
use holdfast_domain::retry::Light;
use holdfast_domain::{ErrorCode, ObjectName, OrgId, RecordId};
use holdfast_engine::access::Actor;
use holdfast_engine::auto::ObjectStatus;
use holdfast_engine::erase::Erasure;
use holdfast_engine::{BackupOptions, Clock, EventSink};
use holdfast_testkit::{TestApp, quick, wait_for};
use serde_json::json;
use simorg::{Endpoint, Fault, SimOrg};
use tokio_util::sync::CancellationToken;

use crate::auto::Serving;
use crate::org::{Acts, account};

const SOON: Duration = Duration::from_mins(1);

fn accounts() -> ObjectName {
    ObjectName::parse("Account").expect("it is a name")
}

/// S-88: what is kept falls with the erasure, and not with the next capture.
#[tokio::test(flavor = "multi_thread")]
async fn figures_are_true_right_after_an_erasure() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 20).records("Attachment", 6).start().await?;
    let id = org.org().insert("Account", account("to be erased"));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    org.org().update("Account", &id, account("changed before"));
    app.backup().await?;
    let before = app.engine.volume("acme").await?;
    let file = org.org().insert("Attachment", json!({"Name": "a", "ParentId": id, "Body": "b25seSBtaW5l"}));
    app.backup().await?;
    let with_file = app.engine.volume("acme").await?;

    for (object, id) in [("Account", &id), ("Attachment", &file)] {
        let (object, ids) = (ObjectName::parse(object)?, vec![RecordId::parse(id)?]);
        let erasure = Erasure { object, ids, reason: "request 17".to_owned() };
        app.engine.erase(&Actor::command_line(), "acme", &erasure).await?;
    }

    let after = app.engine.volume("acme").await?;
    assert_eq!(before.kept.versions, app_versions(&app).await? + 2, "both versions of the record went");
    assert_eq!(after.kept.live_records, before.kept.live_records - 1);
    assert_eq!((with_file.files.files, after.files), (before.files.files + 1, before.files));
    let of_accounts = after.largest.iter().find(|own| own.object == accounts());
    assert_eq!(of_accounts.map(|own| (own.live_records, own.versions)), Some((20, 20)));
    let rebuilt = app.without_catalog().await?;
    rebuilt.engine.rebuild().await?;
    let read_back = rebuilt.engine.volume("acme").await?;
    assert_eq!((read_back.kept, read_back.files), (after.kept, after.files));
    Ok(())
}

/// a body counts for each record that has it, and is stored once; a check counts what is stored.
#[tokio::test(flavor = "multi_thread")]
async fn equal_bodies_are_as_many_files_and_one_stored_body() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 2).start().await?;
    let parent = org.org().insert("Account", account("with files"));
    for (name, body) in [("a", "c2hhcmVk"), ("b", "c2hhcmVk"), ("c", "b25seSBtaW5l")] {
        org.org().insert("Attachment", json!({"Name": name, "ParentId": parent, "Body": body}));
    }
    let app = TestApp::connected_to(&org).await?;
    let run = app.backup().await?;

    let id = app.engine.org("acme").await?.id;
    let checked = app.engine.check_org(&id, false, &mut |_| {}).await?;
    assert_eq!((run.files.stored, app.engine.volume("acme").await?.files.files), (3, 3));
    assert_eq!(checked.counts.blobs, 2);
    Ok(())
}

/// What the tables themselves hold.
async fn app_versions(app: &TestApp) -> Result<u64> {
    let lake = app.engine.lake().org(&app.engine.org("acme").await?.id);
    let mut versions = 0;
    for object in lake.objects().await? {
        let table = lake.table(&object).await?.context("it is listed")?;
        versions += if object.as_str() == "HoldfastFile" { 0 } else { table.version_count() };
    }
    Ok(versions)
}

/// Two Objects, of which the second one keeps the Run from ending.
async fn with_a_run_that_lasts() -> Result<(simorg::RunningOrg, TestApp)> {
    let org = SimOrg::new().bare().records("Account", 30).records("Contact", 5).start().await?;
    let mut settings = quick();
    settings.give_up_after = Duration::from_mins(9);
    let app = TestApp::with_settings(&org, settings).await?;
    for endpoint in [Endpoint::Query, Endpoint::QueryAll] {
        org.faults().add(Fault::status(endpoint, 503, "SERVER_UNAVAILABLE", "later").on_object("Contact"));
    }
    Ok((org, app))
}

/// S-09: a Run that goes on tells what it has taken, and what is kept tells the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_a_run_under_way_agree() -> Result<()> {
    let (org, app) = with_a_run_that_lasts().await?;
    let engine = app.engine.clone();
    let run = tokio::spawn(async move {
        engine.backup("acme", BackupOptions::default(), EventSink::default(), CancellationToken::new()).await
    });
    wait_for("the accounts in the run's own row", SOON, || async {
        let Ok(volume) = app.engine.volume("acme").await else { return false };
        let run = app.engine.runs("acme", 1).await.ok().and_then(|mut runs| runs.pop());
        run.is_some_and(|run| {
            let (status, taken) = (run.status, run.counts.versions());
            status == RunStatus::Running && taken >= 30 && taken == volume.kept.versions && run.objects > 0
        })
    })
    .await?;
    wait_for("its calls", SOON, || async {
        app.engine.runs("acme", 1).await.is_ok_and(|runs| runs[0].api_calls > 0)
    })
    .await?;

    org.faults().clear();
    let manifest = run.await??;

    let volume = app.engine.volume("acme").await?;
    assert_eq!(volume.kept.versions, manifest.totals().versions());
    assert_eq!(app.engine.runs("acme", 1).await?[0].counts, manifest.totals());
    Ok(())
}

/// S-38: what a Run that was killed has used is counted, and so is what a round uses that stores nothing.
#[tokio::test(flavor = "multi_thread")]
async fn every_api_call_is_counted() -> Result<()> {
    let (org, app) = with_a_run_that_lasts().await?;
    let engine = app.engine.clone();
    let killed = tokio::spawn(async move {
        engine.backup("acme", BackupOptions::default(), EventSink::default(), CancellationToken::new()).await
    });
    wait_for("calls of the run", SOON, || async {
        app.engine.runs("acme", 1).await.is_ok_and(|runs| runs.first().is_some_and(|run| run.api_calls > 5))
    })
    .await?;
    killed.abort();
    assert!(killed.await.is_err_and(|error| error.is_cancelled()));
    org.faults().clear();
    app.backup().await?;
    let runs = app.engine.runs("acme", 2).await?;
    assert_eq!(runs[1].status, RunStatus::Interrupted);
    assert!(runs[1].api_calls > 5, "{:?}", runs[1]);
    app.engine.coverage("acme").await?;

    let counted = || async { app.engine.api_use("acme").await.map_or(0, |used| used.own_calls) };
    let before = counted().await;
    app.engine.start_auto("acme").await?;
    let serving = Serving::start(&app);
    wait_for("rounds that store nothing", SOON, || async { counted().await > before + 5 }).await?;
    serving.stop().await?;

    let noted_runs: u64 = app.engine.runs("acme", 50).await?.iter().map(|run| run.api_calls).sum();
    let own = app.engine.api_use("acme").await?;
    assert!(own.own_calls > noted_runs, "{} and {noted_runs}", own.own_calls);
    let said_by_the_org = own.usage.context("the org has said it")?.used;
    // Who the user is costs no call of the org's day, and answers may come in another order than the calls.
    assert!(own.own_calls.abs_diff(said_by_the_org) <= 8, "{} of {said_by_the_org}", own.own_calls);
    let days = app.engine.volume("acme").await?.days;
    assert_eq!(days.iter().map(|day| day.api_calls).sum::<u64>(), own.own_calls);
    Ok(())
}

async fn status_of(app: &TestApp, object: &str) -> Result<ObjectStatus> {
    let status = app.engine.auto_status(Some("acme")).await?.remove(0);
    status.objects.into_iter().find(|own| own.object.as_str() == object).context("it is known")
}

/// That the accounts are stopped, and why, by each way of asking.
async fn assert_is_told_alike(app: &TestApp) -> Result<()> {
    let status = status_of(app, "Account").await?;
    assert_eq!((status.word, status.light), ("stopped", Light::Grey));
    let words = status.stopped_reason.context("it says why")?;
    assert!(words.contains("no longer sees it") && words.contains("--accept-missing"), "{words}");
    assert_eq!(
        (status.error_code, status.error.as_ref()),
        (Some(ErrorCode::PermissionMissing), Some(&words))
    );
    let listed = app.engine.object("acme", &accounts()).await?;
    assert_eq!(listed.light, Light::Grey);
    assert_eq!(listed.state.trouble.map(|trouble| trouble.failure.message), Some(words.clone()));
    let errors = app.engine.org_errors("acme", Some(&accounts()), true, None, 10).await?;
    let errors: Vec<_> = errors.into_iter().map(|(error, light)| (error.message, light)).collect();
    assert_eq!(errors, [(words.clone(), Light::Grey)]);
    Ok(())
}

/// G-18, G-20: an Object that is hidden has one light and one set of words, and what is not captured is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_is_told_alike_everywhere_as_long_as_it_lasts() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 20).records("Contact", 5).start().await?;
    let mut settings = quick();
    settings.describe_every = Duration::from_mins(3);
    let app = TestApp::with_settings(&org, settings).await?;
    app.backup().await?;
    let complete = app.engine.completeness("acme").await?.context("something was captured")?;
    assert!(complete.words.starts_with("all ") && complete.objects_verified > 1, "{complete:?}");
    app.engine.start_auto("acme").await?;
    let serving = Serving::start(&app);

    org.org().hide_object("Account", true);
    org.org().hide_field("Contact", "Title", true);
    wait_for("the loss", SOON, || async {
        let now = app.engine.completeness("acme").await.ok().flatten();
        now.is_some_and(|now| {
            now.objects_not_captured > complete.objects_not_captured && now.fields_not_captured > 0
        })
    })
    .await?;
    let with_gaps = || async {
        let runs = app.engine.runs("acme", 20).await.unwrap_or_default();
        runs.iter().filter(|run| run.status == RunStatus::CompletedWithGaps).count()
    };
    wait_for("the run that tells of it", SOON, || async { with_gaps().await > 0 }).await?;
    app.clock.advance(TimeDelta::minutes(90));
    wait_for("further rounds", SOON, || {
        let passed = app.has_passed(TimeDelta::minutes(5));
        async move { passed }
    })
    .await?;

    assert_is_told_alike(&app).await?;
    let contact = app.engine.object("acme", &ObjectName::parse("Contact")?).await?;
    assert_eq!(contact.state.gone_fields, ["Title"]);
    let overview = app.engine.auto_overview("acme").await?;
    assert!(overview.completeness.context("something was captured")?.words.contains("1 field"));
    assert_eq!(overview.light, Light::Yellow, "what is missed for long shows on the org");
    assert_eq!(overview.reason.as_deref(), Some("one object has stopped, and may be missed"));
    assert_eq!(app.engine.org_standing("acme").await?.light, Light::Yellow);
    assert!((1..=2).contains(&with_gaps().await), "the following rounds are whole");

    org.org().hide_object("Account", false);
    org.org().hide_field("Contact", "Title", false);
    wait_for("recovery", SOON, || async {
        let is_complete = app.engine.completeness("acme").await.ok().flatten() == Some(complete.clone());
        let account = status_of(&app, "Account").await;
        is_complete && account.is_ok_and(|account| account.word == "running" && account.error.is_none())
    })
    .await?;
    let open = app.engine.org_errors("acme", None, true, None, 10).await?;
    assert!(open.is_empty(), "{open:?}");
    serving.stop().await
}

/// G-22, G-34: what stopped the rounds is no open error once there are none, or once a backup went well.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_org_is_closed_by_a_pause_and_by_a_backup() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let open =
        || async { app.engine.org_errors("acme", None, true, None, 10).await.map_or(99, |open| open.len()) };
    let refusing = || {
        org.faults().add(Fault::status(Endpoint::DescribeGlobal, 400, "NOT_TODAY", "come back later"));
    };

    refusing();
    app.engine.start_auto("acme").await?;
    let serving = Serving::start(&app);
    wait_for("the problem", SOON, || async { open().await == 1 }).await?;
    app.engine.pause_auto(None).await?;
    assert_eq!(open().await, 0, "paused");

    app.engine.resume_auto(None).await?;
    app.clock.advance(TimeDelta::minutes(16));
    wait_for("the problem once more", SOON, || async { open().await == 1 }).await?;
    serving.stop().await?;
    org.faults().clear();
    app.backup().await?;
    assert_eq!(open().await, 0, "a backup of all went well");
    let due = app.engine.auto_overview("acme").await?.next_round_at;
    assert!(due.is_some_and(|due| due <= app.clock.now()), "the next round does not wait: {due:?}");
    Ok(())
}

/// what the org does not let be described or queried is seen beside what is complete, and stays in the Snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_described_or_queried_any_more_is_told() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 20).records("Contact", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    let complete = app.engine.completeness("acme").await?.context("something was captured")?;
    let refusal = Fault::status(Endpoint::Describe, 400, "NOT_TODAY", "come back later").on_object("Account");
    org.faults().add(refusal);
    org.org().set_queryable("Contact", false).map_err(|error| anyhow!("{error:?}"))?;

    // A run that was killed had stopped the one already, and not told of it.
    let (id, contact) = (OrgId::parse(org.org().id())?, ObjectName::parse("Contact")?);
    let db = app.engine.catalog().db();
    objects::set_phase(db, &id, &contact, Phase::Stopped, Some(NOT_QUERYABLE)).await?;

    let refused = app.backup().await?;

    assert_eq!(refused.status, RunStatus::CompletedWithGaps);
    let kept = |name: &str| {
        let entry = &refused.objects[&ObjectName::parse(name).unwrap()];
        (entry.live_records, entry.table_version.is_some(), entry.gap.as_ref().map(|gap| gap.is_expected))
    };
    assert_eq!((kept("Account"), kept("Contact")), ((20, true, Some(false)), (5, true, Some(false))));
    let now = app.engine.completeness("acme").await?.context("something was captured")?;
    assert_eq!(now.objects_verified, complete.objects_verified - 2);
    assert_eq!(now.objects_not_captured, complete.objects_not_captured + 1);
    let open = app.engine.org_errors("acme", None, true, None, 10).await?;
    let told: Vec<_> =
        open.into_iter().filter_map(|(error, _)| Some((error.object?.to_string(), error.code))).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(app.backup().await?.status, RunStatus::CompletedWithGaps, "as long as it is missed");

    org.faults().clear();
    let options = BackupOptions { accept_missing: true, ..BackupOptions::default() };
    let confirmed =
        app.engine.backup("acme", options, EventSink::default(), CancellationToken::new()).await?;
    assert_eq!(confirmed.status, RunStatus::Completed);
    let contact = app.engine.object("acme", &ObjectName::parse("Contact")?).await?;
    assert!(contact.state.stopped_reason.is_some_and(|reason| reason.contains("a person has confirmed")));
    assert!(app.engine.org_errors("acme", None, true, None, 10).await?.is_empty());
    org.org().set_queryable("Contact", true).map_err(|error| anyhow!("{error:?}"))?;
    app.backup().await?;
    assert_eq!(app.engine.completeness("acme").await?, Some(complete));
    Ok(())
}

/// G-26: a describe that is refused for a moment, beside others that are not, is asked for again in the same run.
#[tokio::test(flavor = "multi_thread")]
async fn a_describe_that_is_refused_for_a_moment_leaves_no_gap() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 20).records("Contact", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let busy = Fault::status(Endpoint::Describe, 503, "SERVER_UNAVAILABLE", "busy").on_object("Account");
    org.faults().add(busy.times(2));

    let run = app.backup().await?;

    assert_eq!((run.status, run.objects[&accounts()].live_records), (RunStatus::Completed, 20));
    Ok(())
}
