//! What callers do with orgs: connect, connect again, change, forget; each allowed, done and noted.

use holdfast_catalog::orgs::{self, AutoState, Org};
use holdfast_catalog::pending_sign_ins;
use holdfast_domain::OrgId;
use holdfast_domain::access::{Right, TeamPermission};
use holdfast_domain::budget::ApiBudget;
use holdfast_salesforce::oauth::{self, Pkce};
use holdfast_salesforce::{ClientOptions, Credentials, Secret};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::audit::{Act, Actor};
use super::caller::Caller;
use super::error::AccessError;
use super::secrets::fingerprint;
use crate::engine::Engine;
use crate::error::{Doing, Error, Result};
use crate::events::Live;
use crate::orgs::{NewOrg, OrgSummary, check_org_name};

/// Salesforce's own words for what Holdfast needs: the APIs, at any time.
const SCOPES: [&str; 2] = ["api", "refresh_token"];
const KIND: &str = "org";

/// A sign-in with a browser that is to connect an org.
#[derive(Debug, Clone)]
pub struct NewOrgSignIn {
    pub org: SignInTo,
    pub login_url: Url,
    pub client_id: String,
    pub client_secret: Option<Secret>,
    /// Where Salesforce sends the browser back; the connected app names it too.
    pub redirect_uri: Url,
}

/// Which org a sign-in is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInTo {
    New { name: String },
    Known { id: OrgId },
}

/// What is remembered while the browser is at Salesforce.
#[derive(Serialize, Deserialize)]
pub struct BegunSignIn {
    org: SignInTo,
    login_url: Url,
    client_id: String,
    client_secret: Option<Secret>,
    redirect_uri: Url,
    verifier: Secret,
    /// The session that began it: a link that somebody else sent is not followed.
    session: String,
}

/// What came back with the browser.
#[derive(Debug, Clone)]
pub enum CameBack {
    Code(Secret),
    Refusal(String),
}

/// What is to be different; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct OrgChange {
    pub name: Option<String>,
    /// Percent of the org's daily API calls.
    pub api_budget: Option<u8>,
    pub files_budget: Option<u8>,
}

impl BegunSignIn {
    /// The org that is to be connected again.
    pub fn known_org(&self) -> Option<&OrgId> {
        match &self.org {
            SignInTo::New { .. } => None,
            SignInTo::Known { id } => Some(id),
        }
    }
}

impl Engine {
    /// Connects an org that is not known yet; it belongs to the caller.
    pub async fn connect_org(&self, caller: &Caller, new: NewOrg) -> Result<OrgSummary> {
        caller.may(TeamPermission::OrgConnect)?;
        let known = self.orgs().await?;
        if let Some(taken) = known.iter().find(|org| org.name == new.name) {
            return Err(Error::NameTaken { name: new.name, org: taken.id.clone() });
        }
        let org = self.put_org(new).await?;
        let set = orgs::set_owner(self.catalog().db(), &org.id, Some(caller.member.id)).await;
        set.doing(|| "note who owns the connection".to_owned())?;
        self.note_org(&caller.actor(), "org.connected", &org).await?;
        self.org(org.id.as_str()).await
    }

    /// Gives a known org new credentials.
    pub async fn reconnect_org(
        &self,
        caller: &Caller,
        id: &OrgId,
        instance_url: Option<Url>,
        credentials: Credentials,
    ) -> Result<OrgSummary> {
        caller.may_on(id, Right::Edit)?;
        let name = self.org(id.as_str()).await?.name;
        // The name stays tied to its id: credentials of another org are refused.
        let org = self.put_org(NewOrg { name, instance_url, credentials }).await?;
        self.note_org(&caller.actor(), "org.reconnected", &org).await?;
        Ok(org)
    }

    pub async fn change_org(&self, caller: &Caller, id: &OrgId, change: OrgChange) -> Result<OrgSummary> {
        caller.may_on(id, Right::Edit)?;
        let org = self.find_org(id.as_str()).await?;
        self.write_org_change(&caller.actor(), &org, change).await?;
        self.org(id.as_str()).await
    }

    pub(crate) async fn write_org_change(&self, actor: &Actor, org: &Org, change: OrgChange) -> Result<()> {
        let doing = || format!("change `{}`", org.name);
        let mut transaction = self.begin().await?;
        if let Some(name) = &change.name {
            check_org_name(name)?;
            orgs::rename(&mut *transaction, org, name).await.doing(doing)?;
        }
        if change.api_budget.is_some() || change.files_budget.is_some() {
            let budget = ApiBudget {
                percent: change.api_budget.unwrap_or(org.api_budget.percent),
                files_percent: change.files_budget.unwrap_or(org.api_budget.files_percent),
            };
            orgs::set_api_budget(&mut *transaction, &org.id, budget).await.doing(doing)?;
        }
        let details = json!({
            "name": change.name,
            "api_budget_percent": change.api_budget,
            "files_budget_percent": change.files_budget,
        });
        let act = Act::new("org.changed").on(org.name.clone()).of_org(&org.id).with(details);
        self.write_audit(&mut transaction, actor, act).await?;
        self.commit(transaction).await?;
        self.live().send(&org.id, Live::OrgChanged);
        Ok(())
    }

    pub async fn forget_org(&self, caller: &Caller, id: &OrgId) -> Result<()> {
        caller.may_on(id, Right::Delete)?;
        self.drop_org(&caller.actor(), id.as_str()).await
    }

