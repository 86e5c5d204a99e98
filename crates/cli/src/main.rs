//! `holdfast`: backs up Salesforce orgs into an open lake on storage that you own, and shows what it holds.
//!
//! - [`command_line`]: the commands and their dispatch; each has a file in [`commands`]
//! - [`config`], [`environment`]: flags over variables over `holdfast.toml`
//! - [`output`], [`render`]: answers as tables or JSON; [`failure`], [`exit`]: how a command ends
//! - [`progress`]: what is shown while a Run goes on

mod command_line;
mod commands;
mod config;
mod demo;
mod duration;
mod environment;
mod exit;
mod failure;
mod interrupt;
mod invocation;
mod logging;
mod object_name;
mod output;
mod progress;
mod reference;
mod render;
mod run_name;
mod secret_input;
mod web_sign_in;

use std::process::ExitCode;

/// Large buffers come and go on many threads, and an allocator keeps for each arena what it once needed: with
/// glibc's a backup of two million small records peaked at 627 MB. One arena for all threads, C libraries
/// included (`.cargo/config.toml`, and a feature of the crate), keeps what is needed at once and gives the rest back
/// within half a second, of 128 KiB and more at once; only small pieces, up to 4 KiB, come from caches of each thread.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    command_line::main().into()
}
