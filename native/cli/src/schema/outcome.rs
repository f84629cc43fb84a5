//! What came out, file by file.

use outrigger_events::compat::{Direction, Level, Report};
use serde::Serialize;

use super::format::Format;
use crate::exit::Exit;

/// How the check of one file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Compatible,
    Incompatible,
    /// There is no earlier version.
    New,
    /// There is no version any more, and that is allowed.
    Deleted,
    /// It, or an earlier version, is no schema.
    Unreadable,
}

/// One thing that is in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// The earlier version.
    pub(super) version: String,
    /// `backward`: the new version cannot read what the earlier one wrote. `forward`: the other way round.
    pub(super) direction: &'static str,
    pub(super) path: String,
    pub(super) kind: String,
    pub(super) reason: String,
}

/// The result for one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Outcome {
    pub(super) path: String,
    pub(super) format: Option<Format>,
    pub(super) status: Status,
    /// Versions that it was checked against.
    pub(super) versions: usize,
    pub(super) findings: Vec<Finding>,
    /// Findings beyond those.
    pub(super) more: usize,
    /// Why it is unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

impl Outcome {
    pub(super) fn new(path: impl Into<String>, format: Option<Format>, status: Status) -> Self {
        Self { path: path.into(), format, status, versions: 0, findings: vec![], more: 0, problem: None }
    }

    pub(super) fn unreadable(path: impl Into<String>, format: Format, problem: String) -> Self {
        Self { problem: Some(problem), ..Self::new(path, Some(format), Status::Unreadable) }
    }

    /// Of a report about versions with these names.
    pub(super) fn of(path: &str, format: Format, report: Report, labels: &[String]) -> Self {
        let status = if report.is_compatible() { Status::Compatible } else { Status::Incompatible };
        let finding = |found: outrigger_events::compat::Finding| Finding {
            version: labels.get(found.version).cloned().unwrap_or_default(),
            direction: match found.direction {
                Direction::Backward => "backward",
                Direction::Forward => "forward",
            },
            path: found.incompatibility.path,
            kind: found.incompatibility.kind.to_owned(),
            reason: found.incompatibility.reason,
        };
        let findings = report.findings.into_iter().map(finding).collect();
        Self { versions: labels.len(), findings, more: report.more, ..Self::new(path, Some(format), status) }
    }
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcomes {
    pub(super) compatible: bool,
    #[serde(serialize_with = "words")]
    pub(super) level: Level,
    pub(super) against: String,
    pub(super) files: Vec<Outcome>,
}

fn words<S: serde::Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.text())
}

impl Outcomes {
    pub(super) fn count(&self, status: Status) -> usize {
        self.files.iter().filter(|file| file.status == status).count()
    }

    pub(super) fn exit(&self) -> Exit {
        if self.count(Status::Unreadable) > 0 {
            Exit::Usage
        } else if self.compatible {
            Exit::Ok
        } else {
            Exit::Failed
        }
    }
}