    /// Starts, resumes or pauses one org, or all on which the caller may. Says which were moved.
    pub async fn switch_auto(
        &self,
        caller: &Caller,
        org: Option<&OrgId>,
        to: AutoState,
    ) -> Result<Vec<OrgId>> {
        let all: Vec<OrgId> = if let Some(org) = org {
            caller.may_on(org, Right::Execute)?;
            vec![org.clone()]
        } else {
            let may = caller.orgs().filter(|(_, rights)| rights.contains(Right::Execute));
            may.map(|(org, _)| org.clone()).collect()
        };
        let mut moved = Vec::new();
        for id in all {
            let before = self.find_org(id.as_str()).await?;
            // Asked of all, an org that was never switched on stays off.
            if before.auto_state == to || (org.is_none() && before.auto_state == AutoState::Off) {
                continue;
            }
            self.set_auto_state(&caller.actor(), &before, to).await?;
            moved.push(id);
        }
        Ok(moved)
    }

    /// The address at Salesforce to send the browser to.
    pub async fn begin_org_sign_in(&self, caller: &Caller, new: NewOrgSignIn) -> Result<Url> {
        match &new.org {
            SignInTo::New { name } => {
                caller.may(TeamPermission::OrgConnect)?;
                check_org_name(name)?;
            }
            SignInTo::Known { id } => caller.may_on(id, Right::Edit)?,
        }
        let (pkce, state) = (Pkce::new(), oauth::new_state());
        let redirect_uri = new.redirect_uri.as_str();
        let url = oauth::authorize_url(&new.login_url, &new.client_id, redirect_uri, &SCOPES, &state, &pkce)
            .doing(|| "begin the sign-in to Salesforce".to_owned())?;
        let begun = BegunSignIn {
            org: new.org,
            login_url: new.login_url,
            client_id: new.client_id,
            client_secret: new.client_secret,
            redirect_uri: new.redirect_uri,
            verifier: pkce.verifier,
            session: caller.session()?.id.to_string(),
        };
        let plain = serde_json::to_vec(&begun).expect("texts are always JSON");
        let (key, now) = (self.catalog().key(), self.clock().now());
        let (hash, until) = (fingerprint(&state), now + self.settings().access.sign_in_within);
        let mut transaction = self.begin().await?;
        let kept = pending_sign_ins::insert(&mut transaction, key, KIND, &hash, &plain, until, now).await;
        kept.doing(|| "note the sign-in that was begun".to_owned())?;
        self.commit(transaction).await?;
        Ok(url)
    }

    /// The sign-in that the browser comes back from; good once, and for the session that began it.
    pub async fn recall_org_sign_in(&self, caller: &Caller, state: &str) -> Result<BegunSignIn> {
        let (key, now) = (self.catalog().key(), self.clock().now());
        let mut transaction = self.begin().await?;
        let taken = pending_sign_ins::take(&mut transaction, key, KIND, &fingerprint(state), now).await;
        let taken = taken.doing(|| "take up the sign-in that was begun".to_owned())?;
        self.commit(transaction).await?;
        let plain = taken.ok_or(AccessError::LinkExpired)?;
        let begun: BegunSignIn = serde_json::from_slice(&plain)
            .map_err(|_| Error::BadRequest { what: "the sign-in was begun by another version".to_owned() })?;
        if begun.session != caller.session()?.id.to_string() {
            return Err(Error::ForeignSignIn);
        }
        Ok(begun)
    }

    /// Trades the code that came back for a grant, and connects the org with it.
    pub async fn finish_org_sign_in(
        &self,
        caller: &Caller,
        begun: BegunSignIn,
        back: CameBack,
    ) -> Result<OrgSummary> {
        let code = match back {
            CameBack::Code(code) => code,
            CameBack::Refusal(words) => return Err(Error::SignInRefused { words }),
        };
        let pkce = Pkce { verifier: begun.verifier, challenge: String::new() };
        let options = ClientOptions::default();
        let secret = begun.client_secret.as_ref();
        let redirect = begun.redirect_uri.as_str();
        let tokens = oauth::exchange_code(
            &begun.login_url,
            &begun.client_id,
            secret,
            redirect,
            &code,
            &pkce,
            &options,
        )
        .await
        .doing(|| "finish the sign-in to Salesforce".to_owned())?;
        let words =
            "it gave no refresh token; the connected app needs the scope `refresh_token, offline_access`";
        let refresh_token =
            tokens.refresh_token.ok_or_else(|| Error::SignInRefused { words: words.to_owned() })?;
        let BegunSignIn { org, login_url, client_id, client_secret, .. } = begun;
        let credentials = Credentials::RefreshToken { login_url, client_id, client_secret, refresh_token };
        match org {
            SignInTo::New { name } => {
                self.connect_org(caller, NewOrg { name, instance_url: None, credentials }).await
            }
            SignInTo::Known { id } => self.reconnect_org(caller, &id, None, credentials).await,
        }
    }

    pub(crate) async fn note_org(&self, actor: &Actor, action: &str, org: &OrgSummary) -> Result<()> {
        let details = json!({ "integration_user": org.integration_user });
        let act = Act::new(action).on(org.name.clone()).of_org(&org.id).with(details);
        self.note(actor, act).await?;
        self.live().send(&org.id, Live::OrgChanged);
        Ok(())
    }
}
