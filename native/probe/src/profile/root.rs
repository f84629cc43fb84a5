//! Whose stack it is: the frame below all others, and processes that belong to the virtual machine.

use std::str::FromStr;

use outrigger_watch::flame::{clean, label};

use super::sampled::Call;
use crate::answer::{Function, ProcessInfo};

/// What the stacks of a flame graph stand on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// The registered name, or of a process without one what it was started as.
    #[default]
    Name,
    /// What it was started as: all processes of one kind together.
    Start,
    /// Each process by itself.
    Pid,
    /// Nothing: all processes together.
    Nothing,
}

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "name" => Self::Name,
            "start" => Self::Start,
            "pid" => Self::Pid,
            "nothing" => Self::Nothing,
            _ => return Err(format!("`{text}` is none of name, start, pid, nothing")),
        })
    }
}

/// What is known of the process of a sample.
pub(super) struct Whose<'a> {
    pub(super) pid: &'a str,
    pub(super) name: Option<&'a str>,
    /// As the virtual machine has it; of a process of `proc_lib` that says nothing.
    pub(super) call: &'a Function,
    /// Of one that lived long enough to be asked.
    pub(super) info: Option<&'a ProcessInfo>,
    /// From the innermost on.
    pub(super) stack: &'a [Call],
}

impl Whose<'_> {
    /// What it was started as. Of one that had ended before it was asked, what `proc_lib` has called.
    pub(super) fn started(&self) -> Function {
        if let Some(info) = self.info {
            return info.started.clone();
        }
        if self.call.0 != "proc_lib" {
            return self.call.clone();
        }
        let mut outer = self.stack.iter().rev().map(|call| &call.function);
        outer.find(|function| function.0 != "proc_lib").unwrap_or(self.call).clone()
    }

    /// Its frame below all others.
    pub(super) fn root(&self, by: By) -> Option<String> {
        let started = || {
            let Function(module, name, arity) = self.started();
            label(&module, &name, arity)
        };
        match (by, self.name) {
            (By::Nothing, _) => None,
            (By::Pid, Some(name)) => Some(clean(&format!("{} {}", self.pid, plain(name)))),
            (By::Pid, None) => Some(clean(&format!("{} {}", self.pid, started()))),
            (By::Name, Some(name)) => Some(clean(plain(name))),
            (By::Name, None) | (By::Start, _) => Some(started()),
        }
    }

    /// Whether it belongs to the virtual machine and the distribution, or evaluates a program as our guests and their helpers do.
    pub(super) fn is_system(&self) -> bool {
        let evaluates = self.stack.last().is_some_and(|call| call.function.0 == "erl_eval");
        evaluates || self.call.0 == "erl_eval" || SYSTEM.contains(&self.started().0.as_str())
    }
}

/// As people write a module's name.
fn plain(name: &str) -> &str {
    name.strip_prefix("Elixir.").unwrap_or(name)
}

/// Modules that processes of `erts` and of the distribution in `kernel` are started by. Not those that work for the application and may be its bottleneck:
/// loggers, the code server, the file server.
const SYSTEM: &[&str] = &[
    "application_master",
    "auth",
    "dist_util",
    "erl_epmd",
    "erl_prim_loader",
    "erpc",
    "erts_code_purger",
    "erts_dirty_process_signal_handler",
    "erts_internal",
    "erts_literal_area_collector",
    "erts_trace_cleaner",
    "global",
    "inet_tcp_dist",
    "init",
    "kernel_refc",
    "net_kernel",
    "otp_ring0",
    "prim_file",
    "rpc",
    "socket_registry",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn function(module: &str, name: &str) -> Function {
        Function(module.into(), name.into(), 1)
    }

    #[test]
    fn processes_are_called_by_what_is_known_of_them() {
        let stack = ["gen_server:loop", "Elixir.Shop.Cart:run", "proc_lib:init_p_do_apply"]
            .map(|text| text.split_once(':').unwrap())
            .map(|(module, name)| Call { function: function(module, name), place: None });
        let call = function("proc_lib", "init_p");
        let whose = Whose { pid: "<0.5.0>", name: None, call: &call, info: None, stack: &stack };
        assert_eq!(whose.root(By::Name).unwrap(), "Shop.Cart.run/1");
        assert_eq!(whose.root(By::Pid).unwrap(), "<0.5.0> Shop.Cart.run/1");
        assert_eq!(whose.root(By::Nothing), None);
        let named = Whose { name: Some("Elixir.Shop.Cart"), ..whose };
        assert_eq!(named.root(By::Name).unwrap(), "Shop.Cart");
        assert_eq!(named.root(By::Start).unwrap(), "Shop.Cart.run/1");
        assert!(!named.is_system());
    }

    #[test]
    fn guests_and_the_machine_are_the_system() {
        for (module, name, system) in
            [("erl_eval", "exprs", true), ("net_kernel", "init", true), ("logger_h", "x", false)]
        {
            let call = function(module, name);
            let whose = Whose { pid: "", name: None, call: &call, info: None, stack: &[] };
            assert_eq!(whose.is_system(), system, "{module}");
        }
    }
}
