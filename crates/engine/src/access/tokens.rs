//! API tokens: made by a member for a program, never good for more than the member.

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_catalog::TokenId;
use holdfast_catalog::tokens::{self, Token};
use holdfast_domain::OrgId;
use holdfast_domain::access::{Scope, Scopes};
use holdfast_salesforce::Secret;
use serde_json::json;

use super::account::checked_name;
use super::audit::Act;
use super::caller::{Caller, Origin, Through};
use super::error::AccessError;
use super::secrets::{fingerprint, new_secret};
use crate::engine::Engine;
use crate::error::{Doing, Result};

/// So that a token that lies somewhere it should not is found by a search.
const PREFIX: &str = "holdfast_";
const SHOWN: usize = 14;
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What a new token is for.
#[derive(Debug, Clone)]
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<Scope>,
    pub orgs: Option<Vec<OrgId>>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token and its secret, which is shown once.
#[derive(Debug)]
pub struct TokenGiven {
    pub token: Token,
    pub secret: Secret,
}

impl Engine {
    /// The caller that a token stands for.
    pub async fn caller_by_token(&self, secret: &str, origin: Origin) -> Result<Caller> {
        let found = tokens::find(self.catalog().db(), &fingerprint(secret)).await;
        let found = found.doing(|| "look for the token".to_owned())?;
        let now = self.clock().now();
        let token = found.filter(|token| has_not_ended(token, now)).ok_or(AccessError::NotSignedIn)?;
        let member = self.active_member(token.member).await?;
        if token.last_used_at.is_none_or(|used| now - used >= NOTED_EVERY) {
            let noted = tokens::used(self.catalog().db(), token.id, now).await;
            noted.doing(|| "note that the token was used".to_owned())?;
        }
        self.caller(member, Through::Token(token), origin).await
    }

    pub(super) async fn token_lives(&self, token: &Token) -> Result<bool> {
        let found = tokens::get(self.catalog().db(), token.id).await;
        let found = found.doing(|| "look for the token".to_owned())?;
        Ok(found.is_some_and(|token| has_not_ended(&token, self.clock().now())))
    }

    /// Newest first.
    pub async fn tokens(&self, caller: &Caller, before: Option<TokenId>, limit: u32) -> Result<Vec<Token>> {
        let listed = tokens::list(self.catalog().db(), caller.session()?.member, before, limit).await;
        listed.doing(|| "list the tokens".to_owned())
    }

    pub async fn create_token(&self, caller: &Caller, new: NewToken) -> Result<TokenGiven> {
        caller.session()?;
        if new.scopes.is_empty() {
            return Err(AccessError::NoScope.into());
        }
        let mut scopes = new.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        let now = self.clock().now();
        let secret = Secret::new(format!("{PREFIX}{}", new_secret().expose()));
        let token = Token {
            id: TokenId::new(now),
            member: caller.member.id,
            name: checked_name(&new.name)?,
            scopes: Scopes(scopes),
            orgs: new.orgs,
            beginning: secret.expose()[..SHOWN].to_owned(),
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        let mut transaction = self.begin().await?;
        let inserted = tokens::insert(&mut *transaction, &token, &fingerprint(secret.expose())).await;
        inserted.doing(|| "make the token".to_owned())?;
        let details = json!({ "scopes": token.scopes, "orgs": token.orgs, "expires_at": token.expires_at });
        let act = Act::new("token.created").on(token.name.clone()).with(details);
        self.write_audit(&mut transaction, &caller.actor(), act).await?;
        self.commit(transaction).await?;
        Ok(TokenGiven { token, secret })
    }

    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<()> {
        let member = caller.session()?.member;
        let mut transaction = self.begin().await?;
        let removed = tokens::remove(&mut transaction, member, id).await;
        let Some(token) = removed.doing(|| "end the token".to_owned())? else {
            return Err(AccessError::Unknown { what: "token", id: id.to_string() }.into());
        };
        let act = Act::new("token.revoked").on(token.name);
        self.write_audit(&mut transaction, &caller.actor(), act).await?;
        self.commit(transaction).await
    }
}

fn has_not_ended(token: &Token, now: DateTime<Utc>) -> bool {
    token.expires_at.is_none_or(|ends| now < ends)
}
