//! The message to `Outrigger.Gate`: `{'$outrigger_gate', 1, Pid, Ttl, [{Name, Verdict, Why, Since}]}`.

use std::time::Duration;

use outrigger_node::OwnedPid;
use outrigger_term::{TermError, Writer};

use super::verdicts::Said;

/// Bytes of a reason that are told.
const WHY: usize = 1_000;
const VERSION: u64 = 1;

/// The bare term.
pub(super) fn term(from: &OwnedPid, ttl: Duration, said: &[Said]) -> Result<Vec<u8>, TermError> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(5);
    writer.atom("$outrigger_gate")?;
    writer.unsigned(VERSION);
    writer.pid(&from.borrow())?;
    writer.unsigned(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
    if !said.is_empty() {
        writer.list(u32::try_from(said.len()).unwrap_or(u32::MAX));
    }
    for one in said {
        writer.tuple(4);
        writer.binary(one.gate.as_bytes())?;
        writer.atom(one.verdict.text())?;
        writer.binary(cut(&one.why).as_bytes())?;
        writer.unsigned(one.since);
    }
    writer.nil();
    Ok(bytes)
}

/// Its first so many bytes, in whole characters.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(WHY)]
}

#[cfg(test)]
mod tests {
    use outrigger_term::Term;
    use outrigger_watch::gate::Verdict;

    use super::*;

    #[test]
    fn the_message_is_as_the_package_reads_it() {
        let said = Said {
            gate: "ship".into(),
            verdict: Verdict::NotRun,
            why: "é".repeat(600),
            since: 7,
            changed: true,
        };
        let from = OwnedPid::from(outrigger_term::Pid {
            node: outrigger_term::Atom::Utf8("rust@h"),
            id: 1,
            serial: 2,
            creation: 3,
        });
        let shown = Term::new(&term(&from, Duration::from_secs(5), &[said]).unwrap()).unwrap().to_string();
        let why = "é".repeat(500);
        assert!(shown.starts_with("{:\"$outrigger_gate\", 1, #PID<"), "{shown}");
        assert!(shown.ends_with(&format!(", 5000, [{{\"ship\", :not_run, \"{why}\", 7}}]}}")), "{shown}");
        let none = Term::new(&term(&from, Duration::from_secs(5), &[]).unwrap()).unwrap().to_string();
        assert!(none.ends_with(", 5000, []}"), "{none}");
    }
}
