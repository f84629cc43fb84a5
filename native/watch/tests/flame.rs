//! Flame graphs to the letter: the same stacks are the same picture, on every machine.
//!
//! `OUTRIGGER_GOLDEN=write` writes the golden files anew; look at the pictures before you commit them.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::fs;
use std::path::Path;

use outrigger_watch::Unit;
use outrigger_watch::flame::{Changes, Chart, FlameError, Folded, Line, Page, Svg, Table};
use quick_xml::Reader;
use quick_xml::events::Event;

const BEFORE: &str = include_str!("golden/before.folded");
const AFTER: &str = include_str!("golden/after.folded");

/// The picture without its script, which is that of the renderer.
fn picture(svg: &str) -> String {
    let (before, rest) = svg.split_once("<script").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    format!("{before}{after}\n").replace("><", ">\n<")
}

#[track_caller]
fn same(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var("OUTRIGGER_GOLDEN").is_ok_and(|value| value == "write") {
        fs::write(&file, text).unwrap();
    }
    assert!(fs::read_to_string(&file).unwrap() == text, "{name} is another");
}

/// XML, with all elements closed.
#[track_caller]
fn well_formed(svg: &str) {
    let mut reader = Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let mut depth = 0_i32;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "an element is open");
}

fn folded(text: &str) -> Folded {
    Folded::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_flame_graph_is_the_same_each_time() {
    let svg = Svg::new("shop@host").note("30 s").render(&folded(AFTER)).unwrap();
    assert_eq!(svg, Svg::new("shop@host").note("30 s").render(&folded(AFTER)).unwrap());
    well_formed(&svg);
    same("flame.svg", &picture(&svg));
}

#[test]
fn a_differential_is_the_same_each_time() {
    let (before, after) = (folded(BEFORE), folded(AFTER));
    let svg = Svg::new("shop@host").render_changes(Changes::new(&before, &after)).unwrap();
    well_formed(&svg);
    same("changes.svg", &picture(&svg));
}

#[test]
fn a_frame_is_drawn_once_whatever_the_names_beside_it() {
    // As text, the line of `a-b` stands between those of `a` and `a;c`.
    let svg = Svg::new("x").render(&folded("a 10\na-b 10\na;c 10\n")).unwrap();
    assert_eq!(svg.matches("<title>a (").count(), 1, "{svg}");
    assert!(svg.contains("<title>a (20 us, 66.67%)</title>"), "{svg}");
}

#[test]
fn hostile_names_are_text() {
    let svg = Svg::new("</text><script>").render(&folded("<script>alert(1)</script>;\"&' 5\n")).unwrap();
    well_formed(&svg);
    assert!(!svg.contains("<script>alert"), "{svg}");
    let page = Page {
        title: "<script>".into(),
        facts: vec![("node", "<img onerror=x>".into())],
        graphs: vec![("CPU", svg)],
        charts: vec![Chart {
            title: "\"><script>".into(),
            unit: Unit::Count,
            lines: vec![
                Line { name: "<b>".into(), points: vec![(1, 2.0), (3, f64::INFINITY)] },
                Line { name: "x".into(), points: vec![] },
            ],
        }],
        tables: vec![Table { title: "t".into(), columns: vec!["c"], rows: vec![vec!["</td>\u{1}".into()]] }],
    };
    let html = page.render();
    for part in ["<script>", "<img", "<b>", "</td>\u{1}"] {
        assert!(!html.contains(part), "{part} in {html}");
    }
}

#[test]
fn nothing_is_no_picture() {
    assert_eq!(Svg::new("x").render(&Folded::new()), Err(FlameError::Empty));
    assert_eq!(Svg::new("x").render(&folded("a 0\n")), Err(FlameError::Empty));
}
