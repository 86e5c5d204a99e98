//! `holdfast serve`: the console, the HTTP API, and auto backup in the background, until it is told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use holdfast_engine::{Engine, EventSink};
use holdfast_server::ServerOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;
use url::Url;

use crate::config::CaptureArgs;
use crate::duration::parse_duration;
use crate::environment;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::interrupt;
use crate::invocation::Invocation;
use crate::progress::write_line;

const LISTEN: &str = "127.0.0.1:8080";

/// Run the console, the HTTP API, and auto backup for every org that is switched on, until stopped
///
/// At the first start it prints a link that makes the first owner of the team, once. Ctrl-C or SIGTERM stops in good
/// order, and it ends with 0.
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast serve --data-dir /var/lib/holdfast
  holdfast serve --behind-proxy --public-url https://backup.acme.example")]
pub(crate) struct ServeArgs {
    /// Address for HTTP [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = environment::LISTEN, hide_env_values = true)]
    listen: Option<SocketAddr>,

    /// Where browsers find it, if not at the address that it listens on
    #[arg(long, value_name = "URL", env = environment::PUBLIC_URL, hide_env_values = true)]
    public_url: Option<Url>,

    /// A proxy in front ends TLS and says who asks (X-Forwarded-For, -Proto, -Host), and nobody gets past it
    #[arg(long, env = environment::BEHIND_PROXY, hide_env_values = true)]
    behind_proxy: bool,

    /// The pause between two looks at an org [default: 60s]
    #[arg(long, value_name = "TIME", env = environment::ROUND_EVERY, hide_env_values = true,
          value_parser = parse_pause)]
    round_every: Option<Duration>,

    /// How long an object or an org may fail before its light turns yellow [default: 1h]
    #[arg(long, value_name = "TIME", env = environment::WARN_AFTER, hide_env_values = true,
          value_parser = parse_duration)]
    warn_after: Option<Duration>,

    #[command(flatten)]
    capture: CaptureArgs,
}

/// Rounds without a pause would use up an org's daily calls.
fn parse_pause(text: &str) -> Result<Duration, String> {
    let pause = parse_duration(text)?;
    if pause < Duration::from_secs(1) { Err("at least 1s".to_owned()) } else { Ok(pause) }
}

pub(crate) async fn run(args: ServeArgs, mut invocation: Invocation) -> Result<Exit> {
    let config = invocation.config.with_capture(&args.capture);
    invocation.config = config.with_round_every(args.round_every).with_warn_after(args.warn_after);
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
    let options = ServerOptions {
        public_url: match (args.public_url, &invocation.config.public_url) {
            (Some(url), _) => Some(url),
            (None, Some(text)) => Some(text.parse().map_err(|_| not_an_address(text))?),
            (None, None) => None,
        },
        is_behind_proxy: args.behind_proxy || invocation.config.behind_proxy,
    };
    welcome(&engine, &listener, &options).await?;
    serve(engine, listener, options, EventSink::default(), cancel).await?;
    info!("stopped");
    Ok(Exit::Done)
}

pub(super) fn not_an_address(text: &str) -> CommandError {
    CommandError::usage(format!("`{text}` is not an address, such as https://backup.acme.example"))
}

/// Says where the console is, and how the first owner gets in.
pub(super) async fn welcome(engine: &Engine, listener: &TcpListener, options: &ServerOptions) -> Result<()> {
    let address = listener.local_addr()?;
    let own = format!("http://{address}");
    let base = match &options.public_url {
        Some(url) => url.clone(),
        None => own.parse().context("an address to listen on is an address")?,
    };
    let is_known = options.public_url.is_some() || !address.ip().is_unspecified();
    engine.note_public_address(is_known.then_some(base.as_str())).await?;
    info!("answering at {own}");
    write_line(&format!("console: {base}"));
    if let Some(link) = holdfast_server::first_owner_address(engine, &base).await? {
        write_line(&format!("nobody is a member yet; this link makes the first owner, once:\n\n  {link}\n"));
    }
    Ok(())
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
    options: ServerOptions,
    events: EventSink,
    cancel: CancellationToken,
) -> Result<()> {
    let http = tokio::spawn(holdfast_server::serve(engine.clone(), listener, options, cancel.clone()));
    let outcome = engine.serve(events, cancel.clone()).await;
    cancel.cancel();
    http.await.context("the HTTP listener ended early")??;
    Ok(outcome?)
}
