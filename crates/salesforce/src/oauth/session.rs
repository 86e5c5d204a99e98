//! The session in use, and its renewal while requests are in flight.
//!
//! Exactly one renewal runs at a time; whoever needs one meanwhile gets its outcome. A renewal is never
//! cancelled with the request that asked for it: Salesforce may already have replaced the refresh token, and
//! using a replaced one again ends the whole grant (Help, "Enable Refresh Token Rotation"). A replaced refresh
//! token is handed to the rotation hook, and awaited, before the new session is used. Where several processes
//! share a grant, the gate lets one of them renew at a time, each with the token that the last one stored; and
//! none gives its turn back before the token that it was given is stored.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use futures::future::BoxFuture;
use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use tokio::sync::Mutex;
use url::Url;

use super::token::{Tokens, sign_in};
use crate::credentials::Credentials;
use crate::doing::Doing;
use crate::error::{BoxError, Error};
use crate::secret::Secret;
use crate::transport::Transport;

/// Stores a grant whose refresh token was replaced; only when it has returned `Ok` is the new session used.
/// It should try hard: if it fails while the client is being made, and nobody tries again, the grant is lost.
pub type RotationHook = Arc<dyn Fn(Credentials) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>;

/// Waits until nobody else renews the same grant, in whatever process, and lends it.
pub type GrantGate = Arc<dyn Fn() -> BoxFuture<'static, Result<LentGrant, NotLent>> + Send + Sync>;

/// The sole right to renew a grant. Dropping it gives it back too, some time later.
pub struct LentGrant {
    /// What is stored of it by now; none: what is in hand.
    pub credentials: Option<Credentials>,
    /// Awaited when the outcome of the renewal is stored.
    pub give_back: BoxFuture<'static, ()>,
}

/// Why a grant was not lent, in the words and with the code of whoever lends it.
#[derive(Debug)]
pub struct NotLent {
    pub code: ErrorCode,
    pub source: BoxError,
}

/// What the holder of a grant is asked to do around each renewal.
#[derive(Clone, Default)]
pub struct GrantHooks {
    pub on_rotation: Option<RotationHook>,
    pub gate: Option<GrantGate>,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) token: Secret,
    pub(crate) instance_url: Url,
    /// Counts renewals, so that a request can say which session was refused.
    generation: u64,
}

pub(crate) struct SessionKeeper {
    current: RwLock<Arc<Session>>,
    can_renew: bool,
    finished_attempts: AtomicU64,
    renewal: Mutex<Renewal>,
}

struct Renewal {
    transport: Transport,
    credentials: Credentials,
    hooks: GrantHooks,
    /// A session whose refresh token the hook has not stored yet.
    unsaved: Option<Tokens>,
    /// Gives back the turn that the gate has lent.
    turn: Option<BoxFuture<'static, ()>>,
    last_failure: Option<Failure>,
}

struct Failure {
    attempt: u64,
    cause: Arc<Error>,
    /// A dead refresh token stays dead, and showing it again looks like theft.
    is_final: bool,
}

impl SessionKeeper {
    pub(crate) async fn open(
        transport: Transport,
        instance_url: Option<Url>,
        credentials: Credentials,
        hooks: GrantHooks,
    ) -> Result<Self, Error> {
        let can_renew = credentials.can_renew();
        let renewal =
            Renewal { transport, credentials, hooks, unsaved: None, turn: None, last_failure: None };
        let (renewal, session) = match (&renewal.credentials, instance_url) {
            (Credentials::AccessToken { access_token }, Some(instance_url)) => {
                let session = Session { token: access_token.clone(), instance_url, generation: 0 };
                (renewal, session)
            }
            (Credentials::AccessToken { .. }, None) => {
                let reason = "an access token needs the address of its org beside it";
                return Err(Error::BadUrl { url: String::new(), reason });
            }
            _ => renewal.first_session().await?,
        };
        Ok(Self {
            current: RwLock::new(Arc::new(session)),
            can_renew,
            finished_attempts: AtomicU64::new(0),
            renewal: Mutex::new(renewal),
        })
    }

    pub(crate) fn current(&self) -> Arc<Session> {
        Arc::clone(&self.current.read().expect("no code panics while holding this lock"))
    }

    pub(crate) fn can_renew(&self) -> bool {
        self.can_renew
    }

    /// False if and only if every refresh token that Salesforce gave is stored, and none is being asked for.
    pub(crate) fn may_have_unsaved(&self) -> bool {
        self.renewal.try_lock().map_or(true, |renewal| renewal.unsaved.is_some())
    }

