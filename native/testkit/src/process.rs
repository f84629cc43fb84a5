//! A child process with captured output. It is killed by its process id when dropped, also while a test panics.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::lines::Lines;

/// A running child. All its output goes into one list of lines.
pub struct Process {
    what: String,
    child: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    pid: u32,
    lines: Lines,
}

impl Process {
    /// Starts `command` with piped standard streams. `what` names it in failure reports.
    ///
    /// # Panics
    /// When the program cannot be started; `remedy` is printed then.
    #[must_use]
    pub fn start(what: &str, mut command: Command, remedy: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {what} ({:?}): {e}. {remedy}", command.get_program()));
        let lines = Lines::default();
        lines.feed(child.stdout.take().expect("stdout is piped"));
        lines.feed(child.stderr.take().expect("stderr is piped"));
        let stdin = Mutex::new(child.stdin.take());
        Self { what: what.to_owned(), pid: child.id(), child: Mutex::new(child), stdin, lines }
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Everything it has printed.
    #[must_use]
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Writes to its standard input. A child that is gone is not an error here: the wait that follows tells.
    pub fn write(&self, bytes: &[u8]) {
        if let Some(stdin) = self.stdin.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            let _ = stdin.write_all(bytes).and_then(|()| stdin.flush());
        }
    }

    /// Closes its standard input.
    pub fn close_stdin(&self) {
        self.stdin.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Waits for a line at `from` or later that satisfies `wanted`; its index and text.
    ///
    /// # Panics
    /// When it does not come within the deadline, with everything the process has printed.
    #[track_caller]
    pub fn wait_line(
        &self,
        from: usize,
        within: Duration,
        why: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> (usize, String) {
        self.lines.wait(from, within, wanted).unwrap_or_else(|gone| {
            panic!(
                "{}: no line for {why:?} ({gone:?} after {within:?}). Its output:\n{}",
                self.what,
                self.dump()
            )
        })
    }

    /// Everything it has printed, for a failure report.
    #[must_use]
    pub fn dump(&self) -> String {
        self.lines.dump()
    }

    /// Sends a signal such as `libc::SIGTERM`. Nothing happens when the process has been waited for.
    pub fn signal(&self, signal: i32) {
        let mut child = self.lock();
        if matches!(child.try_wait(), Ok(None)) {
            let pid = libc::pid_t::try_from(self.pid).expect("a process id fits pid_t");
            // SAFETY: plain system call. The child has not been reaped (checked above, under the lock that every
            // reaping call takes), so the id still names it.
            #[expect(unsafe_code, reason = "the standard library can only send SIGKILL")]
            let _ = unsafe { libc::kill(pid, signal) };
        }
    }

    /// SIGKILL, then waits for the end.
    pub fn kill(&self) {
        let mut child = self.lock();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// SIGSTOP: the process stops where it stands, its sockets stay open.
    pub fn stop(&self) {
        self.signal(libc::SIGSTOP);
    }

    /// SIGCONT.
    pub fn cont(&self) {
        self.signal(libc::SIGCONT);
    }

    /// Whether it is still running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.lock().try_wait(), Ok(None))
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it is still running after the deadline.
    #[track_caller]
    pub fn wait_exit(&self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Ok(Some(status)) = self.lock().try_wait() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "{} still runs after {within:?}. Its output:\n{}",
                self.what,
                self.dump()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Resident memory in KiB, from `/proc`.
    ///
    /// # Panics
    /// When the process is gone.
    #[track_caller]
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        resident_kib(self.pid)
            .unwrap_or_else(|| panic!("{} is gone. Its output:\n{}", self.what, self.dump()))
    }

    fn lock(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Resident memory (`VmRSS`) of a process in KiB; `None` when there is no such process.
#[must_use]
pub fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How many files and sockets a process has open; 0 when there is no such process.
#[must_use]
pub fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_means_dead() {
        let process = Process::start("cat", Command::new("cat"), "");
        process.write(b"hello\n");
        process.wait_line(0, Duration::from_secs(5), "echo", |l| l == "hello");
        assert!(process.resident_kib() > 0);
        let pid = process.pid();
        drop(process);
        assert_eq!(resident_kib(pid), None);
    }
}
