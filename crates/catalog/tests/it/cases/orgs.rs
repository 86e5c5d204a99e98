//! Orgs, and what belongs to them.

use holdfast_catalog::connections;
use holdfast_catalog::orgs::{self, AutoState};
use holdfast_catalog::{Error, settings};
use holdfast_domain::ErrorCode;
use holdfast_domain::budget::ApiBudget;

use crate::stand::{Stand, noon, org};

pub(crate) async fn an_org_is_found_by_its_name_and_keeps_its_settings(stand: Stand) {
    let catalog = stand.open().await;
    let acme = org("00Dxx0000001gPLEAY", "Acme");
    let zebra =
        orgs::Org { is_sandbox: Some(true), organization_type: None, ..org("00Dxx0000001gPM", "Zebra") };
    orgs::insert(catalog.db(), &zebra).await.unwrap();
    orgs::insert(catalog.db(), &acme).await.unwrap();

    orgs::set_auto_state(catalog.db(), &acme.id, AutoState::FilesPaused).await.unwrap();
    let budget = ApiBudget { percent: 55, files_percent: 12 };
    orgs::set_api_budget(catalog.db(), &acme.id, budget).await.unwrap();
    let moved = orgs::Org { instance_url: "https://moved.my.salesforce.com".into(), ..acme.clone() };
    orgs::update(catalog.db(), &moved).await.unwrap();

    let expected = orgs::Org { auto_state: AutoState::FilesPaused, api_budget: budget, ..moved };
    assert_eq!(orgs::find_by_name(catalog.db(), "Acme").await.unwrap(), Some(expected.clone()));
    assert_eq!(orgs::get(catalog.db(), &acme.id).await.unwrap(), Some(expected.clone()));
    assert_eq!(orgs::list(catalog.db()).await.unwrap(), [expected, zebra]);
    assert_eq!(orgs::find_by_name(catalog.db(), "acme'; --").await.unwrap(), None);
}

pub(crate) async fn a_second_org_of_the_same_name_or_id_is_refused(stand: Stand) {
    let (catalog, _) = stand.with_org().await;

    let same_name = orgs::insert(catalog.db(), &org("00Dxx0000001gPM", "Acme")).await.unwrap_err();
    let same_id = orgs::insert(catalog.db(), &org("00Dxx0000001gPLEAY", "Other")).await.unwrap_err();

    assert_eq!(same_name.to_string(), "org `Acme` exists already");
    assert_eq!(same_id.to_string(), "org `00Dxx0000001gPLEAY` exists already");
    assert_eq!(same_id.code(), ErrorCode::AlreadyExists);
}

/// Foreign keys are in force on both databases.
pub(crate) async fn removing_an_org_removes_all_that_belongs_to_it(stand: Stand) {
    let (catalog, acme) = stand.with_org().await;
    connections::put(catalog.db(), catalog.key(), &acme, b"token", noon()).await.unwrap();

    orgs::remove(catalog.db(), &acme).await.unwrap();

    assert_eq!(connections::get(catalog.db(), catalog.key(), &acme).await.unwrap(), None);
    let again = orgs::remove(catalog.db(), &acme).await.unwrap_err();
    assert!(matches!(again, Error::NotFound { .. }));
    let orphan = connections::put(catalog.db(), catalog.key(), &acme, b"token", noon()).await;
    assert!(orphan.is_err());
}

pub(crate) async fn what_a_transaction_did_is_gone_if_it_is_dropped(stand: Stand) {
    let catalog = stand.open().await;

    let mut dropped = catalog.begin().await.unwrap();
    settings::set(&mut *dropped, "name", "dropped", noon()).await.unwrap();
    drop(dropped);
    let before = settings::get(catalog.db(), "name").await.unwrap();
    let mut kept = catalog.begin().await.unwrap();
    settings::set(&mut *kept, "name", "kept", noon()).await.unwrap();
    kept.commit().await.unwrap();

    assert_eq!(before, None);
    assert_eq!(settings::get(catalog.db(), "name").await.unwrap().as_deref(), Some("kept"));
}
