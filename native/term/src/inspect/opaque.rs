//! Identifiers and functions.

use std::fmt;

use super::atom;
use crate::{Export, Fun, Pid, Port, Reference};

pub(super) fn pid(pid: &Pid<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "#PID<{}.{}.{}>", pid.node, pid.id, pid.serial)
}

pub(super) fn port(port: &Port<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "#Port<{}.{}>", port.node, port.id)
}

pub(super) fn reference(reference: &Reference<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "#Reference<{}", reference.node)?;
    reference.words().iter().rev().try_for_each(|word| write!(f, ".{word}"))?;
    f.write_str(">")
}

pub(super) fn export(export: &Export<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("&")?;
    atom::literal(&export.module.text(), f)?;
    f.write_str(".")?;
    atom::function(&export.function.text(), f)?;
    write!(f, "/{}", export.arity)
}

pub(super) fn fun(fun: &Fun<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "#Function<{}.{}/{} in ", fun.index, fun.old_uniq, fun.arity)?;
    atom::literal(&fun.module.text(), f)?;
    f.write_str(">")
}
