//! Signing in with a browser: the OAuth web-server flow with PKCE and a callback on this machine.
//!
//! The connected app must name `http://localhost:PORT/OauthRedirect` as its callback; 1717 is what the
//! sf command line uses, so an app that was made for it fits. The listener answers one sign-in and ends.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use holdfast_engine::{Clock, SystemClock};
use holdfast_salesforce::oauth::{self, Pkce};
use holdfast_salesforce::{ClientOptions, Credentials, Secret};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::Url;

use crate::failure::CommandError;
use crate::progress::write_line;

/// A person has to find a password and a second factor in this time.
const PATIENCE: Duration = Duration::from_mins(10);

/// What the flow needs to know.
#[derive(Debug)]
pub(crate) struct WebSignIn {
    pub(crate) login_url: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<Secret>,
    pub(crate) port: u16,
}

/// What Salesforce sends the browser back with.
#[derive(Deserialize)]
struct Callback {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Prints the address to open, waits for the browser to come back, and trades the code for a grant.
pub(crate) async fn sign_in(web: WebSignIn) -> Result<Credentials> {
    let address = (Ipv4Addr::LOCALHOST, web.port);
    let listener = TcpListener::bind(address).await.map_err(|source| CommandError::NotListening {
        address: format!("127.0.0.1:{}", web.port),
        source,
    })?;
    let redirect_uri = format!("http://localhost:{}/OauthRedirect", listener.local_addr()?.port());
    let (pkce, state) = (Pkce::new(), oauth::new_state());
    let url = oauth::authorize_url(
        &web.login_url,
        &web.client_id,
        &redirect_uri,
        &["api", "refresh_token"],
        &state,
        &pkce,
    )?;
    write_line(&format!("open this address in a browser and sign in as the integration user:\n\n  {url}\n"));

    let code = wait_for_code(listener, &state).await?;
    let secret = web.client_secret.as_ref();
    let options = ClientOptions::default();
    let tokens =
        oauth::exchange_code(&web.login_url, &web.client_id, secret, &redirect_uri, &code, &pkce, &options)
            .await?;
    let Some(refresh_token) = tokens.refresh_token else {
        return Err(CommandError::SignInRefused(
            "Salesforce gave no refresh token; the connected app needs the scope `refresh_token, offline_access`".to_owned(),
        )
        .into());
    };
    let WebSignIn { login_url, client_id, client_secret, .. } = web;
    Ok(Credentials::RefreshToken { login_url, client_id, client_secret, refresh_token })
}

async fn wait_for_code(listener: TcpListener, state: &str) -> Result<Secret, CommandError> {
    let (found, mut callbacks) = mpsc::channel(1);
    let routes =
        Router::new().route("/OauthRedirect", get(take_callback)).with_state((state.to_owned(), found));
    let server = tokio::spawn(axum::serve(listener, routes).into_future());
    let answer = tokio::select! {
        callback = callbacks.recv() => callback,
        () = SystemClock.sleep(PATIENCE) => None,
    };
    // The page is on its way to the browser; the listener is of no further use.
    tokio::task::yield_now().await;
    server.abort();
    answer
        .unwrap_or_else(|| Err("nobody signed in within 10 minutes".to_owned()))
        .map_err(CommandError::SignInRefused)
}

type Found = mpsc::Sender<Result<Secret, String>>;

async fn take_callback(
    State((state, found)): State<(String, Found)>,
    Query(callback): Query<Callback>,
) -> (StatusCode, Html<&'static str>) {
    if callback.state.as_deref() != Some(state.as_str()) {
        // Somebody else's request: the sign-in that was asked for may still come.
        return (
            StatusCode::BAD_REQUEST,
            Html("<p>This is not the sign-in that Holdfast is waiting for.</p>"),
        );
    }
    let (result, page) = match (callback.code, callback.error) {
        (Some(code), None) => {
            (Ok(Secret::from(code)), "<p>Holdfast is connected. You can close this page.</p>")
        }
        (_, error) => {
            let words =
                callback.error_description.or(error).unwrap_or_else(|| "no code came back".to_owned());
            (Err(words), "<p>Salesforce refused the sign-in. The terminal says why.</p>")
        }
    };
    // A second callback finds the channel full; the first one counts.
    let _ = found.try_send(result);
    (StatusCode::OK, Html(page))
}
