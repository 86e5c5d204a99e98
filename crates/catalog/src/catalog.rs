//! Opens the database and hands out connections and transactions.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor};

use crate::error::is_passing;
use crate::{Error, Location, SecretKey, migrate};

/// What a function of a table runs on: the pool ([`Catalog::db`]) or `&mut *transaction`.
pub trait Db<'c>: Executor<'c, Database = Any> {}

impl<'c, E: Executor<'c, Database = Any>> Db<'c> for E {}

/// Dropped without `commit`, it is rolled back.
pub type Transaction = sqlx::Transaction<'static, Any>;

/// A connection waits half a minute for another process that is writing to the same file. Commits
/// are the proof that work was done, so FULL flushes the log on each of them.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; \
                              PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";

/// SQLite has one writer at a time; more connections only wait for each other.
const SQLITE_CONNECTIONS: u32 = 4;

const POSTGRES_CONNECTIONS: u32 = 16;

/// Processes that may start on one new file at once; more of them than anybody runs.
const MOST_TURNS: usize = 32;

/// The open catalog. Clones share its connections.
#[derive(Clone)]
pub struct Catalog {
    db: AnyPool,
    key: SecretKey,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Catalog {
    /// Opens the catalog, creates what is missing and brings the schema up to date.
    pub async fn open(location: &Location, secret_key: &Path, now: DateTime<Utc>) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        let kind = match location {
            Location::Sqlite(path) => {
                create_parent(path)?;
                Kind::Sqlite
            }
            Location::Postgres(_) => Kind::Postgres,
        };
        let key = SecretKey::open_or_create(secret_key)?;
        let not_opened = |source| Error::NotOpened { location: location.to_string(), source };
        let options: AnyConnectOptions = location.driver_url()?.parse().map_err(not_opened)?;
        try_once(&options, kind).await.map_err(not_opened)?;
        let db = pool_options(kind).connect_lazy_with(options);
        migrate::to_newest(&db, kind, location, now).await?;
        Ok(Self { db, key, kind })
    }

    pub fn db(&self) -> &AnyPool {
        &self.db
    }

    /// The key that seals credentials, for [`crate::connections`].
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        begin(&self.db, self.kind).await.map_err(Error::doing("begin a transaction"))
    }

    /// Waits until all connections are closed, so that the files may be moved or removed.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

/// Makes all that the transaction did durable.
pub async fn commit(transaction: Transaction) -> Result<(), Error> {
    transaction.commit().await.map_err(Error::doing("commit a transaction"))
}

/// A SQLite transaction that starts by reading cannot wait for another writer any more when it
/// comes to write, so it takes the write lock at once.
pub(crate) async fn begin(db: &AnyPool, kind: Kind) -> Result<Transaction, sqlx::Error> {
    match kind {
        Kind::Sqlite => db.begin_with("BEGIN IMMEDIATE").await,
        Kind::Postgres => db.begin().await,
    }
}

/// The pool would try for a minute, and then name its patience instead of the reason.
async fn try_once(options: &AnyConnectOptions, kind: Kind) -> Result<(), sqlx::Error> {
    let mut connection = AnyConnection::connect_with(options).await?;
    if kind == Kind::Sqlite {
        prepare_sqlite(&mut connection).await?;
    }
    connection.close().await
}

/// Of those who turn a new file to WAL at the same moment, SQLite refuses all but one without letting
/// them wait. For the write lock it does let them wait, so they wait for that and try again.
async fn prepare_sqlite(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for _ in 0..MOST_TURNS {
        match connection.execute(SQLITE_PRAGMAS).await {
            Err(error) if is_passing(&error) => connection.execute("BEGIN IMMEDIATE; ROLLBACK").await?,
            prepared => return prepared.map(drop),
        };
    }
    connection.execute(SQLITE_PRAGMAS).await.map(drop)
}

fn pool_options(kind: Kind) -> AnyPoolOptions {
    let options = AnyPoolOptions::new().acquire_timeout(Duration::from_mins(1));
    match kind {
        Kind::Postgres => options.max_connections(POSTGRES_CONNECTIONS),
        Kind::Sqlite => options.max_connections(SQLITE_CONNECTIONS).after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(SQLITE_PRAGMAS).await?;
                Ok(())
            })
        }),
    }
}

fn create_parent(path: &Path) -> Result<(), Error> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::create_dir_all(parent)
            .map_err(|source| Error::DatabasePath { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}
