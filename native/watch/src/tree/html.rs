//! The picture as one file of HTML, with tables.

use super::amount::{bytes, count, sum};
use super::{Kind, Picture, svg};
use crate::flame::{Page, Table};

/// For people who were not there. It loads nothing.
#[must_use]
pub fn html(picture: &Picture) -> String {
    let mut page = Page { title: format!("Processes of {}", picture.node), ..Page::default() };
    page.facts.push(("node", picture.node.clone()));
    page.facts.push(("release", format!("OTP {}", picture.release)));
    page.facts.push(("processes", sum(picture.all)));
    page.facts.push(("orphans", count(picture.orphan_count)));
    if picture.cut_depth || picture.cut_lines {
        page.facts.push(("not drawn", "what the grey lines sum up".to_owned()));
    }
    if picture.unread > 0 {
        page.facts.push(("not read", format!("{} processes", count(picture.unread))));
    }
    page.graphs.push(("Who has started whom", svg(picture)));
    page.tables.push(applications(picture));
    if !picture.orphans.is_empty() {
        page.tables.push(orphans(picture));
    }
    page.render()
}

fn applications(picture: &Picture) -> Table {
    let rows = picture.branches.iter().map(|branch| {
        let name = if branch.kind == Kind::Application { branch.label.as_str() } else { "none" };
        let of = branch.whole;
        vec![name.to_owned(), count(of.processes), bytes(of.memory), count(of.mailbox)]
    });
    Table {
        title: "Applications".into(),
        columns: vec!["application", "processes", "memory", "messages"],
        rows: rows.collect(),
    }
}

fn orphans(picture: &Picture) -> Table {
    let rows = picture.orphans.iter().map(|orphan| {
        vec![
            orphan.pid.to_string(),
            orphan.label.clone(),
            orphan.application.clone().unwrap_or_default(),
            bytes(orphan.memory),
            count(orphan.mailbox),
        ]
    });
    Table {
        title: "Orphans: who started them has ended, and nobody is linked to them".into(),
        columns: vec!["process", "what it is", "application", "memory", "messages"],
        rows: rows.collect(),
    }
}
