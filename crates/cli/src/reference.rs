//! Writes the reference page (`docs/cli.md`) from the commands, the variables and the configuration file.

use std::fmt::Write as _;

use clap::CommandFactory as _;

use crate::command_line::CommandLine;
use crate::config::EXAMPLE_FILE;
use crate::environment;

/// The whole page. It is as wide as a terminal of 80 columns, whatever this one is.
pub(crate) fn page() -> String {
    let mut command = CommandLine::command().term_width(80);
    command.build();
    let mut page = String::from(
        "# The command line\n\n\
         Made by `holdfast reference > docs/cli.md`; a test compares the two.\n\
         A flag wins over its variable, a variable over `holdfast.toml`.\n\n\
         ## Exit codes and common options\n\n",
    );
    fenced(&mut page, &command.render_long_help().to_string());
    page.push_str("\n## Environment variables\n\n| Variable | Meaning |\n|---|---|\n");
    for variable in environment::ALL {
        let _ = writeln!(page, "| `{}` | {} |", variable.name, variable.meaning);
    }
    page.push_str("\n## `holdfast.toml`\n\nEvery key is optional, an unknown one is an error.\n\n");
    let _ = writeln!(page, "```toml\n{EXAMPLE_FILE}```");
    for child in command.get_subcommands_mut() {
        describe(child, &mut page);
    }
    page
}

fn describe(command: &mut clap::Command, page: &mut String) {
    if command.get_name() == "help" {
        return;
    }
    if command.has_subcommands() {
        for child in command.get_subcommands_mut() {
            describe(child, page);
        }
        return;
    }
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let _ = write!(page, "\n## `{name}`\n\n");
    let help = own_help(command);
    fenced(page, &help);
}

/// The help without the options that every command takes; those stand once, at the top.
fn own_help(command: &clap::Command) -> String {
    let mut own = command.clone().term_width(80);
    let common: Vec<_> = own
        .get_arguments()
        .filter(|argument| argument.get_help_heading() == Some(crate::config::COMMON_HEADING))
        .map(|argument| argument.get_id().clone())
        .collect();
    for id in common {
        own = own.mut_arg(id, |argument| argument.hide(true));
    }
    own.render_long_help().to_string()
}

fn fenced(page: &mut String, text: &str) {
    page.push_str("```text\n");
    for line in text.lines() {
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page.push_str("```\n");
}
