//! values that Salesforce computes change without their record's stamp, and are brought up to date all the same.

use anyhow::Result;
use chrono::TimeDelta;
use holdfast_domain::{ObjectName, RecordId};
use holdfast_testkit::TestApp;
use serde_json::json;
use simorg::{Org, SimOrg};

use crate::org::{Acts, account};

fn projects() -> ObjectName {
    ObjectName::parse("Project__c").expect("it is a well-formed name")
}

/// What was written until now is too old to be read once more for late commits.
fn an_hour_passes(org: &Org) {
    org.clock().advance(TimeDelta::hours(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_formula_over_another_record_is_current_and_told_as_recomputed() -> Result<()> {
    let org = SimOrg::with_records("Account", 10).start().await?;
    let acts = org.org();
    let parent = acts.insert("Account", account("Before"));
    let project = acts.insert("Project__c", json!({"Name": "A bridge", "Account__c": parent}));
    an_hour_passes(acts);
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    acts.update("Account", &parent, json!({"Name": "After"}));
    let second = app.backup().await?;
    let third = app.backup().await?;

    app.assert_lake_equals(&org).await?;
    let history = app.engine.history("acme", &projects(), &RecordId::parse(&project)?, None).await?;
    let last = history.last().expect("it was captured");
    assert!(last.is_recomputed && last.modified_by.is_none(), "{last:?}");
    let fields: Vec<_> =
        last.fields.iter().map(|field| (field.field.as_str(), field.new.as_deref())).collect();
    assert_eq!(fields, [("Account_Name__c", Some("After"))]);
    assert!(!history[0].is_recomputed);
    let [second, third] = [second, third].map(|run| run.objects[&projects()].clone());
    assert_eq!((second.counts.changed, third.counts.changed), (1, 0));
    assert_eq!(second.table_version, third.table_version, "reading again stores nothing by itself");
    Ok(())
}

/// Many records are read again once a day, and what is older says so.
#[tokio::test(flavor = "multi_thread")]
async fn the_formulas_of_many_records_are_read_again_each_day() -> Result<()> {
    let org = SimOrg::with_records("Project__c", 2_500).start().await?;
    let acts = org.org();
    let parent = acts.insert("Account", account("Before"));
    acts.insert("Project__c", json!({"Name": "A bridge", "Account__c": parent}));
    an_hour_passes(acts);
    let app = TestApp::connected_to(&org).await?;
    let first = app.backup().await?;
    acts.update("Account", &parent, json!({"Name": "After"}));

    app.clock.advance(TimeDelta::hours(23));
    let same_day = app.backup().await?.objects[&projects()].clone();
    assert_eq!(same_day.counts.changed, 0);
    let as_of = same_day.computed_as_of.expect("it has computed fields");
    assert!(as_of >= first.started_at && as_of <= first.finished_at, "{as_of}");

    app.clock.advance(TimeDelta::hours(1));
    let next_day = app.backup().await?;
    assert_eq!(next_day.objects[&projects()].counts.changed, 1);
    assert!(next_day.objects[&projects()].computed_as_of >= Some(next_day.started_at));
    app.assert_lake_equals(&org).await
}
