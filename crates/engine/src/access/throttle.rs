//! Counts failures to sign in, and makes whoever fails again and again wait.

use holdfast_catalog::sign_in_failures;
use holdfast_domain::throttle::{Counted, FORGOTTEN_AFTER, wait};

use super::error::AccessError;
use crate::engine::Engine;
use crate::error::{Doing, Result};

/// What failures are counted for: an account or an address, and the name of it.
pub(super) struct Tries(Vec<(Counted, String)>);

impl Tries {
    pub(super) fn to_sign_in(email: &str, ip: Option<&str>) -> Self {
        Self::of(format!("password/{email}"), ip)
    }

    pub(super) fn of_code(member: holdfast_catalog::MemberId, ip: Option<&str>) -> Self {
        Self::of(format!("code/{member}"), ip)
    }

    /// Links are guessed from an address, whatever account they are for.
    pub(super) fn of_link(ip: Option<&str>) -> Self {
        Self(ip.map(|ip| (Counted::Address, format!("ip/{ip}"))).into_iter().collect())
    }

    fn of(account: String, ip: Option<&str>) -> Self {
        let mut tries = Self::of_link(ip);
        tries.0.push((Counted::Account, account));
        tries
    }
}

impl Engine {
    pub(super) async fn may_try(&self, tries: &Tries) -> Result<()> {
        let now = self.clock().now();
        for (counted, name) in &tries.0 {
            let failures = sign_in_failures::get(self.catalog().db(), name).await;
            let Some(failures) = failures.doing(|| "count the failures to sign in".to_owned())? else {
                continue;
            };
            if now - failures.last_at < FORGOTTEN_AFTER
                && let Some(wait) = wait(*counted, failures.count, failures.last_at, now)
            {
                return Err(AccessError::Throttled { wait }.into());
            }
        }
        Ok(())
    }

    /// Counts a try as a failure before it is looked at, so that many at once do not slip through together.
    pub(super) async fn begin_try(&self, tries: &Tries) -> Result<()> {
        self.may_try(tries).await?;
        self.note_failure(tries).await
    }

    pub(super) async fn note_failure(&self, tries: &Tries) -> Result<()> {
        let now = self.clock().now();
        let db = self.catalog().db();
        let doing = || "note the failure to sign in".to_owned();
        for (_, name) in &tries.0 {
            sign_in_failures::add(db, name, now, now - FORGOTTEN_AFTER).await.doing(doing)?;
        }
        sign_in_failures::remove_before(db, now - FORGOTTEN_AFTER).await.doing(doing)
    }

    /// The try was none. The account is forgiven all failures, the address only this one: somebody there may still
    /// be guessing at other accounts.
    pub(super) async fn forgive(&self, tries: &Tries) -> Result<()> {
        let db = self.catalog().db();
        for (counted, name) in &tries.0 {
            let forgiven = match counted {
                Counted::Account => sign_in_failures::clear(db, name).await,
                Counted::Address => sign_in_failures::take_back(db, name).await,
            };
            forgiven.doing(|| "forget the failures to sign in".to_owned())?;
        }
        Ok(())
    }
}
