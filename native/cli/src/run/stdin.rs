//! Standard input of a supervised node: its first line is the cookie, a second one asks it to leave in good order, its end is the
//! end of the node.
//!
//! A thread of its own reads it, so that neither a slow start nor a busy runtime can delay the end. When the
//! input ends the thread tells the runtime, gives it [`GRACE`] to leave in good order, and then ends the
//! process itself: a supervisor that is gone must never leave a node behind.
//!
//! Limits: a first line is cut at [`LONGEST`] bytes; everything behind it but its line feeds is thrown away.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use crossbeam::channel::{self, Receiver, Sender};
use tokio::sync::watch;

use crate::exit::Exit;

/// From the end of the input to the end of the process at the latest.
const GRACE: Duration = Duration::from_millis(70);
/// Bytes of the first line.
const LONGEST: usize = 1_024;

/// The reading end of standard input.
#[derive(Debug)]
pub(crate) struct Stdin {
    line: Receiver<Vec<u8>>,
    wanted: watch::Receiver<Wanted>,
}

/// For how long the node is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Still,
    /// Until it has left in good order.
    ToLeave,
    /// The input has ended.
    NoMore,
}

impl Stdin {
    /// Starts the thread. With `ends_process` the end of the input is the end of the process.
    pub(crate) fn start(ends_process: bool) -> io::Result<Self> {
        // A duplicate, not `io::stdin()`: that one buffers, and would keep a copy of the cookie.
        let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let (line_out, line) = channel::bounded(1);
        let (wanted_out, wanted) = watch::channel(Wanted::Still);
        let work = move || {
            read(input, line_out, &|| wanted_out.send_replace(Wanted::ToLeave));
            let _ = wanted_out.send(Wanted::NoMore);
            if ends_process {
                thread::sleep(GRACE);
                std::process::exit(Exit::Ok.code().into());
            }
        };
        thread::Builder::new().name("stdin".into()).spawn(work)?;
        Ok(Self { line, wanted })
    }

    /// The first line without its line feed, waiting no longer than `patience`. `None` if the input ended
    /// before it or the time is over.
    pub(crate) fn first_line(&self, patience: Duration) -> Option<Vec<u8>> {
        self.line.recv_timeout(patience).ok()
    }

    /// Whether the input has ended.
    pub(crate) fn has_ended(&self) -> bool {
        *self.wanted.borrow() == Wanted::NoMore
    }

    /// Waits for the end of the input. Cancel-safe.
    pub(crate) async fn ended(&mut self) {
        // An error means that the thread is gone, and with it the input.
        let _ = self.wanted.wait_for(|wanted| *wanted == Wanted::NoMore).await;
    }

    /// Waits until the node is asked to leave, or the input ends. Whether there is time to do it in good order. Cancel-safe.
    pub(crate) async fn asked(&mut self) -> bool {
        let wanted = self.wanted.wait_for(|wanted| *wanted > Wanted::Still).await;
        wanted.is_ok_and(|wanted| *wanted == Wanted::ToLeave)
    }
}

/// Sends the first line, then reads until the end. What follows the first line asks to leave.
fn read<T>(mut input: impl Read, line_out: Sender<Vec<u8>>, leave: &impl Fn() -> T) {
    // The full size at once, so that no growth leaves copies of the cookie behind.
    let mut line = Some(Vec::with_capacity(LONGEST));
    let mut bytes = [0];
    loop {
        match input.read(&mut bytes) {
            Ok(0) => break,
            Ok(_) if bytes == *b"\n" => match line.take() {
                Some(line) => drop(line_out.send(line)),
                None => drop(leave()),
            },
            Ok(_) => {
                let [byte] = bytes;
                line.as_mut()
                    .filter(|line| line.len() < LONGEST)
                    .into_iter()
                    .for_each(|line| line.push(byte));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(input: &[u8]) -> Option<Vec<u8>> {
        let (out, line) = channel::bounded(1);
        read(input, out, &|| ());
        line.try_recv().ok()
    }

    #[test]
    fn a_second_line_asks_to_leave() {
        for (input, times) in
            [("sesame", 0), ("sesame\n", 0), ("sesame\nlea", 0), ("sesame\nleave\n", 1), ("\n\n\n", 2)]
        {
            let asked = std::cell::Cell::new(0);
            read(input.as_bytes(), channel::bounded(1).0, &|| asked.set(asked.get() + 1));
            assert_eq!(asked.get(), times, "{input:?}");
        }
    }

    #[test]
    fn lines() {
        assert_eq!(first(b"sesame\nmore\n").as_deref(), Some(b"sesame".as_slice()));
        assert_eq!(first(b"\n").as_deref(), Some(b"".as_slice()));
        assert_eq!(first(b""), None);
        assert_eq!(first(b"no line feed"), None, "half a line may be half a cookie");
        let long = [b"x".repeat(1_000_000), b"\n".to_vec()].concat();
        assert_eq!(first(&long).map(|line| line.len()), Some(LONGEST));
    }
}
