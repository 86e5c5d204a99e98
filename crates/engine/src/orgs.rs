//! Connecting an org, and the client that speaks to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::FutureExt;
use holdfast_catalog::MemberId;
use holdfast_catalog::connections::{self, ConnectionStatus};
use holdfast_catalog::orgs::{self, AutoState, Org};
use holdfast_domain::OrgId;
use holdfast_domain::budget::{ApiBudget, ApiUsage};
use holdfast_domain::retry::{BackOff, Retry};
use holdfast_lake::OrgDocument;
use holdfast_lake::lake::ORG_FORMAT;
use holdfast_salesforce::{
    BoxError, Client, ClientOptions, Credentials, GrantGate, GrantHooks, LentGrant, NotLent, RotationHook,
};
use serde::Serialize;
use tokio::sync::OnceCell;
use url::Url;

use crate::access::{Act, Actor, OrgChange};
use crate::calls::CountedClient;
use crate::engine::Engine;
use crate::error::{Doing, Error, Result, chain};
use crate::events::Live;
use crate::lease;

/// What is needed to connect an org.
#[derive(Debug, Clone)]
pub struct NewOrg {
    pub name: String,
    /// Needed with an access token; with other credentials the org names its own.
    pub instance_url: Option<Url>,
    pub credentials: Credentials,
}

/// One connected org, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct OrgSummary {
    pub id: OrgId,
    pub name: String,
    pub instance_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_sandbox: Option<bool>,
    pub auto_backup: AutoState,
    pub api_budget_percent: u8,
    pub files_budget_percent: u8,
    pub connection: ConnectionStatus,
    /// Why the connection does not work, in the words of the org.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_user: Option<String>,
    pub connected_at: DateTime<Utc>,
    /// The member who owns the connection; none if the owners of the team share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberId>,
}

/// Longer than a process that died can keep the lease of a grant.
const GRANT_PATIENCE: Duration = Duration::from_mins(3);
/// How often a replaced refresh token is tried to be stored before its request fails: over about half a minute.
const STORE_TRIES: u32 = 7;

/// Clients by org: sharing one keeps its session, its limit on requests at once, and the org's clock. Each has
/// a cell of its own, so that nobody waits for the sign-in to another org.
#[derive(Default)]
pub(crate) struct Clients(Mutex<HashMap<OrgId, Arc<OnceCell<CountedClient>>>>);

impl Clients {
    fn of(&self, org: &OrgId) -> Arc<OnceCell<CountedClient>> {
        self.locked().entry(org.clone()).or_default().clone()
    }

    /// The newest that the org said of its daily calls, if it is connected in this process.
    pub(crate) fn usage(&self, org: &OrgId) -> Option<ApiUsage> {
        self.of(org).get()?.usage()
    }

    fn forget(&self, org: &OrgId) {
        self.locked().remove(org);
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<OrgId, Arc<OnceCell<CountedClient>>>> {
        self.0.lock().expect("no code panics while holding this lock")
    }
}

impl Engine {
    /// Connects an org on the word of the command line. The same name again connects the same org anew.
    pub async fn add_org(&self, new: NewOrg) -> Result<OrgSummary> {
        let known = orgs::find_by_name(self.catalog().db(), &new.name).await;
        let known = known.doing(|| format!("look for `{}`", new.name))?;
        let org = self.put_org(new).await?;
        let action = if known.is_some() { "org.reconnected" } else { "org.connected" };
        self.note_org(&Actor::command_line(), action, &org).await?;
        Ok(org)
    }

    /// Signs in and stores the grant; notes nothing.
    pub(crate) async fn put_org(&self, new: NewOrg) -> Result<OrgSummary> {
        let NewOrg { name, instance_url, credentials } = new;
        check_org_name(&name)?;
        let rotated = Arc::new(Mutex::new(None));
        let grant = GrantHooks { on_rotation: Some(keep(rotated.clone())), gate: None };
        let options = ClientOptions { grant, ..ClientOptions::default() };
        let connected = Client::connect(instance_url, credentials.clone(), options).await;
        let client = CountedClient::new(connected.doing(|| format!("connect `{name}`"))?);
        let identity = client.identity().await.doing(|| "read who the integration user is".to_owned())?;
        self.check_name(&name, &identity.org_id).await?;
        let org = self.describe_org(&client, &name, identity.org_id).await?;
        let newest = rotated.lock().expect("no code panics while holding this lock").take();
        let connection = StoredConnection {
            instance_url: client.instance_url(),
            integration_user: identity.username,
            credentials: newest.unwrap_or(credentials),
        };
        // Who renews the old grant at this moment must not store it over the new one afterwards.
        let lease = self.lend(&lease::of_grant(&org.id), GRANT_PATIENCE).await?;
        let stored = self.store_org(&org, &connection).await;
        lease.give_back().await;
        stored?;
        self.note_calls(&org.id, &client).await;
        self.clients().forget(&org.id);
        self.org(&name).await
    }

