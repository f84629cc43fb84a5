//! A sight as text for people: one line of a round, then its pools that are under pressure with those who hold their connections.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use outrigger_node::Printable;
use outrigger_probe::{Pool, Round, Sight};
use outrigger_watch::LogLinear;

/// Holders and waiters that are named of a pool.
const NAMED: usize = 5;

/// The lines of a sight.
pub(super) fn render(sight: &Sight) -> String {
    match sight {
        Sight::Joined { node, hello } => {
            format!("{node}: OTP {}, {} schedulers\n", Printable::text(&hello.release), hello.schedulers)
        }
        Sight::Round(round) => of_round(round),
        Sight::Lost { node, error } => format!("{node}: {error}\n"),
        _ => String::new(),
    }
}

fn of_round(round: &Round) -> String {
    let value =
        |metric: &str| round.figures.iter().find(|figure| figure.metric == metric).map(|figure| figure.value);
    let share = |metric: &str| {
        value(metric).map_or_else(|| "    -".to_owned(), |value| format!("{:4.1}%", value * 100.0))
    };
    let mut out = format!(
        "{}  sched {}  runq {:>3}  mem {}  procs {:>6}  red/s {:>7}  mailbox {:>5}",
        round.node,
        share("sched.util"),
        value("runq.total").unwrap_or(0.0),
        bytes(value("memory.total").unwrap_or(0.0)),
        value("process.count").unwrap_or(0.0),
        value("reductions").map_or_else(|| "-".to_owned(), short),
        value("process.top_mailbox").unwrap_or(0.0),
    );
    if let Some(skew) = value("cluster.skew").filter(|skew| *skew > 0.0) {
        let _ = write!(out, "  view differs by {skew}");
    }
    if !round.orphans.is_empty() {
        let _ = write!(out, "  orphans {}", value("process.orphans").unwrap_or(0.0));
    }
    out.push('\n');
    for pool in &round.pools {
        of_pool(pool, &mut out);
    }
    of_latencies(round, &mut out);
    out
}

/// A line for each metric that counted something, over all its labels.
fn of_latencies(round: &Round, out: &mut String) {
    let mut metrics: BTreeMap<&str, LogLinear> = BTreeMap::new();
    for latency in &round.latencies {
        metrics.entry(latency.metric).or_default().merge(&latency.histogram);
    }
    for (metric, histogram) in metrics {
        let at = |q| duration(histogram.quantile(q).unwrap_or(0));
        let _ = writeln!(
            out,
            "  {metric:<28} {:>8}  p50 {}  p99 {}  p99.9 {}  max {}",
            histogram.total(),
            at(0.5),
            at(0.99),
            at(0.999),
            duration(histogram.max().unwrap_or(0)),
        );
    }
}

fn of_pool(pool: &Pool, out: &mut String) {
    let name = pool.name.trim_start_matches("Elixir.");
    let _ = write!(
        out,
        "  {}: {} of {} out, {} ready",
        Printable::text(name),
        pool.checked_out,
        pool.size,
        pool.ready
    );
    if pool.connections < pool.size {
        let _ = write!(out, ", {} not connected", pool.size - pool.connections);
    }
    let Some(age) = pool.head_age_ms else {
        out.push('\n');
        return;
    };
    let _ = writeln!(out, ", {} wait, the first for {age} ms", pool.queue_len);
    for holder in pool.holders.iter().take(NAMED) {
        let left = holder.deadline_left_ms.map_or_else(String::new, |left| format!(", {left} ms left"));
        let runs = holder.runs.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
        let _ = writeln!(
            out,
            "    {} holds one for {} ms{left}: {}, started as {}",
            Printable::text(&holder.process.pid),
            holder.held_ms,
            Printable::text(&runs),
            Printable::text(&holder.process.started.to_string()),
        );
    }
    if pool.holders.len() > NAMED {
        let _ = writeln!(out, "    and {} more", pool.holders.len() - NAMED);
    }
}

/// As people say it: `1.2M`.
fn short(value: f64) -> String {
    let (value, unit) = match value {
        value if value >= 1e9 => (value / 1e9, "G"),
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e3 => (value / 1e3, "k"),
        value => (value, ""),
    };
    format!("{value:.1}{unit}")
}

/// Of nanoseconds.
fn duration(nanos: u64) -> String {
    let nanos = nanos as f64;
    match nanos {
        _ if nanos >= 1e9 => format!("{:6.2} s ", nanos / 1e9),
        _ if nanos >= 1e6 => format!("{:6.2} ms", nanos / 1e6),
        _ => format!("{:6.1} us", nanos / 1e3),
    }
}

fn bytes(value: f64) -> String {
    format!("{:6.1} MiB", value / f64::from(1 << 20))
}
