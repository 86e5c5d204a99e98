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

/// Large buffers come and go on many threads, and glibc keeps what each thread once needed: a backup of
/// two million small records peaked at 627 MB with it, and at 326 MB with this one.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    command_line::main().into()
}
