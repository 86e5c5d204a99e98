//! `holdfast serve`: auto backup in the background, until it is told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::routing::get;
use clap::Args;
use holdfast_engine::{Engine, EventSink};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::config::CaptureArgs;
use crate::duration::parse_duration;
use crate::environment;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::interrupt;
use crate::invocation::Invocation;

const LISTEN: &str = "127.0.0.1:8080";

/// Run auto backup for every org that is switched on, until stopped
///
/// Ctrl-C or SIGTERM stops in good order, and it ends with 0. The HTTP API and the console do not exist yet: of HTTP, only
/// /healthz is answered.
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast serve --listen 127.0.0.1:8080 --data-dir /var/lib/holdfast")]
pub(crate) struct ServeArgs {
    /// Address for HTTP; so far it answers only /healthz [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = environment::LISTEN, hide_env_values = true)]
    listen: Option<SocketAddr>,

    /// The pause between two looks at an org [default: 60s]
    #[arg(long, value_name = "TIME", env = environment::ROUND_EVERY, hide_env_values = true,
          value_parser = parse_pause)]
    round_every: Option<Duration>,

    #[command(flatten)]
    capture: CaptureArgs,
}

/// Rounds without a pause would use up an org's daily calls.
fn parse_pause(text: &str) -> Result<Duration, String> {
    let pause = parse_duration(text)?;
    if pause < Duration::from_secs(1) { Err("at least 1s".to_owned()) } else { Ok(pause) }
}

pub(crate) async fn run(args: ServeArgs, mut invocation: Invocation) -> Result<Exit> {
    invocation.config = invocation.config.with_capture(&args.capture).with_round_every(args.round_every);
    let address = match (args.listen, &invocation.config.listen) {
        (Some(address), _) => address,
        (None, Some(text)) => text.parse().map_err(|_| {
            CommandError::usage(format!("`{text}` is not an address to listen on, such as {LISTEN}"))
        })?,
        (None, None) => LISTEN.parse().expect("a constant that is an address"),
    };
    let listener = listen(address).await?;
    let engine = invocation.engine_or_new().await?;
    let cancel = interrupt::watch("stopping; Ctrl-C again ends at once");
    info!("answering /healthz at http://{}", listener.local_addr()?);
    serve(engine, listener, EventSink::default(), cancel).await?;
    info!("stopped");
    Ok(Exit::Done)
}

pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, CommandError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| CommandError::NotListening { address: address.to_string(), source })
}

/// Scheduler, worker and HTTP, until cancelled. If one of them fails, the others stop too.
pub(super) async fn serve(
    engine: Engine,
    listener: TcpListener,
    events: EventSink,
    cancel: CancellationToken,
) -> Result<()> {
    let routes = Router::new().route("/healthz", get(|| async { "ok\n" }));
    let stopped = cancel.clone().cancelled_owned();
    let http = tokio::spawn(axum::serve(listener, routes).with_graceful_shutdown(stopped).into_future());
    let outcome = engine.serve(events, cancel.clone()).await;
    cancel.cancel();
    http.await.context("the HTTP listener ended early")??;
    Ok(outcome?)
}
