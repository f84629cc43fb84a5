//! The programs in `examples/rust`, as a reader would run it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, unique_name, with_package};

/// Killed when dropped.
struct Example(Child);

impl Drop for Example {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Example {
    /// One that has said that it is ready, and is linked with a node that runs its PubSub.
    fn start(name: &str, epmd: &Epmd, beam: &Beam) -> Self {
        let deps = std::env::current_exe().unwrap();
        let program = deps.parent().unwrap().with_file_name("examples").join(name);
        let mut command = Command::new(&program);
        command.args([&unique_name("rust", "127.0.0.1"), beam.name()]);
        command.env("OUTRIGGER_COOKIE", COOKIE).env("ERL_EPMD_PORT", epmd.port().to_string());
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut example = Self(child.unwrap_or_else(|error| {
            panic!("{}: {error}; build it with `cargo build --workspace --examples`", program.display())
        }));
        let mut line = String::new();
        BufReader::new(example.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("ready: "), "{line:?}");
        beam.wait_until(&format!("length(maps:get(direct, {API}:info('{NAME}'))) =:= 1"), LONG);
        example
    }
}

const API: &str = "'Elixir.Outrigger.PubSub'";
const NAME: &str = "Elixir.MyApp.PubSub";

fn beam(epmd: &Epmd) -> Beam {
    let beam = with_package(Beam::options("app").epmd(epmd)).start();
    beam.load(include_str!("kit_pubsub.erl"));
    beam.eval(&format!("kit_pubsub:start('{NAME}', [])"));
    beam
}

#[test]
fn an_order_is_answered_with_a_receipt() {
    let epmd = Epmd::start();
    let beam = beam(&epmd);
    let _example = Example::start("pubsub", &epmd, &beam);
    let told = beam.eval(&format!(
        "{API}:subscribe('{NAME}', <<\"receipts\">>, []), \
         {API}:broadcast('{NAME}', <<\"orders\">>, #{{id => 7, cents => 1250}}), \
         receive #{{id := 7, text := Text}} -> Text after 10000 -> none end"
    ));
    assert_eq!(told, "<<\"12.50 paid\">>");
}

#[test]
fn a_line_is_an_event_for_who_has_subscribed() {
    let epmd = Epmd::start();
    let beam = beam(&epmd);
    let orders = "'Elixir.MyApp.Orders'";
    beam.eval(&format!("kit_pubsub:stream([{{name, {orders}}}, {{pubsub, '{NAME}'}}])"));
    let mut example = Example::start("event_source", &epmd, &beam);
    beam.eval(&format!(
        "kit_pubsub:listen(paid, fun() -> ok = 'Elixir.Outrigger.Events.Stream':subscribe({orders}, \
         [{{where, [{{<<\"state\">>, '==', <<\"paid\">>}}]}}, {{fields, [{{id, <<\"id\">>}}]}}, {{as, paid}}]) end)"
    ));
    let mut input = example.0.stdin.take().unwrap();
    input
        .write_all(b"{\"id\": 6, \"state\": \"new\"}\nno event\n{\"id\": 7, \"state\": \"paid\"}\n")
        .unwrap();
    beam.wait_until(&format!("kit_pubsub:heard(paid) =:= [{{{orders}, paid, #{{id => 7}}}}]"), LONG);
}
