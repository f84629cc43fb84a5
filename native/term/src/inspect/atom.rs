//! Atoms: which ones need quotes.

use std::fmt;

use super::text;

/// What an atom can be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// `Elixir.Foo.Bar`, written `Foo.Bar`.
    Alias,
    /// A name for variables and functions.
    Identifier,
    /// Unquoted as an atom, and a name for functions.
    Operator,
    /// An operator that needs quotes as an atom, but not as the name of a function.
    QuotedOperator,
    /// Unquoted as an atom, but not as the name of a function.
    NotCallable,
    /// Everything else.
    Other,
}

const NOT_CALLABLE: &[&str] = &["%", "%{}", "{}", "<<>>", "...", "..", ".", "..//", "->"];
const QUOTED_OPERATORS: &[&str] = &["::", "^^^", "~~~", "<|>"];
const OPERATORS: &[&str] = &[
    "&", "!", "^", "+", "-", "@", "<-", "\\\\", "|", "=", "||", "|||", "&&", "&&&", "==", "!=", "=~", "===",
    "!==", "<", "<=", ">=", ">", "|>", "<<<", ">>>", "<~", "~>", "<<~", "~>>", "<~>", "++", "--", "<>",
    "+++", "---", "*", "/", "**",
];

/// `:ok`, `nil`, `Foo.Bar`, `:"with space"`.
pub(super) fn literal(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if matches!(text, "nil" | "true" | "false") {
        return f.write_str(text);
    }
    match classify(text) {
        Class::Alias => f.write_str(match text.strip_prefix("Elixir.") {
            Some(rest) if rest != "Elixir" && !rest.starts_with("Elixir.") => rest,
            _ => text,
        }),
        Class::QuotedOperator | Class::Other => {
            f.write_str(":")?;
            text::quoted(text.as_bytes(), f)
        }
        Class::Identifier | Class::Operator | Class::NotCallable => write!(f, ":{text}"),
    }
}

/// `ok:`, `"with space":`, before the value in a keyword list or a map.
pub(super) fn key(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match classify(text) {
        Class::Alias => write!(f, "\"{text}\":"),
        Class::QuotedOperator | Class::Other => {
            text::quoted(text.as_bytes(), f)?;
            f.write_str(":")
        }
        Class::Identifier | Class::Operator | Class::NotCallable => write!(f, "{text}:"),
    }
}

/// `name` in `&mod.name/1`.
pub(super) fn function(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match classify(text) {
        Class::Identifier | Class::Operator | Class::QuotedOperator => f.write_str(text),
        Class::NotCallable | Class::Alias => write!(f, "\"{text}\""),
        Class::Other => text::quoted(text.as_bytes(), f),
    }
}

fn classify(text: &str) -> Class {
    if NOT_CALLABLE.contains(&text) {
        Class::NotCallable
    } else if QUOTED_OPERATORS.contains(&text) {
        Class::QuotedOperator
    } else if OPERATORS.contains(&text) {
        Class::Operator
    } else if is_alias(text) {
        Class::Alias
    } else {
        name(text)
    }
}

/// `Elixir`, and behind it any number of `.Name`.
fn is_alias(text: &str) -> bool {
    let piece = |piece: &str| {
        piece.starts_with(|first: char| first.is_ascii_uppercase())
            && piece.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut pieces = text.split('.');
    pieces.next() == Some("Elixir") && pieces.all(piece)
}

/// A letter or `_`, then letters, digits, `_` and `@`, and at the end maybe `?` or `!`.
fn name(text: &str) -> Class {
    let body = text.strip_suffix(['?', '!']).unwrap_or(text);
    let mut chars = body.chars();
    let Some(first) = chars.next() else { return Class::Other };
    let starts = first == '_' || unicode_ident::is_xid_start(first);
    let goes_on = |c: char| c == '_' || c == '@' || unicode_ident::is_xid_continue(c);
    match starts && chars.all(goes_on) {
        false => Class::Other,
        true if first.is_uppercase() || body.contains('@') => Class::NotCallable,
        true => Class::Identifier,
    }
}

/// As Erlang writes an atom: `ok`, `'with space'`.
pub(super) fn erlang(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let plain = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@'));
    if plain { f.write_str(text) } else { text::single_quoted(text, f) }
}
