//! A line chart as SVG: figures over the time of a profile.

use std::fmt::Write as _;

use quick_xml::escape::escape;

use crate::{NodeWindow, Series, Unit, catalogue};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 120.0;
/// Room for what is written beside the axes.
const LEFT: f64 = 70.0;
const BELOW: f64 = 20.0;
const ABOVE: f64 = 8.0;
/// Points of a line: what is more is thinned out.
const POINTS: usize = 1_000;
const COLOURS: [&str; 6] = ["#1f6feb", "#d1661b", "#1a7f37", "#8250df", "#cf222e", "#57606a"];

/// One chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What is shown.
    pub title: String,
    /// What it is measured in.
    pub unit: Unit,
    /// One line each.
    pub lines: Vec<Line>,
}

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct Line {
    /// What tells it from the others; empty if there is no other.
    pub name: String,
    /// ms since the Unix epoch, and the figure.
    pub points: Vec<(u64, f64)>,
}

impl Chart {
    /// Of a metric of the catalogue, as a node's window has it; `None` if it has no two samples.
    #[must_use]
    pub fn of(metric: &str, node: &NodeWindow) -> Option<Self> {
        let known = catalogue::find(metric)?;
        let lines: Vec<Line> = node
            .series
            .iter()
            .filter(|(key, _)| key.metric == metric)
            .filter_map(|(key, series)| match series {
                Series::Samples(samples) if samples.len() > 1 => Some(Line {
                    name: key.labels.values().cloned().collect::<Vec<_>>().join(" "),
                    points: samples.iter().map(|sample| (sample.at, sample.value)).collect(),
                }),
                _ => None,
            })
            .take(COLOURS.len())
            .collect();
        let title = format!("{metric}: {}", known.what);
        (!lines.is_empty()).then_some(Self { title, unit: known.unit, lines })
    }

    /// The picture. The axis of figures begins at 0.
    #[must_use]
    pub fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points).filter(|point| point.1.is_finite());
        let first = points().map(|point| point.0).min().unwrap_or(0);
        let last = points().map(|point| point.0).max().unwrap_or(0).max(first + 1);
        let top = points().map(|point| point.1).fold(0.0, f64::max);
        let top = if top > 0.0 { top } else { 1.0 };
        let x = |at: u64| LEFT + (at - first) as f64 / (last - first) as f64 * (WIDTH - LEFT - 10.0);
        let y = |value: f64| ABOVE + (1.0 - value.max(0.0) / top) * (HEIGHT - ABOVE - BELOW);
        let mut svg = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\" xmlns=\"http://www.w3.org/2000/svg\">",
            escape(&self.title)
        );
        for value in [0.0, top / 2.0, top] {
            let height = y(value);
            let _ = write!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{height:.1}\" y2=\"{height:.1}\" class=\"grid\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - 10.0,
                LEFT - 6.0,
                height + 4.0,
                amount(value, self.unit)
            );
        }
        let _ = write!(
            svg,
            "<text x=\"{LEFT}\" y=\"{}\">0 s</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{:.1} s</text>",
            HEIGHT - 4.0,
            WIDTH - 10.0,
            HEIGHT - 4.0,
            (last - first) as f64 / 1e3
        );
        for (line, colour) in self.lines.iter().zip(COLOURS) {
            let step = line.points.len().div_ceil(POINTS).max(1);
            let path: Vec<String> = line
                .points
                .iter()
                .step_by(step)
                .filter(|(_, value)| value.is_finite())
                .map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value)))
                .collect();
            let _ = write!(
                svg,
                "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"{}\"><title>{}</title></polyline>",
                path.join(" "),
                escape(&line.name)
            );
        }
        svg.push_str("</svg>");
        svg
    }

    /// Names of the lines with their colours, if there are several.
    pub(super) fn legend(&self) -> String {
        if self.lines.len() < 2 {
            return String::new();
        }
        let names = self.lines.iter().zip(COLOURS).map(|(line, colour)| {
            format!("<span style=\"color:{colour}\">&#9644;</span> {} ", escape(&line.name))
        });
        format!("<p class=\"legend\">{}</p>", names.collect::<String>())
    }
}

/// A figure in its unit, as people read it.
pub(super) fn amount(value: f64, unit: Unit) -> String {
    let scaled = |value: f64, step: f64, units: &[&str]| {
        let mut left = value;
        let mut place = 0;
        while left >= step && place + 1 < units.len() {
            left /= step;
            place += 1;
        }
        let digits = usize::from(left < 10.0 && left.fract() != 0.0) + usize::from(left < 1.0 && left > 0.0);
        format!("{left:.digits$}{}", units[place])
    };
    match unit {
        Unit::Ratio => scaled(value * 100.0, f64::INFINITY, &[" %"]),
        Unit::Bytes => scaled(value, 1024.0, &[" B", " KiB", " MiB", " GiB", " TiB"]),
        Unit::Seconds if value < 1.0 => scaled(value * 1e6, 1e3, &[" µs", " ms"]),
        Unit::Seconds => scaled(value, f64::INFINITY, &[" s"]),
        Unit::Count => scaled(value, 1e3, &["", "k", "M", "G", "T"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Sample};

    #[test]
    fn amounts() {
        assert_eq!(amount(0.5, Unit::Ratio), "50 %");
        assert_eq!(amount(0.005, Unit::Ratio), "0.50 %");
        assert_eq!(amount(3.0 * 1024.0 * 1024.0, Unit::Bytes), "3 MiB");
        assert_eq!(amount(0.0025, Unit::Seconds), "2.5 ms");
        assert_eq!(amount(12.0, Unit::Seconds), "12 s");
        assert_eq!(amount(1_500_000.0, Unit::Count), "1.5M");
        assert_eq!(amount(0.0, Unit::Count), "0");
    }

    #[test]
    fn a_chart_has_the_samples_of_its_metric() {
        let mut node = NodeWindow::new(0);
        let key = Key { metric: "sched.util".into(), labels: [].into() };
        for (at, value) in [(1_000, 0.0), (2_000, f64::NAN), (3_000, 0.5)] {
            node.sample(key.clone(), Sample { at, value });
        }
        assert!(Chart::of("memory.total", &node).is_none());
        let svg = Chart::of("sched.util", &node).unwrap().svg();
        assert!(svg.contains("points=\"70.0,100.0 550.0,8.0\""), "{svg}");
        assert!(svg.contains(">50 %</text>") && svg.contains(">2.0 s</text>"), "{svg}");
    }
}
