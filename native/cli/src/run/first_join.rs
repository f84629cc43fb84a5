//! When a node is ready, and when it gives up: the fate of the first node to join.
//!
//! Ready once the first target is linked, whoever dialled; at once if there is no target. Given up at once for
//! what another attempt cannot change (another cookie), at the deadline with the last error otherwise: a peer
//! that is just starting is unknown to EPMD for a moment. After that the node never gives up; it keeps trying.
//!
//! Without a supervisor nobody gives up: the node waits for its first target as long as it takes.

use outrigger_node::{NodeError, NodeEvent, NodeName};

use super::Reason;

/// What an event means for the start of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing yet, or decided before.
    Wait,
    /// The node is ready. Said once.
    Ready,
    /// The node ends, with the reason and a text for people.
    GiveUp(Reason, String),
}

/// The state of the first join. No clock: the caller says when the time is over.
#[derive(Debug)]
pub(super) struct FirstJoin {
    target: Option<NodeName>,
    patient: bool,
    decided: bool,
    last: Option<(Reason, String)>,
}

impl FirstJoin {
    /// Waits for `target`. A `patient` one never gives up.
    pub(super) fn new(target: Option<NodeName>, patient: bool) -> Self {
        Self { target, patient, decided: false, last: None }
    }

    /// Whether the deadline still matters.
    pub(super) fn has_deadline(&self) -> bool {
        !self.decided && !self.patient
    }

    /// The node has started.
    pub(super) fn started(&mut self) -> Verdict {
        if self.target.is_none() { self.decide(Verdict::Ready) } else { Verdict::Wait }
    }

    /// An event of the node.
    pub(super) fn event(&mut self, event: &NodeEvent) -> Verdict {
        match event {
            NodeEvent::Up { name, .. } => self.up(name),
            NodeEvent::JoinFailed { name, error, .. } => self.failed(name, error),
            _ => Verdict::Wait,
        }
    }

    fn up(&mut self, name: &NodeName) -> Verdict {
        if self.target.as_ref() == Some(name) { self.decide(Verdict::Ready) } else { Verdict::Wait }
    }

    fn failed(&mut self, name: &NodeName, error: &NodeError) -> Verdict {
        if self.decided || self.patient || self.target.as_ref() != Some(name) {
            return Verdict::Wait;
        }
        let reason = Reason::of_join(error);
        if reason.is_final() {
            return self.decide(Verdict::GiveUp(reason, error.to_string()));
        }
        self.last = Some((reason, error.to_string()));
        Verdict::Wait
    }

    /// The time is over.
    pub(super) fn deadline(&mut self) -> Verdict {
        if !self.has_deadline() {
            return Verdict::Wait;
        }
        let target = self.target.as_ref().map_or("", |name| name.as_str());
        let silent = || (Reason::Timeout, format!("{target} did not answer in time"));
        let (reason, text) = self.last.take().unwrap_or_else(silent);
        self.decide(Verdict::GiveUp(reason, text))
    }

    fn decide(&mut self, verdict: Verdict) -> Verdict {
        if std::mem::replace(&mut self.decided, true) { Verdict::Wait } else { verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> NodeName {
        text.parse().unwrap()
    }

    fn unknown() -> NodeError {
        NodeError::PeerUnknown { peer: "a@h".into(), host: "h".into(), port: 4369 }
    }

    fn refused() -> NodeError {
        NodeError::CookieRefused { peer: "a@h".into() }
    }

    fn give_up(verdict: &Verdict) -> Option<Reason> {
        match verdict {
            Verdict::GiveUp(reason, _) => Some(*reason),
            _ => None,
        }
    }

    #[test]
    fn ready_once_and_only_by_the_first_target() {
        let mut first = FirstJoin::new(Some(name("a@h")), false);
        assert_eq!(first.started(), Verdict::Wait);
        assert_eq!(first.up(&name("b@h")), Verdict::Wait);
        assert_eq!(first.up(&name("a@h")), Verdict::Ready);
        assert_eq!(first.up(&name("a@h")), Verdict::Wait);
        assert_eq!(first.deadline(), Verdict::Wait);
        assert_eq!(first.failed(&name("a@h"), &refused()), Verdict::Wait, "a later refusal ends nothing");
    }

    #[test]
    fn no_target_is_ready_at_once() {
        assert_eq!(FirstJoin::new(None, false).started(), Verdict::Ready);
    }

    #[test]
    fn a_refused_cookie_is_final() {
        let mut first = FirstJoin::new(Some(name("a@h")), false);
        assert_eq!(first.failed(&name("b@h"), &refused()), Verdict::Wait);
        assert_eq!(give_up(&first.failed(&name("a@h"), &refused())), Some(Reason::CookieRefused));
    }

    #[test]
    fn the_deadline_tells_the_last_error() {
        let mut first = FirstJoin::new(Some(name("a@h")), false);
        assert_eq!(first.failed(&name("a@h"), &unknown()), Verdict::Wait);
        assert_eq!(give_up(&first.deadline()), Some(Reason::PeerUnknown));
        assert_eq!(first.deadline(), Verdict::Wait);
        let mut silent = FirstJoin::new(Some(name("a@h")), false);
        assert_eq!(give_up(&silent.deadline()), Some(Reason::Timeout));
    }

    #[test]
    fn the_patient_never_give_up() {
        let mut first = FirstJoin::new(Some(name("a@h")), true);
        assert_eq!(first.failed(&name("a@h"), &refused()), Verdict::Wait);
        assert_eq!(first.deadline(), Verdict::Wait);
        assert_eq!(first.up(&name("a@h")), Verdict::Ready);
    }
}
