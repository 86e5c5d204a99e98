//! An org that listens: started on a loopback address, stopped when dropped.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::ServiceExt;
use axum::extract::Request;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::Layer;
use tower_http::normalize_path::NormalizePathLayer;

use crate::state::Org;

use super::{AppState, router};

/// A server under way.
pub struct RunningOrg {
    state: AppState,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl RunningOrg {
    /// Serves the org on this listener.
    pub(crate) fn serve(state: AppState, listener: TcpListener) -> std::io::Result<RunningOrg> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = NormalizePathLayer::trim_trailing_slash().layer(router(&state));
        let routes = ServiceExt::<Request>::into_make_service(routes);
        let task = tokio::spawn(async move {
            let serving = std::future::IntoFuture::into_future(axum::serve(listener, routes));
            tokio::select! {
                ended = serving => ended,
                _ = stopped => Ok(()),
            }
        });
        Ok(RunningOrg { state, address, stop: Some(stop), task })
    }

    /// E.g. `http://127.0.0.1:40123`, without trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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

    /// Waits until the server ends by itself.
    pub async fn ended(mut self) -> std::io::Result<()> {
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
