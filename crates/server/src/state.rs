//! What every handler can reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::FromRef;
use chrono::{DateTime, Utc};
use holdfast_engine::Engine;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::provider::Provider;
use crate::rate::{self, Limiter};

/// How the service is reached.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// Where browsers find it; taken from each request if it is not given.
    pub public_url: Option<Url>,
    /// A proxy in front says who asks and by which scheme (`X-Forwarded-For`, `-Proto`, `-Host`). Only to be set
    /// where nobody can reach the service past the proxy.
    pub is_behind_proxy: bool,
}

#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) options: ServerOptions,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) limiter: Limiter,
    /// Of sign-ins at the identity provider that are begun.
    pub(crate) sign_ins: Limiter,
    pub(crate) provider: Provider,
    pub(crate) answers: Answers,
    /// Ends what lasts, such as live events, when the service stops.
    pub(crate) stop: CancellationToken,
}

impl AppState {
    pub(crate) fn new(engine: Engine, options: ServerOptions, stop: CancellationToken) -> Self {
        let started_at = engine.clock().now();
        Self(Arc::new(Parts {
            engine,
            options,
            started_at,
            limiter: Limiter::new(rate::REQUESTS),
            sign_ins: Limiter::new(rate::SIGN_INS),
            provider: Provider::default(),
            answers: Answers::default(),
            stop,
        }))
    }
}

impl std::ops::Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<AppState> for Engine {
    fn from_ref(state: &AppState) -> Self {
        state.engine.clone()
    }
}

/// Answers so far, by the first digit of their status.
#[derive(Debug, Default)]
pub(crate) struct Answers([AtomicU64; 6]);

impl Answers {
    pub(crate) fn count(&self, status: u16) {
        if let Some(counter) = self.0.get(usize::from(status / 100)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn by_class(&self) -> impl Iterator<Item = (usize, u64)> {
        self.0.iter().enumerate().skip(1).map(|(class, count)| (class, count.load(Ordering::Relaxed)))
    }
}
