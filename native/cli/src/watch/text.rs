//! A sight as text for people: one line of a round, then its pools with those who hold
//! their connections when somebody waits, what stands out of what lies deeper, and durations.

use std::fmt::Write as _;

use outrigger_node::Printable;
use outrigger_probe::{Pool, Round, Sight};

use crate::units::{bytes, nanos, short};

/// Holders and waiters that are named of a pool.
const NAMED: usize = 5;
/// What stands out: a mailbox that grows and holds so many messages, a table with this share of the memory, bytes that wait in a port, and bytes
/// that allocators hold for nothing.
const LAGS: u64 = 1_000;
const LARGE_SHARE: f64 = 0.25;
const QUEUES: u64 = 1 << 20;
const UNUSED: f64 = 256.0 * 1024.0 * 1024.0;

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
    let value = |metric| round.value(metric);
    let share =
        |metric| value(metric).map_or_else(|| "    -".to_owned(), |value| format!("{:4.1}%", value * 100.0));
    let mut out = format!(
        "{}  sched {}  runq {:>3}  mem {:>10}  procs {:>6}  red/s {:>7}  mailbox {:>5}",
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
    of_depths(round, &mut out);
    of_latencies(round, &mut out);
    out
}

/// What lies deeper, where it stands out.
fn of_depths(round: &Round, out: &mut String) {
    if let Some((slope, busy)) = round
        .processes
        .iter()
        .filter(|busy| busy.process.mailbox >= LAGS)
        .filter_map(|busy| Some((busy.mailbox_slope.filter(|slope| *slope >= 1.0)?, busy)))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
    {
        let named = busy.process.name.clone().unwrap_or_else(|| busy.process.started.to_string());
        let _ = writeln!(
            out,
            "  mailbox of {} ({}): {} messages, {}/s more",
            Printable::text(&busy.process.pid),
            Printable::text(&named),
            busy.process.mailbox,
            short(slope),
        );
    }
    let total = round.value("memory.total").unwrap_or(f64::INFINITY);
    for table in round.tables.iter().filter(|table| table.bytes as f64 > total * LARGE_SHARE) {
        let _ = writeln!(
            out,
            "  table {} of {}: {}, {} objects",
            Printable::text(&table.name),
            Printable::text(&table.owner.to_string()),
            bytes(table.bytes as f64),
            table.objects,
        );
    }
    for port in round.ports.iter().filter(|port| port.queue >= QUEUES) {
        let _ = writeln!(
            out,
            "  {} ({}) of {}: {} wait to go out, {}/s go",
            Printable::text(&port.port),
            Printable::text(&port.driver),
            Printable::text(&port.owner.to_string()),
            bytes(port.queue as f64),
            bytes(port.out_per_s),
        );
    }
    let (carriers, blocks) = (round.sum("memory.carriers"), round.sum("memory.blocks"));
    if let (Some(carriers), Some(blocks)) = (carriers, blocks)
        && carriers - blocks > UNUSED
        && blocks < carriers / 2.0
    {
        let _ = writeln!(out, "  allocators hold {}, of which {} are in use", bytes(carriers), bytes(blocks));
    }
    let states: Vec<String> = round
        .labelled("sched.state")
        .filter(|figure| figure.labels.get("thread").is_some_and(|thread| thread == "scheduler"))
        .filter(|figure| figure.value >= 0.001)
        .filter_map(|figure| Some(format!("{} {:.1}%", figure.labels.get("state")?, figure.value * 100.0)))
        .collect();
    if !states.is_empty() {
        let _ = writeln!(out, "  time of schedulers: {}", states.join(", "));
    }
}

/// A line for each metric that counted something, over all its labels.
fn of_latencies(round: &Round, out: &mut String) {
    for (metric, histogram) in round.durations() {
        let at = |q| nanos(histogram.quantile(q).unwrap_or(0));
        let _ = writeln!(
            out,
            "  {metric:<28} {:>8}  p50 {:>9}  p99 {:>9}  p99.9 {:>9}  max {:>9}",
            histogram.total(),
            at(0.5),
            at(0.99),
            at(0.999),
            nanos(histogram.max().unwrap_or(0)),
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

#[cfg(test)]
mod tests {
    use outrigger_probe::{Figure, Owner, Port, Table};

    use super::*;

    fn round() -> Round {
        let owner = |name: &str| Owner { pid: "<0.4.0>".into(), name: Some(name.into()), started: None };
        let table = |name: &str, bytes| Table {
            id: "#Ref<0.1.2.3>".into(),
            name: name.into(),
            owner: owner("Elixir.App.Cache"),
            kind: "set".into(),
            objects: 7,
            bytes,
        };
        let port = |port: &str, queue| Port {
            port: port.into(),
            driver: "tcp\x1b_inet".into(),
            owner: owner("Elixir.App.Export"),
            in_per_s: 0.0,
            out_per_s: 2048.0,
            queue,
        };
        let figure = |metric, value, labels: &[(&'static str, &str)]| Figure {
            metric,
            labels: labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            value,
        };
        let state = |state, value| figure("sched.state", value, &[("thread", "scheduler"), ("state", state)]);
        Round {
            node: "app@h".into(),
            at_ms: 0,
            clock_offset_ms: 0,
            view: Vec::new(),
            figures: vec![figure("memory.total", 1e9, &[]), state("gc", 0.25), state("port", 0.0)],
            earlier: vec![
                figure("memory.carriers", 2e9, &[("allocator", "ets_alloc")]),
                figure("memory.blocks", 5e8, &[("allocator", "ets_alloc")]),
            ],
            latencies: Vec::new(),
            counted: None,
            pools: Vec::new(),
            processes: Vec::new(),
            tables: vec![table("orders", 300_000_000), table("small", 200_000_000)],
            ports: vec![port("#Port<0.7>", 3 << 20), port("#Port<0.8>", 5)],
            orphans: Vec::new(),
            events: None,
            took_us: 0,
        }
    }

    #[test]
    fn what_stands_out_has_a_line() {
        let text = of_round(&round());
        for line in [
            "  table orders of App.Cache: 286.1 MiB, 7 objects",
            "  allocators hold 1.9 GiB, of which 476.8 MiB are in use",
            "  time of schedulers: gc 25.0%",
        ] {
            assert!(text.lines().any(|of| of == line), "{line:?} is not in\n{text}");
        }
        assert!(text.contains("3.0 MiB wait to go out, 2.0 KiB/s go") && !text.contains('\x1b'), "{text:?}");
        assert_eq!(text.lines().count(), 5, "{text}");
    }

    #[test]
    fn what_does_not_has_none() {
        let mut round = round();
        round.tables.truncate(0);
        round.ports.remove(0);
        round.figures.truncate(1);
        round.earlier.pop();
        assert_eq!(of_round(&round).lines().count(), 1);
    }
}
