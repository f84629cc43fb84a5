//! The first proof of the fan-out: BEAM nodes attached by hand, as `docs/design/fanout.md` says. What happens with
//! changing lists, losses and hostile peers is tested from outside, with the whole kit.

mod common;

use common::{Beam, COOKIE, Epmd, Running, outrigger, unique};

/// A worker in plain Erlang: keeps lists of members and what it was sent.
const WORKER: &str = "register(chat, spawn(fun W() -> put(got, []), put(lists, []), \
    (fun L() -> receive \
        {take, To, Key} -> To ! {taken, lists:reverse(get(Key))}; \
        {'$outrigger_members', _, _, _, _} = M -> put(lists, [M | get(lists)]); \
        Other -> put(got, [Other | get(got)]) end, L() end)() end))";

/// Ends the worker of the round before and waits until its name is free.
const END: &str = "case whereis(chat) of undefined -> ok; Old -> Ref = monitor(process, Old), \
    exit(Old, kill), receive {'DOWN', Ref, _, _, _} -> ok end end";

fn take(key: &str) -> String {
    format!("begin chat ! {{take, self(), {key}}}, receive {{taken, Taken}} -> Taken end end")
}

#[test]
fn a_broadcast_is_one_send_and_reaches_everybody_else_in_order() {
    let epmd = Epmd::start();
    let mut beams: Vec<Beam> = (0..3).map(|_| Beam::start(&epmd)).collect();
    let rust = format!("{}@127.0.0.1", unique("rust"));
    let join: Vec<_> = beams.iter().map(|beam| beam.name.clone()).collect();
    for threads in ["1", "2"] {
        let line = ["node", "--name", &rust, "--join", &join.join(","), "--threads", threads];
        let mut node = Running::start(outrigger(epmd.port).args(line).env("OUTRIGGER_COOKIE", COOKIE));
        for beam in &mut beams {
            node.wait(&format!("joined {}", beam.name));
            beam.eval(&format!("{END}, {WORKER}"));
            beam.eval(&format!("{{outrigger_pubsub, '{rust}'}} ! {{attach, 1, chat, whereis(chat)}}"));
        }
        for beam in &mut beams {
            let listed = format!("catch length(element(5, lists:last({}))) =:= 3", take("lists"));
            beam.wait_until(&listed);
        }
        // Small ones in bulk, a large one that is shared and not copied, and one that is larger than a batch.
        let publish = format!(
            "Route = element(4, lists:last({})), Me = self(), \
             [Route ! {{Me, N}} || N <- lists:seq(1, 10000)], \
             Route ! {{Me, binary:copy(<<7>>, 40000)}}, Route ! {{Me, binary:copy(<<8>>, 3000000)}}, Route ! {{Me, last}}",
            take("lists")
        );
        beams[0].eval(&publish);
        let got = format!(
            "begin Got = [M || {{_, M}} <- {}], \
             Got =:= lists:seq(1, 10000) ++ [binary:copy(<<7>>, 40000), binary:copy(<<8>>, 3000000), last] end",
            take("got")
        );
        for beam in &mut beams[1..] {
            beam.wait_until(&got);
        }
        assert_eq!(beams[0].eval(&take("got")), "[]", "never back to the sender");
        node.signal("TERM");
        assert_eq!(node.wait_exit().0.code(), Some(0));
        for beam in &mut beams {
            beam.wait_until("nodes(hidden) =:= []");
        }
    }
}
