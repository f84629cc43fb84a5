//! What somebody may have meant.

/// Of the names, the one that is written most like this one, if it is near enough to be meant.
///
/// Near is a Jaro-Winkler similarity of 0.8 and more, which forgives a wrong end and swapped letters.
pub(crate) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The measure is quadratic, and no name of ours is longer.
    let name: String = name.chars().take(100).collect();
    let likeness = |other: &str| strsim::jaro_winkler(&name.to_lowercase(), other);
    names
        .into_iter()
        .map(|other| (likeness(other), other))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_is_near_and_what_is_not() {
        let names = ["window", "warm_up", "samples", "weight"];
        for (wrong, meant) in
            [("warmup", "warm_up"), ("Window", "window"), ("wieght", "weight"), ("sample", "samples")]
        {
            assert_eq!(nearest(wrong, names), Some(meant), "{wrong}");
        }
        assert_eq!((nearest("colour", names), nearest("", names)), (None, None));
    }
}
