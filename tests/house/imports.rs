//! Who may import whom: the layers of this repository, checked over what cargo says of it.
//!
//! The table below is the law. A new crate has to be entered here, and a new arrow too: that is the moment to ask
//! whether it should be there.
//!
//! An engine that knows a socket or a clock cannot be run on virtual time, cannot be put into the VM, and soon is no
//! engine any more. That is what these directions are for.
#![allow(clippy::expect_used)] // The helpers of tests are tests, too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Crate, then the crates of ours it may depend on. Everything else is forbidden, for tests of the crate, too.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("outrigger-term", &[]),
    ("outrigger-fanout", &[]),
    ("outrigger-limit", &[]),
    ("outrigger-events", &[]),
    ("outrigger-watch", &[]),
    ("outrigger-proto", &["outrigger-term"]),
    ("outrigger-node", &["outrigger-proto", "outrigger-term"]),
    ("outrigger-pubsub", &["outrigger-node", "outrigger-term"]),
    ("outrigger-probe", &["outrigger-node", "outrigger-term", "outrigger-watch"]),
    // A source decodes and publishes. Neither the engine nor the PubSub has to know the other.
    ("outrigger-stream", &["outrigger-events", "outrigger-node", "outrigger-pubsub", "outrigger-term"]),
    ("outrigger_nif", ENGINES),
    // `term`, because a service reads and writes its own messages; the protocol below it is the node's business.
    (
        "outrigger",
        &[
            "outrigger-node",
            "outrigger-probe",
            "outrigger-term",
            "outrigger-fanout",
            "outrigger-limit",
            "outrigger-events",
            "outrigger-watch",
        ],
    ),
    // The tests that cross borders hang on it.
    ("outrigger-testkit", &["*"]),
];

const ENGINES: &[&str] = &["outrigger-fanout", "outrigger-limit", "outrigger-events", "outrigger-watch"];

/// Crates that take time, randomness and bytes as arguments. Their tests may use what they like.
const PURE: &[&str] = &[
    "outrigger-term",
    "outrigger-proto",
    "outrigger-fanout",
    "outrigger-limit",
    "outrigger-events",
    "outrigger-watch",
];

/// What a pure crate has no use for: sockets, clocks, randomness, the VM, and reading that is not bounded.
const NOT_PURE: &[&str] =
    &["tokio", "tokio-util", "mio", "libc", "getrandom", "rand", "rustler", "tracing", "erl_dist", "eetf"];

/// What a crate may offer behind a feature of the same name, which is off unless somebody wants it.
const OPTIONAL: &[(&str, &str)] = &[("outrigger-term", "eetf")];

/// What a pure crate may have for its own memory, and the calls that it is for: advice, which changes no result.
const FOR_MEMORY: (&str, &str, &[&str]) =
    ("outrigger-limit", "libc", &["libc::madvise(", "libc::MADV_HUGEPAGE"]);

/// The NIF runs on the VM's schedulers: it has no runtime of its own.
const NOT_IN_NIF: &[&str] = &["tokio", "tokio-util", "mio", "erl_dist"];

/// The same in the sources of pure crates, for what the standard library offers.
const NOT_IN_PURE_SOURCES: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "libc::",
];

/// One crate: its manifest's folder, and its dependencies with their kind ("normal", "optional", "build" or "dev").
struct Package {
    folder: PathBuf,
    dependencies: Vec<(String, String)>,
}

type Packages = BTreeMap<String, Package>;

fn workspace() -> Packages {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo's JSON");
    metadata["packages"].as_array().expect("packages").iter().map(package).collect()
}

fn package(json: &Value) -> (String, Package) {
    let manifest = Path::new(text(&json["manifest_path"]));
    let kind = |json: &Value| match json["optional"].as_bool() {
        Some(true) => "optional".to_owned(),
        _ => json["kind"].as_str().unwrap_or("normal").to_owned(),
    };
    let dependency = |json: &Value| (text(&json["name"]).to_owned(), kind(json));
    let dependencies =
        json["dependencies"].as_array().expect("dependencies").iter().map(dependency).collect();
    let folder = manifest.parent().expect("a folder").to_owned();
    (text(&json["name"]).to_owned(), Package { folder, dependencies })
}

