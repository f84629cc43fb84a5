//! Programs in C on OTP's library `ei`: compiled with what `erl` says of its place.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles `bench/<source>`; says what is missing where that cannot be.
pub(crate) fn compile(source: &str) -> Result<PathBuf, String> {
    let told = Command::new("erl")
        .args(["-noshell", "-eval", "io:put_chars(code:lib_dir(erl_interface)), halt()."])
        .output()
        .map_err(|error| format!("erl does not run: {error}"))?;
    let place = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
    if !place.join("include/ei.h").exists() || !place.join("lib/libei.a").exists() {
        return Err("erl_interface is not installed (on Debian: erlang-dev)".into());
    }
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source.replace(['/', '.'], "_"));
    let compiled = Command::new("cc")
        .args(["-O3", "-march=native", "-o"])
        .arg(&program)
        .arg(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench")).join(source))
        .arg("-I")
        .arg(place.join("include"))
        .arg(place.join("lib/libei.a"))
        .arg("-lpthread")
        .output()
        .map_err(|error| format!("cc does not run: {error}"))?;
    match compiled.status.success() {
        true => Ok(program),
        false => Err(String::from_utf8_lossy(&compiled.stderr).into_owned()),
    }
}
