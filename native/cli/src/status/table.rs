//! A report as text for people: the node, then one line per peer, then what else is worth a look.
//!
//! Whatever a peer put into a name or an error, a line is one line and holds no control characters.

use std::fmt::Write as _;

use super::report::{Figures, Linked, Peer, Report, State};
use crate::units::{age, bytes};

/// What the columns of the table say, and how they are aligned.
const COLUMNS: [&str; 15] = [
    "peer",
    "state",
    "up for",
    "frames in",
    "bytes in",
    "sends",
    "bytes out",
    "queued",
    "lags by",
    "lost",
    "ties",
    "open",
    "ticks in/out",
    "reconnects",
    "dropped",
];

/// The whole text.
pub(super) fn render(report: &Report, colour: bool) -> String {
    let mut out = String::new();
    let (bold, off) = if colour { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let _ = writeln!(
        out,
        "{bold}{}{off}  outrigger {}, up {}, creation {}, {}",
        clean(&report.name),
        clean(&report.version),
        age(report.uptime_s),
        report.creation,
        match report.listen.is_empty() {
            true => "listens nowhere".to_owned(),
            false => format!("listens on {}", clean(&report.listen.join(", "))),
        },
    );
    let names = if report.names.is_empty() { "none".to_owned() } else { report.names.join(", ") };
    let _ = writeln!(out, "processes  {}; names: {}", report.processes, clean(&names));
    for service in &report.services {
        let _ = writeln!(out, "service    {}: {}", clean(&service.name), list(&service.figures));
    }
    let _ = writeln!(out, "node       {}\n", list(&report.counters));
    out.push_str(&peers(&report.peers));
    for peer in &report.peers {
        if let Some(error) = peer.join.as_ref().and_then(|join| join.last_error.as_ref()) {
            let _ = writeln!(out, "{}: {}", clean(&peer.name), clean(error));
        }
    }
    out
}

/// The table of peers. The first two columns are text, the others numbers.
fn peers(peers: &[Peer]) -> String {
    if peers.is_empty() {
        return "No peers.\n".to_owned();
    }
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(peers.iter().map(row));
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 | 1 => write!(line, "{cell:<width$}  "),
                _ => write!(line, "{cell:>width$}  "),
            };
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn row(peer: &Peer) -> [String; COLUMNS.len()] {
    let none = || "-".to_owned();
    let reconnects = peer.join.as_ref().map_or_else(none, |join| join.reconnects.to_string());
    let name = clean(&peer.name);
    let state = if peer.state == State::Up { "up" } else { "down" }.to_owned();
    let Some(link) = &peer.link else {
        let [a, b, c, d, e, f, g, h, i, j, k] = std::array::from_fn(|_| none());
        return [name, state, a, b, c, d, e, f, g, h, i, j, k, reconnects, none()];
    };
    [
        name,
        state,
        age(link.up_s),
        read(link, "frames_in").to_string(),
        bytes(read(link, "bytes_in") as f64),
        written(link, "sends").to_string(),
        bytes(written(link, "bytes_out") as f64),
        bytes(link.queued_bytes as f64),
        bytes(link.pubsub.bytes as f64),
        link.pubsub.dropped.to_string(),
        link.ties.to_string(),
        bytes(link.open_fragment_bytes as f64),
        format!("{}/{}", read(link, "ticks_in"), written(link, "ticks_out")),
        reconnects,
        (read(link, "stray") + read(link, "ignored")).to_string(),
    ]
}

fn read(link: &Linked, figure: &str) -> u64 {
    link.read.get(figure).copied().unwrap_or(0)
}

fn written(link: &Linked, figure: &str) -> u64 {
    link.written.get(figure).copied().unwrap_or(0)
}

/// The figures that are not 0.
fn list(figures: &Figures) -> String {
    let some: Vec<_> = figures.iter().filter(|(_, value)| **value > 0).collect();
    match some.is_empty() {
        true => "nothing yet".to_owned(),
        false => {
            some.iter().map(|(name, value)| format!("{} {value}", clean(name))).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Control characters as spaces.
fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report::{Join, Queue, ServiceReport, figures};
    use super::*;

    fn report() -> Report {
        let link = Linked {
            up_s: 7_325,
            queued_bytes: 1_536,
            ties: 3,
            pubsub: Queue { bytes: 3 << 20, dropped: 17, ..Queue::default() },
            read: figures([
                ("frames_in", 10),
                ("bytes_in", 2_048),
                ("ticks_in", 4),
                ("stray", 1),
                ("ignored", 2),
            ]),
            written: figures([("sends", 5), ("bytes_out", 512), ("ticks_out", 6)]),
            ..Linked::default()
        };
        let up = Peer { name: "app@h".into(), state: State::Up, link: Some(link), join: None };
        let join = Join { reconnects: 2, failures: 9, last_error: Some("no\nway".into()) };
        let down = Peer { name: "gone@h".into(), state: State::Down, link: None, join: Some(join) };
        Report {
            name: "rust@h".into(),
            version: "1.2.3".into(),
            creation: 5,
            uptime_s: 200_000,
            processes: 2,
            names: vec!["echo".into()],
            services: vec![ServiceReport { name: "pubsub".into(), figures: figures([("copies", 0)]) }],
            counters: figures([("links_up", 1), ("stray", 0)]),
            peers: vec![up, down],
            ..Report::default()
        }
    }

    #[test]
    fn a_node_and_its_peers() {
        let expected = "\
rust@h  outrigger 1.2.3, up 2 d 7 h, creation 5, listens nowhere
processes  2; names: echo
service    pubsub: nothing yet
node       links_up 1

peer    state     up for  frames in  bytes in  sends  bytes out   queued  lags by  lost  ties  open  ticks in/out  reconnects  dropped
app@h   up     2 h 2 min         10   2.0 KiB      5      512 B  1.5 KiB  3.0 MiB    17     3   0 B           4/6           -        3
gone@h  down           -          -         -      -          -        -        -     -     -     -             -           2        -
gone@h: no way
";
        assert_eq!(render(&report(), false), expected);
    }

    #[test]
    fn nobody() {
        let text = render(&Report { peers: Vec::new(), ..report() }, true);
        assert!(text.ends_with("\nNo peers.\n") && text.starts_with("\x1b[1mrust@h\x1b[0m"), "{text}");
    }
}
