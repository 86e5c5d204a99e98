//! The describe changes while the backup goes on.

use anyhow::Result;
use holdfast_domain::{ObjectName, RecordId};
use holdfast_testkit::TestApp;
use serde_json::json;
use simorg::SimOrg;
use simorg::model::{FieldDef, FieldType};

use crate::org::{Acts, account};

/// G-09, X-06: values that appear in a new field without moving any stamp are captured.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_field_with_values_is_filled_in() -> Result<()> {
    let org = SimOrg::with_records("Account", 300).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    let mut field = FieldDef::plain("Ready__c", FieldType::Boolean);
    field.default_value = json!(true);
    org.org().add_field("Account", field)?;
    org.org().add_field("Account", FieldDef::plain("Later__c", FieldType::String))?;
    app.backup().await?;
    let again = app.backup().await?;

    assert_eq!(again.totals().versions(), 0, "the backfill is done once");
    app.assert_lake_equals(&org).await
}

/// G-09, X-06: the object goes on without a field that is gone, and what was captured of it stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_removed_field_stops_nothing_and_its_values_stay() -> Result<()> {
    let org = SimOrg::with_records("Account", 20).start().await?;
    let id = org.org().insert("Account", json!({"Name": "with a site", "Site": "upstairs"}));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    org.org().remove_field("Account", "Site")?;
    org.org().update("Account", &id, account("without a site"));
    app.backup().await?;

    app.assert_lake_equals(&org).await?;
    let history = app
        .engine
        .history("acme", &ObjectName::parse("Account")?, &RecordId::parse(&id)?, Some("Site"))
        .await?;
    assert_eq!(history.len(), 1, "losing the field is no change of the record");
    Ok(())
}

/// G-18, X-06: a permission that is lost for a while makes no record look changed, and leaves no hole.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_hidden_for_a_while_is_captured_again() -> Result<()> {
    let org = SimOrg::with_records("Account", 20).start().await?;
    let id = org.org().insert("Account", json!({"Name": "a", "Site": "before"}));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    org.org().hide_field("Account", "Site", true);
    org.org().update("Account", &id, json!({"Site": "while hidden"}));
    let hidden = app.backup().await?;
    org.org().hide_field("Account", "Site", false);
    app.backup().await?;

    let account = &hidden.objects[&ObjectName::parse("Account")?];
    assert!(account.counts.versions() <= 1, "{:?}", account.counts);
    assert_eq!(account.gone_fields, ["Site"], "it is told, and not only by its absence");
    app.assert_lake_equals(&org).await
}

/// G-09, X-06: a field may change its type, and takes values that the old type did not allow.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_may_change_its_type() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let id = org.org().insert("Account", json!({"Name": "typed", "NumberOfEmployees": 12}));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    org.org().retype_field("Account", "NumberOfEmployees", FieldType::Double)?;
    org.org().update("Account", &id, json!({"NumberOfEmployees": 12.5}));
    app.backup().await?;

    app.assert_lake_equals(&org).await
}

/// What a field held before it was hidden does not stand if it was emptied meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_emptied_while_it_was_hidden_is_empty() -> Result<()> {
    let org = SimOrg::with_records("Account", 20).start().await?;
    let id = org.org().insert("Account", json!({"Name": "a", "Site": "before"}));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    org.org().hide_field("Account", "Site", true);
    org.org().update("Account", &id, json!({"Site": null}));
    app.backup().await?;
    org.org().hide_field("Account", "Site", false);
    let shown = app.backup().await?;

    let accounts = &shown.objects[&ObjectName::parse("Account")?];
    assert_eq!(accounts.counts.versions(), 1, "only the record that was read meanwhile is in doubt");
    app.assert_lake_equals(&org).await
}

/// An object that is read whole has no step of its own for new fields.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_field_of_an_object_that_is_read_whole_is_filled_in() -> Result<()> {
    let org = SimOrg::demo(300).start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;

    let mut field = FieldDef::plain("Ready__c", FieldType::Boolean);
    field.default_value = json!(true);
    org.org().add_field("Tariff__mdt", field)?;
    app.backup().await?;

    app.assert_lake_equals(&org).await
}

/// A field that is made anew has none of the values of the one that was there before, though the two describes are alike.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_removed_and_made_anew_is_empty() -> Result<()> {
    for clock_set_back in [0, 48] {
        is_empty_when_made_anew(chrono::TimeDelta::hours(clock_set_back)).await?;
    }
    Ok(())
}

async fn is_empty_when_made_anew(clock_set_back: chrono::TimeDelta) -> Result<()> {
    let org = SimOrg::with_records("Account", 5).start().await?;
    let field = || FieldDef::plain("Alpha__c", FieldType::String);
    org.org().add_field("Account", field())?;
    org.org().insert("Account", json!({"Name": "a", "Alpha__c": "of the first field"}));
    let app = TestApp::connected_to(&org).await?;
    app.backup().await?;
    org.org().clock().advance(chrono::TimeDelta::hours(1));
    app.backup().await?;

    org.org().remove_field("Account", "Alpha__c")?;
    app.clock.advance(-clock_set_back);
    app.backup().await?;
    org.org().add_field("Account", field())?;
    app.backup().await?;

    app.assert_lake_equals(&org).await
}
