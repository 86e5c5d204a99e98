//! An org that listens: started on a loopback address, stopped when dropped.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::FutureExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::Layer;
use tower_http::normalize_path::NormalizePathLayer;

use crate::saved::StateFileError;
use crate::state::Org;

use super::tls::TlsListener;
use super::{AppState, Identity, connections, router};

/// A server under way.
pub struct RunningOrg {
    state: AppState,
    address: SocketAddr,
    identity: Option<Identity>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl RunningOrg {
    /// Serves the org on this listener.
    pub(crate) fn serve(
        state: AppState,
        listener: TcpListener,
        identity: Option<Identity>,
    ) -> std::io::Result<RunningOrg> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = NormalizePathLayer::trim_trailing_slash().layer(router(&state));
        let serving = match &identity {
            None => connections::serve(listener, routes).boxed(),
            Some(identity) => connections::serve(TlsListener::new(listener, identity)?, routes).boxed(),
        };
        let task = tokio::spawn(async move {
            tokio::select! {
                ended = serving => ended,
                _ = stopped => Ok(()),
            }
        });
        Ok(RunningOrg { state, address, identity, stop: Some(stop), task })
    }

    /// E.g. `http://127.0.0.1:40123`, without trailing slash.
    pub fn url(&self) -> String {
        let scheme = if self.identity.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The certificate that clients of a server with TLS must trust, in PEM.
    pub fn authority_pem(&self) -> Option<&str> {
        self.identity.as_ref().map(Identity::authority_pem)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn org(&self) -> &Arc<Org> {
        &self.state.org
    }

    pub fn faults(&self) -> &crate::faults::Faults {
        self.state.org.faults()
    }

    pub fn state(&self) -> &AppState {
        &self.state
    }

    pub fn client_id(&self) -> &str {
        &self.state.settings.client_id
    }

    pub fn client_secret(&self) -> &str {
        &self.state.settings.client_secret
    }

    /// Saves the org to its state file, if it has one.
    pub fn save(&self) -> Result<(), StateFileError> {
        self.state.save()
    }

    /// Waits until the server ends by itself.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        (&mut self.task).await.unwrap_or_else(|join| Err(std::io::Error::other(join)))
    }
}

impl Drop for RunningOrg {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The task may have ended already.
            stop.send(()).ok();
        }
        self.task.abort();
        self.state.close();
    }
}
