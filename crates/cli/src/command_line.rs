//! The command line: what it takes, which command runs, and how its end is told.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::commands::{
    audit, auto, backup, changes, check, compact, demo, erase, history, org, query, rebuild, reference, run,
    serve, token, user,
};
use crate::config::{Config, GlobalArgs};
use crate::exit::{self, Exit};
use crate::failure::{CommandError, Failure};
use crate::invocation::Invocation;
use crate::output::Output;
use crate::progress;

#[derive(Parser)]
#[command(
    name = "holdfast",
    version,
    about = "Backs up Salesforce orgs into an open lake on storage that you own",
    long_about = "Backs up Salesforce orgs into an open lake on storage that you own.\n\n\
        A flag wins over its HOLDFAST_* variable, and a variable over holdfast.toml.",
    after_help = exit::HELP,
    max_term_width = 100,
    arg_required_else_help = true,
    infer_subcommands = false
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    global: GlobalArgs,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Serve(serve::ServeArgs),
    #[command(subcommand)]
    Org(org::OrgCommand),
    Backup(backup::BackupArgs),
    #[command(subcommand)]
    Auto(auto::AutoCommand),
    #[command(subcommand)]
    Run(run::RunCommand),
    Changes(changes::ChangesArgs),
    History(history::HistoryArgs),
    Query(query::QueryArgs),
    Check(check::CheckArgs),
    Rebuild(rebuild::RebuildArgs),
    Compact(compact::CompactArgs),
    Erase(erase::EraseArgs),
    #[command(subcommand)]
    User(user::UserCommand),
    #[command(subcommand)]
    Token(token::TokenCommand),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    Reference(reference::ReferenceArgs),
}

impl Command {
    /// What is logged unless somebody says otherwise. A command tells its own story; a service's log is its story.
    fn default_log_level(&self) -> &'static str {
        match self {
            Self::Serve(_) => "info",
            Self::Demo(_)
            | Self::Org(_)
            | Self::Backup(_)
            | Self::Auto(_)
            | Self::Run(_)
            | Self::Changes(_)
            | Self::History(_)
            | Self::Query(_)
            | Self::Check(_)
            | Self::Rebuild(_)
            | Self::Compact(_)
            | Self::Erase(_)
            | Self::User(_)
            | Self::Token(_)
            | Self::Audit(_)
            | Self::Reference(_) => "error",
        }
    }
}

/// Reads the process's arguments, runs the command and tells its end.
pub(crate) fn main() -> Exit {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let command_line = match CommandLine::try_parse_from(&arguments) {
        Ok(command_line) => command_line,
        Err(error) => return misuse(&error, arguments.iter().any(|argument| argument == "--json")),
    };
    let is_json = command_line.global.json;
    run(command_line).unwrap_or_else(|error| {
        let failure = Failure::of(&error);
        tell(&failure, is_json);
        failure.exit()
    })
}

fn run(command_line: CommandLine) -> anyhow::Result<Exit> {
    let config = Config::load(&command_line.global)?;
    let screen = progress::screen();
    crate::logging::start(&config, command_line.command.default_log_level(), &screen)?;
    let invocation = Invocation { config, output: Output::new(command_line.global.json), screen };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(dispatch(command_line.command, invocation))
}

async fn dispatch(command: Command, invocation: Invocation) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(args) => demo::run(args, invocation).await,
        Command::Serve(args) => serve::run(args, invocation).await,
        Command::Org(command) => org::run(command, invocation).await,
        Command::Backup(args) => backup::run(args, invocation).await,
        Command::Auto(command) => auto::run(command, invocation).await,
        Command::Run(command) => run::run(command, invocation).await,
        Command::Changes(args) => changes::run(args, invocation).await,
        Command::History(args) => history::run(args, invocation).await,
        Command::Query(args) => query::run(args, invocation).await,
        Command::Check(args) => check::run(args, invocation).await,
        Command::Rebuild(args) => rebuild::run(args, invocation).await,
        Command::Compact(args) => compact::run(args, invocation).await,
        Command::Erase(args) => erase::run(args, invocation).await,
        Command::User(command) => user::run(command, invocation).await,
        Command::Token(command) => token::run(command, invocation).await,
        Command::Audit(command) => audit::run(command, invocation).await,
        Command::Reference(args) => reference::run(args),
    }
}

fn tell(failure: &Failure, is_json: bool) {
    let text = if is_json { failure.json() } else { failure.text() };
    progress::write_line(text.trim_end());
}

