//! The picture: a flame graph as SVG, by the crate `inferno`.

use inferno::flamegraph::{self, Options};

use super::{Changes, FlameError, Folded};

/// How a flame graph is drawn. It is one file with its script in it: frames are zoomed into by a click, and searched.
#[derive(Clone, Debug)]
pub struct Svg {
    title: String,
    note: Option<String>,
}

impl Svg {
    /// With a title.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), note: None }
    }

    /// A line below the title.
    #[must_use]
    pub fn note(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }

    /// A flame graph. The colour of a frame follows from its name.
    ///
    /// # Errors
    /// There are no stacks.
    pub fn render(&self, folded: &Folded) -> Result<String, FlameError> {
        let lines: Vec<String> =
            folded.iter().map(|(frames, count)| format!("{} {count}", frames.join(";"))).collect();
        self.draw(&lines, folded.total())
    }

    /// The flame graph of now, red where more is spent than before and blue where less.
    ///
    /// # Errors
    /// There are no stacks now.
    pub fn render_changes(&self, changes: Changes<'_>) -> Result<String, FlameError> {
        self.draw(&changes.lines(), changes.after.total())
    }

    fn draw(&self, lines: &[String], total: u64) -> Result<String, FlameError> {
        if total == 0 {
            return Err(FlameError::Empty);
        }
        let mut options = Options::default();
        options.title.clone_from(&self.title);
        options.subtitle.clone_from(&self.note);
        "us".clone_into(&mut options.count_name);
        options.deterministic = true;
        // `inferno` wants lines that are sorted as text, where `a-b` stands between `a` and `a;c`, and draws `a` twice. Ours are sorted by
        // frames: they go in as those of a flame chart, which are taken as they come, from the last to the first.
        options.flame_chart = true;
        let mut svg = Vec::new();
        let not_drawn =
            |problem: &dyn std::fmt::Display| FlameError::NotDrawn { problem: problem.to_string() };
        flamegraph::from_lines(&mut options, lines.iter().rev().map(String::as_str), &mut svg)
            .map_err(|error| not_drawn(&error))?;
        String::from_utf8(svg).map_err(|error| not_drawn(&error))
    }
}
