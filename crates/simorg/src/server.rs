//! The HTTP server: versions, sign-in, the daily limit, faults and headers around the routes of each API.
//!
//! Routes below `/services/data/vNN.0` are written without that prefix and without trailing slash; `dispatch` brings a
//! request there, with `Session` and `ApiVersion` among its extensions. Composite answers its parts through it too.

mod answer;
mod connections;
mod negotiation;
mod route;
mod running;
mod tls;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::decompression::RequestDecompressionLayer;

use crate::errors::ApiError;
use crate::saved::{self, StateFileError};
use crate::state::{Org, User};
use crate::{
    admin, bulk1, bulk2, composite, describe, limits, metadata, oauth, query, replication, rows, search,
    soap, tooling,
};

pub(crate) use answer::{Outcome, http_date, refusal, with_usage, words};
pub(crate) use route::{not_simulated, refused_part, route_name};
pub use running::RunningOrg;
pub use tls::{Identity, TlsError};

pub use crate::model::{NEWEST_VERSION, OLDEST_VERSION};

/// The largest request that any resource takes.
const MOST_BODY_BYTES: usize = 500 * 1024 * 1024;

/// Who may connect, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    pub client_id: String,
    pub client_secret: String,
    pub username: String,
    pub password: String,
    /// What token answers call `instance_url`; without it, the address that the request came to.
    pub instance_url: Option<String>,
    /// The name of the org's My Domain.
    pub my_domain: String,
    /// Whether the org is served by TLS.
    pub tls: bool,
    /// Where the org is saved.
    pub state_file: Option<PathBuf>,
}

impl Settings {
    /// The address of the org's My Domain, one of those that a JWT may be made out to.
    pub fn my_domain_url(&self) -> String {
        format!("https://{}.my.salesforce.com", self.my_domain)
    }
}

/// What every handler may use.
#[derive(Clone)]
pub struct AppState {
    pub org: Arc<Org>,
    pub settings: Arc<Settings>,
    pub oauth: Arc<oauth::State>,
    pub query: Arc<query::State>,
    pub bulk2: Arc<bulk2::State>,
    pub bulk1: Arc<bulk1::State>,
    pub metadata: Arc<metadata::State>,
    pub tooling: Arc<tooling::State>,
    /// Held while the org is saved.
    pub(crate) saving: Arc<Mutex<()>>,
    routes: Routes,
}

/// The routes of the versioned API, to be reached by `dispatch`.
#[derive(Clone, Default)]
struct Routes(Arc<std::sync::RwLock<Option<Router>>>);

impl Routes {
    fn set(&self, router: Option<Router>) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = router;
    }

    fn get(&self) -> Option<Router> {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// Who asks. In the extensions of every request below `/services/data/vNN.0`.
#[derive(Debug, Clone)]
pub struct Session {
    pub user: Arc<User>,
}

/// In which version of the API. In the extensions of every request below `/services/data/vNN.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(pub u16);

impl ApiVersion {
    /// As paths and urls spell it, without the `v`: `67.0`.
    pub fn text(self) -> String {
        format!("{}.0", self.0)
    }
}

impl AppState {
    pub fn new(org: Arc<Org>, settings: Settings) -> AppState {
        let state = AppState {
            org,
            settings: Arc::new(settings),
            oauth: Arc::default(),
            query: Arc::default(),
            bulk2: Arc::default(),
            bulk1: Arc::default(),
            metadata: Arc::default(),
            tooling: Arc::default(),
            saving: Arc::default(),
            routes: Routes::default(),
        };
        let router = versioned_router().with_state(state.clone());
        state.routes.set(Some(router));
        state
    }

    /// Saves the org to its state file, if it has one.
    pub fn save(&self) -> Result<(), StateFileError> {
        match &self.settings.state_file {
            Some(file) => saved::save(self, file),
            None => Ok(()),
        }
    }

    /// Lets go of the routes, which hold this state in turn.
    fn close(&self) {
        self.routes.set(None);
    }
}

fn versioned_router() -> Router<AppState> {
    Router::new()
        .merge(route::router())
        .merge(describe::router())
        .merge(rows::router())
        .merge(replication::router())
        .merge(limits::router())
        .merge(query::router())
        .merge(search::router())
        .merge(bulk2::router())
        .merge(composite::router())
        .merge(metadata::router())
        .merge(tooling::router())
        .fallback(route::not_simulated)
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
}

/// The whole server: every route behind its sign-in, limits, faults and headers.
pub fn router(state: &AppState) -> Router {
    Router::new()
        .merge(oauth::router())
        .merge(soap::router())
        .merge(admin::router())
        .merge(bulk1::router())
        .merge(metadata::soap_router())
        .merge(route::outer_router())
        .with_state(state.clone())
        .layer(RequestDecompressionLayer::new().gzip(true).deflate(true).pass_through_unaccepted(true))
        .layer(axum::middleware::from_fn_with_state(state.clone(), answer::compress))
        .layer(axum::middleware::from_fn_with_state(state.clone(), answer::finish))
}

/// Answers a request of the versioned API as this user: `path` begins after `/services/data/vNN.0`.
///
/// No sign-in, no counting, no faults: that is done, or is not due, for the parts of a composite request.
pub async fn dispatch(
    state: &AppState,
    session: Session,
    version: ApiVersion,
    path: &str,
    mut request: Request,
) -> Response {
    let path = route::without_trailing_slash(path);
    let method = request.method().clone();
    let Ok(uri) = path.parse::<Uri>() else {
        return ApiError::not_found().into_response();
    };
    *request.uri_mut() = uri;
    // The path parameters of the outer route are no parameters of the inner one.
    request.extensions_mut().clear();
    request.extensions_mut().insert(session);
    request.extensions_mut().insert(version);
    let Some(router) = state.routes.get() else {
        return ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "SERVER_UNAVAILABLE", "the org is stopping")
            .into_response();
    };
    let answer = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    answer::with_reason(answer, &method)
}
