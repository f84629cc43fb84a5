//! The captured output of a child: lines in order, with a way to wait for one.
//!
//! A thread reads the pipe to its end, so a child never blocks on a full pipe. Waiters look at lines from an index
//! on; an index taken with [`Lines::count`] before an action makes "wait for what this action caused" exact.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Why no line came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The deadline passed.
    Late,
    /// The output ended: the child closed it or died.
    Ended,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    open: usize,
}

/// A growing list of lines that several readers may feed. Clones share it.
#[derive(Clone, Default)]
pub struct Lines {
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Lines {
    /// Reads `pipe` to its end on a thread of its own.
    pub fn feed(&self, pipe: impl Read + Send + 'static) {
        self.lock().open += 1;
        let lines = self.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut raw = Vec::new();
            while matches!(reader.read_until(b'\n', &mut raw), Ok(n) if n > 0) {
                let line = String::from_utf8_lossy(&raw).trim_end_matches(['\n', '\r']).to_owned();
                raw.clear();
                lines.lock().lines.push(line);
                lines.shared.1.notify_all();
            }
            lines.lock().open -= 1;
            lines.shared.1.notify_all();
        });
    }

    /// How many lines there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().lines.len()
    }

    /// All lines, for a failure report.
    #[must_use]
    pub fn dump(&self) -> String {
        self.lock().lines.join("\n")
    }

    /// Whether a line at `from` or later satisfies `wanted`.
    pub fn seen(&self, from: usize, wanted: impl Fn(&str) -> bool) -> bool {
        self.lock().lines.iter().skip(from).any(|line| wanted(line))
    }

    /// How many lines at `from` or later satisfy `wanted`.
    pub fn matching(&self, from: usize, wanted: impl Fn(&str) -> bool) -> usize {
        self.lock().lines.iter().skip(from).filter(|line| wanted(line)).count()
    }

    /// Waits for the first line at `from` or later that satisfies `wanted`.
    ///
    /// # Errors
    /// [`Gone::Late`] after `within`, [`Gone::Ended`] when all pipes have ended without such a line.
    pub fn wait(
        &self,
        from: usize,
        within: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(usize, String), Gone> {
        let deadline = Instant::now() + within;
        let mut at = from;
        let mut state = self.lock();
        loop {
            while let Some(line) = state.lines.get(at) {
                if wanted(line) {
                    return Ok((at, line.clone()));
                }
                at += 1;
            }
            if state.open == 0 {
                return Err(Gone::Ended);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Gone::Late);
            }
            state = self.shared.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_from_an_index_and_notices_the_end() {
        let lines = Lines::default();
        lines.feed(&b"one\ntwo\r\none again"[..]);
        let (at, _) = lines.wait(0, Duration::from_secs(5), |l| l.starts_with("one")).unwrap();
        assert_eq!(at, 0);
        let (at, line) = lines.wait(at + 1, Duration::from_secs(5), |l| l.starts_with("one")).unwrap();
        assert_eq!((at, line.as_str()), (2, "one again"));
        assert_eq!(lines.wait(3, Duration::from_secs(5), |_| true), Err(Gone::Ended));
    }
}
