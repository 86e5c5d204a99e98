//! The process ends just before each durable step; the next one finishes the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use holdfast_engine::Error;
use holdfast_lake::{Step, StepHook};
use holdfast_testkit::TestApp;
use serde_json::json;
use simorg::SimOrg;

use crate::org::{Acts, account};

/// What ends here ends everything that follows, as death does: no later step is reached.
fn death_at(step: &'static str, nth: usize) -> StepHook {
    let is_dead = Arc::new(AtomicBool::new(false));
    let died = is_dead.clone();
    let hook = StepHook::at(&format!("{step}:{nth}"), move || died.store(true, Ordering::SeqCst));
    let hook = hook.expect("it is one of the steps");
    StepHook::new(move |coming| {
        if is_dead.load(Ordering::SeqCst) || hook.before(coming).is_err() {
            return std::ops::ControlFlow::Break(());
        }
        std::ops::ControlFlow::Continue(())
    })
}

/// G-26
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_dies_at_any_step_is_finished_by_the_next() -> Result<()> {
    let steps =
        [Step::Describe, Step::DataFile, Step::Commit, Step::Committed, Step::BlobPlace, Step::Manifest];
    for step in steps {
        for nth in [1, 3] {
            dies_and_is_finished(step.as_str(), nth).await?;
        }
    }
    Ok(())
}

async fn dies_and_is_finished(step: &'static str, nth: usize) -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 900).start().await?;
    let id = org.org().insert("Account", account("before"));
    for title in ["one", "two", "three"] {
        let file = json!({ "Title": title, "PathOnClient": "a.txt", "VersionData": "aGVsbG8=" });
        org.org().insert("ContentVersion", file);
    }
    let app = TestApp::dying(&org, death_at(step, nth)).await?;

    let died = app.backup().await;
    org.org().update("Account", &id, json!({"Name": "after"}));
    let app = app.reopened().await?;
    let manifest = app.backup().await?;

    if let Err(error) = died {
        assert!(error.downcast_ref::<Error>().is_some(), "{error:?}");
    }
    assert_eq!(super::first_run::unexpected_gaps(&manifest), Vec::<String>::new(), "{step}:{nth}");
    app.assert_lake_equals(&org).await?;
    let report = app.engine.check(true, &mut |_| {}).await?;
    assert!(report.is_whole(), "{step}:{nth}: {:?}", report.damage);
    let mut seen = std::collections::BTreeSet::new();
    let history = app.engine.history("acme", &"Account".parse()?, &id.parse()?, None).await?;
    assert!(
        history.iter().all(|version| seen.insert(version.table_version)),
        "{step}:{nth}: doubled versions"
    );
    Ok(())
}

/// What a Run stored before it was killed is kept, and told.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_tells_what_it_had_stored() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", 900).start().await?;
    let app = TestApp::dying(&org, death_at(Step::Commit.as_str(), 2)).await?;
    let died = app.backup_of(&["Account"]).await;
    assert!(died.is_err(), "the second block is not stored");

    let app = app.reopened().await?;
    let second = app.backup_of(&["Account"]).await?;

    let runs = app.engine.runs("acme", 10).await?;
    let killed = &runs[1];
    let new: Vec<_> = runs.iter().map(|run| run.counts.new).collect();
    assert_eq!((new.iter().sum::<u64>(), new[0]), (900, second.totals().new));
    assert!(killed.counts.new > 0 && killed.counts.bytes > 0 && killed.objects == 1, "{killed:?}");
    app.backup().await?;
    app.assert_lake_equals(&org).await
}
