//! Every call to an org's API is noted in the catalog, whatever became of the work that made it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use holdfast_catalog::api_calls;
use holdfast_domain::OrgId;
use holdfast_salesforce::Client;
use tokio::sync::Mutex;

use crate::engine::Engine;
use crate::error::{Doing, Result, chain};

/// What a kill may leave out of the count.
pub(crate) const NOTED_EVERY: Duration = Duration::from_secs(2);

/// A client, and how many of its calls are noted. Clones share both.
#[derive(Clone)]
pub(crate) struct CountedClient {
    client: Client,
    noted: Arc<Mutex<u64>>,
}

impl CountedClient {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, noted: Arc::default() }
    }
}

impl Deref for CountedClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Engine {
    /// What `work` comes to; the calls that it made are noted, now and then while it lasts and when it has ended.
    pub(crate) async fn counting_calls<T>(
        &self,
        org: &OrgId,
        client: &CountedClient,
        work: impl Future<Output = T>,
    ) -> T {
        let outcome = tokio::select! {
            outcome = work => outcome,
            never = self.keep_noting(org, client) => never,
        };
        self.note_calls(org, client).await;
        outcome
    }

    async fn keep_noting<T>(&self, org: &OrgId, client: &CountedClient) -> T {
        loop {
            self.clock().sleep(NOTED_EVERY).await;
            self.note_calls(org, client).await;
        }
    }

    /// What cannot be noted now is noted the next time.
    pub(crate) async fn note_calls(&self, org: &OrgId, client: &CountedClient) {
        if let Err(error) = self.try_to_note_calls(org, client).await {
            tracing::warn!(org.id = %org, "API calls are not counted yet: {}", chain(&error));
        }
    }

    async fn try_to_note_calls(&self, org: &OrgId, client: &CountedClient) -> Result<()> {
        let mut noted = client.noted.lock().await;
        let made = client.calls();
        if made == *noted {
            return Ok(());
        }
        // Taken as noted before it is: a statement under way is carried out although nobody waits for it any more.
        let before = std::mem::replace(&mut *noted, made);
        let added = api_calls::add(self.catalog().db(), org, made - before, self.clock().now()).await;
        if added.is_err() {
            *noted = before;
        }
        added.doing(|| "note the API calls".to_owned())
    }
}