/// Clap's own findings, and what it prints for `--help` and `--version`.
fn misuse(error: &clap::Error, is_json: bool) -> Exit {
    let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if is_answer || !is_json {
        // Nothing is left to tell if even help cannot be written.
        let _ = error.print();
    } else {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        let message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
        tell(&Failure::of(&CommandError::usage(message).into()), is_json);
    }
    if is_answer { Exit::Done } else { Exit::Usage }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn help_of(path: &[&str]) -> String {
        let mut command = CommandLine::command().term_width(80);
        command.build();
        let mut found = &mut command;
        for name in path {
            found = found.find_subcommand_mut(name).unwrap();
        }
        found.render_help().to_string()
    }

    fn leaves<'a>(command: &'a clap::Command, found: &mut Vec<&'a clap::Command>) {
        if command.has_subcommands() {
            command.get_subcommands().filter(|c| c.get_name() != "help").for_each(|c| leaves(c, found));
        } else {
            found.push(command);
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example_and_takes_the_common_options() {
        let mut command = CommandLine::command();
        command.build();
        let mut found = Vec::new();
        leaves(&command, &mut found);
        assert!(found.len() >= 20, "{}", found.len());
        for leaf in found {
            let examples = leaf.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(examples.contains("holdfast "), "{} shows no example", leaf.get_name());
            for option in ["json", "data-dir", "database-url", "lake-url"] {
                let is_taken = leaf.get_arguments().any(|argument| argument.get_long() == Some(option));
                assert!(is_taken, "{} lacks --{option}", leaf.get_name());
            }
        }
    }

    #[test]
    fn every_variable_of_a_flag_is_declared() {
        let mut command = CommandLine::command();
        command.build();
        let mut found = Vec::new();
        leaves(&command, &mut found);
        for argument in found.iter().flat_map(|leaf| leaf.get_arguments()) {
            let Some(name) = argument.get_env().and_then(|name| name.to_str()) else { continue };
            assert!(crate::environment::ALL.iter().any(|variable| variable.name == name), "{name}");
        }
    }

    #[test]
    fn help_lists_the_commands_and_the_exit_codes() {
        insta::assert_snapshot!(help_of(&[]), @r"
        Backs up Salesforce orgs into an open lake on storage that you own

        Usage: holdfast [OPTIONS] <COMMAND>

        Commands:
          demo       Show Holdfast at work: a simulated org, its first backup, then auto
                     backup while somebody works in it
          serve      Run the console, the HTTP API, and auto backup for every org that
                     is switched on, until stopped
          org        Connect orgs, list and remove them
          backup     Capture an org now, once, up to date
          auto       Switch continuous backup on and off, and see where it stands
          run        List runs, show one, show its errors
          changes    Show what changed in a run
          history    Show every version of one record: what changed, when and by whom
          query      Ask the backups in SQL, at any moment
          check      Prove that everything that was captured is there and whole
          rebuild    Read a lost catalog back from the lake
          compact    Merge small files of the lake into larger ones; no version is lost
          erase      Erase records from the backup: every version, and file bodies that
                     only they have
          user       List and invite members of the team, change them and their rights,
                     let them in again
          token      Make, list and end API tokens
          audit      Read the audit log, and prove that nobody changed it
          reference  Print the reference of all commands, variables and settings as
                     Markdown
          help       Print this message or the help of the given subcommand(s)

        Options:
          -h, --help     Print help (see more with '--help')
          -V, --version  Print version

        Options of every command:
              --json            Answer in JSON on standard output, errors in JSON on
                                standard error
              --data-dir <DIR>  Data directory: catalog, secret key, and the lake unless
                                it lies elsewhere [default: ./holdfast-data] [env:
                                HOLDFAST_DATA_DIR]

        Exit codes:
          0    done; also `serve` and `demo` when they are told to stop
          1    failed; the error says what to do next
          2    the command line or the configuration is wrong; nothing was tried
          3    done with gaps: what could not be captured, or is damaged, is named
          130  interrupted; what was stored is safe, the next run goes on from there
        ");
    }

    #[test]
    fn help_of_connecting_an_org() {
        insta::assert_snapshot!(help_of(&["org", "add"]), @r"
        Connect an org, or connect a known one again

        Usage: holdfast org add [OPTIONS] <NAME>

        Arguments:
          <NAME>  What the org is called in Holdfast

        Options:
              --instance-url <URL>      Address of the org (My Domain), for an access
                                        token
              --access-token <TOKEN>    A session of the integration user; it ends, and
                                        then the org must be connected again [env:
                                        HOLDFAST_ACCESS_TOKEN]
              --sfdx-auth-url <URL>     What `sf org display --verbose` shows, force://…
                                        [env: HOLDFAST_SFDX_AUTH_URL]
              --client-id <ID>          Consumer key of the connected app
              --client-secret <SECRET>  Consumer secret of the connected app [env:
                                        HOLDFAST_CLIENT_SECRET]
              --jwt-key <FILE>          File of the private key whose certificate the
                                        connected app holds, or `-` [env:
                                        HOLDFAST_JWT_KEY, the key itself]
              --username <USER>         User to sign in with the private key
              --login-url <URL>         Where to sign in: the My Domain address, or
                                        https://test.salesforce.com for a sandbox
                                        [default: https://login.salesforce.com]
              --web                     Sign in with a browser: prints the address to
                                        open and waits
              --callback-port <PORT>    Port of the callback
                                        http://localhost:PORT/OauthRedirect, as the
                                        connected app names it [default: 1717]
          -h, --help                    Print help (see more with '--help')

        Options of every command:
              --json            Answer in JSON on standard output, errors in JSON on
                                standard error
              --data-dir <DIR>  Data directory: catalog, secret key, and the lake unless
                                it lies elsewhere [default: ./holdfast-data] [env:
                                HOLDFAST_DATA_DIR]

        Examples:
          sf org display --verbose --json | jq -r .result.sfdxAuthUrl \
            | holdfast org add acme --sfdx-auth-url -
          holdfast org add acme --client-id 3MVG9... --client-secret @secret.txt \
            --login-url https://acme.my.salesforce.com
          holdfast org add acme --client-id 3MVG9... --jwt-key server.key \
            --username backup@acme.example
          holdfast org add acme --web --client-id 3MVG9...
          holdfast org add acme --access-token - \
            --instance-url https://acme.my.salesforce.com
        ");
    }
}
