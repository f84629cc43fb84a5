//! The picture in a terminal.

use std::fmt::Write as _;

use super::amount::{about, bytes, count, mark, of, short, sum, title};
use super::{Branch, Kind, Mark, Picture};

/// Orphans that are listed.
const ORPHANS: usize = 20;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";

/// For people; `colours`: on a terminal.
#[must_use]
pub fn text(picture: &Picture, colours: bool) -> String {
    let paint = Paint(colours);
    let mut out = format!(
        "{}  OTP {}, {}, {}\n",
        paint.with(BOLD, &short(&picture.node)),
        short(&picture.release),
        sum(picture.all),
        of(picture.orphan_count, "orphan")
    );
    for branch in &picture.branches {
        out.push('\n');
        line(branch, paint, &mut out);
        below(branch, paint, &mut String::new(), &mut out);
    }
    orphans(picture, paint, &mut out);
    notes(picture, &mut out);
    out
}

/// As deep as a picture is, [`View::DEEPEST`](super::View::DEEPEST) at most.
fn below(branch: &Branch, paint: Paint, indent: &mut String, out: &mut String) {
    for (place, child) in branch.children.iter().enumerate() {
        let last = place + 1 == branch.children.len();
        let _ = write!(out, "{}", paint.with(DIM, &format!("{indent}{}", if last { "└─ " } else { "├─ " })));
        line(child, paint, out);
        let before = indent.len();
        indent.push_str(if last { "   " } else { "│  " });
        below(child, paint, indent, out);
        indent.truncate(before);
    }
}

fn line(branch: &Branch, paint: Paint, out: &mut String) {
    let title = title(branch);
    let strong = matches!(branch.kind, Kind::Application | Kind::NoApplication | Kind::Supervisor);
    out.push_str(&if strong { paint.with(BOLD, &title) } else { title });
    let about = about(branch);
    if !about.is_empty() {
        let _ = write!(out, " {}", paint.with(DIM, &about));
    }
    // Of a line with others below it the sum is what one looks for.
    let _ = write!(out, "  {}", sum(branch.whole).trim_start_matches(&alike(branch)));
    for one in &branch.marks {
        let colour = if *one == Mark::Orphan { RED } else { YELLOW };
        let _ = write!(out, "  {}", paint.with(colour, mark(*one)));
    }
    out.push('\n');
}

/// The number of processes, where the title has it already.
fn alike(branch: &Branch) -> String {
    match branch.kind {
        Kind::Alike => format!("{} processes, ", count(branch.own.processes)),
        _ => String::new(),
    }
}

fn orphans(picture: &Picture, paint: Paint, out: &mut String) {
    if picture.orphan_count == 0 {
        return;
    }
    let _ = writeln!(
        out,
        "\n{}",
        paint.with(
            RED,
            &format!(
                "{}: who started them has ended, and nobody is linked to them",
                of(picture.orphan_count, "orphan")
            )
        )
    );
    for orphan in picture.orphans.iter().take(ORPHANS) {
        let whose =
            orphan.application.as_ref().map_or_else(String::new, |name| format!(" of {}", short(name)));
        let _ = write!(out, "  {} {}{whose}  {}", orphan.pid, short(&orphan.label), bytes(orphan.memory));
        if orphan.mailbox > 0 {
            let _ = write!(out, ", {}", of(orphan.mailbox, "message"));
        }
        out.push('\n');
    }
    let listed = picture.orphans.len().min(ORPHANS) as u64;
    if picture.orphan_count > listed {
        let _ = writeln!(out, "  and {} more", count(picture.orphan_count - listed));
    }
}

/// What is not shown, and how to see it.
fn notes(picture: &Picture, out: &mut String) {
    let notes = [
        (picture.cut_depth, "Deeper levels are not drawn: --depth shows more of them."),
        (
            picture.cut_lines,
            "Not all lines are drawn, for there are too many: --app shows one application alone.",
        ),
    ];
    for (_, note) in notes.into_iter().filter(|(is, _)| *is) {
        let _ = write!(out, "\n{note}");
    }
    if picture.unread > 0 {
        let _ = write!(out, "\n{} processes were not read, for there are too many.", count(picture.unread));
    }
    if picture.cut_depth || picture.cut_lines || picture.unread > 0 {
        out.push('\n');
    }
}

#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, colour: &str, text: &str) -> String {
        if self.0 { format!("{colour}{text}\x1b[0m") } else { text.to_owned() }
    }
}
