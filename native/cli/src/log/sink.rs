//! The bounded queue in front of a writer thread.
//!
//! The thread may hang in a write for ever, because a port that nobody reads is a pipe that stays full. So
//! nobody waits for the thread: a push into a full queue is dropped and counted, and a flush has a deadline.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use crossbeam::channel::{self, Receiver, Sender};

use super::style::Style;

/// Lines that may wait. At some 120 bytes each about 250 KiB.
const CAPACITY: usize = 2_048;
/// Of these, kept free for events.
const RESERVE: usize = 128;
/// Bytes gathered for one write.
const GATHER: usize = 32 * 1_024;

enum Entry {
    Line(String),
    Flush(Sender<()>),
}

/// The near end of the queue. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    queue: Sender<Entry>,
    dropped: Arc<AtomicU64>,
}

impl Sink {
    /// Starts the writer thread. It ends when the last `Sink` is gone and the queue is empty.
    pub(crate) fn start(out: impl Write + Send + 'static, style: Style) -> Self {
        let (queue, lines) = channel::bounded(CAPACITY);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        let writer = thread::Builder::new().name("log".into());
        // Without a thread the queue closes at once and every push is dropped: no log, but a running node.
        let _ = writer.spawn(move || drain(&lines, &counter, style, out));
        Self { queue, dropped }
    }

    /// Queues one line. Never waits. Mere lines leave the reserve to `important` ones.
    pub(crate) fn push(&self, line: String, important: bool) {
        let full = !important && self.queue.len() >= CAPACITY - RESERVE;
        if full || self.queue.try_send(Entry::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until what is queued is written, at most for `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        let (done, wait) = channel::bounded(1);
        if self.queue.send_timeout(Entry::Flush(done), patience).is_ok() {
            let _ = wait.recv_timeout(patience);
        }
    }
}

/// The writer thread: gathers what waits, writes it at once, throws away once the reader is gone.
fn drain(lines: &Receiver<Entry>, dropped: &AtomicU64, style: Style, mut out: impl Write) {
    let mut gathered = String::new();
    while let Ok(first) = lines.recv() {
        let mut next = Some(first);
        let mut flushed = Vec::new();
        while let Some(entry) = next {
            match entry {
                Entry::Line(line) => gathered.push_str(&line),
                Entry::Flush(done) => flushed.push(done),
            }
            next = if gathered.len() < GATHER { lines.try_recv().ok() } else { None };
        }
        let missing = dropped.swap(0, Ordering::Relaxed);
        if missing > 0 {
            gathered.push_str(&style.dropped(SystemTime::now(), missing));
        }
        // A reader that has gone is no reason to stop: the queue must stay empty for the others.
        let _ = out.write_all(gathered.as_bytes()).and_then(|()| out.flush());
        gathered.clear();
        for done in flushed {
            let _ = done.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    /// A pipe that nobody reads: every write waits until the gate is opened.
    struct Stuck(Receiver<()>, Page);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn lines_keep_their_order() {
        let page = Page::default();
        let sink = Sink::start(page.clone(), Style::Port);
        for number in 0..500 {
            sink.push(format!("{number}\n"), number % 7 == 0);
        }
        sink.flush(LONG);
        let expected: String = (0..500).map(|number| format!("{number}\n")).collect();
        assert_eq!(page.text(), expected);
    }

    #[test]
    fn nobody_waits_for_a_reader_and_the_loss_is_told() {
        let (open, gate) = channel::unbounded::<()>();
        let page = Page::default();
        let sink = Sink::start(Stuck(gate, page.clone()), Style::Port);
        let started = Instant::now();
        for _ in 0..CAPACITY * 3 {
            sink.push("chatter\n".into(), false);
        }
        sink.push("event\n".into(), true);
        sink.flush(Duration::from_millis(20));
        assert!(started.elapsed() < LONG);
        drop(open);
        sink.flush(LONG);
        sink.flush(LONG);
        let text = page.text();
        assert!(text.contains("event\n"), "the reserve is there for events");
        let lines = text.lines().filter(|line| *line == "chatter").count();
        let told: usize = text
            .lines()
            .filter_map(|line| line.strip_prefix("warning\t-\t")?.split(' ').next()?.parse::<usize>().ok())
            .sum();
        assert!(told > 0);
        assert_eq!(lines + told, CAPACITY * 3);
    }

    #[test]
    fn a_closed_pipe_is_drained() {
        let sink = Sink::start(Closed, Style::Port);
        for _ in 0..CAPACITY * 2 {
            sink.push("x\n".into(), true);
        }
        sink.flush(LONG);
        assert!(sink.queue.is_empty());
    }
}
