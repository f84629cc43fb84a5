//! `outrigger version`.

use serde::Serialize;

use crate::args::VersionArgs;
use crate::exit::Exit;
use crate::out;
use crate::service::PUBSUB_VERSION;

#[derive(Serialize)]
struct Version {
    version: &'static str,
    /// Of the PubSub service between application nodes and this one.
    protocol: u64,
    target: String,
}

/// Prints the version.
pub(crate) fn run(args: &VersionArgs) -> Exit {
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        protocol: PUBSUB_VERSION,
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
    };
    let text = if args.json {
        // Strings and numbers always serialize.
        serde_json::to_string(&version).unwrap_or_default()
    } else {
        format!("outrigger {} ({}, pubsub protocol {})", version.version, version.target, version.protocol)
    };
    out::print(&format!("{text}\n"));
    Exit::Ok
}
