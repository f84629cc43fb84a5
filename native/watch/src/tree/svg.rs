//! The picture as SVG: levels from left to right, a row for each line that has none below it.

use std::fmt::Write as _;

use super::amount::{about, mark, of, sum, title};
use super::{Branch, Kind, Mark, Picture};
use crate::report::clean::xml;

const ROW: f64 = 20.0;
const TOP: f64 = 56.0;
const LEFT: f64 = 16.0;
/// Of a letter of the font, nearly.
const LETTER: f64 = 6.7;
/// Between the longest name of a level and the next one.
const GAP: f64 = 44.0;

const STYLE: &str = "\
text { font: 11px ui-monospace, Menlo, Consolas, monospace; fill: #1f2328; dominant-baseline: central; }\
.title { font-size: 15px; font-weight: 600; } .note { fill: #59636e; } .strong { font-weight: 600; }\
path { fill: none; stroke: #b7bfc8; stroke-width: 1; } .loose { stroke-dasharray: 3 3; }\
.application { fill: #8250df; } .supervisor { fill: #1f6feb; } .process { fill: #1a7f37; }\
.alike { fill: #1a7f37; stroke: #1a7f37; stroke-opacity: .35; stroke-width: 5; } .hidden { fill: #8c959f; }\
.orphan { fill: #cf222e; } .warn { fill: #9a6700; }";

/// One file, which loads nothing. What there is of a process stands in its tooltip.
#[must_use]
pub fn svg(picture: &Picture) -> String {
    let mut widths = Vec::new();
    measure(&picture.branches, 0, &mut widths);
    let mut columns = vec![LEFT];
    for width in &widths {
        columns.push(columns.last().copied().unwrap_or(LEFT) + width + GAP);
    }
    let mut drawing = Drawing { columns, next: TOP, shapes: String::new() };
    for branch in &picture.branches {
        drawing.branch(branch, 0);
        drawing.next += ROW / 2.0;
    }
    let width = drawing.columns.last().copied().unwrap_or(LEFT).max(480.0);
    let height = drawing.next + ROW / 2.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
         <style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text class=\"title\" x=\"{LEFT}\" y=\"18\">{}</text>\n<text class=\"note\" x=\"{LEFT}\" y=\"38\">{}</text>\n{}</svg>\n",
        xml(&picture.node),
        xml(&note(picture)),
        drawing.shapes
    )
}

fn note(picture: &Picture) -> String {
    let orphans = of(picture.orphan_count, "orphan");
    let mut note = format!("OTP {}, {}, {orphans}", picture.release, sum(picture.all));
    if picture.cut_depth {
        note.push_str("; deeper levels are not drawn");
    }
    if picture.cut_lines {
        note.push_str("; not all lines are drawn");
    }
    if picture.unread > 0 {
        let _ = write!(note, "; {} processes were not read", picture.unread);
    }
    note
}

/// The longest name of each level.
fn measure(branches: &[Branch], level: usize, widths: &mut Vec<f64>) {
    if branches.is_empty() {
        return;
    }
    if widths.len() == level {
        widths.push(0.0);
    }
    for branch in branches {
        widths[level] = f64::max(widths[level], label(branch).chars().count() as f64 * LETTER);
        measure(&branch.children, level + 1, widths);
    }
}

/// What stands beside the dot.
fn label(branch: &Branch) -> String {
    match branch.kind {
        Kind::Alike | Kind::Others | Kind::Below | Kind::Application => {
            format!("{}  {}", title(branch), sum(branch.whole))
        }
        _ => title(branch),
    }
}

struct Drawing {
    /// Where each level begins.
    columns: Vec<f64>,
    /// The next row.
    next: f64,
    shapes: String,
}

impl Drawing {
    /// Gives the height at which it stands: in the middle of what is below it.
    fn branch(&mut self, branch: &Branch, level: usize) -> f64 {
        let heights: Vec<f64> = branch.children.iter().map(|child| self.branch(child, level + 1)).collect();
        let y = match (heights.first(), heights.last()) {
            (Some(first), Some(last)) => f64::midpoint(*first, *last),
            _ => {
                self.next += ROW;
                self.next - ROW / 2.0
            }
        };
        let x = self.columns[level];
        let label = label(branch);
        let from = x + 12.0 + label.chars().count() as f64 * LETTER;
        for (child, height) in branch.children.iter().zip(heights) {
            let to = self.columns[level + 1] - 6.0;
            let middle = to - GAP / 2.0;
            let class = if child.marks.is_empty() { "" } else { " class=\"loose\"" };
            let _ = writeln!(
                self.shapes,
                "<path{class} d=\"M{from:.0} {y:.1}H{middle:.0}C{to:.0} {y:.1} {middle:.0} {height:.1} {to:.0} {height:.1}\"/>"
            );
        }
        let (dot, words) = classes(branch);
        let _ = writeln!(
            self.shapes,
            "<g><title>{}</title><circle class=\"{dot}\" cx=\"{x:.0}\" cy=\"{y:.1}\" r=\"4\"/>\
             <text class=\"{words}\" x=\"{:.0}\" y=\"{y:.1}\">{}</text></g>",
            xml(&tooltip(branch)),
            x + 9.0,
            xml(&label)
        );
        y
    }
}

fn classes(branch: &Branch) -> (&'static str, &'static str) {
    if branch.marks.contains(&Mark::Orphan) {
        return ("orphan", "orphan");
    }
    let dot = match branch.kind {
        Kind::Application => "application",
        Kind::Supervisor => "supervisor",
        Kind::Process => "process",
        Kind::Alike => "alike",
        _ => "hidden",
    };
    match branch.kind {
        _ if !branch.marks.is_empty() => (dot, "warn"),
        Kind::Application | Kind::NoApplication | Kind::Supervisor => (dot, "strong"),
        Kind::Others | Kind::Below => (dot, "note"),
        _ => (dot, "plain"),
    }
}

fn tooltip(branch: &Branch) -> String {
    let mut lines = vec![title(branch)];
    lines.push(about(branch));
    lines.push(format!("itself: {}", sum(branch.own)));
    if branch.whole != branch.own {
        lines.push(format!("with all below: {}", sum(branch.whole)));
    }
    lines.extend(branch.marks.iter().map(|one| mark(*one).to_owned()));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}