fn text(json: &Value) -> &str {
    json.as_str().expect("a string")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn ours(name: &str) -> bool {
    name.starts_with("outrigger")
}

/// Every arrow that is not in the tables.
fn forbidden_imports(packages: &Packages) -> Vec<String> {
    let mut found = Vec::new();
    for (name, package) in packages {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(crate_name, _)| crate_name == name) else {
            found.push(format!("{name} is not in the table of tests/house/imports.rs"));
            continue;
        };
        for (dependency, kind) in &package.dependencies {
            let listed = allowed.contains(&"*") || allowed.contains(&dependency.as_str());
            let wrong = if ours(dependency) { !listed } else { unfit(name, dependency, kind) };
            if wrong {
                found.push(format!("{name} must not import {dependency} ({kind})"));
            }
        }
    }
    found
}

/// Whether a foreign crate has no place in this one.
fn unfit(name: &str, dependency: &str, kind: &str) -> bool {
    if (kind == "optional" && OPTIONAL.contains(&(name, dependency)))
        || (name, dependency) == (FOR_MEMORY.0, FOR_MEMORY.1)
    {
        return false;
    }
    let world = kind != "dev" && PURE.contains(&name) && NOT_PURE.contains(&dependency);
    let runtime = name == "outrigger_nif" && NOT_IN_NIF.contains(&dependency);
    world || runtime
}

/// Every line of a pure crate's `src` that reaches for the world. Comments are read, too: they rarely name these.
fn impure_lines(packages: &Packages) -> Vec<String> {
    let mut found = Vec::new();
    for (_, package) in packages.iter().filter(|(name, _)| PURE.contains(&name.as_str())) {
        for file in sources(&package.folder.join("src")) {
            let source = fs::read_to_string(&file).expect("a source");
            found.extend(impure(&source).map(|(line, word)| format!("{}:{line}: {word}", file.display())));
        }
    }
    found
}

fn impure(source: &str) -> impl Iterator<Item = (usize, &'static str)> + '_ {
    let words = |line: &str| {
        let rest = FOR_MEMORY.2.iter().fold(line.to_owned(), |line, allowed| line.replace(allowed, ""));
        NOT_IN_PURE_SOURCES.iter().copied().find(|word| rest.contains(word))
    };
    source.lines().enumerate().filter_map(move |(at, line)| Some((at + 1, words(line)?)))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[test]
fn nobody_imports_against_the_table() {
    let packages = workspace();
    assert!(packages.len() >= 8, "cargo names {} crates only", packages.len());
    assert_eq!(forbidden_imports(&packages), Vec::<String>::new());
}

#[test]
fn pure_crates_do_not_reach_for_the_world() {
    assert_eq!(impure_lines(&workspace()), Vec::<String>::new());
}

/// The checks are checked: each kind of violation is seen.
#[test]
fn a_violation_is_seen() {
    let seen = |name: &str, dependency: &str, kind: &str| {
        let dependencies = vec![(dependency.to_owned(), kind.to_owned())];
        let package = Package { folder: PathBuf::new(), dependencies };
        forbidden_imports(&BTreeMap::from([(name.to_owned(), package)]))
    };
    for (name, dependency, kind) in [
        ("outrigger-term", "outrigger-proto", "normal"),
        ("outrigger-fanout", "outrigger-node", "dev"),
        ("outrigger-proto", "outrigger-node", "normal"),
        ("outrigger-node", "outrigger-fanout", "normal"),
        ("outrigger_nif", "outrigger-node", "normal"),
        ("outrigger_nif", "tokio", "normal"),
        ("outrigger", "outrigger-proto", "normal"),
        ("outrigger-watch", "tokio", "normal"),
        ("outrigger-proto", "getrandom", "build"),
        ("outrigger-term", "eetf", "normal"),
        ("outrigger-proto", "eetf", "optional"),
    ] {
        assert_eq!(seen(name, dependency, kind), [format!("{name} must not import {dependency} ({kind})")]);
    }
    for (name, dependency, kind) in [
        ("outrigger-proto", "outrigger-term", "normal"),
        ("outrigger-proto", "erl_dist", "dev"),
        ("outrigger-term", "eetf", "optional"),
        ("outrigger_nif", "outrigger-watch", "normal"),
        ("outrigger-testkit", "outrigger-fanout", "dev"),
        ("outrigger-node", "tokio", "normal"),
    ] {
        assert_eq!(seen(name, dependency, kind), Vec::<String>::new());
    }
    assert_eq!(
        seen("outrigger-new", "bytes", "normal"),
        ["outrigger-new is not in the table of tests/house/imports.rs"]
    );

    let source = "let a = 1;\nlet now = std::time::Instant::now();\nuse std::net::TcpStream;\n";
    assert_eq!(impure(source).collect::<Vec<_>>(), [(2, "Instant::now"), (3, "TcpStream")]);
}
