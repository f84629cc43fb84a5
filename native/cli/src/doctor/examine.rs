//! The order of the checks.

use std::io::{self, IsTerminal};
use std::time::Duration;

use outrigger_node::{Cookie, NameKind, NodeName};
use tokio::runtime::Builder;

use super::finding::{Finding, Report};
use super::render::render;
use super::{cookie, explain, machine, names, peer};
use crate::args::{DoctorArgs, Format};
use crate::exit::Exit;
use crate::out;
use crate::settings::{HostNames, SettingsError, Target, own_name, targets};
use crate::visit::Visitor;

/// What is to be examined, resolved.
struct Case {
    own: Option<NodeName>,
    kind: NameKind,
    host: String,
    targets: Vec<Target>,
    epmd_port: u16,
    patience: Duration,
}

/// Runs all checks and prints the report.
pub(crate) fn run(args: &DoctorArgs) -> Exit {
    let case = match resolve(args) {
        Ok(case) => case,
        Err(error) => {
            out::complain(&format!("error: {error}\n"));
            return Exit::Usage;
        }
    };
    let mut report = Report::default();
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            runtime.block_on(examine(&case, args, &mut report));
            runtime.shutdown_background();
        }
        Err(error) => {
            let remedy = "raise the limit of open files (ulimit -n)";
            report.push(Finding::fail("runtime", error.to_string(), remedy));
        }
    }
    let format = args.format();
    let colour = format == Format::Text && io::stdout().is_terminal() && out::colours_wanted();
    out::print(&render(&report, format, colour));
    report.exit()
}

fn resolve(args: &DoctorArgs) -> Result<Case, SettingsError> {
    let hosts = HostNames::of_system();
    let own = own_name(&args.name, &hosts)?;
    let targets =
        targets("--join", &args.cluster.join, &args.cluster.peer, own.as_ref().map(NodeName::kind), &hosts)?;
    let first = own.as_ref().or_else(|| targets.first().map(|target| &target.name));
    let kind = first.map_or(NameKind::Short, NodeName::kind);
    let host = match (&own, kind) {
        (Some(name), _) => name.host().to_owned(),
        (None, NameKind::Short) => hosts.short,
        (None, NameKind::Long) => hosts.full.unwrap_or_else(|| "127.0.0.1".to_owned()),
    };
    let patience = Duration::from_secs(args.timeout.into());
    Ok(Case { own, kind, host, targets, epmd_port: args.cluster.epmd_port, patience })
}

async fn examine(case: &Case, args: &DoctorArgs, report: &mut Report) {
    report.push(machine::host(&case.host).await);
    let needs_epmd =
        case.own.is_some() || case.targets.is_empty() || case.targets.iter().any(|t| t.address.is_none());
    if needs_epmd {
        machine::epmd(case.epmd_port, case.own.as_ref()).await.into_iter().for_each(|finding| {
            report.push(finding);
        });
    }
    let (cookie, finding) = cookie::check(&args.cookie);
    report.push(finding);
    for target in &case.targets {
        report.push(names::kind(case.kind, &target.name));
    }
    let mut reached = Vec::new();
    for target in &case.targets {
        if peer::reach(target, case.epmd_port, case.patience, report).await && target.name.kind() == case.kind
        {
            reached.push(target);
        }
    }
    if let Some(cookie) = cookie.filter(|_| !reached.is_empty()) {
        greet_all(case, args, cookie, &reached, report).await;
    }
}

/// Has a temporary node greet all nodes that can be reached.
async fn greet_all(case: &Case, args: &DoctorArgs, cookie: Cookie, targets: &[&Target], report: &mut Report) {
    let tls = args.tls.files();
    let started = Visitor::start("doctor", &case.host, cookie, tls.clone(), case.epmd_port, case.patience);
    let mut visitor = match started.await {
        Ok(visitor) => visitor,
        Err(error) => {
            report.push(explain::failed("own node", &error));
            return;
        }
    };
    for target in targets {
        peer::greet(&mut visitor, target, case.patience, tls.is_some(), report).await;
    }
    visitor.leave().await;
}
