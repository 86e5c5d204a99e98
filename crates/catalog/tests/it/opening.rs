//! Opening a catalog: new, old, too new, at the same time, and what is none.

use std::error::Error as _;

use futures::future::join_all;
use holdfast_catalog::{Catalog, Error, settings};
use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use sqlx::Row as _;

use crate::postgres::PostgresServer;
use crate::stand::{Stand, noon};

async fn pragma(catalog: &Catalog, name: &str) -> i64 {
    sqlx::query(&format!("PRAGMA {name}")).fetch_one(catalog.db()).await.unwrap().get(0)
}

#[tokio::test]
async fn every_connection_to_sqlite_is_durable_and_waits_for_others() {
    let stand = Stand::sqlite();
    let catalog = stand.open().await;

    let mode: String = sqlx::query("PRAGMA journal_mode").fetch_one(catalog.db()).await.unwrap().get(0);

    assert_eq!(mode, "wal");
    assert_eq!(pragma(&catalog, "synchronous").await, 2);
    assert_eq!(pragma(&catalog, "foreign_keys").await, 1);
    assert_eq!(pragma(&catalog, "busy_timeout").await, 30_000);
}

#[tokio::test]
async fn what_was_stored_is_there_when_opened_again() {
    let stand = Stand::sqlite();
    let catalog = stand.open().await;
    settings::set(catalog.db(), "name", "value", noon()).await.unwrap();
    catalog.close().await;

    let catalog = stand.open().await;

    assert_eq!(settings::get(catalog.db(), "name").await.unwrap().as_deref(), Some("value"));
}

async fn is_refused_when_newer(stand: &Stand) {
    let catalog = stand.open().await;
    let newer = sqlx::query("INSERT INTO schema_versions (version, applied_at) VALUES (1000, 0)");
    newer.execute(catalog.db()).await.unwrap();
    catalog.close().await;

    let error = Catalog::open(&stand.location, &stand.key_path(), noon()).await.err().unwrap();

    assert!(matches!(error, Error::TooNew { found: 1000, .. }), "{error}");
    assert_eq!((error.code(), error.retry()), (ErrorCode::CatalogTooNew, Retry::Never));
}

#[tokio::test]
async fn a_catalog_of_a_newer_version_is_refused_on_sqlite() {
    is_refused_when_newer(&Stand::sqlite()).await;
}

/// The second process finds the schema there, whichever comes first.
async fn can_be_opened_by_many_at_once(stand: &Stand) {
    let opening = (0..8).map(|_| {
        let (location, key) = (stand.location.clone(), stand.key_path());
        tokio::spawn(async move { Catalog::open(&location, &key, noon()).await.map(drop) })
    });
    for opened in join_all(opening).await {
        opened.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_make_one_catalog_on_sqlite() {
    for _ in 0..10 {
        can_be_opened_by_many_at_once(&Stand::sqlite()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgresql_is_opened_by_many_and_refused_when_newer() {
    let server = PostgresServer::start();

    can_be_opened_by_many_at_once(&Stand::at(server.database("many"))).await;
    is_refused_when_newer(&Stand::at(server.database("newer"))).await;
    let gone = Stand::at(server.database("gone"));
    drop(server);
    let error = Catalog::open(&gone.location, &gone.key_path(), noon()).await.err().unwrap();

    assert_eq!((error.code(), error.retry()), (ErrorCode::CatalogUnreachable, Retry::BackOff));
    assert_eq!(error.to_string(), "could not open the catalog at `postgres://localhost/gone`");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let stand = Stand::sqlite();
    let path = stand.folder.path().join("catalog.db");
    std::fs::write(&path, "these are my holiday pictures, and not a database at all").unwrap();

    let error = Catalog::open(&stand.location, &stand.key_path(), noon()).await.err().unwrap();

    assert_eq!(error.code(), ErrorCode::CatalogDamaged);
    assert!(error.source().is_some());
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("these are my holiday pictures"));
}
