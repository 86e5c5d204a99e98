//! Auto backup: continuous, paused, resumed, failing and well again.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use holdfast_catalog::objects::Phase;
use holdfast_catalog::orgs::AutoState;
use holdfast_domain::ObjectName;
use holdfast_domain::retry::Light;
use holdfast_engine::EventSink;
use holdfast_testkit::{TestApp, quick, wait_for};
use serde_json::json;
use simorg::schema::notation;
use simorg::{Endpoint, Fault, SimOrg};
use tokio_util::sync::CancellationToken;

use crate::org::{Acts, account};

pub(crate) struct Serving {
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<holdfast_engine::error::Result<()>>,
}

impl Serving {
    pub(crate) fn start(app: &TestApp) -> Self {
        let cancel = CancellationToken::new();
        let (engine, token) = (app.engine.clone(), cancel.clone());
        let task = tokio::spawn(async move { engine.serve(EventSink::default(), token).await });
        Self { cancel, task }
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.cancel.cancel();
        Ok(self.task.await??)
    }
}

const SOON: Duration = Duration::from_mins(1);

/// G-01, G-06, G-16, G-22, G-23: no schedule is needed, a pause makes no call, nothing is lost by it.
#[tokio::test(flavor = "multi_thread")]
async fn changes_are_captured_continuously_and_after_a_pause() -> Result<()> {
    let org = SimOrg::with_records("Account", 100).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.engine.start_auto("acme").await?;
    let serving = Serving::start(&app);
    wait_for("the first capture", SOON, || async { app.assert_lake_equals(&org).await.is_ok() }).await?;

    org.org().insert("Account", account("seen while running"));
    wait_for("the new record", SOON, || async { app.assert_lake_equals(&org).await.is_ok() }).await?;
    app.engine.pause_auto(None).await?;
    wait_for("the round to stop", SOON, || async {
        let before = calls(&org);
        tokio::task::yield_now().await;
        app.is_idle().await.unwrap_or(false) && calls(&org) == before
    })
    .await?;
    let before = calls(&org);
    org.org().insert("Account", account("made during the pause"));
    wait_for("time to pass", SOON, || {
        let passed = app.has_passed(TimeDelta::minutes(3));
        async move { passed }
    })
    .await?;
    assert_eq!(calls(&org), before, "no call is made while paused");
    assert_eq!(app.engine.org("acme").await?.auto_backup, AutoState::Paused);
    app.engine.resume_auto(None).await?;
    wait_for("what changed during the pause", SOON, || async { app.assert_lake_equals(&org).await.is_ok() })
        .await?;
    serving.stop().await
}

fn calls(org: &simorg::RunningOrg) -> u64 {
    org.org().calls().values().sum()
}

/// G-24, G-30, G-31: green while it is tried again, yellow after an hour, green again by itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_light_turns_yellow_after_an_hour_of_failure_and_green_again() -> Result<()> {
    let org = SimOrg::with_records("Account", 30).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.engine.start_auto("acme").await?;
    let serving = Serving::start(&app);
    wait_for("the first capture", SOON, || async { app.assert_lake_equals(&org).await.is_ok() }).await?;
    let refused =
        Fault::status(Endpoint::QueryAll, 400, "MALFORMED_QUERY_X", "not today").on_object("Account");
    org.faults().add(refused);
    org.org().insert("Account", account("cannot be read"));

    let light = || async {
        let status = app.engine.auto_status(Some("acme")).await.ok()?.remove(0);
        status.objects.into_iter().find(|object| object.object.as_str() == "Account")
    };
    wait_for("the failure", SOON, || async {
        light().await.is_some_and(|account| account.failing_since.is_some())
    })
    .await?;
    assert_eq!(light().await.map(|account| account.light), Some(Light::Green));
    app.clock.advance(TimeDelta::minutes(61));
    let account = light().await;
    assert!(account.is_some_and(|account| account.light == Light::Yellow && account.word == "warning"));
    org.faults().clear();
    wait_for("recovery", SOON, || async {
        light().await.is_some_and(|account| account.light == Light::Green)
    })
    .await?;
    app.assert_lake_equals(&org).await?;
    serving.stop().await
}

/// G-08, G-19: an object that is made while auto backup runs is found by the next describe, and nobody has to name it.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_made_between_two_rounds_joins_by_itself() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 3).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.engine.start_auto("acme").await?;
    let serving = Serving::start(&app);
    wait_for("the first capture", SOON, || async { app.assert_lake_equals(&org).await.is_ok() }).await?;

    let text = "= Mission__c b90 Mission | CUDQRTZ\nS; Name:string(80) N; Goal__c:string(80)";
    org.org().add_objects(notation::objects(text)?)?;
    org.org().insert("Mission__c", json!({ "Name": "moon", "Goal__c": "there and back" }));

    let joined = async || {
        let mission = app.engine.object("acme", &ObjectName::parse("Mission__c").unwrap()).await;
        mission.is_ok_and(|mission| {
            (mission.state.phase, mission.state.live_records) == (Phase::CapturingChanges, 1)
        })
    };
    wait_for("the new object", SOON, || async { joined().await }).await?;
    app.assert_lake_equals(&org).await?;
    serving.stop().await
}

