//! Sign-ins at somebody else's page: at Salesforce's those from which the browser has not come back, at an identity
//! provider those that are finished, because each is good once. What has expired goes with the next row.

use chrono::{DateTime, Utc};

use crate::fields::{Fields, us};
use crate::{Error, SecretKey};

const INSERT: &str = "INSERT INTO pending_sign_ins (hash, kind, sealed, expires_at) VALUES ($1, $2, $3, $4)";

/// Keeps `plain` sealed under the hash of the state that comes back with the browser.
pub async fn insert(
    transaction: &mut crate::Transaction,
    key: &SecretKey,
    kind: &str,
    hash: &str,
    plain: &[u8],
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    remove_expired(transaction, now).await?;
    sqlx::query(INSERT)
        .bind(hash)
        .bind(kind)
        .bind(key.seal_for(&context(kind, hash), plain))
        .bind(us(expires_at))
        .execute(&mut **transaction)
        .await
        .map_err(Error::doing("note the sign-in that was begun"))?;
    Ok(())
}

/// True if and only if this is the first time; remembered until `expires_at`, when the state is good no more.
pub async fn note_finished(
    transaction: &mut crate::Transaction,
    kind: &str,
    hash: &str,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    remove_expired(transaction, now).await?;
    let noted = sqlx::query(&format!("{INSERT} ON CONFLICT (hash) DO NOTHING"))
        .bind(hash)
        .bind(kind)
        .bind("")
        .bind(us(expires_at))
        .execute(&mut **transaction)
        .await
        .map_err(Error::doing("note that the sign-in is finished"))?;
    Ok(noted.rows_affected() == 1)
}

/// What was kept; a state is good once, and not after it expired.
pub async fn take(
    transaction: &mut crate::Transaction,
    key: &SecretKey,
    kind: &str,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<Vec<u8>>, Error> {
    let doing = || Error::doing("take up the sign-in that was begun");
    let row =
        sqlx::query("SELECT sealed FROM pending_sign_ins WHERE hash = $1 AND kind = $2 AND expires_at > $3")
            .bind(hash)
            .bind(kind)
            .bind(us(now))
            .fetch_optional(&mut **transaction)
            .await
            .map_err(doing())?;
    sqlx::query("DELETE FROM pending_sign_ins WHERE hash = $1")
        .bind(hash)
        .execute(&mut **transaction)
        .await
        .map_err(doing())?;
    remove_expired(transaction, now).await?;
    let sealed = row.map(|row| Fields(&row).text("sealed")).transpose()?;
    Ok(sealed.and_then(|sealed| key.open_for(&context(kind, hash), &sealed)))
}

async fn remove_expired(transaction: &mut crate::Transaction, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query("DELETE FROM pending_sign_ins WHERE expires_at <= $1")
        .bind(us(now))
        .execute(&mut **transaction)
        .await
        .map_err(Error::doing("forget sign-ins that have expired"))?;
    Ok(())
}

fn context(kind: &str, hash: &str) -> String {
    format!("pending sign-in {kind} {hash}")
}
