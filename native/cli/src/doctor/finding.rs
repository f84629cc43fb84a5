//! What the doctor found, and all of it together.

use serde::Serialize;

use crate::exit::Exit;

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// As it should be.
    Ok,
    /// Works, but will bite; or could not be looked at.
    Warn,
    /// Stops the node from working.
    Fail,
}

impl Status {
    /// The word in machine-read output.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One check's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// How it ended.
    pub(crate) status: Status,
    /// What was looked at, e.g. `epmd` or `handshake app1@10.0.0.5`.
    pub(crate) check: String,
    /// What was seen.
    pub(crate) detail: String,
    /// What to do. Empty if nothing is to be done.
    pub(crate) remedy: String,
}

impl Finding {
    /// All is well.
    pub(crate) fn ok(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Status::Ok, check, detail, "")
    }

    /// Not well, but not in the way.
    pub(crate) fn warn(
        check: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Status::Warn, check, detail, remedy)
    }

    /// In the way.
    pub(crate) fn fail(
        check: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Status::Fail, check, detail, remedy)
    }

    fn new(
        status: Status,
        check: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { status, check: check.into(), detail: detail.into(), remedy: remedy.into() }
    }
}

/// All findings in the order of the checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// One per check.
    pub(crate) checks: Vec<Finding>,
}

impl Report {
    /// Adds a finding and says whether it is in the way.
    pub(crate) fn push(&mut self, finding: Finding) -> Status {
        let status = finding.status;
        self.checks.push(finding);
        status
    }

    /// The worst status; [`Status::Ok`] of an empty report.
    pub(crate) fn worst(&self) -> Status {
        self.checks.iter().map(|finding| finding.status).max().unwrap_or(Status::Ok)
    }

    /// How many checks ended so.
    pub(crate) fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|finding| finding.status == status).count()
    }

    /// 0 only if all is well.
    pub(crate) fn exit(&self) -> Exit {
        if self.worst() == Status::Ok { Exit::Ok } else { Exit::Failed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_well_means_all() {
        let mut report = Report::default();
        assert_eq!(report.exit(), Exit::Ok);
        report.push(Finding::ok("a", "fine"));
        assert_eq!(report.exit(), Exit::Ok);
        report.push(Finding::warn("b", "hm", "look"));
        assert_eq!((report.exit(), report.worst()), (Exit::Failed, Status::Warn));
        report.push(Finding::fail("c", "no", "do"));
        report.push(Finding::ok("d", "fine"));
        assert_eq!((report.exit(), report.worst()), (Exit::Failed, Status::Fail));
        assert_eq!(report.count(Status::Ok), 2);
    }
}
