//! what of an org no backup can hold is told.

use anyhow::Result;
use holdfast_domain::ObjectName;
use holdfast_domain::manifest::RunStatus;
use holdfast_domain::restorability::Restorability;
use holdfast_testkit::TestApp;
use simorg::SimOrg;

use crate::org::Acts;

fn object(name: &str) -> ObjectName {
    ObjectName::parse(name).expect("it is a name")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_from_the_user_is_named() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let app = TestApp::connected_to(&org).await?;
    let before = app.engine.coverage("acme").await?.hidden.unwrap_or_default();
    org.org().hide_object("Lead", true);
    org.org().hide_field("Account", "Site", true);

    let coverage = app.engine.coverage("acme").await?;

    let hidden = coverage.hidden.unwrap_or_default();
    let new: Vec<_> = hidden.objects.iter().filter(|name| !before.objects.contains(name)).collect();
    assert!(new.contains(&&object("Lead")), "{new:?}");
    assert!(hidden.fields[&object("Account")].contains(&"Site".to_owned()));
    assert!(!before.fields.contains_key(&object("Account")), "{:?}", before.fields);
    assert_eq!((hidden.in_doubt, hidden.has_more_objects), (vec![], false));
    assert_eq!(before.objects, []);
    let of = |name: &str| coverage.objects[&object(name)].restorability;
    assert_eq!(of("Account"), Restorability::Restorable);
    assert_eq!(of("AccountHistory"), Restorability::ReadableOnly);
    assert_eq!(of("RecentlyViewed"), Restorability::Never);
    assert!(coverage.objects[&object("RecentlyViewed")].not_captured.is_some());
    Ok(())
}

/// L-04.
#[tokio::test(flavor = "multi_thread")]
async fn missing_permissions_are_told_by_name_at_each_backup() -> Result<()> {
    let org = SimOrg::with_records("Account", 5).start().await?;
    let app = TestApp::connected_to(&org).await?;
    let admin = org.org().admin().id.clone();
    org.org().set_permissions(&admin, |own| {
        (own.view_all_data, own.modify_all_data, own.query_all_files) = (true, false, true);
    });
    let held = app.backup().await?;
    org.org().set_permissions(&admin, |own| own.query_all_files = false);
    let lacking = app.backup().await?;

    assert!(!held.missing_permissions.as_ref().unwrap().contains(&"Query All Files".to_owned()), "{held:?}");
    assert!(lacking.missing_permissions.as_ref().unwrap().contains(&"Query All Files".to_owned()));
    assert!(lacking.missing_permissions.as_ref().unwrap().contains(&"Modify All Data".to_owned()));
    let states = app.engine.permissions("acme").await?;
    let files = states.iter().find(|state| state.label == "Query All Files").expect("it is in the list");
    assert!(files.is_missing() && !files.is_for_restore);
    Ok(())
}

/// A few records that vanish are most often deleted; not so where the user may not see all.
#[tokio::test(flavor = "multi_thread")]
async fn few_records_that_may_only_be_hidden_are_not_taken_for_deleted() -> Result<()> {
    let org = SimOrg::with_records("Account", 15).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    let see_all = |sees: bool| {
        org.org().set_permissions(&org.org().admin().id, |own| {
            (own.view_all_data, own.modify_all_data) = (sees, sees);
        });
    };
    see_all(false);
    let blind = app.backup().await?;
    let blind_again = app.backup().await?;
    see_all(true);
    let again = app.backup().await?;

    let account = &blind.objects[&object("Account")];
    assert_eq!((account.live_records, account.counts.deleted), (15, 0), "{account:?}");
    let message = account.gap.as_ref().map(|gap| gap.message.clone()).unwrap_or_default();
    assert!(message.contains("`View All Data`"), "{message}");
    assert_eq!(blind_again.status, RunStatus::CompletedWithGaps, "a person is told again");
    let account = &again.objects[&object("Account")];
    assert_eq!((again.status, account.counts.versions()), (RunStatus::Completed, 0));
    app.assert_lake_equals(&org).await
}
