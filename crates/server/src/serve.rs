//! The service: all routes with what lies around them, answered until it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use holdfast_engine::Engine;
use holdfast_salesforce::Secret;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use url::Url;

use crate::state::{AppState, ServerOptions};
use crate::{api, console, guard};

/// The longest body that makes sense: a private key, or a long SQL statement.
const LONGEST_BODY: usize = 256 * 1024;
/// How long requests under way may take after the service was told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// Answers until `stop`; then what is under way is finished, and live events end at once.
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    options: ServerOptions,
    stop: CancellationToken,
) -> io::Result<()> {
    let clock = engine.clock().clone();
    let app = router(AppState::new(engine, options, stop.clone()));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    let too_long = async {
        stop.cancelled().await;
        clock.sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = serving.into_future() => served,
        () = too_long => {
            tracing::warn!("some requests were still under way when the service ended");
            Ok(())
        }
    }
}

/// Where the first owner is made; none if the team has members. The secret is in the fragment, which browsers send
/// to nobody.
pub async fn first_owner_address(engine: &Engine, base: &Url) -> holdfast_engine::error::Result<Option<Url>> {
    let Some(secret) = engine.first_owner_link().await? else { return Ok(None) };
    let mut url = base.join("/first-start").unwrap_or_else(|_| base.clone());
    url.set_fragment(Some(secret.expose()));
    Ok(Some(url))
}

/// Where the holder of an invitation becomes a member; without a base, what follows the address of the service.
pub fn invitation_address(base: Option<&Url>, secret: &Secret) -> String {
    const PATH: &str = "/invitation";
    let Some(base) = base else { return format!("{PATH}#{}", secret.expose()) };
    let mut url = base.join(PATH).unwrap_or_else(|_| base.clone());
    url.set_fragment(Some(secret.expose()));
    url.to_string()
}

fn router(state: AppState) -> Router {
    let (routes, _) = api::operations().split_for_parts();
    routes
        .fallback(console::file)
        .method_not_allowed_fallback(console::file)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(state.clone(), guard::guard))
        .layer(CompressionLayer::new())
        .with_state(state)
}
