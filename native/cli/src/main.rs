//! The binary `outrigger`: a Rust node beside a BEAM cluster, and its tools.
//!
//! Options are parsed in [`args`], resolved in [`settings`], and each command runs in a module of its own:
//! [`run`] and [`status`] for `node`, [`doctor`], [`watch`], [`top`], [`tree`], [`profile`], [`gate`], [`evidence`], [`schema`], [`version`]. The
//! [`service`]s put engines on the node.

mod args;
mod doctor;
mod draft;
mod evidence;
mod exit;
mod gate;
mod git;
mod log;
mod look;
mod out;
mod profile;
mod run;
mod schema;
mod service;
mod settings;
mod status;
mod top;
mod tree;
mod units;
mod version;
mod visit;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Exit;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let exit = match Cli::try_parse_from(&arguments) {
        Ok(cli) => match cli.command {
            Command::Node(args) if args.status.is_some() => status::run(&args),
            Command::Node(args) => run::run(&args),
            Command::Doctor(args) => doctor::run(&args),
            Command::Watch(args) => watch::run(&args),
            Command::Top(args) => top::run(&args),
            Command::Tree(args) => tree::run(&args),
            Command::Profile(args) => profile::run(&args),
            Command::Gate(args) => gate::run(&args),
            Command::Evidence(args) => evidence::run(&args),
            Command::Schema(args) => schema::run(&args),
            Command::Version(args) => version::run(&args),
        },
        Err(error) => refuse(&error, &arguments),
    };
    exit.into()
}

/// Shows help or what is wrong with the options, to a supervisor in the form that it reads.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> Exit {
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Ok;
    }
    if arguments.iter().any(|argument| argument == "--supervised") {
        return run::bad_option(&error.to_string());
    }
    let _ = error.print();
    Exit::Usage
}
