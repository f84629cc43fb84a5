//! Monitors: `MONITOR_P`, `DEMONITOR_P`, `MONITOR_P_EXIT` and its form with the reason as payload.

use outrigger_term::{Atom, Pid, Reader, Reference, TermError, Writer, tag};

use crate::ProtoError;
use crate::control::parse::Body;
use crate::control::{Op, Reason};

/// What can be monitored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process<'a> {
    /// A process.
    Pid(Pid<'a>),
    /// Whatever is registered under a name.
    Name(Atom<'a>),
}

/// A monitor asked for or given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Monitor<'a> {
    /// The peer's process that watches.
    pub from: Pid<'a>,
    /// What it watches at us.
    pub to: Process<'a>,
    /// The monitor.
    pub reference: Reference<'a>,
}

/// The end of something monitored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonitorExit<'a> {
    /// What ended: as it was named when the monitor was made.
    pub from: Process<'a>,
    /// Our process that watches.
    pub to: Pid<'a>,
    /// The monitor.
    pub reference: Reference<'a>,
    /// Why it ended, or where that is said.
    pub reason: Reason<'a>,
}

impl<'a> Monitor<'a> {
    pub(super) fn parse(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        body.arity(4)?;
        Ok(Self {
            from: body.read(Reader::pid)?,
            to: body.read(Process::read)?,
            reference: body.read(Reader::reference)?,
        })
    }
}

impl<'a> MonitorExit<'a> {
    pub(super) fn parse(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        body.arity(4 + u32::from(!body.op.has_payload()))?;
        Ok(Self {
            from: body.read(Process::read)?,
            to: body.read(Reader::pid)?,
            reference: body.read(Reader::reference)?,
            reason: body.reason()?,
        })
    }
}

impl<'a> Process<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, TermError> {
        match reader.tag()? {
            tag::NEW_PID | tag::PID => reader.pid().map(Self::Pid),
            _ => reader.atom().map(Self::Name),
        }
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), TermError> {
        match self {
            Self::Pid(pid) => writer.pid(pid),
            Self::Name(name) => writer.atom_of(name),
        }
    }
}

/// `MONITOR_P`: `from` of ours watches `to` of the peer.
pub fn monitor_p(
    writer: &mut Writer<'_>,
    from: &Pid<'_>,
    to: &Process<'_>,
    reference: &Reference<'_>,
) -> Result<(), TermError> {
    watch(writer, Op::MonitorP, from, to, reference)
}

/// `DEMONITOR_P`: `from` of ours watches no longer.
pub fn demonitor_p(
    writer: &mut Writer<'_>,
    from: &Pid<'_>,
    to: &Process<'_>,
    reference: &Reference<'_>,
) -> Result<(), TermError> {
    watch(writer, Op::DemonitorP, from, to, reference)
}

/// `MONITOR_P_EXIT`: `from` of ours, watched by `to` of the peer, has ended; `reason` is a term without its
/// version byte. Valid whatever was agreed.
pub fn monitor_p_exit(
    writer: &mut Writer<'_>,
    from: &Process<'_>,
    to: &Pid<'_>,
    reference: &Reference<'_>,
    reason: &[u8],
) -> Result<(), TermError> {
    end(writer, Op::MonitorPExit, from, to, reference)?;
    writer.raw(reason);
    Ok(())
}

/// `PAYLOAD_MONITOR_P_EXIT`: the same with the reason as payload. For links with
/// [`crate::Flags::EXIT_PAYLOAD`].
pub fn payload_monitor_p_exit(
    writer: &mut Writer<'_>,
    from: &Process<'_>,
    to: &Pid<'_>,
    reference: &Reference<'_>,
) -> Result<(), TermError> {
    end(writer, Op::PayloadMonitorPExit, from, to, reference)
}

fn watch(
    writer: &mut Writer<'_>,
    op: Op,
    from: &Pid<'_>,
    to: &Process<'_>,
    reference: &Reference<'_>,
) -> Result<(), TermError> {
    writer.tuple(4);
    writer.integer(op.number().into());
    writer.pid(from)?;
    to.write(writer)?;
    writer.reference(reference)
}

fn end(
    writer: &mut Writer<'_>,
    op: Op,
    from: &Process<'_>,
    to: &Pid<'_>,
    reference: &Reference<'_>,
) -> Result<(), TermError> {
    writer.tuple(if op.has_payload() { 4 } else { 5 });
    writer.integer(op.number().into());
    from.write(writer)?;
    writer.pid(to)?;
    writer.reference(reference)
}
