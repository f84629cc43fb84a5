//! The picture.

mod depths;
mod header;
mod help;
mod pools;
mod processes;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::state::{Panel, State};

/// Draws all of it.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>) {
    let schedulers =
        state.shown().and_then(|seen| seen.hello.as_ref()).map_or(0, |hello| hello.all_schedulers);
    let [tabs, head, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(header::height(schedulers, frame.area().width)),
        Constraint::Min(3),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    header::tabs(state, frame, tabs);
    let Some(seen) = state.shown() else { return };
    match &seen.round {
        Some(round) => {
            header::head(seen, round, frame, head);
            let scrolled = state.scrolled;
            match state.panel {
                Panel::Processes => processes::draw(round, state.order, scrolled, frame, body),
                Panel::Pools => pools::draw(round, scrolled, frame, body),
                Panel::Tables => depths::tables(round, scrolled, frame, body),
                Panel::Ports => depths::ports(round, scrolled, frame, body),
                Panel::Durations => depths::durations(&seen.lately(), scrolled, frame, body),
                Panel::Allocators => depths::allocators(round, scrolled, frame, body),
            }
        }
        None => frame.render_widget(Paragraph::new("waiting for the node …"), head),
    }
    let foot_text = match (&seen.problem, state.held) {
        (Some(problem), _) => Line::styled(problem.clone(), Style::new().fg(Color::Red)),
        (None, true) => Line::styled("held: space lets it go", Style::new().fg(Color::Yellow)),
        (None, false) => Line::raw("? help  q quit  Tab node  w m b l sort  p t o d a panels  space hold"),
    };
    frame.render_widget(Paragraph::new(foot_text), foot);
    if state.help {
        help::draw(frame);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use outrigger_probe::{
        Busy, Figure, Function, Hello, Holder, Latency, Owner, Pool, Port, ProcessInfo, Round, Sight, Table,
    };
    use outrigger_watch::LogLinear;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::keys::Wish;
    use super::super::state::Order;
    use super::*;

    fn process(pid: &str, name: Option<&str>, memory: u64) -> ProcessInfo {
        ProcessInfo {
            pid: pid.into(),
            name: name.map(str::to_owned),
            started: Function("Elixir.App.Worker".into(), "init".into(), 1),
            current: Some(Function("gen_server".into(), "loop".into(), 7)),
            status: "waiting".into(),
            mailbox: 7,
            memory,
            reductions: 1,
        }
    }

    fn state() -> State {
        let mut state = State::new(&["a@h".parse().unwrap(), "b@h".parse().unwrap()]);
        let figure = |metric, value| Figure { metric, labels: BTreeMap::new(), value };
        let busy =
            |process, reductions_per_s| Busy { process, reductions_per_s, mailbox_slope: None, binary: 0 };
        let holder = Holder {
            process: process("<0.9.0>", None, 1),
            runs: Some(Function("Elixir.App.Reports".into(), "totals".into(), 2)),
            held_ms: 12_300,
            deadline_left_ms: Some(2_700),
            stack: Vec::new(),
        };
        let pool = Pool {
            name: "Elixir.App.Repo".into(),
            pid: "<0.5.0>".into(),
            size: 5,
            connections: 5,
            ready: 0,
            checked_out: 5,
            queue_len: 3,
            head_age_ms: Some(120),
            mailbox: 0,
            queue_target_ms: None,
            queue_interval_ms: None,
            holders: vec![holder],
            waiters: Vec::new(),
        };
        let owner = Owner { pid: "<0.4.0>".into(), name: Some("Elixir.App.Keeper".into()), started: None };
        let mut each = BTreeMap::new();
        each.insert("scheduler", "1".to_owned());
        let round = Round {
            node: "a@h".into(),
            at_ms: 0,
            clock_offset_ms: 0,
            view: Vec::new(),
            figures: vec![
                figure("sched.util", 0.5),
                Figure { metric: "sched.util.each", labels: each, value: 0.75 },
                figure("memory.total", 64.0 * 1024.0 * 1024.0),
                figure("process.count", 123.0),
            ],
            earlier: [("memory.carriers", 4e6), ("memory.blocks", 1e6)]
                .map(|(metric, value)| Figure {
                    metric,
                    labels: BTreeMap::from([("allocator", "eheap_alloc".to_owned())]),
                    value,
                })
                .into(),
            latencies: Vec::new(),
            counted: None,
            pools: vec![pool],
            processes: vec![
                busy(process("<0.1.0>", Some("hog"), 10), 2e6),
                busy(process("<0.2.0>", None, 9_000_000), 5.0),
            ],
            tables: vec![Table {
                id: "#Ref<0.1.2.3>".into(),
                name: "Elixir.App.Cache".into(),
                owner: owner.clone(),
                kind: "ordered_set".into(),
                objects: 12_000,
                bytes: 5 << 20,
            }],
            ports: vec![Port {
                port: "#Port<0.7>".into(),
                driver: "tcp_inet".into(),
                owner,
                in_per_s: 2048.0,
                out_per_s: 0.0,
                queue: 3 << 20,
            }],
            orphans: Vec::new(),
            events: None,
            took_us: 1_500,
        };
        let hello =
            Hello { release: "27".into(), schedulers: 1, all_schedulers: 1, dirty_cpu: 1, dirty_io: 1 };
        state.saw(Sight::Joined { node: "a@h".parse().unwrap(), hello });
        state.saw(Sight::Round(Box::new(round.clone())));
        // Two seconds later, and with a request.
        let mut histogram = LogLinear::new();
        [2_000_000, 2_000_000, 900_000_000].into_iter().for_each(|nanos| histogram.record(nanos));
        let latency = Latency { metric: "phoenix.endpoint", labels: BTreeMap::new(), histogram };
        state.saw(Sight::Round(Box::new(Round { at_ms: 2_000, latencies: vec![latency], ..round })));
        state
    }

    fn picture(state: &State) -> String {
        let mut terminal = Terminal::new(TestBackend::new(100, 24)).unwrap();
        terminal.draw(|frame| draw(state, frame)).unwrap();
        terminal.backend().to_string()
    }

    /// Where a text is, by line.
    fn line(picture: &str, text: &str) -> usize {
        picture
            .lines()
            .position(|line| line.contains(text))
            .unwrap_or_else(|| panic!("no {text:?} in\n{picture}"))
    }

    #[test]
    fn schedulers_processes_and_figures_are_shown() {
        let picture = picture(&state());
        for text in ["a@h", "OTP 27", "75%", "64.0 MiB", "hog", "App.Worker.init/1", "2.0M"] {
            line(&picture, text);
        }
        assert!(line(&picture, "hog") < line(&picture, "<0.2.0>"), "by work\n{picture}");
    }

    #[test]
    fn another_order_turns_them_round() {
        let mut state = state();
        assert!(state.wish(Wish::Sort(Order::Memory)));
        let picture = picture(&state);
        assert!(line(&picture, "<0.2.0>") < line(&picture, "hog"), "{picture}");
    }

    #[test]
    fn a_pool_names_who_holds_its_connections() {
        let mut state = state();
        state.wish(Wish::Show(Panel::Pools));
        let picture = picture(&state);
        for text in [
            "App.Repo",
            "5 of 5 out",
            "3 wait",
            "120 ms",
            "<0.9.0>",
            "App.Reports.totals/2",
            "12.3 s",
            "2.7 s",
        ] {
            line(&picture, text);
        }
    }

    #[test]
    fn each_panel_has_its_rows_and_its_key_leads_back() {
        for (panel, texts) in [
            (Panel::Tables, ["App.Cache", "5.0 MiB", "12.0k", "ordered_set", "App.Keeper"]),
            (Panel::Ports, ["#Port<0.7>", "tcp_inet", "2.0 KiB", "3.0 MiB", "App.Keeper"]),
            (Panel::Durations, ["phoenix.endpoint", "1.5", "2.02 ms", "ms", "p99.9"]),
            (Panel::Allocators, ["eheap_alloc", "3.8 MiB", "976.6 KiB", "25%", "carriers"]),
        ] {
            let mut state = state();
            state.wish(Wish::Show(panel));
            let shown = picture(&state);
            texts.into_iter().for_each(|text| {
                line(&shown, text);
            });
            state.wish(Wish::Show(panel));
            line(&picture(&state), "work/s");
        }
    }

    #[test]
    fn another_node_is_waited_for_and_the_help_names_all_keys() {
        let mut state = state();
        state.wish(Wish::NextNode);
        line(&picture(&state), "waiting for the node");
        state.wish(Wish::NextNode);
        state.wish(Wish::Help);
        let picture = picture(&state);
        for (key, what) in super::super::keys::HELP {
            line(&picture, &format!("{key:<12} {what}"));
        }
    }

    #[test]
    fn a_terminal_of_any_size_will_do() {
        for (width, height) in [(1, 1), (5, 3), (20, 8), (300, 100)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            let panels = [Panel::Pools, Panel::Tables, Panel::Ports, Panel::Durations, Panel::Allocators];
            for wish in panels.map(Wish::Show).into_iter().chain([Wish::Help, Wish::Down]) {
                let mut state = state();
                state.wish(wish);
                terminal.draw(|frame| draw(&state, frame)).unwrap();
            }
        }
    }
}