    async fn check_name(&self, name: &str, id: &OrgId) -> Result<()> {
        let db = self.catalog().db();
        let same_name = orgs::find_by_name(db, name).await.doing(|| format!("look for `{name}`"))?;
        if let Some(other) = same_name.filter(|other| other.id != *id) {
            return Err(Error::NameTaken { name: name.to_owned(), org: other.id });
        }
        let same_org = orgs::get(db, id).await.doing(|| format!("look for org `{id}`"))?;
        match same_org.filter(|known| known.name != name) {
            Some(known) => Err(Error::OrgKnown { name: known.name, org: known.id }),
            None => Ok(()),
        }
    }

    /// The Organization row may be hidden from the integration user; then the org is known by its id alone.
    async fn describe_org(&self, client: &Client, name: &str, id: OrgId) -> Result<Org> {
        let soql = "SELECT Name, OrganizationType, IsSandbox FROM Organization";
        let row = match client.query_values(soql, false).await {
            Ok(rows) => rows.into_iter().next().unwrap_or_default(),
            Err(error) => {
                tracing::warn!(org.id = %id, "could not read the Organization record: {}", chain(&error));
                serde_json::Map::new()
            }
        };
        let text = |field: &str| row.get(field).and_then(serde_json::Value::as_str).map(str::to_owned);
        Ok(Org {
            id,
            name: name.to_owned(),
            instance_url: client.instance_url().to_string(),
            organization_type: text("OrganizationType"),
            is_sandbox: row.get("IsSandbox").and_then(serde_json::Value::as_bool),
            auto_state: AutoState::Off,
            api_budget: ApiBudget::default(),
            connected_at: self.clock().now(),
            owner: None,
        })
    }

    async fn store_org(&self, org: &Org, connection: &StoredConnection) -> Result<()> {
        let db = self.catalog().db();
        let known = orgs::get(db, &org.id).await.doing(|| "look for the org".to_owned())?;
        let stored = match known {
            Some(_) => orgs::update(db, org).await,
            None => orgs::insert(db, org).await,
        };
        stored.doing(|| format!("store `{}`", org.name))?;
        self.store_connection(&org.id, connection).await?;
        let document = OrgDocument {
            format: ORG_FORMAT,
            id: org.id.clone(),
            name: org.name.clone(),
            instance_url: org.instance_url.clone(),
            is_sandbox: org.is_sandbox,
            organization_type: org.organization_type.clone(),
            connected_at: org.connected_at,
        };
        let written = self.lake().org(&org.id).put_org_document(&document).await;
        written.doing(|| format!("write down `{}` in the lake", org.name))
    }

    async fn store_connection(&self, org: &OrgId, connection: &StoredConnection) -> Result<()> {
        let bytes = serde_json::to_vec(connection).expect("credentials are plain text");
        let catalog = self.catalog();
        let put = connections::put(catalog.db(), catalog.key(), org, &bytes, self.clock().now()).await;
        put.doing(|| "store the connection".to_owned())
    }

    pub async fn orgs(&self) -> Result<Vec<OrgSummary>> {
        let all = orgs::list(self.catalog().db()).await.doing(|| "list the orgs".to_owned())?;
        let mut summaries = Vec::with_capacity(all.len());
        for org in all {
            summaries.push(self.summary(org).await?);
        }
        Ok(summaries)
    }

    pub async fn org(&self, name: &str) -> Result<OrgSummary> {
        let org = self.find_org(name).await?;
        self.summary(org).await
    }

    /// Forgets the connection, the schedule and the progress; what was captured stays in the lake.
    pub async fn remove_org(&self, name: &str) -> Result<()> {
        self.drop_org(&Actor::command_line(), name).await
    }

    pub(crate) async fn drop_org(&self, actor: &Actor, name: &str) -> Result<()> {
        let org = self.find_org(name).await?;
        self.clients().forget(&org.id);
        let mut transaction = self.begin().await?;
        orgs::remove(&mut *transaction, &org.id).await.doing(|| format!("remove `{name}`"))?;
        let act = Act::new("org.removed").on(org.name).of_org(&org.id);
        self.write_audit(&mut transaction, actor, act).await?;
        self.commit(transaction).await?;
        self.live().send(&org.id, Live::OrgChanged);
        Ok(())
    }

