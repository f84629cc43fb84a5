//! A report in one file of HTML: what was profiled, its flame graphs, charts and tables. It loads nothing from anywhere.

use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::Chart;

/// A report.
///
/// ```
/// use outrigger_watch::flame::{Page, Table};
///
/// let mut page = Page { title: "a <b>".into(), ..Page::default() };
/// page.tables.push(Table { title: "Functions".into(), columns: vec!["name"], rows: vec![vec!["f/1".into()]] });
/// let html = page.render();
/// assert!(html.contains("<h1>a &lt;b&gt;</h1>") && html.contains("<td>f/1</td>"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What this is.
    pub title: String,
    /// What there is to know first, by name.
    pub facts: Vec<(&'static str, String)>,
    /// Titles and flame graphs, as [`Svg`](super::Svg) draws them.
    pub graphs: Vec<(&'static str, String)>,
    /// Figures over time.
    pub charts: Vec<Chart>,
    /// Figures in rows.
    pub tables: Vec<Table>,
}

/// A table of a report.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// As many cells in each as there are columns.
    pub rows: Vec<Vec<String>>,
}

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1240px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
dl { display: grid; grid-template-columns: max-content auto; gap: .2em 1.2em; } dt { color: #6e7781; } dd { margin: 0; }
iframe { width: 100%; border: 1px solid #8884; background: #fff; resize: vertical; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 1em; }
figure { margin: 0; } figcaption, .legend { font-size: .85em; color: #6e7781; margin: 0; }
.chart { width: 100%; } .chart text { font-size: 10px; fill: #6e7781; } .chart .grid { stroke: #8884; }
table { border-collapse: collapse; font-size: .9em; } th { text-align: left; color: #6e7781; }
td, th { padding: .15em 1em .15em 0; border-bottom: 1px solid #8883; vertical-align: top; overflow-wrap: anywhere; }";

impl Page {
    /// The file.
    #[must_use]
    pub fn render(&self) -> String {
        let title = text(&self.title);
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        );
        html.push_str("<dl>\n");
        for (name, value) in &self.facts {
            let _ = writeln!(html, "<dt>{}</dt><dd>{}</dd>", text(name), text(value));
        }
        html.push_str("</dl>\n");
        for (title, svg) in &self.graphs {
            let _ = writeln!(
                html,
                // A document of its own: the scripts of two graphs do not meet, and neither of them sees this page.
                "<h2>{}</h2>\n<iframe sandbox=\"allow-scripts\" height=\"{}\" title=\"{}\" srcdoc=\"{}\"></iframe>",
                text(title),
                height(svg) + 20,
                text(title),
                escape(format!(
                    "<!DOCTYPE html><style>body {{ margin: 0 }} svg {{ display: block; width: 100% }}</style>{}",
                    without_prolog(svg)
                ))
            );
        }
        if !self.charts.is_empty() {
            html.push_str("<h2>Meanwhile</h2>\n<div class=\"charts\">\n");
            for chart in &self.charts {
                let _ = writeln!(
                    html,
                    "<figure><figcaption>{}</figcaption>{}{}</figure>",
                    text(&chart.title),
                    chart.svg(),
                    chart.legend()
                );
            }
            html.push_str("</div>\n");
        }
        for table in &self.tables {
            of_table(table, &mut html);
        }
        html.push_str("</body>\n</html>\n");
        html
    }
}

fn of_table(table: &Table, html: &mut String) {
    let _ = write!(html, "<h2>{}</h2>\n<table>\n<tr>", text(&table.title));
    for column in &table.columns {
        let _ = write!(html, "<th>{}</th>", text(column));
    }
    html.push_str("</tr>\n");
    for row in &table.rows {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td>{}</td>", text(cell));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
}

/// Escaped, and without what HTML has no characters for.
fn text(text: &str) -> String {
    let printable: String =
        text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    escape(&printable).into_owned()
}

/// Of a graph of ours: its root element says how high it is.
fn height(svg: &str) -> u64 {
    let number = svg.split_once(" height=\"").and_then(|(_, rest)| rest.split_once('"'));
    number.and_then(|(number, _)| number.parse().ok()).unwrap_or(600)
}

/// HTML has no XML declaration and no doctype of SVG.
fn without_prolog(svg: &str) -> &str {
    svg.find("<svg").map_or("", |at| &svg[at..])
}
