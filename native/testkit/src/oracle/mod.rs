//! A BEAM as the oracle of the external term format: it makes random terms, and says what it makes of ours.
//!
//! No distribution: the VM is a child that speaks over its standard input and output. The Erlang is in `kit_terms.erl`
//! beside this file; the VM compiles it at its start.

mod inspector;
mod vm;

use std::process::Command;

pub use inspector::{Inspector, Print};
use vm::Vm;

/// What the random terms are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TermKind {
    /// Everything, nested.
    Any = 0,
    /// Pids, ports and references, local and foreign, of every width.
    Identifiers = 1,
    /// Atoms, also Unicode and of 255 characters.
    Atoms = 2,
    /// Integers at the edges of every width, floats, lists.
    NumbersAndLists = 3,
    /// What is passed on unseen: bit strings, maps, funs.
    Unseen = 4,
    /// Binaries that compress well.
    Repetitive = 5,
}

/// A BEAM that encodes and decodes terms. It ends when dropped, and by itself with the test process.
pub struct Oracle {
    vm: Vm,
}

impl Oracle {
    /// Starts the VM.
    ///
    /// # Panics
    /// When Erlang is not there.
    #[must_use]
    pub fn start() -> Self {
        let source = tempfile::Builder::new().suffix(".erl").tempfile().expect("a temporary file");
        std::fs::write(source.path(), include_str!("kit_terms.erl")).expect("it can be written");
        let boot = "{ok,kit_terms,B}=compile:file(os:getenv(\"KIT_TERMS\"),[binary]),\
                    {module,_}=code:load_binary(kit_terms,\"kit_terms\",B),kit_terms:main()";
        let mut command = Command::new(std::env::var_os("OUTRIGGER_ERL").unwrap_or_else(|| "erl".into()));
        command
            .args(["-noshell", "-noinput", "-boot", "no_dot_erlang", "-eval", boot])
            .env("KIT_TERMS", source.path());
        let mut oracle = Self { vm: Vm::start(command, "erl starts; OUTRIGGER_ERL may name another") };
        // An answer means that the source has been read.
        assert_eq!(oracle.encoded(&[&[131, 106][..]]), [Some(vec![131, 106])]);
        oracle
    }

    /// So many random terms as `term_to_binary/1` writes them. The same seed gives the same terms, but for the VM's own
    /// pids, ports and references.
    ///
    /// # Panics
    /// When the VM is gone.
    #[track_caller]
    pub fn random(&mut self, kind: TermKind, seed: u64, count: u32) -> Vec<Vec<u8>> {
        let request = [&[1, kind as u8][..], &seed.to_be_bytes(), &count.to_be_bytes()].concat();
        let terms = self.vm.ask(&request);
        assert_eq!(terms.len(), count as usize);
        terms
    }

    /// Each term decoded and encoded again; `None` for what the BEAM refuses.
    ///
    /// # Panics
    /// When the VM is gone.
    #[track_caller]
    pub fn encoded(&mut self, terms: &[impl AsRef<[u8]>]) -> Vec<Option<Vec<u8>>> {
        self.again(2, terms)
    }

    /// Each term decoded and encoded again as `term_to_binary(Term, [{compressed, Level}])` does, with any level.
    ///
    /// # Panics
    /// When the VM is gone.
    #[track_caller]
    pub fn compressed(&mut self, terms: &[impl AsRef<[u8]>]) -> Vec<Option<Vec<u8>>> {
        self.again(3, terms)
    }

    #[track_caller]
    fn again(&mut self, request: u8, terms: &[impl AsRef<[u8]>]) -> Vec<Option<Vec<u8>>> {
        let mut bytes = vec![request];
        for term in terms {
            let term = term.as_ref();
            bytes.extend((term.len() as u32).to_be_bytes());
            bytes.extend(term);
        }
        let answers = self.vm.ask(&bytes);
        assert_eq!(answers.len(), terms.len());
        answers.into_iter().map(|answer| Some(answer).filter(|bytes| !bytes.is_empty())).collect()
    }
}
