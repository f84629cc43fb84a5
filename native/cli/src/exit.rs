//! The exit codes of the binary: a contract with scripts, `Outrigger.Node` and `mix outrigger.doctor`.

use std::fmt;
use std::process::ExitCode;

use outrigger_watch::gate::Verdict;

use crate::out;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: all well.
    Ok,
    /// 1: the command was understood, but something failed or is not well.
    Failed,
    /// 2: the caller's options are wrong.
    Usage,
    /// Of a gate: 0 passed, 1 failed, 3 warned, 4 inconclusive, 5 not run.
    Verdict(Verdict),
}

impl Exit {
    /// The number that the process ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Verdict(verdict) => verdict.exit_code(),
        }
    }
}

/// How a command has ended: what went wrong is told, and `code` says whose fault it is.
pub(crate) fn ended<E: fmt::Display>(done: Result<(), E>, code: impl FnOnce(&E) -> Exit) -> Exit {
    match done {
        Ok(()) => Exit::Ok,
        Err(error) => {
            out::complain(&format!("error: {error}\n"));
            code(&error)
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_fixed() {
        assert_eq!([Exit::Ok, Exit::Failed, Exit::Usage].map(Exit::code), [0, 1, 2]);
    }
}
