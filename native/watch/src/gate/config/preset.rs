//! Presets: budgets that come with us.

use super::Budget;
use super::budget::Defaults;
use super::read::budgets as read;

/// The budgets of a Phoenix application, as TOML: what `preset = "phoenix"` puts before a gate's own.
///
/// A budget of a gate with the name of one of these stands in its place. What not every application has, LiveView and
/// Ecto with `Outrigger.Watch`, is not required: it is shown as not run, and decides nothing.
const PHOENIX: &str = r#"
[[budget]]
name = "http p99"
pass = 'p99("phoenix.endpoint") < 50ms'
warn = 'p99("phoenix.endpoint") < 100ms'
weight = 2

[[budget]]
name = "live view mount p99"
pass = 'p99("phoenix.live_view.mount") < 50ms'
warn = 'p99("phoenix.live_view.mount") < 100ms'
required = false

[[budget]]
name = "live view event p99"
pass = 'p99("phoenix.live_view.event") < 50ms'
warn = 'p99("phoenix.live_view.event") < 100ms'
required = false

[[budget]]
name = "memory"
pass = 'memory.total.last < 200MiB'
warn = 'memory.total.last < 300MiB'

[[budget]]
name = "schedulers"
pass = 'sched.util.p95 < 80%'
warn = 'sched.util.p95 < 90%'

[[budget]]
name = "run queues"
pass = 'runq.total.p95 < 2 * schedulers'
warn = 'runq.total.p95 < 4 * schedulers'

[[budget]]
name = "atoms"
pass = 'atom.usage < 50%'
warn = 'atom.usage < 80%'

[[budget]]
name = "pool queue"
pass = 'pool.head_age < 100ms'
warn = 'pool.head_age < 500ms'
required = false

[[budget]]
name = "ecto queue time p99"
pass = 'p99("ecto.queue_time") < 5ms'
warn = 'p99("ecto.queue_time") < 50ms'
required = false

[[budget]]
name = "orphans"
pass = 'process.orphans == 0'

[[budget]]
name = "cluster views"
pass = 'cluster.skew == 0'
"#;

/// The text of a preset.
#[must_use]
pub fn preset(name: &str) -> Option<&'static str> {
    (name == "phoenix").then_some(PHOENIX.trim_ascii_start())
}

/// The budgets of a preset.
pub(super) fn budgets(name: &str, defaults: &Defaults) -> Vec<Budget> {
    // A test says that it has no problems.
    preset(name).map_or_else(Vec::new, |text| read(text, defaults).0)
}

#[cfg(test)]
mod tests {
    use super::super::Per;
    use super::*;

    #[test]
    fn the_presets_are_sound() {
        let defaults = Defaults { nodes: Vec::new(), samples: 1, per: Per::Node };
        let (budgets, problems) = read(PHOENIX, &defaults);
        assert_eq!(problems, Vec::new());
        assert_eq!(budgets.len(), PHOENIX.matches("[[budget]]").count());
        assert!(budgets.iter().all(|budget| budget.line.is_none()));
        assert_eq!(preset("rails"), None);
    }
}
