//! The table.

use super::metric::Kind::{Histogram, Samples};
use super::metric::Read::{Call, Guest, Observer, Package, Pool};
use super::metric::Unit::{Bytes, Count, Ratio, Seconds};
use super::metric::{Kind, Metric, Read, Unit};

/// All metrics, those of one area beside each other.
pub const METRICS: &[Metric] = &[
    // Schedulers.
    m("uptime", Seconds, Samples, Call, &[], "since the VM was started"),
    m("schedulers", Count, Samples, Call, &[], "schedulers that are online"),
    m("sched.util", Ratio, Samples, Guest, &[], "share of the time that normal schedulers were busy"),
    m("sched.util.each", Ratio, Samples, Guest, &["scheduler"], "the same, of each normal scheduler"),
    m("sched.util.dirty_cpu", Ratio, Samples, Guest, &[], "the same, of dirty CPU schedulers"),
    m("sched.util.dirty_io", Ratio, Samples, Guest, &[], "the same, of dirty I/O schedulers"),
    m(
        "sched.state",
        Ratio,
        Samples,
        Call,
        &["thread", "state"],
        "share of the time in a state of microstate accounting",
    ),
    m("runq.total", Count, Samples, Call, &[], "tasks that wait for a scheduler"),
    m("runq.each", Count, Samples, Call, &["queue"], "the same, of each run queue"),
    m("tasks.active", Count, Samples, Call, &[], "tasks that run or wait for a scheduler"),
    // Work. Rates are per second, over one round.
    m("reductions", Count, Samples, Call, &[], "reductions in a second"),
    m("context_switches", Count, Samples, Call, &[], "context switches in a second"),
    m("gc.count", Count, Samples, Call, &[], "garbage collections in a second"),
    m("gc.reclaimed", Bytes, Samples, Call, &[], "what they reclaimed in a second"),
    m("io.in", Bytes, Samples, Call, &[], "bytes in through ports in a second"),
    m("io.out", Bytes, Samples, Call, &[], "bytes out through ports in a second"),
    m(
        "sys.long_gc",
        Count,
        Samples,
        Guest,
        &[],
        "garbage collections that took long, since the round before",
    ),
    m("sys.long_schedule", Count, Samples, Guest, &[], "processes and ports that held a scheduler for long"),
    m("sys.large_heap", Count, Samples, Guest, &[], "processes whose heap has become large"),
    m("sys.busy_port", Count, Samples, Guest, &[], "processes suspended by a busy port"),
    m("sys.busy_dist_port", Count, Samples, Guest, &[], "processes suspended by a busy distribution link"),
    // Memory.
    m("memory.total", Bytes, Samples, Call, &[], "memory that the VM has allocated"),
    m("memory.processes", Bytes, Samples, Call, &[], "that of processes"),
    m("memory.system", Bytes, Samples, Call, &[], "that of no process"),
    m("memory.binary", Bytes, Samples, Call, &[], "that of reference-counted binaries"),
    m("memory.ets", Bytes, Samples, Call, &[], "that of ETS tables"),
    m("memory.atom", Bytes, Samples, Call, &[], "that of atoms"),
    m("memory.code", Bytes, Samples, Call, &[], "that of code"),
    m("memory.carriers", Bytes, Samples, Call, &["allocator"], "what allocators hold of the system's memory"),
    m("memory.blocks", Bytes, Samples, Call, &["allocator"], "what of it is in use"),
    // Counts against their limits.
    m("process.count", Count, Samples, Call, &[], "processes"),
    m("process.usage", Ratio, Samples, Call, &[], "processes against their limit"),
    m("port.count", Count, Samples, Call, &[], "ports"),
    m("port.usage", Ratio, Samples, Call, &[], "ports against their limit"),
    m("atom.count", Count, Samples, Call, &[], "atoms"),
    m("atom.usage", Ratio, Samples, Call, &[], "atoms against their limit"),
    m("ets.count", Count, Samples, Call, &[], "ETS tables"),
    m("ets.usage", Ratio, Samples, Call, &[], "ETS tables against their limit"),
    m("ets.top_memory", Bytes, Samples, Call, &[], "memory of the largest ETS table"),
    m("port.top_io", Bytes, Samples, Call, &[], "bytes in and out through the busiest port in a second"),
    m("port.top_queue", Bytes, Samples, Call, &[], "bytes that wait to go out through one port, at most"),
    // Processes.
    m("process.orphans", Count, Samples, Call, &[], "processes of applications below no supervisor"),
    m("process.top_mailbox", Count, Samples, Call, &[], "messages in the longest mailbox"),
    m(
        "process.top_mailbox_slope",
        Count,
        Samples,
        Call,
        &[],
        "messages in a second that the mailbox which grows most has grown by",
    ),
    m("process.top_memory", Bytes, Samples, Call, &[], "memory of the largest process"),
    m("process.top_reductions", Count, Samples, Call, &[], "reductions of the busiest process in a second"),
    m(
        "process.top_binary",
        Bytes,
        Samples,
        Call,
        &[],
        "reference-counted binaries that one process holds, at most",
    ),
    // The cluster.
    m("dist.queue", Bytes, Samples, Call, &["peer"], "bytes that wait to be sent to a node"),
    m(
        "cluster.skew",
        Count,
        Samples,
        Observer,
        &[],
        "nodes that this one does not see though others do, and those that do not see it",
    ),
    m(
        "clock.skew",
        Seconds,
        Samples,
        Observer,
        &[],
        "how far its wall clock is from that of who looks, either way",
    ),
    m("probe.round", Seconds, Samples, Observer, &[], "how long a round of looking took"),
    m("probe.cpu", Ratio, Samples, Observer, &[], "what looking costs of one core of the node"),
    // Ecto pools.
    m("pool.size", Count, Samples, Call, &["repo", "pool"], "connections of a pool"),
    m("pool.connections", Count, Samples, Call, &["repo", "pool"], "those of them that are up"),
    m("pool.ready", Count, Samples, Pool, &["repo", "pool"], "connections that wait for somebody"),
    m("pool.checked_out", Count, Samples, Pool, &["repo", "pool"], "connections that somebody holds"),
    m("pool.queue_len", Count, Samples, Pool, &["repo", "pool"], "processes that wait for a connection"),
    m("pool.head_age", Seconds, Samples, Call, &["repo", "pool"], "how long the first of them has waited"),
    m(
        "pool.longest_held",
        Seconds,
        Samples,
        Call,
        &["repo", "pool"],
        "how long a connection has been held, at most",
    ),
    m(
        "pool.mailbox",
        Count,
        Samples,
        Call,
        &["repo", "pool"],
        "messages that wait for the pool's own process",
    ),
    // Latencies, from telemetry events.
    m(
        "ecto.total_time",
        Seconds,
        Histogram,
        Package,
        &["repo", "source"],
        "a query: queue, query and decode time",
    ),
    m("ecto.queue_time", Seconds, Histogram, Package, &["repo", "source"], "waiting for a connection"),
    m("ecto.query_time", Seconds, Histogram, Package, &["repo", "source"], "the query in the database"),
    m("ecto.decode_time", Seconds, Histogram, Package, &["repo", "source"], "decoding its rows"),
    m(
        "ecto.idle_time",
        Seconds,
        Histogram,
        Package,
        &["repo", "source"],
        "how long the connection had not been used",
    ),
    m("ecto.n_plus_one", Count, Samples, Package, &["source"], "requests that ran one query many times"),
    m("ecto.refused", Count, Samples, Package, &["repo", "reason"], "checkouts that were refused"),
    m("ecto.disconnects", Count, Samples, Package, &["repo"], "connections that were lost"),
    m(
        "phoenix.endpoint",
        Seconds,
        Histogram,
        Package,
        &["method", "status"],
        "a request, from first plug to last byte",
    ),
    m("phoenix.router", Seconds, Histogram, Package, &["route", "status"], "a request, by its route"),
    m("phoenix.errors", Count, Samples, Package, &["route"], "requests that ended with an exception"),
    m("phoenix.channel.join", Seconds, Histogram, Package, &["channel"], "a join of a channel"),
    m(
        "phoenix.channel.in",
        Seconds,
        Histogram,
        Package,
        &["channel", "event"],
        "a message that a channel handled",
    ),
    m("phoenix.socket", Seconds, Histogram, Package, &["socket"], "a socket's connect"),
    m("phoenix.live_view.mount", Seconds, Histogram, Package, &["view"], "a LiveView's mount"),
    m("phoenix.live_view.params", Seconds, Histogram, Package, &["view"], "handle_params of a LiveView"),
    m(
        "phoenix.live_view.event",
        Seconds,
        Histogram,
        Package,
        &["view", "event"],
        "handle_event of a LiveView",
    ),
    m("phoenix.live_view.render", Seconds, Histogram, Package, &["view"], "a render of a LiveView"),
    m(
        "phoenix.live_component.event",
        Seconds,
        Histogram,
        Package,
        &["component", "event"],
        "handle_event of a component",
    ),
    m("oban.job", Seconds, Histogram, Package, &["queue", "worker"], "a job"),
    m("oban.queue_time", Seconds, Histogram, Package, &["queue", "worker"], "how long it had waited"),
    m("oban.errors", Count, Samples, Package, &["queue", "worker"], "jobs that failed"),
    m(
        "broadway.message",
        Seconds,
        Histogram,
        Package,
        &["pipeline", "processor"],
        "handle_message of a pipeline",
    ),
    m("broadway.batch", Seconds, Histogram, Package, &["pipeline", "batcher"], "handle_batch of a pipeline"),
    m(
        "retry.storms",
        Count,
        Samples,
        Package,
        &["source"],
        "things that are tried again and again without a pause",
    ),
    m(
        "app.event",
        Seconds,
        Histogram,
        Package,
        &["event"],
        "an event that the application names, by its name and tags",
    ),
    m("telemetry.faults", Count, Samples, Package, &[], "events that were not understood"),
];

const fn m(
    name: &'static str,
    unit: Unit,
    kind: Kind,
    read: Read,
    labels: &'static [&'static str],
    what: &'static str,
) -> Metric {
    Metric { name, unit, kind, read, labels, what }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_lower_case() {
        let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            let fits = |part: &str| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            };
            assert!(metric.name.split('.').all(fits), "{}", metric.name);
            assert!(
                !metric.what.is_empty() && metric.labels.iter().all(|label| fits(label)),
                "{}",
                metric.name
            );
        }
    }

    #[test]
    fn only_durations_are_counted_in_histograms() {
        assert!(METRICS.iter().all(|metric| metric.kind == Samples || metric.unit == Seconds));
    }
}