    /// Changes the shares that are given.
    pub async fn set_api_budget(&self, name: &str, all: Option<u8>, files: Option<u8>) -> Result<()> {
        let org = self.find_org(name).await?;
        let change = OrgChange { name: None, api_budget: all, files_budget: files };
        self.write_org_change(&Actor::command_line(), &org, change).await
    }

    /// By name, or by Salesforce id.
    pub(crate) async fn find_org(&self, name: &str) -> Result<Org> {
        let db = self.catalog().db();
        let doing = || format!("look for `{name}`");
        if let Some(org) = orgs::find_by_name(db, name).await.doing(doing)? {
            return Ok(org);
        }
        if let Ok(id) = OrgId::parse(name)
            && let Some(org) = orgs::get(db, &id).await.doing(doing)?
        {
            return Ok(org);
        }
        let all = orgs::list(db).await.doing(doing)?;
        let names: Vec<_> = all.iter().map(|org| format!("`{}`", org.name)).collect();
        let known = match names.as_slice() {
            [] => "is none yet: connect one with `holdfast org add`".to_owned(),
            [one] => format!("is {one}"),
            many => format!("are {}", many.join(", ")),
        };
        Err(Error::UnknownOrg { name: name.to_owned(), known })
    }

    async fn summary(&self, org: Org) -> Result<OrgSummary> {
        let catalog = self.catalog();
        let connection = connections::get(catalog.db(), catalog.key(), &org.id).await;
        let connection = connection.doing(|| format!("read the connection of `{}`", org.name))?;
        let stored =
            connection.as_ref().and_then(|connection| StoredConnection::read(&connection.credentials));
        Ok(OrgSummary {
            id: org.id,
            name: org.name,
            instance_url: org.instance_url,
            organization_type: org.organization_type,
            is_sandbox: org.is_sandbox,
            auto_backup: org.auto_state,
            api_budget_percent: org.api_budget.percent,
            files_budget_percent: org.api_budget.files_percent,
            connection: connection.as_ref().map_or(ConnectionStatus::NeedsReauthorisation, |c| c.status),
            connection_message: connection.and_then(|connection| connection.status_message),
            integration_user: stored.map(|stored| stored.integration_user),
            connected_at: org.connected_at,
            owner: org.owner,
        })
    }

    /// The client of an org; one per org and process.
    pub(crate) async fn connect(&self, org: &Org) -> Result<CountedClient> {
        let cell = self.clients().of(&org.id);
        cell.get_or_try_init(|| self.sign_in(org)).await.cloned()
    }

    async fn sign_in(&self, org: &Org) -> Result<CountedClient> {
        let stored = self.stored_connection(&org.id).await?;
        let stored = stored.ok_or_else(|| Error::NotConnected { org: org.name.clone() })?;
        let rotates = matches!(stored.credentials, Credentials::RefreshToken { .. });
        let grant = GrantHooks {
            on_rotation: Some(self.persist_rotation(org.id.clone(), stored.clone())),
            gate: rotates.then(|| self.grant_gate(org.id.clone())),
        };
        let options = ClientOptions { grant, ..ClientOptions::default() };
        let connected = Client::connect(Some(stored.instance_url), stored.credentials, options).await;
        connected.map(CountedClient::new).doing(|| format!("sign in to `{}`", org.name))
    }

    /// Forgets the client, so that the next call signs in again, and shows why if a person is needed.
    pub(crate) async fn disconnect(&self, org: &OrgId, error: &Error) -> Result<()> {
        if !error.needs_reauthorisation() {
            // With a client that alone knows the newest refresh token the grant would be lost.
            if !self.clients().of(org).get().is_some_and(|client| client.may_hold_unstored_grant()) {
                self.clients().forget(org);
            }
            return Ok(());
        }
        self.clients().forget(org);
        let status = ConnectionStatus::NeedsReauthorisation;
        let db = self.catalog().db();
        let set = connections::set_status(db, org, status, Some(&chain(error)), self.clock().now()).await;
        set.doing(|| "note that the connection must be made anew".to_owned())
    }

    async fn stored_connection(&self, org: &OrgId) -> Result<Option<StoredConnection>> {
        let catalog = self.catalog();
        let connection = connections::get(catalog.db(), catalog.key(), org).await;
        let connection = connection.doing(|| format!("read the connection of `{org}`"))?;
        Ok(connection.and_then(|connection| StoredConnection::read(&connection.credentials)))
    }

