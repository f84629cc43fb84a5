//! The picture of a node's processes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

use std::collections::BTreeSet;

use outrigger_watch::WatchError;
use outrigger_watch::tree::{self, Branch, Kind, Mark, Picture, Pid, Process, Snapshot, View};
use proptest::prelude::*;

fn pid(number: u32) -> Pid {
    format!("<0.{number}.0>").parse().unwrap()
}

fn process(number: u32, parent: u32, started: &str) -> Process {
    let parent = (parent > 0).then(|| pid(parent));
    Process { memory: 1_024, ..Process::new(pid(number), parent, started) }
}

/// An application of three levels, with a thousand workers, one that is not linked and one that has lost its parent; and an orphan with a child.
fn shop() -> Snapshot {
    let mut processes = vec![
        process(1, 0, "otp_ring0:start/2"),
        process(10, 9, "application_master:init/4"),
        process(11, 10, "application_master:start_it/4"),
        Process {
            name: Some("Elixir.Shop.Supervisor".into()),
            supervisor: true,
            ..process(12, 11, "Supervisor")
        },
        Process { supervisor: true, ..process(13, 12, "Shop.Workers") },
        Process { linked: false, mailbox: 3, ..process(14, 12, "Shop.Loose.init/1") },
        Process { leader: Some(pid(10)), ..process(15, 8, "Shop.Left.init/1") },
        Process { leader: Some(pid(10)), mailbox: 1, ..process(16, 8, "Shop.Lost.run/0") },
        process(17, 16, "Shop.Lost.helper/0"),
    ];
    processes.extend((1_000..2_000).map(|number| process(number, 13, "Shop.Worker.init/1")));
    processes.push(Process { name: Some("odd".into()), ..process(2_000, 13, "Shop.Worker.init/1") });
    Snapshot {
        node: "shop@host".into(),
        release: "29".into(),
        processes,
        applications: vec![("shop".into(), pid(10))],
        orphans: BTreeSet::from([pid(16)]),
        orphan_count: 1,
        unread: 0,
    }
}

#[test]
fn a_node_reads_like_its_supervision_tree() {
    let picture = Picture::of(&shop(), &View::default()).unwrap();
    let text = tree::text(&picture, false);
    assert_eq!(
        text,
        "\
shop@host  OTP 29, 1,010 processes, 1010.0 KiB, 4 messages, 1 orphan

shop <0.10.0>  1,009 processes, 1009.0 KiB, 4 messages
├─ Shop.Supervisor <0.12.0> supervisor Supervisor  1,004 processes, 1004.0 KiB, 3 messages
│  ├─ Shop.Workers <0.13.0> supervisor  1,002 processes, 1002.0 KiB
│  │  ├─ Shop.Worker.init/1 × 1,000  1000.0 KiB
│  │  └─ odd <0.2000.0> Shop.Worker.init/1  1.0 KiB
│  └─ Shop.Loose.init/1 <0.14.0>  1.0 KiB, 3 messages  not linked
├─ Shop.Left.init/1 <0.15.0>  1.0 KiB  parent ended
└─ Shop.Lost.run/0 <0.16.0>  2 processes, 2.0 KiB, 1 message  ORPHAN
   └─ Shop.Lost.helper/0 <0.17.0>  1.0 KiB

no application  1.0 KiB
└─ otp_ring0:start/2 <0.1.0>  1.0 KiB

1 orphan: who started them has ended, and nobody is linked to them
  <0.16.0> Shop.Lost.run/0 of shop  1.0 KiB, 1 message
"
    );
    assert!(tree::text(&picture, true).contains("\u{1b}[31mORPHAN\u{1b}[0m"));
}

#[test]
fn one_application_alone_and_one_that_is_not_there() {
    let only = |name: &str| View { application: Some(name.into()), ..View::default() };
    let picture = Picture::of(&shop(), &only("shop")).unwrap();
    assert_eq!((picture.branches.len(), picture.all.processes, picture.orphans.len()), (1, 1_009, 1));
    let error = Picture::of(&shop(), &only("shopp")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no application shopp runs on shop@host, did you mean shop?; there are: shop"
    );
    assert!(matches!(error, WatchError::NoApplication { .. }));
}

#[test]
fn what_is_too_deep_or_too_much_is_summed_up_and_said() {
    let of = |view: View| {
        let picture = Picture::of(&shop(), &view).unwrap();
        let text = tree::text(&picture, false);
        assert_eq!(counted(&picture.branches), 1_010, "{text}");
        (picture, text)
    };
    let (picture, text) = of(View { depth: 1, ..View::default() });
    assert!(picture.cut_depth && !picture.cut_lines);
    assert!(text.contains("└─ below  1,003 processes, 1003.0 KiB, 3 messages\n"), "{text}");
    assert!(text.contains("--depth"), "{text}");
    let (picture, text) = of(View { lines: 5, ..View::default() });
    assert!(picture.cut_lines && text.contains("--app"), "{text}");
    let (_, text) = of(View { siblings: 1, ..View::default() });
    assert!(
        text.contains("Shop.Worker.init/1 × 1,000") && text.contains("└─ 1 line more  1.0 KiB\n"),
        "{text}"
    );
}