    /// A session newer than `refused`.
    pub(crate) async fn renew(self: &Arc<Self>, refused: &Session) -> Result<Arc<Session>, Error> {
        let asked_after = self.finished_attempts.load(Ordering::Acquire);
        let (keeper, refused) = (Arc::clone(self), refused.generation);
        let task = tokio::spawn(async move { keeper.renew_or_join(refused, asked_after).await });
        // The task is not cancelled by us, so it can only be missing when the process stops.
        task.await.unwrap_or(Err(Error::Stopping { doing: Doing::SignIn }))
    }

    async fn renew_or_join(&self, refused: u64, asked_after: u64) -> Result<Arc<Session>, Error> {
        let mut renewal = self.renewal.lock().await;
        let current = self.current();
        if current.generation > refused {
            return Ok(current);
        }
        if let Some(failure) = &renewal.last_failure
            && (failure.is_final || failure.attempt > asked_after)
        {
            return Err(Error::NotRenewed { source: Arc::clone(&failure.cause) });
        }
        let outcome = renewal.new_session(current.generation + 1).await;
        let attempt = self.finished_attempts.fetch_add(1, Ordering::AcqRel) + 1;
        match outcome {
            Ok(session) => {
                renewal.last_failure = None;
                let session = Arc::new(session);
                *self.current.write().expect("no code panics while holding this lock") = Arc::clone(&session);
                Ok(session)
            }
            Err(error) => {
                let uses_a_grant = matches!(renewal.credentials, Credentials::RefreshToken { .. });
                let is_final = uses_a_grant && error.retry() == Retry::Never;
                let cause = Arc::new(error);
                renewal.last_failure = Some(Failure { attempt, cause: Arc::clone(&cause), is_final });
                Err(Error::NotRenewed { source: cause })
            }
        }
    }
}

impl Renewal {
    /// Goes on like a renewal when whoever asked gives up.
    async fn first_session(mut self) -> Result<(Self, Session), Error> {
        let task = tokio::spawn(async move {
            let session = self.new_session(0).await?;
            Ok((self, session))
        });
        task.await.unwrap_or(Err(Error::Stopping { doing: Doing::SignIn }))
    }

    /// Alone: a refresh token that another process has replaced meanwhile must not be shown again. So the turn
    /// is ours until what replaced our own token is stored, if need be until a later call.
    async fn new_session(&mut self, generation: u64) -> Result<Session, Error> {
        if self.turn.is_none() {
            self.take_turn().await?;
        }
        let session = self.sign_in(generation).await;
        if self.unsaved.is_none()
            && let Some(give_back) = self.turn.take()
        {
            give_back.await;
        }
        session
    }

    async fn take_turn(&mut self) -> Result<(), Error> {
        let Some(gate) = &self.hooks.gate else { return Ok(()) };
        let lent = gate().await.map_err(|NotLent { code, source }| Error::GrantNotLent { code, source })?;
        self.turn = Some(lent.give_back);
        if let Some(stored) = lent.credentials.filter(Credentials::can_renew) {
            self.credentials = stored;
        }
        Ok(())
    }

    async fn sign_in(&mut self, generation: u64) -> Result<Session, Error> {
        let unsaved = self.unsaved.take();
        let was_unsaved = unsaved.is_some();
        let tokens = match unsaved {
            Some(tokens) => tokens,
            None => sign_in(&self.transport, &self.credentials)
                .await?
                .expect("only credentials that can renew come here"),
        };
        self.keep_rotated(&tokens, was_unsaved).await?;
        Ok(Session { token: tokens.access_token, instance_url: tokens.instance_url, generation })
    }

    async fn keep_rotated(&mut self, tokens: &Tokens, was_unsaved: bool) -> Result<(), Error> {
        let (Some(rotated), Credentials::RefreshToken { refresh_token, .. }) =
            (&tokens.refresh_token, &mut self.credentials)
        else {
            return Ok(());
        };
        // Remembered first, so that a hook that fails cannot lead to the dead token being shown again.
        let is_new = was_unsaved || rotated != refresh_token;
        *refresh_token = rotated.clone();
        let Some(hook) = self.hooks.on_rotation.clone().filter(|_| is_new) else {
            return Ok(());
        };
        hook(self.credentials.clone()).await.map_err(|source| {
            self.unsaved = Some(tokens.clone());
            Error::RotationNotStored { source }
        })
    }
}
