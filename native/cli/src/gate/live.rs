//! What is judged of nodes that are looked at now: of each gate the windows of its time, behind its warm-up.

use std::time::Duration;

use outrigger_node::NodeName;
use outrigger_probe::{Blocks, Sight};
use outrigger_watch::Window;
use outrigger_watch::gate::{Check, Gate};

use crate::args::{GateArgs, LookArgs};
use crate::look::{self, now_ms};
use crate::out;
use crate::settings::{HostNames, targets};

/// To link, and for the first round, which has no rates; and for the last one, which may come late.
const GRACE: Duration = Duration::from_secs(1);
/// Windows of one look: a longer one is no gate but a watch.
const MOST: usize = 200;

/// What was seen for one gate.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) now: Vec<Window>,
    /// Of the nodes that are compared with, in the same blocks.
    pub(super) beside: Vec<Window>,
}

/// Looks for as long as the longest of the gates wants, each with the windows of its baseline.
pub(super) fn look(
    args: &GateArgs,
    nodes: &LookArgs,
    gates: &[(&Gate, Vec<Window>)],
) -> Result<Vec<Seen>, String> {
    let settings = look::settings(nodes).map_err(|error| error.to_string())?;
    let beside = beside(args)?;
    let begin = now_ms() + GRACE.as_millis() as u64;
    let mut cuts: Vec<Cut> = gates.iter().map(|(gate, base)| Cut::new(gate, base, begin, &beside)).collect();
    let end = cuts.iter().map(|cut| cut.now.end()).max().unwrap_or(begin);
    let during = Duration::from_millis(end.saturating_sub(begin)) + 2 * GRACE;
    out::complain(&format!("looking for {} s …\n", during.as_secs()));
    let take = |sight: Sight| {
        if let Sight::Lost { node, error } = &sight {
            out::complain(&format!("{node}: {error}\n"));
        }
        cuts.iter_mut().for_each(|cut| cut.take(&sight, &beside));
    };
    let config = look::for_gates(gates.iter().map(|(gate, _)| *gate));
    look::for_a_while("gate", settings, config, during, take).map_err(|error| error.to_string())?;
    Ok(cuts.into_iter().map(Cut::seen).collect())
}

/// The nodes to compare with.
fn beside(args: &GateArgs) -> Result<Vec<NodeName>, String> {
    let hosts = HostNames::of_system();
    let names = |option, names: &[String]| -> Result<Vec<NodeName>, String> {
        let targets = targets(option, names, &[], None, &hosts).map_err(|error| error.to_string())?;
        Ok(targets.into_iter().map(|target| target.name).collect())
    };
    let (now, beside) = (names("--join", &args.cluster.join)?, names("--against-node", &args.against_node)?);
    match beside.iter().find(|name| now.contains(name)) {
        Some(name) => Err(format!("--against-node {name}: it is compared with itself; take another one")),
        None => Ok(beside),
    }
}

/// One gate's time, cut into windows.
struct Cut {
    now: Blocks,
    beside: Option<Blocks>,
}

impl Cut {
    fn new(gate: &Gate, base: &[Window], begin: u64, beside: &[NodeName]) -> Self {
        let begin = begin.saturating_add(gate.warm_up);
        let of_each_window = |check: &Check| matches!(check, Check::Compare(comparing) if comparing.figure.statistic.is_some());
        let (length, count) = if !beside.is_empty() {
            (gate.window.div_ceil(gate.blocks.max(1)), usize::try_from(gate.blocks).unwrap_or(MOST))
        } else if gate.budgets.iter().any(|budget| of_each_window(&budget.check)) {
            // A window is one value: as many as the baseline has, each as long as one of it.
            (gate.window, base.len())
        } else {
            (gate.window, 1)
        };
        let now = Blocks::new(begin, length, count.min(MOST));
        Self { beside: (!beside.is_empty()).then(|| now.clone()), now }
    }

    fn take(&mut self, sight: &Sight, beside: &[NodeName]) {
        let node = sight.node();
        let side = match &mut self.beside {
            Some(blocks) if beside.iter().any(|name| name.as_str() == node) => blocks,
            _ => &mut self.now,
        };
        match sight {
            Sight::Joined { .. } => side.joined(node, now_ms()),
            Sight::Round(round) => side.saw(round),
            Sight::Lost { .. } => side.lost(node, now_ms()),
            _ => {}
        }
    }

    fn seen(self) -> Seen {
        Seen { now: self.now.windows(), beside: self.beside.map(Blocks::windows).unwrap_or_default() }
    }
}
