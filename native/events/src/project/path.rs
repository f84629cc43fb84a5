//! Paths to values: `payload.after.id`, `items[0].price`, `["a key. with dots"].x`.

use crate::Error;

/// Steps of one path.
const MOST: usize = 64;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a map, by key.
    Key(String),
    /// Into a list, by place from 0.
    Place(usize),
}

/// The way from a document to a value in it. No step at all is the document itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// Of its text. A leading `$` may stand there.
    ///
    /// ```
    /// use outrigger_events::project::{Path, Step};
    ///
    /// let path = Path::parse(r#"payload.items[2]["a.b"]"#)?;
    /// assert_eq!(path.steps()[2], Step::Place(2));
    /// assert_eq!(path.steps()[3], Step::Key("a.b".to_owned()));
    /// assert!(Path::parse("payload..id").is_err());
    /// # Ok::<(), outrigger_events::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Plan`], naming what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong =
            |problem: &str| Error::Plan { what: format!("the path {text:?}"), problem: problem.to_owned() };
        let mut steps = Vec::new();
        let mut rest = text.strip_prefix('$').map_or(text, |rest| rest.strip_prefix('.').unwrap_or(rest));
        while !rest.is_empty() {
            let step;
            (step, rest) = match rest.strip_prefix('[') {
                Some(inside) if inside.starts_with('"') => {
                    let (key, after) =
                        inside[1..].split_once("\"]").ok_or_else(|| wrong("a quoted key ends with \"]"))?;
                    (Step::Key(key.to_owned()), after)
                }
                Some(inside) => {
                    let (place, after) =
                        inside.split_once(']').ok_or_else(|| wrong("a place in a list ends with ]"))?;
                    let place =
                        place.parse().map_err(|_| wrong("a place in a list is a whole number from 0"))?;
                    (Step::Place(place), after)
                }
                None => {
                    let end = rest.find(['.', '[']).unwrap_or(rest.len());
                    let (key, after) = rest.split_at(end);
                    if key.is_empty() {
                        return Err(wrong("a key is missing before a dot, write [\"\"] for an empty one"));
                    }
                    (Step::Key(key.to_owned()), after)
                }
            };
            steps.push(step);
            if let Some(after) = rest.strip_prefix('.') {
                if after.is_empty() {
                    return Err(wrong("a key is missing behind the last dot"));
                }
                rest = after;
            } else if !rest.is_empty() && !rest.starts_with('[') {
                return Err(wrong("a dot or [ has to follow ]"));
            }
        }
        if steps.len() > MOST {
            return Err(wrong("it has more than 64 steps"));
        }
        Ok(Self(steps))
    }

    /// Its steps, from the document on.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_paths() {
        let key = |text: &str| Step::Key(text.to_owned());
        for (text, steps) in [
            ("", vec![]),
            ("$", vec![]),
            ("a", vec![key("a")]),
            ("$.a.b", vec![key("a"), key("b")]),
            ("[0]", vec![Step::Place(0)]),
            ("$[3].x", vec![Step::Place(3), key("x")]),
            ("a[0][1]", vec![key("a"), Step::Place(0), Step::Place(1)]),
            (r#"["a.b"].c"#, vec![key("a.b"), key("c")]),
            (r#"[""]"#, vec![key("")]),
            ("schlüssel.x", vec![key("schlüssel"), key("x")]),
        ] {
            assert_eq!(Path::parse(text).map(|path| path.0), Ok(steps), "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in [
            ".a",
            "a.",
            "a..b",
            "a[",
            "a[x]",
            "a[-1]",
            "a[0]b",
            r#"["a"#,
            r#"["a"]b"#,
            "a.[",
            &"a.".repeat(65),
        ] {
            assert!(Path::parse(text).is_err(), "{text:?}");
        }
    }
}
