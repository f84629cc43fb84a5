//! The text of the guest's program.

/// Answers rounds: what the node does. Expressions, in the order in which they use each other.
pub(super) const ROUNDS: &str = concat!(
    include_str!("program/prelude.erl"),
    include_str!("program/arrive.erl"),
    include_str!("program/states.erl"),
    include_str!("program/events.erl"),
    include_str!("program/system.erl"),
    include_str!("program/pools.erl"),
    include_str!("program/orphans.erl"),
    include_str!("program/top.erl"),
    include_str!("program/tables.erl"),
    include_str!("program/ports.erl"),
    include_str!("program/depths.erl"),
    include_str!("program/latency.erl"),
    include_str!("program/loop.erl"),
);

/// Samples: what its processes run. It is a program of its own, for it sleeps between its ticks, and rounds would wait.
pub(super) const SAMPLER: &str = concat!(
    include_str!("program/prelude.erl"),
    include_str!("program/arrive.erl"),
    include_str!("program/events.erl"),
    include_str!("program/sampler.erl"),
);

/// Reads who has started whom. It is asked once, holds nothing, and so is not among the rounds, which hold flags.
pub(super) const TREE: &str = concat!(
    include_str!("program/prelude.erl"),
    include_str!("program/arrive.erl"),
    include_str!("program/orphans.erl"),
    include_str!("program/tree.erl"),
);

#[cfg(test)]
mod tests {
    use super::{ROUNDS, SAMPLER, TREE};

    /// The program is one scope: what one part binds, a later part would match against instead of binding it, without a word.
    #[test]
    fn a_name_of_a_program_is_bound_once() {
        bound_once(ROUNDS);
        bound_once(SAMPLER);
        bound_once(TREE);
    }

    fn bound_once(text: &str) {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('%'));
        let code: String = lines.flat_map(|line| [line, "\n"]).collect();
        let names: Vec<&str> = code
            .lines()
            .filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()))
            .filter_map(|line| line.split_once(" = "))
            .map(|(name, _)| name)
            .collect();
        assert!(names.len() > 15, "{names:?}");
        let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        for name in names {
            let binds = |pattern: String| {
                code.match_indices(&pattern).filter(|(at, _)| !code[..*at].ends_with(word)).count()
            };
            assert_eq!(binds(format!("{name} = ")), 1, "{name}");
            assert_eq!(binds(format!("{name} <- ")), 0, "{name}, by a generator");
        }
    }
}
