//! The C library `ei` as a child: it is compiled from `ei.c` with what `erl` says of its place, and timed by itself.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The running child. It ends with its standard input.
pub(super) struct Ei {
    _child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Ei {
    /// Compiles and starts it; says what is missing where that cannot be.
    pub(super) fn start(terms: &[Vec<u8>]) -> Result<Self, String> {
        let program = compile()?;
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("its program does not start: {error}"))?;
        let (stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut ei = Self { _child: child, stdin, stdout: BufReader::new(stdout) };
        for term in terms {
            let hex: String = term.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(ei.stdin, "{hex}").map_err(|error| error.to_string())?;
        }
        Ok(ei)
    }

    /// Nanoseconds for so many rounds of `decode`, `encode` or `skip` on a term.
    pub(super) fn time(&mut self, what: &str, case: usize, times: u64) -> u64 {
        writeln!(self.stdin, "{what} {case} {times}").expect("the C program lives; its last words are above");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the C program answers");
        line.trim().parse().expect("the C program lives; its last words are above")
    }
}

fn compile() -> Result<PathBuf, String> {
    let told = Command::new("erl")
        .args(["-noshell", "-eval", "io:put_chars(code:lib_dir(erl_interface)), halt()."])
        .output()
        .map_err(|error| format!("erl does not run: {error}"))?;
    let place = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
    if !place.join("include/ei.h").exists() || !place.join("lib/libei.a").exists() {
        return Err("erl_interface is not installed (on Debian: erlang-dev)".into());
    }
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench_terms_ei");
    let compiled = Command::new("cc")
        .args(["-O3", "-march=native", "-o"])
        .arg(&program)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench/terms/ei.c"))
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
