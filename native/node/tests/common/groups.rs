//! What the tests of `pg` share: BEAMs with a scope, waiting for what they see, and members as both sides print them.

use std::time::Duration;

use outrigger_node::pg::Pg;
use outrigger_node::{Config, OwnedPid, Target};
use outrigger_term::Writer;

use super::beam::{COOKIE, EpmdServer, Erl, member, name};
use super::within;

pub fn config(epmd: &EpmdServer, name: &str, joins: &[&Erl]) -> Config {
    let mut config = member(epmd, name);
    config.joins = joins.iter().map(|erl| Target::by_epmd(erl.name.parse().unwrap())).collect();
    config
}

/// A BEAM with the scope.
pub fn erl(epmd: &EpmdServer, scope: &str) -> Erl {
    let mut erl = tokio::task::block_in_place(|| Erl::start(epmd, &name("app"), COOKIE, &[]));
    assert!(eval(&mut erl, &format!("pg:start('{scope}')")).starts_with("{ok,"));
    erl
}

pub fn eval(erl: &mut Erl, expression: &str) -> String {
    tokio::task::block_in_place(|| erl.eval(expression))
}

/// Waits until an expression is true on a BEAM.
#[track_caller]
pub fn wait(erl: &mut Erl, expression: &str) {
    let looped = format!(
        "(fun W(0) -> {{not_yet, catch begin {expression} end}};
          W(N) -> case catch begin {expression} end of true -> true; _ -> timer:sleep(20), W(N - 1) end
          end)(750)"
    );
    assert_eq!(eval(erl, &looped), "true", "{}: {expression}", erl.name);
}

pub fn term(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut term = Vec::new();
    write(&mut Writer::new(&mut term));
    term
}

pub fn atom(text: &str) -> Vec<u8> {
    term(|writer| writer.atom(text).unwrap())
}

pub async fn until(what: &str, mut met: impl FnMut() -> bool) {
    within(what, async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// A pid as both sides can print it.
pub fn hex(pid: &OwnedPid) -> String {
    let bytes = term(|writer| {
        writer.version();
        writer.pid(&pid.borrow()).unwrap();
    });
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The members of a group as a BEAM sees them (`get_members` or `get_local_members`), sorted.
pub fn beam_members(erl: &mut Erl, function: &str, scope: &str, group: &str) -> Vec<String> {
    let list = eval(
        erl,
        &format!(
            "lists:sort([binary:encode_hex(term_to_binary(P, [{{minor_version, 2}}])) || P <- pg:{function}('{scope}', {group})])"
        ),
    );
    list.split('"').filter(|part| part.len() > 9).map(str::to_owned).collect()
}

pub fn our_members(pg: &Pg, group: &[u8]) -> Vec<String> {
    let mut members: Vec<String> = pg.members(group).iter().map(hex).collect();
    members.sort();
    members
}
