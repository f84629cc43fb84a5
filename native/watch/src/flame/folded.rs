//! Folded stacks: a line for each stack, its frames from the root on with `;` between them, a space, and what it took.

use std::collections::BTreeMap;
use std::fmt;

use super::{FlameError, clean};

/// Stacks, and what each of them took; of a profile of ours in microseconds of a scheduler's time.
///
/// ```
/// use outrigger_watch::flame::Folded;
///
/// let folded = Folded::parse(b"main;work 3\nmain;work;more 4\nmain;work 1\n")?;
/// assert_eq!((folded.len(), folded.total()), (2, 8));
/// assert_eq!(Folded::parse(folded.to_string().as_bytes())?, folded);
/// # Ok::<(), outrigger_watch::flame::FlameError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// By frames: a stack stands before those that go on from it.
    stacks: BTreeMap<Vec<String>, u64>,
}

impl Folded {
    /// Stacks that differ.
    pub const STACKS: usize = 100_000;
    /// Frames of a stack.
    pub const FRAMES: usize = 512;
    /// What one stack takes, at most: 12 days in microseconds. So no sum overflows.
    pub const MOST: u64 = 1 << 40;
    /// Of a file.
    pub const BYTES: usize = 64 << 20;

    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file of folded stacks, of whatever profiler. Lines that begin with `# ` are comments.
    ///
    /// # Errors
    /// A line is none, or there are too many. The file's author erred.
    pub fn parse(bytes: &[u8]) -> Result<Self, FlameError> {
        if bytes.len() > Self::BYTES {
            return Err(FlameError::TooLarge { what: "the file has more than 64 MiB" });
        }
        let mut folded = Self::new();
        for (place, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let bad = |problem| FlameError::BadLine { line: place + 1, problem };
            let line = str::from_utf8(line).map_err(|_| bad("it is not UTF-8"))?.trim();
            if line.is_empty() || line.starts_with("# ") {
                continue;
            }
            let (stack, count) = line.rsplit_once(' ').ok_or_else(|| bad("it has no count"))?;
            let count = count.parse().ok().filter(|count| *count <= Self::MOST);
            let count = count.ok_or_else(|| bad("its count is no whole number, or above 2^40"))?;
            if stack.split(';').nth(Self::FRAMES).is_some() {
                return Err(FlameError::TooLarge { what: "a stack has too many frames" });
            }
            let frames: Vec<String> = stack.split(';').map(clean).collect();
            folded.add(&frames, count)?;
        }
        Ok(folded)
    }

    /// Adds to a stack, whose frames stand from the root on and are [`label`](super::label)s, or [`clean`].
    ///
    /// # Errors
    /// There are too many stacks, or too many frames. It was not added.
    pub fn add(&mut self, frames: &[String], count: u64) -> Result<(), FlameError> {
        if frames.is_empty() || frames.len() > Self::FRAMES {
            return Err(FlameError::TooLarge { what: "a stack has too many frames, or none" });
        }
        if let Some(known) = self.stacks.get_mut(frames) {
            *known = known.saturating_add(count).min(Self::MOST);
        } else if self.stacks.len() < Self::STACKS {
            self.stacks.insert(frames.to_vec(), count.min(Self::MOST));
        } else {
            return Err(FlameError::TooLarge { what: "there are too many stacks" });
        }
        Ok(())
    }

    /// Stacks, a stack before those that go on from it.
    pub fn iter(&self) -> impl Iterator<Item = (&[String], u64)> {
        self.stacks.iter().map(|(frames, count)| (frames.as_slice(), *count))
    }

    /// How many stacks differ.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stacks.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stacks.is_empty()
    }

    /// What all of them took.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.stacks.values().sum()
    }

    /// What a stack took.
    pub(super) fn of(&self, frames: &[String]) -> u64 {
        self.stacks.get(frames).copied().unwrap_or(0)
    }
}

impl fmt::Display for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (frames, count) in self.iter() {
            writeln!(f, "{} {count}", frames.join(";"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is in it, it is read or refused; what is read is read again.
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(folded) = Folded::parse(&bytes) {
                prop_assert_eq!(Folded::parse(folded.to_string().as_bytes()), Ok(folded));
            }
        }

        #[test]
        fn any_lines(text in "([a-c#;. ]{0,6} [0-9]{0,3}\n){0,6}") {
            if let Ok(folded) = Folded::parse(text.as_bytes()) {
                prop_assert_eq!(Folded::parse(folded.to_string().as_bytes()), Ok(folded));
            }
        }
    }

    #[test]
    fn what_is_no_line_is_named() {
        let problem = |text: &[u8]| Folded::parse(text).unwrap_err().to_string();
        assert!(problem(b"a 1\nb\n").starts_with("line 2: it has no count"));
        assert!(problem(b"a x").starts_with("line 1: its count is no whole number"));
        assert!(problem(b"a 1.5").contains("whole number"));
        assert!(problem(b"\xff 1").contains("UTF-8"));
        let deep = "a;".repeat(Folded::FRAMES) + "a 1";
        assert!(problem(deep.as_bytes()).contains("512 frames"));
        assert!(Folded::parse(&deep.as_bytes()[2..]).is_ok());
    }

    #[test]
    fn counts_do_not_overflow() {
        let text = format!("a {}\na {}\nb 1\n", Folded::MOST, Folded::MOST);
        assert_eq!(Folded::parse(text.as_bytes()).unwrap().total(), Folded::MOST + 1);
        assert!(Folded::parse(format!("a {}\n", Folded::MOST + 1).as_bytes()).is_err());
    }
}
