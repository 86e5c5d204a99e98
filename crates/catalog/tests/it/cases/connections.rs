//! Sealed credentials.

use holdfast_catalog::connections::{self, ConnectionStatus};
use holdfast_catalog::{Catalog, orgs};
use holdfast_domain::ErrorCode;
use sqlx::Row as _;

use crate::stand::{Stand, minutes, noon, org};

async fn sealed_text(catalog: &Catalog) -> String {
    sqlx::query("SELECT sealed FROM connections").fetch_one(catalog.db()).await.unwrap().get(0)
}

/// G-03.
pub(crate) async fn credentials_are_read_back_and_never_lie_open_in_the_database(stand: Stand) {
    let (catalog, acme) = stand.with_org().await;
    let secret = br#"{"refresh_token":"5Aep861-geheim"}"#;

    connections::put(catalog.db(), catalog.key(), &acme, secret, noon()).await.unwrap();

    let connection = connections::get(catalog.db(), catalog.key(), &acme).await.unwrap().unwrap();
    assert_eq!(connection.credentials, secret);
    assert_eq!((connection.status, connection.updated_at), (ConnectionStatus::Works, noon()));
    assert!(!sealed_text(&catalog).await.contains("geheim"));
    assert!(!format!("{connection:?}").contains("geheim"));
}

pub(crate) async fn another_key_cannot_open_credentials(stand: Stand) {
    let (catalog, acme) = stand.with_org().await;
    connections::put(catalog.db(), catalog.key(), &acme, b"token", noon()).await.unwrap();
    catalog.close().await;
    std::fs::remove_file(stand.key_path()).unwrap();

    let catalog = stand.open().await;

    let error = connections::get(catalog.db(), catalog.key(), &acme).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SecretKeyMismatch);
    connections::put(catalog.db(), catalog.key(), &acme, b"new token", noon()).await.unwrap();
    let connection = connections::get(catalog.db(), catalog.key(), &acme).await.unwrap().unwrap();
    assert_eq!(connection.credentials, b"new token");
}

pub(crate) async fn credentials_moved_to_another_org_do_not_open(stand: Stand) {
    let (catalog, acme) = stand.with_org().await;
    let thief = org("00Dxx0000001gPM", "Thief");
    orgs::insert(catalog.db(), &thief).await.unwrap();
    connections::put(catalog.db(), catalog.key(), &acme, b"token", noon()).await.unwrap();

    let moved = sqlx::query("UPDATE connections SET org_id = $1").bind(thief.id.as_str());
    moved.execute(catalog.db()).await.unwrap();

    let error = connections::get(catalog.db(), catalog.key(), &thief.id).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SecretKeyMismatch);
}

/// G-03.
pub(crate) async fn a_connection_that_needs_a_person_works_again_after_new_credentials(stand: Stand) {
    let (catalog, acme) = stand.with_org().await;
    connections::put(catalog.db(), catalog.key(), &acme, b"old", noon()).await.unwrap();

    let status = ConnectionStatus::NeedsReauthorisation;
    let message = Some("expired access/refresh token");
    connections::set_status(catalog.db(), &acme, status, message, minutes(1)).await.unwrap();
    let refused = connections::get(catalog.db(), catalog.key(), &acme).await.unwrap().unwrap();
    connections::put(catalog.db(), catalog.key(), &acme, b"new", minutes(2)).await.unwrap();
    let renewed = connections::get(catalog.db(), catalog.key(), &acme).await.unwrap().unwrap();

    assert_eq!((refused.status, refused.status_changed_at, refused.updated_at), (status, minutes(1), noon()));
    assert_eq!(refused.status_message.as_deref(), message);
    assert_eq!((renewed.status, renewed.status_message), (ConnectionStatus::Works, None));
    assert_eq!((renewed.credentials, renewed.updated_at), (b"new".to_vec(), minutes(2)));
}
