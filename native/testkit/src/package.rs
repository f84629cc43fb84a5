//! BEAM nodes with the compiled Elixir package.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::beam::BeamOptions;

/// Where the modules of Elixir and of the package are. Those of the package are what `mix compile` has left: under
/// `MIX_BUILD_PATH`, or in `_build` for `MIX_ENV` (dev). `OUTRIGGER_EBIN` names another place.
///
/// # Panics
/// When there is no Elixir, or the package is not compiled.
#[must_use]
#[track_caller]
pub fn package() -> &'static [PathBuf] {
    static PATHS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    PATHS.get_or_init(|| {
        let mut paths = elixir();
        let ebin = std::env::var_os("OUTRIGGER_EBIN").map_or_else(built, PathBuf::from);
        assert!(ebin.is_dir(), "no compiled package in {}. Run: make build", ebin.display());
        paths.push(ebin);
        paths
    })
}

/// A node with the package in its code path. It is not started yet: `application:ensure_all_started(outrigger)`.
///
/// # Panics
/// As [`package`].
#[must_use]
#[track_caller]
pub fn with_package(options: BeamOptions) -> BeamOptions {
    package().iter().fold(options, |options, path| options.code_path(path))
}

fn elixir() -> Vec<PathBuf> {
    let program = std::env::var_os("OUTRIGGER_ELIXIR").unwrap_or_else(|| "elixir".into());
    let script = "for app <- [:elixir, :logger], do: IO.puts(:code.lib_dir(app, :ebin))";
    let told = Command::new(program).args(["-e", script]).output();
    let told = told.expect("elixir runs; OUTRIGGER_ELIXIR may name another");
    String::from_utf8(told.stdout).expect("paths in UTF-8").lines().map(PathBuf::from).collect()
}

fn built() -> PathBuf {
    let build = std::env::var_os("MIX_BUILD_PATH").map(PathBuf::from);
    let build = build.unwrap_or_else(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../_build");
        root.join(std::env::var_os("MIX_ENV").unwrap_or_else(|| "dev".into()))
    });
    build.join("lib/outrigger/ebin")
}
