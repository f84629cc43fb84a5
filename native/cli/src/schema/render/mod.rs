//! The answer: text for people, JSON for scripts, SARIF for code scanning, JUnit's XML for CI servers.

mod junit;
mod sarif;
mod text;

use super::outcome::Outcomes;
use crate::args::ReportFormat;

/// The whole output. `colour` matters for text only.
pub(super) fn render(outcomes: &Outcomes, format: ReportFormat, colour: bool) -> String {
    match format {
        ReportFormat::Text => text::render(outcomes, colour),
        // Strings, numbers and lists always serialize.
        ReportFormat::Json => serde_json::to_string_pretty(outcomes).unwrap_or_default() + "\n",
        ReportFormat::Sarif => sarif::render(outcomes),
        ReportFormat::Junit => junit::render(outcomes),
    }
}
