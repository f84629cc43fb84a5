//! Keeps a run of a Rust bench as `Bench.Report` keeps one of a BEAM bench:
//! `bench/runs/<date>-<name>/{summary.json,raw.csv,README.md}`.
//!
//! A sample is one repeat of one case by one contender: `ours`, or one beside it. Figures are medians of the repeats.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

/// A figure that is taken of every case.
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) lower_is_better: bool,
    pub(crate) goal: &'static str,
}

pub(crate) struct Sample {
    pub(crate) case: String,
    pub(crate) metric: &'static str,
    pub(crate) contender: &'static str,
    pub(crate) value: f64,
}

impl Metric {
    /// How many times better ours is.
    fn ratio(&self, ours: f64, peer: f64) -> String {
        let (over, under) = if self.lower_is_better { (peer, ours) } else { (ours, peer) };
        if under == 0.0 { "-".into() } else { format!("{:.2}x", over / under) }
    }
}

/// All samples of a run, in the order in which they were taken.
pub(crate) struct Report {
    name: &'static str,
    metrics: Vec<Metric>,
    samples: Vec<Sample>,
}

impl Report {
    pub(crate) fn new(name: &'static str, metrics: Vec<Metric>) -> Self {
        Self { name, metrics, samples: Vec::new() }
    }

    pub(crate) fn add(&mut self, case: &str, metric: &'static str, contender: &'static str, value: f64) {
        self.samples.push(Sample { case: case.into(), metric, contender, value });
    }

    /// Prints the table; writes the run's files where `BENCH_OUT` names a folder.
    pub(crate) fn finish(&self, remarks: &str) {
        let table = self.table();
        println!("{table}");
        let Some(folder) = std::env::var_os("BENCH_OUT").map(PathBuf::from) else { return };
        std::fs::create_dir_all(&folder).expect("BENCH_OUT can be made");
        let readme = format!("# {}\n\n{}\n\n{remarks}\n\n{table}", self.name, machine());
        for (file, text) in [("README.md", readme), ("raw.csv", self.raw()), ("summary.json", self.summary())]
        {
            std::fs::write(folder.join(file), text).expect("BENCH_OUT can be written");
        }
        println!("kept in {}", folder.display());
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let mut cases: Vec<&str> = Vec::new();
        for sample in &self.samples {
            if !cases.contains(&&*sample.case) {
                cases.push(&sample.case);
            }
        }
        cases
            .into_iter()
            .flat_map(move |case| self.metrics.iter().filter_map(move |metric| self.row(case, metric)))
    }

    fn row<'a>(&'a self, case: &'a str, metric: &'a Metric) -> Option<Row<'a>> {
        let mut contenders: Vec<(&'static str, Vec<f64>)> = Vec::new();
        for sample in self.samples.iter().filter(|sample| sample.case == case && sample.metric == metric.name)
        {
            match contenders.iter_mut().find(|(name, _)| *name == sample.contender) {
                Some((_, values)) => values.push(sample.value),
                None => contenders.push((sample.contender, vec![sample.value])),
            }
        }
        contenders.iter_mut().for_each(|(_, values)| values.sort_by(f64::total_cmp));
        let ours = contenders.iter().position(|(name, _)| *name == "ours")?;
        let ours = contenders.remove(ours).1;
        Some(Row { case, metric, ours, peers: contenders })
    }

    fn table(&self) -> String {
        let mut text = String::from(
            "| case | figure | ours | beside | ratio | goal |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for Row { case, metric, ours, peers } in self.rows() {
            let beside: Vec<_> =
                peers.iter().map(|(name, values)| format!("{name} {}", spread(values))).collect();
            let ratios: Vec<_> =
                peers.iter().map(|(_, values)| metric.ratio(median(&ours), median(values))).collect();
            let (name, unit, goal) = (metric.name, metric.unit, metric.goal);
            let (ours, beside, ratios) = (spread(&ours), beside.join(", "), ratios.join(", "));
            let _ = writeln!(text, "| {case} | {name} ({unit}) | {ours} | {beside} | {ratios} | {goal} |");
        }
        text
    }

    fn summary(&self) -> String {
        let rows: Vec<_> = self
            .rows()
            .map(|Row { case, metric, ours, peers }| {
                let peers: Vec<_> =
                    peers.iter().map(|(name, values)| format!("\"{name}\": {:.3}", median(values))).collect();
                let better = if metric.lower_is_better { "lower" } else { "higher" };
                let goal = if metric.goal.is_empty() { "null".into() } else { format!("\"{}\"", metric.goal) };
                let case = case.replace('"', "\\\"");
                format!(
                    "  {{\"bench\": \"{}\", \"case\": \"{case}: {}\", \"unit\": \"{}\", \"better\": \"{better}\", \
                     \"ours\": {:.3}, \"peers\": {{{}}}, \"goal\": {goal}}}",
                    self.name,
                    metric.name,
                    metric.unit,
                    median(&ours),
                    peers.join(", ")
                )
            })
            .collect();
        format!("[\n{}\n]\n", rows.join(",\n"))
    }

    fn raw(&self) -> String {
        let mut text = String::from("bench,case,metric,contender,value\n");
        for Sample { case, metric, contender, value } in &self.samples {
            let _ = writeln!(text, "{},\"{case}\",{metric},{contender},{value:.3}", self.name);
        }
        text
    }
}

/// A figure of a case. All values are sorted.
struct Row<'a> {
    case: &'a str,
    metric: &'a Metric,
    ours: Vec<f64>,
    peers: Vec<(&'static str, Vec<f64>)>,
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median, and the ends of the middle half.
fn spread(sorted: &[f64]) -> String {
    let at = |part: usize| short(sorted[(sorted.len() * part / 4).min(sorted.len() - 1)]);
    format!("{} ({}-{})", short(median(sorted)), at(1), at(3))
}

fn short(value: f64) -> String {
    if value >= 1000.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn machine() -> String {
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let cpu = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("?", |(_, cpu)| cpu);
    let kernel = read("/proc/sys/kernel/osrelease");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let otp = Command::new("erl")
        .args(["-noshell", "-eval", "io:put_chars(erlang:system_info(otp_release)), halt()."])
        .output()
        .map_or_else(|_| "?".into(), |told| String::from_utf8_lossy(&told.stdout).into_owned());
    format!("{cores} cores ({}), Linux {}, OTP {otp}, all on this machine.", cpu.trim(), kernel.trim())
}
