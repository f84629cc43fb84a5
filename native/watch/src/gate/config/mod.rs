//! The configuration, `outrigger.toml`: gates made of budgets.
//!
//! ```toml
//! preset = "phoenix"             # budgets that every gate has, before its own; see the function `preset`
//!
//! [metrics]                      # metrics of your own, beside those of the catalogue
//! "my_app.checkout" = {unit = "seconds", kind = "histogram"}
//!
//! [gate.ship]
//! preset = "none"                # of this gate, instead of the one above
//! nodes = ["app@*"]              # which nodes; all
//! window = "30s"                 # how long is looked at least
//! warm_up = "5s"                 # what is left out before: samples by their time, histograms by who records
//! samples = 20                   # least samples, of a histogram least durations; fewer are inconclusive
//! per = "node"                   # each node by itself, the worst decides; or "cluster": all of them as one
//! blocks = 10                    # into so many the window is cut to compare nodes with others beside them: from 6 to 200
//! clock_skew = "1s"              # a node whose clock is further off is inconclusive
//! pass = 100                     # least score in percent to pass
//! warn = 50                      # … and not to fail
//! against = "baseline.json"      # recordings that `compare` compares with; may be a list
//!
//! [gate.ship.files]
//! coverage = {file = "cover/excoveralls.json", form = "json", pointer = "/coverage", unit = "%"}
//!
//! [[gate.ship.budget]]
//! name = "latency"               # the text of `pass`
//! pass = 'p99("phoenix.endpoint") < 50ms'
//! warn = 'p99("phoenix.endpoint") < 80ms'
//! weight = 2                     # 1
//! veto = true                    # true: its failure is that of the gate. false: it costs its weight in the score
//! required = true                # false: what could not be judged is shown, and does not decide
//!
//! [[gate.ship.budget]]
//! compare = 'p99("phoenix.endpoint")'
//! floor = "5%"                   # a smaller shift is none; of the baseline's median, or in the metric's unit
//! worse = "higher"               # or "lower", or "either"
//! confidence = "95%"
//! ```
//!
//! `nodes`, `per` and `samples` may stand in a budget, too.
//!
//! # Invariants
//!
//! All of it is checked before anything is judged: keys, types, names, dimensions. All problems are said at once, each with its
//! line and column; an unknown key with the one that may be meant.
//!
//! # Limits
//!
//! 1 MiB of text, 100 gates, 1,000 budgets and 1,000 files of one gate.

mod budget;
mod file;
mod model;
mod preset;
mod problem;
mod read;
mod table;

pub use file::{FileForm, FileValue, JunitCount, LcovKind};
pub use model::{Budget, Check, Comparing, Config, Floor, Gate, Levels, Per, Worse};
pub use preset::preset;
pub use problem::Problem;