#[test]
fn the_forms_for_a_browser_are_whole_and_escape_names() {
    let mut shot = shop();
    shot.processes[5].started = "<script>alert(1)</script>\u{1b}[2J".into();
    let picture = Picture::of(&shot, &View::default()).unwrap();
    let (svg, html) = (tree::svg(&picture), tree::html(&picture));
    for form in [&svg, &html] {
        assert!(!form.contains("<script>alert") && !form.contains('\u{1b}'), "{form}");
        assert!(form.contains("Shop.Lost.run/0"));
    }
    assert!(svg.contains("Shop.Worker.init/1 × 1,000"));
    assert!(html.contains("<td>Shop.Lost.run/0</td><td>shop</td>"), "{html}");
    assert!(!html.contains("src=\"http"), "it loads nothing");
    assert!(!tree::text(&picture, false).contains('\u{1b}'));
    let json = serde_json::to_value(&picture).unwrap();
    assert_eq!(json["branches"][0]["children"][0]["children"][0]["children"][0]["own"]["processes"], 1_000);
    assert_eq!(json["orphans"][0]["pid"], "<0.16.0>");
}

/// All that is in the lines, each once.
fn counted(branches: &[Branch]) -> u64 {
    branches.iter().map(|branch| branch.own.processes + counted(&branch.children)).sum()
}

fn lines(branches: &[Branch]) -> usize {
    branches.iter().map(|branch| 1 + lines(&branch.children)).sum()
}

fn check(branch: &Branch) {
    let below: u64 = branch.children.iter().map(|child| child.whole.processes).sum();
    assert_eq!(branch.whole.processes, branch.own.processes + below, "{branch:?}");
    branch.children.iter().for_each(check);
}

proptest! {
    /// Whoever is said to have started whom, in a circle too: each process is counted once, and the bounds are kept.
    #[test]
    fn each_process_is_counted_once(
        parents in prop::collection::vec((1..60_u32, 0..70_u32, 0..4_u8, any::<bool>()), 1..200),
        masters in prop::collection::vec(1..60_u32, 0..4),
        depth in 1..8_usize, siblings in 1..6_usize, most in 1..60_usize,
    ) {
        let processes: Vec<Process> = parents
            .iter()
            .map(|(number, parent, started, named)| Process {
                name: named.then(|| format!("name{number}").into()),
                leader: Some(pid(1 + u32::from(*started))),
                linked: *started % 2 == 0,
                ..process(*number, *parent, &format!("m:f/{started}"))
            })
            .collect();
        let different = processes.iter().map(|process| process.pid).collect::<BTreeSet<_>>().len() as u64;
        let applications = masters.iter().map(|master| (format!("a{master}"), pid(*master))).collect();
        let shot = Snapshot { processes, applications, ..Snapshot::default() };
        let picture = Picture::of(&shot, &View { application: None, depth, siblings, lines: most }).unwrap();
        prop_assert_eq!(picture.all.processes, different);
        prop_assert_eq!(counted(&picture.branches), different);
        picture.branches.iter().for_each(check);
        // Each line that is drawn may have one below it that says what is not.
        prop_assert!(lines(&picture.branches) <= 2 * most.max(picture.branches.len()));
        let (text, svg) = (tree::text(&picture, false), tree::svg(&picture));
        prop_assert_eq!(svg.matches("<circle").count(), lines(&picture.branches));
        prop_assert!(text.lines().count() >= lines(&picture.branches));
    }
}

#[test]
fn a_chain_of_many_is_no_deeper_than_it_may_be() {
    let processes = (1..200_000).map(|number| process(number, number - 1, "m:chain/0")).collect();
    let shot = Snapshot { processes, ..Snapshot::default() };
    let picture = Picture::of(&shot, &View { depth: View::DEEPEST, ..View::default() }).unwrap();
    assert_eq!(counted(&picture.branches), 199_999);
    assert_eq!(picture.branches[0].kind, Kind::NoApplication);
    assert!(picture.cut_depth && lines(&picture.branches) < 70);
}

#[test]
fn marks_keep_siblings_apart() {
    let mut shot = shop();
    shot.processes[10].linked = false;
    let picture = Picture::of(&shot, &View::default()).unwrap();
    let workers = &picture.branches[0].children[0].children[0].children;
    let alone = workers.iter().find(|branch| branch.marks == [Mark::NotLinked]).unwrap();
    assert_eq!((alone.kind, alone.pid), (Kind::Process, Some(shot.processes[10].pid)));
    assert!(workers.iter().any(|branch| branch.kind == Kind::Alike && branch.own.processes == 999));
}
