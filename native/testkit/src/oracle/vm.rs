//! A VM that answers over its standard input and output, in messages with 4-byte lengths.

use std::io::{BufWriter, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The running VM. It ends when dropped, and by itself with the test process.
pub(super) struct Vm {
    child: Child,
    stdin: BufWriter<ChildStdin>,
    stdout: ChildStdout,
}

impl Vm {
    #[track_caller]
    pub(super) fn start(mut command: Command, otherwise: &str) -> Self {
        let mut child = command
            .env("ERL_CRASH_DUMP_SECONDS", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect(otherwise);
        let stdin = BufWriter::new(child.stdin.take().expect("stdin is piped"));
        let stdout = child.stdout.take().expect("stdout is piped");
        Self { child, stdin, stdout }
    }

    /// Asks, and returns the parts of the answer, each of which has a length before it.
    #[track_caller]
    pub(super) fn ask(&mut self, request: &[u8]) -> Vec<Vec<u8>> {
        let gone = "the oracle's VM lives; its last words are on standard error";
        self.stdin.write_all(&(request.len() as u32).to_be_bytes()).expect(gone);
        self.stdin.write_all(request).and_then(|()| self.stdin.flush()).expect(gone);
        let mut length = [0; 4];
        self.stdout.read_exact(&mut length).expect(gone);
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.stdout.read_exact(&mut answer).expect(gone);
        let mut rest = answer.as_slice();
        let mut parts = Vec::new();
        while let Some((length, behind)) = rest.split_first_chunk() {
            let (part, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
            parts.push(part.to_vec());
            rest = behind;
        }
        parts
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
