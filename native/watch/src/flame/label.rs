//! Functions by the names that people know them by.

/// The longest label, in characters. A module and a function have 255 each.
const LONGEST: usize = 600;

/// A function as a frame: `lists:map/2`, `Shop.Cart.total/1`, and of a function within another `fn/1 in Shop.Cart.total/1`.
///
/// ```
/// use outrigger_watch::flame::label;
///
/// assert_eq!(label("gen_server", "loop", 7), "gen_server:loop/7");
/// assert_eq!(label("Elixir.Shop.Cart", "-total/1-fun-0-", 2), "fn/2 in Shop.Cart.total/1");
/// assert_eq!(label("lists", "-map/2-lc$^0/1-0-", 1), "comprehension in lists:map/2");
/// ```
#[must_use]
pub fn label(module: &str, function: &str, arity: u64) -> String {
    let (module, dot) = match module.strip_prefix("Elixir.") {
        Some(module) => (module, '.'),
        None => (module, ':'),
    };
    clean(&match within(function) {
        Some((outer, Within::Fun)) => format!("fn/{arity} in {module}{dot}{outer}"),
        Some((outer, Within::Comprehension)) => format!("comprehension in {module}{dot}{outer}"),
        None => format!("{module}{dot}{function}/{arity}"),
    })
}

enum Within {
    Fun,
    Comprehension,
}

/// The compiler's names of functions within functions: `-outer/1-fun-0-`, `-outer/1-lc$^0/1-0-` (`v3_core`, `sys_pre_expand`).
fn within(function: &str) -> Option<(&str, Within)> {
    let inner = function.strip_prefix('-')?.strip_suffix('-')?;
    let cut = |mark| inner.find(mark).filter(|at| *at > 0).map(|at| &inner[..at]);
    let outer = cut("-fun-").map(|outer| (outer, Within::Fun));
    outer.or_else(|| {
        ["-lc$", "-blc$", "-mc$"].into_iter().find_map(cut).map(|outer| (outer, Within::Comprehension))
    })
}

/// A text as one frame: what would end the frame or the line, or be taken for a count or a comment, is replaced.
///
/// ```
/// use outrigger_watch::flame::clean;
///
/// assert_eq!(clean("a;b\n 12"), "a:b?_12");
/// ```
#[must_use]
pub fn clean(text: &str) -> String {
    let label: String = text
        .trim()
        .chars()
        .take(LONGEST)
        .map(|letter| match letter {
            ';' => ':',
            '\u{fffe}' | '\u{ffff}' => '?',
            letter if letter.is_control() => '?',
            letter if letter.is_whitespace() => ' ',
            letter => letter,
        })
        .collect();
    let mut label = label.trim_end().to_owned();
    // `frame 12` would be a frame with a count of its own.
    if let Some((before, last)) = label.rsplit_once(' ')
        && last.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        label = format!("{before}_{last}");
    }
    if label.starts_with('#') {
        label.replace_range(..1, "_");
    }
    if label.is_empty() { "?".to_owned() } else { label }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_stay_one_frame() {
        assert_eq!(label("m", "f;g", 1), "m:f:g/1");
        assert_eq!(label("Elixir.A", "two words 3", 0), "A.two words 3/0");
        assert_eq!(clean("a 3.5"), "a_3.5");
        assert_eq!(clean("# a"), "_ a");
        assert_eq!(clean(" \u{1}\u{ffff} "), "??");
        assert_eq!(clean(""), "?");
        assert_eq!(clean(&"a".repeat(5_000)).len(), LONGEST);
    }

    #[test]
    fn names_that_only_look_like_those_of_the_compiler() {
        assert_eq!(label("m", "-fun-", 1), "m:-fun-/1");
        assert_eq!(label("m", "-", 0), "m:-/0");
        assert_eq!(label("m", "-a-b-", 0), "m:-a-b-/0");
    }
}
