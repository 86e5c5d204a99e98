//! Sign-ins at somebody else's page (Salesforce, an identity provider) from which the browser has not come back.

use chrono::{DateTime, Utc};

use crate::fields::{Fields, us};
use crate::{Db, Error, SecretKey};

/// Keeps `plain` sealed under the hash of the state that comes back with the browser.
pub async fn insert<'c>(
    db: impl Db<'c>,
    key: &SecretKey,
    kind: &str,
    hash: &str,
    plain: &[u8],
    expires_at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO pending_sign_ins (hash, kind, sealed, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(hash)
        .bind(kind)
        .bind(key.seal_for(&context(kind, hash), plain))
        .bind(us(expires_at))
        .execute(db)
        .await
        .map_err(Error::doing("note the sign-in that was begun"))?;
    Ok(())
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
    sqlx::query("DELETE FROM pending_sign_ins WHERE hash = $1 OR expires_at <= $2")
        .bind(hash)
        .bind(us(now))
        .execute(&mut **transaction)
        .await
        .map_err(doing())?;
    let sealed = row.map(|row| Fields(&row).text("sealed")).transpose()?;
    Ok(sealed.and_then(|sealed| key.open_for(&context(kind, hash), &sealed)))
}

fn context(kind: &str, hash: &str) -> String {
    format!("pending sign-in {kind} {hash}")
}