    /// Who shows a refresh token that another process has replaced ends the grant for all of them: so
    /// renewals take turns under a lease, and each begins with the token that is stored.
    fn grant_gate(&self, org: OrgId) -> GrantGate {
        let engine = self.clone();
        Arc::new(move || {
            let (engine, org) = (engine.clone(), org.clone());
            Box::pin(async move {
                let not_lent = |error: Error| NotLent { code: error.code(), source: error.into() };
                let lease = engine.lend(&lease::of_grant(&org), GRANT_PATIENCE).await.map_err(not_lent)?;
                let stored = engine.stored_connection(&org).await.map_err(not_lent)?;
                let credentials = stored.map(|stored| stored.credentials);
                Ok(LentGrant { credentials, give_back: lease.give_back().boxed() })
            })
        })
    }

    fn persist_rotation(&self, org: OrgId, connected: StoredConnection) -> RotationHook {
        let engine = self.clone();
        Arc::new(move |renewed| {
            let (engine, org, connected) = (engine.clone(), org.clone(), connected.clone());
            Box::pin(async move {
                let mut attempt = 1;
                while let Err(error) = engine.store_renewed(&org, &connected, &renewed).await {
                    if attempt == STORE_TRIES || error.retry() == Retry::Never {
                        return Err(BoxError::from(error));
                    }
                    tracing::warn!(org.id = %org, "a new refresh token could not be stored: {}", chain(&error));
                    engine.clock().sleep(BackOff::default().pause(attempt, rand::random())).await;
                    attempt += 1;
                }
                Ok(())
            })
        })
    }

    async fn store_renewed(
        &self,
        org: &OrgId,
        connected: &StoredConnection,
        renewed: &Credentials,
    ) -> Result<()> {
        let mut stored = self.stored_connection(org).await?.unwrap_or_else(|| connected.clone());
        if !is_same_app(&stored.credentials, renewed) {
            tracing::info!(org.id = %org, "the org was connected anew meanwhile; the renewed grant is not stored");
            return Ok(());
        }
        stored.credentials = renewed.clone();
        self.store_connection(org, &stored).await
    }
}

/// Characters of an org's name.
pub const LONGEST_ORG_NAME: usize = 80;

/// Names stand in commands and in paths of later URLs, so they stay plain.
pub fn check_org_name(name: &str) -> Result<()> {
    let is_plain = !name.is_empty()
        && name.chars().count() <= LONGEST_ORG_NAME
        && !name.starts_with('-')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '));
    if is_plain && name.trim() == name { Ok(()) } else { Err(Error::NotAnOrgName { name: name.to_owned() }) }
}

/// What is sealed in the catalog.
#[derive(Clone, Serialize, serde::Deserialize)]
struct StoredConnection {
    instance_url: Url,
    integration_user: String,
    credentials: Credentials,
}

impl StoredConnection {
    fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// True if and only if both are grants to one app at one login address, so that one can follow from the other.
fn is_same_app(one: &Credentials, other: &Credentials) -> bool {
    let app = |credentials: &Credentials| match credentials {
        Credentials::RefreshToken { login_url, client_id, .. } => {
            Some((login_url.clone(), client_id.clone()))
        }
        Credentials::AccessToken { .. } | Credentials::Jwt { .. } | Credentials::ClientCredentials { .. } => {
            None
        }
    };
    app(one).is_some_and(|app_of_one| app(other) == Some(app_of_one))
}

/// Remembers a grant that was renewed before there is a place to store it.
fn keep(place: Arc<Mutex<Option<Credentials>>>) -> RotationHook {
    Arc::new(move |renewed| {
        *place.lock().expect("no code panics while holding this lock") = Some(renewed);
        Box::pin(async { Ok(()) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_grant_is_stored_only_over_a_grant_to_the_same_app() {
        let grant = |host: &str, app: &str, token: &str| Credentials::RefreshToken {
            login_url: format!("https://{host}").parse().unwrap(),
            client_id: app.to_owned(),
            client_secret: None,
            refresh_token: token.into(),
        };
        let renewed = grant("login.salesforce.com", "app", "new");

        assert!(is_same_app(&grant("login.salesforce.com", "app", "old"), &renewed));
        assert!(!is_same_app(&grant("test.salesforce.com", "app", "old"), &renewed));
        assert!(!is_same_app(&grant("login.salesforce.com", "other", "old"), &renewed));
        let session = Credentials::AccessToken { access_token: "session".into() };
        assert!(!is_same_app(&session, &renewed) && !is_same_app(&session, &session));
    }
}
