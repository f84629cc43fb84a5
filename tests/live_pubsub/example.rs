//! The program in `examples/rust`, as a reader would run it.

use std::io::{BufRead, BufReader};
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

#[test]
fn an_order_is_answered_with_a_receipt() {
    let epmd = Epmd::start();
    let beam = with_package(Beam::options("app").epmd(&epmd)).start();
    beam.load(include_str!("kit_pubsub.erl"));
    beam.eval("kit_pubsub:start('Elixir.MyApp.PubSub', [])");
    let deps = std::env::current_exe().unwrap();
    let program = deps.parent().unwrap().with_file_name("examples").join("pubsub");
    let mut command = Command::new(&program);
    command.args([&unique_name("rust", "127.0.0.1"), beam.name()]);
    command.env("OUTRIGGER_COOKIE", COOKIE).env("ERL_EPMD_PORT", epmd.port().to_string());
    let child = command.stdout(Stdio::piped()).spawn();
    let mut example = Example(child.unwrap_or_else(|error| {
        panic!("{}: {error}; build it with `cargo build --workspace --examples`", program.display())
    }));
    let mut line = String::new();
    BufReader::new(example.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("ready: "), "{line:?}");
    let api = "'Elixir.Outrigger.PubSub'";
    beam.wait_until(&format!("length(maps:get(direct, {api}:info('Elixir.MyApp.PubSub'))) =:= 1"), LONG);
    let told = beam.eval(&format!(
        "{api}:subscribe('Elixir.MyApp.PubSub', <<\"receipts\">>, []), \
         {api}:broadcast('Elixir.MyApp.PubSub', <<\"orders\">>, #{{id => 7, cents => 1250}}), \
         receive #{{id := 7, text := Text}} -> Text after 10000 -> none end"
    ));
    assert_eq!(told, "<<\"12.50 paid\">>");
}