/// G-30: a light is judged by the patience of the process that serves, whichever process is asked.
#[tokio::test(flavor = "multi_thread")]
async fn every_process_shows_the_light_of_the_one_that_serves() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 3).start().await?;
    let mut settings = quick();
    settings.patience = TimeDelta::minutes(3);
    let app = TestApp::with_settings(&org, settings).await?;
    let neighbour = app.another_process_under(quick()).await?;
    app.engine.start_auto("acme").await?;
    let serving = Serving::start(&app);
    wait_for("the first capture", SOON, || async { app.assert_lake_equals(&org).await.is_ok() }).await?;

    org.faults().add(Fault::status(Endpoint::Any, 400, "NOT_TODAY", "come back later"));
    wait_for("the problem", SOON, || async {
        neighbour.engine.auto_overview("acme").await.is_ok_and(|overview| overview.problem.is_some())
    })
    .await?;
    app.clock.advance(TimeDelta::minutes(4));

    wait_for("one light for all", SOON, || async {
        let standing = async |app: &TestApp| app.engine.org_standing("acme").await.map(|org| org.light).ok();
        (standing(&app).await, standing(&neighbour).await) == (Some(Light::Yellow), Some(Light::Yellow))
    })
    .await?;
    let status = neighbour.engine.auto_status(Some("acme")).await?.remove(0);
    assert!(status.objects.iter().all(|object| object.word == "warning" || object.phase == Phase::Stopped));
    serving.stop().await
}

/// what may only be hidden is told once, not each minute, and told again when it was seen in between.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_may_only_be_hidden_are_told_once_each_time() -> Result<()> {
    let org = SimOrg::with_records("Account", 15).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.engine.start_auto("acme").await?;
    let serving = Serving::start(&app);
    wait_for("the first capture", SOON, || async { app.assert_lake_equals(&org).await.is_ok() }).await?;
    let see_all = |sees: bool| {
        org.org().set_permissions(&org.org().admin().id, |own| {
            (own.view_all_data, own.modify_all_data) = (sees, sees);
        });
    };
    let told = || async { gaps_of_accounts(&app).await.unwrap_or_default() };

    see_all(false);
    wait_for("the gap", SOON, || async { told().await == 1 }).await?;
    wait_for("time to pass", SOON, || {
        let passed = app.has_passed(TimeDelta::minutes(5));
        async move { passed }
    })
    .await?;
    assert_eq!(told().await, 1, "it is no news in the next rounds");
    see_all(true);
    wait_for("recovery", SOON, || async {
        let status = app.engine.auto_status(Some("acme")).await;
        status.is_ok_and(|mut all| {
            all.remove(0)
                .objects
                .iter()
                .any(|object| object.object.as_str() == "Account" && object.failing_since.is_none())
        })
    })
    .await?;
    see_all(false);
    wait_for("the gap once more", SOON, || async { told().await == 2 }).await?;
    serving.stop().await
}

/// Manifests that tell of missed Accounts.
async fn gaps_of_accounts(app: &TestApp) -> Result<usize> {
    let id = app.engine.org("acme").await?.id;
    let lake = app.engine.lake().org(&id);
    let account = "Account".parse()?;
    let mut told = 0;
    for run in lake.manifests().await? {
        let manifest = lake.manifest(&run).await?;
        let gap = manifest.objects.get(&account).and_then(|entry| entry.gap.as_ref());
        told += usize::from(gap.is_some_and(|gap| !gap.is_expected));
    }
    Ok(told)
}

/// G-24: a switch that nobody acts on does not look like work.
#[tokio::test(flavor = "multi_thread")]
async fn the_status_says_whether_anybody_serves() -> Result<()> {
    let org = SimOrg::with_records("Account", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let status = || async { Ok::<_, anyhow::Error>(app.engine.auto_status(Some("acme")).await?.remove(0)) };
    assert!(!status().await?.waits_for_serve(), "an org that is off waits for nothing");
    app.engine.start_auto("acme").await?;
    assert!(status().await?.waits_for_serve());

    let serving = Serving::start(&app);
    wait_for("the sign of life", SOON, || async { status().await.is_ok_and(|status| status.is_served) })
        .await?;
    serving.stop().await?;
    assert!(status().await?.waits_for_serve(), "told to stop, it takes its sign of life back");

    let killed = Serving::start(&app);
    wait_for("the sign of life", SOON, || async { status().await.is_ok_and(|status| status.is_served) })
        .await?;
    killed.task.abort();
    assert!(killed.task.await.is_err_and(|error| error.is_cancelled()));
    app.clock.advance(TimeDelta::minutes(2));
    assert!(status().await?.waits_for_serve(), "killed, it gives no sign of life");
    Ok(())
}

/// G-34: a round that fails as a whole is told beside its org, until one goes well.
#[tokio::test(flavor = "multi_thread")]
async fn the_problem_of_an_org_is_told_until_it_is_over() -> Result<()> {
    let org = SimOrg::with_records("Account", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    org.faults().add(Fault::status(Endpoint::DescribeGlobal, 400, "NOT_TODAY", "come back later"));
    app.engine.start_auto("acme").await?;
    let problem = || async { app.engine.auto_status(Some("acme")).await.ok()?.remove(0).problem };

    let serving = Serving::start(&app);
    wait_for("the problem", SOON, || async {
        problem().await.is_some_and(|problem| problem.contains("NOT_TODAY"))
    })
    .await?;
    org.faults().clear();
    app.clock.advance(TimeDelta::minutes(16));
    wait_for("the end of the problem", SOON, || async { problem().await.is_none() }).await?;
    serving.stop().await
}
