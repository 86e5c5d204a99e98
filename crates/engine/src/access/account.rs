//! What members do with their own account: name and password.

use holdfast_catalog::members::{self, Member};
use holdfast_catalog::sessions;
use holdfast_salesforce::Secret;

use super::audit::Act;
use super::caller::Caller;
use super::error::AccessError;
use super::password;
use super::second_factor::Proof;
use crate::engine::Engine;
use crate::error::{Doing, Result};

impl Engine {
    pub async fn rename_self(&self, caller: &Caller, name: &str) -> Result<Member> {
        caller.session()?;
        let member = Member { name: checked_name(name)?, ..caller.member.clone() };
        let changed = members::set_name(self.catalog().db(), member.id, &member.name).await;
        changed.doing(|| "change the name".to_owned())?;
        Ok(member)
    }

    /// Ends all other sessions: whoever knew the old password is out.
    pub async fn change_password(&self, caller: &Caller, current: Option<Secret>, new: Secret) -> Result<()> {
        let session = caller.session()?.id;
        let doing = || "change the password".to_owned();
        if caller.member.password.is_some() {
            let current = current.ok_or(AccessError::WrongPassword)?;
            self.check_proof(caller, Proof::Password(current)).await?;
        }
        password::check(&new, &caller.member.email)?;
        let (member, hash) = (&caller.member, password::hash(new).await?);
        let mut transaction = self.begin().await?;
        members::set_password(&mut *transaction, member.id, &hash).await.doing(doing)?;
        sessions::remove_all(&mut *transaction, member.id, Some(session)).await.doing(doing)?;
        let act = Act::new("password.changed").on(member.email.clone());
        self.write_audit(&mut transaction, &caller.actor(), act).await?;
        self.commit(transaction).await
    }
}

pub(super) fn checked_name(name: &str) -> Result<String, AccessError> {
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().count() <= 100 && !name.chars().any(char::is_control);
    if is_name { Ok(name.to_owned()) } else { Err(AccessError::NotAName) }
}

/// Something before and after one `@`, and no blanks; only a message to it would prove more.
pub(super) fn checked_email(email: &str) -> Result<String, AccessError> {
    let normal = super::sign_in::normal_email(email);
    let is_address = normal.len() <= 254
        && normal.split('@').count() == 2
        && normal.split('@').all(|part| !part.is_empty())
        && !normal.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ':'));
    if is_address { Ok(normal) } else { Err(AccessError::NotAnAddress { email: email.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_in_one_case_and_others_are_refused() {
        assert_eq!(checked_email(" Ada@Example.org ").unwrap(), "ada@example.org");
        for wrong in ["", "ada", "@example.org", "ada@", "a@b@c", "ada lovelace@example.org", "<a@b.c>"] {
            assert!(checked_email(wrong).is_err(), "{wrong}");
        }
    }
}
