//! A comparison's words.

use super::{Fault, Literal, MOST_BYTES, MOST_WORDS};

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(Literal),
    /// A name, maybe with a statistic at its end.
    Name(String),
    /// A name or a pattern in quotes.
    Text(String),
    /// A dot and what follows it, behind labels.
    Suffix(String),
    Sign(&'static str),
}

impl Token {
    /// As it is said to people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Number(_) => "a number".into(),
            Self::Name(name) => format!("{name:?}"),
            Self::Text(text) => format!("the text {text:?}"),
            Self::Suffix(name) => format!("\".{name}\""),
            Self::Sign(sign) => format!("{sign:?}"),
        }
    }
}

/// Longer signs before those that they begin with.
const SIGNS: [&str; 16] =
    ["<=", ">=", "==", "!=", "<", ">", "=", "+", "-", "*", "/", "(", ")", "{", "}", ","];

/// The words of a text, each with the byte it begins at.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Fault> {
    if text.len() > MOST_BYTES {
        return Err(Fault::new(
            0,
            format!("{} bytes are more than the {MOST_BYTES} that a budget may have", text.len()),
        ));
    }
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let (token, length) = match letter {
            '0'..='9' => number(rest, at)?,
            '"' => quoted(rest, at)?,
            '.' => {
                let name = name(&rest[1..]);
                (Token::Suffix(name.to_owned()), 1 + name.len())
            }
            _ if letter.is_ascii_alphabetic() => {
                let name = name(rest);
                (Token::Name(name.to_owned()), name.len())
            }
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
                let sign =
                    sign.ok_or_else(|| Fault::new(at, format!("{letter:?} means nothing in a budget")))?;
                (Token::Sign(sign), sign.len())
            }
        };
        if all.len() == MOST_WORDS {
            return Err(Fault::new(at, format!("more than {MOST_WORDS} words: make several budgets of it")));
        }
        all.push((at, token));
        at += length;
    }
    Ok(all)
}

fn prefix(text: &str, fits: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|letter| !fits(letter)).unwrap_or(text.len())]
}

fn name(text: &str) -> &str {
    prefix(text, |letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'))
}

fn number(text: &str, at: usize) -> Result<(Token, usize), Fault> {
    let digits = prefix(text, |letter| matches!(letter, '0'..='9' | '.'));
    let unit = prefix(&text[digits.len()..], |letter| letter.is_alphabetic() || letter == '%');
    Ok((Token::Number(Literal::read(digits, unit, at)?), digits.len() + unit.len()))
}

/// A text in quotes, in which `\"` and `\\` stand for the two.
fn quoted(text: &str, at: usize) -> Result<(Token, usize), Fault> {
    let mut inside = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((offset, letter)) = letters.next() {
        match letter {
            '"' => return Ok((Token::Text(inside), offset + 1)),
            '\\' => match letters.next() {
                Some((_, letter @ ('"' | '\\'))) => inside.push(letter),
                _ => return Err(Fault::new(at + offset, r#"behind \ only " and \ can stand"#)),
            },
            letter => inside.push(letter),
        }
    }
    Err(Fault::new(at, "the text in quotes has no end"))
}
