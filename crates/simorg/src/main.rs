//! `simorg`: the simulated org as a program of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use simorg::{Fault, SimOrg};

/// A simulated Salesforce org.
#[derive(Parser)]
#[command(
    name = "simorg",
    version,
    after_help = "Example: simorg serve --port 8080 --records Account=1000000"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve an org over HTTP until interrupted; the first line on stdout is its address.
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// Port on the loopback interface; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Another seed gives other values.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rows of one object, e.g. `Account=100000`; may be given again for other objects. A bare number spreads that many
    /// rows over the objects.
    #[arg(long, value_name = "OBJECT=N")]
    records: Vec<String>,
    /// Load the data plan (`sf data import tree`) in this directory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Make the org of the Salesforce DX project in this directory: metadata, objects, fields and the records of its plans.
    #[arg(long, value_name = "DIR", conflicts_with = "data")]
    project: Option<PathBuf>,
    /// Faults as a JSON list, or `@FILE` that holds one; see docs/simorg.md.
    #[arg(long, value_name = "SPEC")]
    faults: Option<String>,
    #[arg(long, default_value = "simorg")]
    client_id: String,
    #[arg(long, default_value = "simorg")]
    client_secret: String,
    #[arg(long, default_value = "admin@simorg.example")]
    username: String,
    #[arg(long, default_value = "simorg")]
    password: String,
    /// What token answers give as `instance_url`, when clients reach the org by another address.
    #[arg(long, value_name = "URL")]
    instance_url: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command::Serve(options) = Cli::parse().command;
    match serve(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  caused by: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Serve) -> anyhow::Result<()> {
    let org = org(&options)?;
    let running = org.start().await?;
    tell(running.org().start_notes());
    announce(&running.url());
    tokio::select! {
        ended = running.ended() => ended.context("the server ended"),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("could not wait for the interrupt"),
    }
}

/// How much of a long list of notes is shown; all of it is at `GET /simorg/notes`.
const MOST_NOTES: usize = 40;

fn tell(notes: &[String]) {
    for note in notes.iter().take(MOST_NOTES) {
        eprintln!("not taken: {note}");
    }
    if notes.len() > MOST_NOTES {
        eprintln!("not taken: {} more, see GET /simorg/notes", notes.len() - MOST_NOTES);
    }
}

#[expect(clippy::print_stdout, reason = "the address is this program's answer")]
fn announce(url: &str) {
    println!("{url}");
}

fn org(options: &Serve) -> anyhow::Result<SimOrg> {
    let total: Option<u64> = options.records.iter().find_map(|text| text.parse().ok());
    let mut org = total.map_or_else(SimOrg::new, SimOrg::demo);
    if let Some(directory) = &options.project {
        org = org.project(directory);
    }
    for text in options.records.iter().filter(|text| text.parse::<u64>().is_err()) {
        let Some((object, count)) = text.split_once('=') else {
            bail!("`--records {text}` is not of the form `Object=N`");
        };
        let count = count
            .parse()
            .with_context(|| format!("`{count}` in `--records {text}` is not a number of rows"))?;
        org = org.records(object, count);
    }
    org = org
        .seed(options.seed)
        .client(&options.client_id, &options.client_secret)
        .sign_in_as(&options.username, &options.password)
        .listen(SocketAddr::from(([127, 0, 0, 1], options.port)));
    if let Some(directory) = &options.data {
        org = org.data_dir(directory);
    }
    if let Some(url) = &options.instance_url {
        org = org.instance_url(url);
    }
    for fault in faults(options.faults.as_deref())? {
        org = org.fault(fault);
    }
    Ok(org)
}

fn faults(spec: Option<&str>) -> anyhow::Result<Vec<Fault>> {
    let Some(spec) = spec else { return Ok(Vec::new()) };
    let text = match spec.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("could not read `{file}`"))?,
        None => spec.to_owned(),
    };
    serde_json::from_str(&text).context("`--faults` is not a JSON list of faults")
}
