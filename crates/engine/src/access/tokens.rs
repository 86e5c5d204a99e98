//! API tokens: made by a member for a program, never good for more than the member.

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_catalog::tokens::{self, Token};
use holdfast_catalog::{MemberId, TokenId};
use holdfast_domain::OrgId;
use holdfast_domain::access::{Scope, Scopes, TeamPermission};
use holdfast_salesforce::Secret;
use serde_json::json;

use super::account::checked_name;
use super::audit::{Act, Actor};
use super::by::By;
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
        let listed = tokens::list(self.catalog().db(), Some(caller.session()?.member), before, limit).await;
        listed.doing(|| "list the tokens".to_owned())
    }

    /// Those of one member, or of all, newest first.
    pub async fn tokens_of_team(
        &self,
        by: impl Into<By<'_>>,
        member: Option<MemberId>,
        before: Option<TokenId>,
        limit: u32,
    ) -> Result<Vec<Token>> {
        by.into().may(TeamPermission::TeamManage)?;
        let listed = tokens::list(self.catalog().db(), member, before, limit).await;
        listed.doing(|| "list the tokens".to_owned())
    }

    pub async fn create_token(&self, caller: &Caller, new: NewToken) -> Result<TokenGiven> {
        let member = caller.session()?.member;
        self.put_token(&caller.actor(), member, new).await
    }

    /// A token of somebody else, such as of a service member that never signs in itself.
    pub async fn create_token_of(
        &self,
        by: impl Into<By<'_>>,
        member: MemberId,
        new: NewToken,
    ) -> Result<TokenGiven> {
        let by = by.into();
        by.may(TeamPermission::TeamManage)?;
        self.put_token(&by.actor(), member, new).await
    }

    async fn put_token(&self, actor: &Actor, member: MemberId, new: NewToken) -> Result<TokenGiven> {
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
            member,
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
        self.write_audit(&mut transaction, actor, act).await?;
        self.commit(transaction).await?;
        Ok(TokenGiven { token, secret })
    }

    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<()> {
        let member = caller.session()?.member;
        self.end_token(&caller.actor(), member, id).await
    }

    /// Ends a token, whoever it belongs to.
    pub async fn revoke_token_of_team(&self, by: impl Into<By<'_>>, id: TokenId) -> Result<Token> {
        let by = by.into();
        by.may(TeamPermission::TeamManage)?;
        let found = tokens::get(self.catalog().db(), id).await.doing(|| "look for the token".to_owned())?;
        let token = found.ok_or_else(|| unknown(id))?;
        self.end_token(&by.actor(), token.member, id).await?;
        Ok(token)
    }

    async fn end_token(&self, actor: &Actor, member: MemberId, id: TokenId) -> Result<()> {
        let mut transaction = self.begin().await?;
        let removed = tokens::remove(&mut transaction, member, id).await;
        let Some(token) = removed.doing(|| "end the token".to_owned())? else {
            return Err(unknown(id).into());
        };
        let act = Act::new("token.revoked").on(token.name);
        self.write_audit(&mut transaction, actor, act).await?;
        self.commit(transaction).await
    }
}

fn unknown(id: TokenId) -> AccessError {
    AccessError::Unknown { what: "token", id: id.to_string() }
}

fn has_not_ended(token: &Token, now: DateTime<Utc>) -> bool {
    token.expires_at.is_none_or(|ends| now < ends)
}
