//! Elixir as the oracle of how terms are printed. The Elixir is in `kit_inspect.exs` beside this file.

use std::process::Command;

use super::Vm;

/// A VM that prints terms. It ends when dropped, and by itself with the test process.
pub struct Inspector {
    vm: Vm,
    is_current: bool,
}

/// What Elixir makes of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// The term, encoded again, with the pairs of maps in the order of the print.
    pub bytes: Vec<u8>,
    /// What `inspect/2` says; nothing where it fails.
    pub text: String,
}

impl Inspector {
    /// Starts the VM.
    ///
    /// # Panics
    /// When Elixir is not there.
    #[must_use]
    pub fn start() -> Self {
        let source = tempfile::Builder::new().suffix(".exs").tempfile().expect("a temporary file");
        std::fs::write(source.path(), include_str!("kit_inspect.exs")).expect("it can be written");
        let mut command =
            Command::new(std::env::var_os("OUTRIGGER_ELIXIR").unwrap_or_else(|| "elixir".into()));
        command.args(["--erl", "-noinput"]).arg(source.path());
        let vm = Vm::start(command, "elixir starts; OUTRIGGER_ELIXIR may name another");
        let mut inspector = Self { vm, is_current: false };
        // `[[1], 2]` with one item: an older Elixir counts from anew behind the inner list. The answer also means that
        // the source has been read.
        let nested = [131, 108, 0, 0, 0, 2, 107, 0, 1, 1, 97, 2, 106];
        let print = inspector.prints(&[nested], Some(2), None).remove(0);
        inspector.is_current = print.text == "[[1], ...]";
        inspector
    }

    /// Whether the Elixir is of today: 1.20 or later. Older ones count a limit for each container anew, and leave spaces
    /// of all kinds unescaped.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        self.is_current
    }

    /// Each of the encoded terms as `inspect(term, limit: …, printable_limit: …, structs: false)` prints it on one line.
    ///
    /// # Panics
    /// When the VM is gone, also over a term that it refuses.
    #[track_caller]
    pub fn prints(
        &mut self,
        terms: &[impl AsRef<[u8]>],
        limit: Option<u32>,
        printable_limit: Option<u32>,
    ) -> Vec<Print> {
        let mut request = Vec::new();
        for limit in [limit, printable_limit] {
            request.extend(limit.unwrap_or(u32::MAX).to_be_bytes());
        }
        for term in terms {
            let term = term.as_ref();
            request.extend((term.len() as u32).to_be_bytes());
            request.extend(term);
        }
        let parts = self.vm.ask(&request);
        assert_eq!(parts.len(), terms.len() * 2);
        let (pairs, _) = parts.as_chunks::<2>();
        let print = |[bytes, text]: &[Vec<u8>; 2]| Print {
            bytes: bytes.clone(),
            text: String::from_utf8(text.clone()).expect("inspect/2 makes text"),
        };
        pairs.iter().map(print).collect()
    }
}
