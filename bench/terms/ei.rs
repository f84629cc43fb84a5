//! The C library `ei` as a child, timed by itself: `ei.c`.

use std::io::{BufRead, BufReader, Write};
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
        let program = crate::c::compile("terms/ei.c")?;
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
