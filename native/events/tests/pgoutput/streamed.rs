//! Transactions that come before they have ended, and such as are prepared: what is left of them is what the server sends of them
//! when it sends them whole.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Stdio};

use outrigger_events::Value;
use outrigger_events::pgoutput::Options;

use crate::server::Server;
use crate::support::{at, is, is_change, number, peek, records, row, slot, text};
use crate::tagged::find;

/// A session that stays, so that transactions are open beside each other.
struct Session {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Session {
    fn start(server: &Server) -> Self {
        let mut psql = server.psql();
        let mut process = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, output }
    }

    /// Runs statements, and waits until they are done.
    fn run(&mut self, sql: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{sql};\n\\echo done").unwrap();
        assert!(self.output.by_ref().map_while(Result::ok).any(|line| line == "done"), "{sql}");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a consumer keeps: changes by transaction, those that are taken back dropped, until the transaction ends.
#[derive(Default)]
struct Collected {
    open: BTreeMap<i64, Vec<(Option<i64>, String)>>,
    ended: Vec<(i64, Vec<String>)>,
    /// Statuses that came, and how often.
    seen: BTreeMap<String, usize>,
    gids: Vec<String>,
}

impl Collected {
    fn of(told: &[Value]) -> Self {
        let mut all = Self::default();
        for record in told {
            if is_change(record) {
                let sub = find(at(record, "position"), "sub_tx_id");
                let sub = sub.map(|_| number(record, "position.sub_tx_id"));
                let change = format!("{:?} {}", at(record, "op"), row(at(record, "after")));
                all.open.entry(number(record, "position.tx_id")).or_default().push((sub, change));
                continue;
            }
            let Value::Name(status) = at(record, "status") else { panic!("a status") };
            *all.seen.entry(status.text().to_owned()).or_default() += 1;
            let xid = number(record, "position.tx_id");
            assert_eq!(text(record, "id"), xid.to_string());
            match status.text() {
                "end" => {
                    let changes = all.open.remove(&xid).unwrap_or_default();
                    all.ended.push((xid, changes.into_iter().map(|(_, change)| change).collect()));
                }
                "commit_prepared" => {
                    all.gids.push(text(record, "gid").to_owned());
                    let changes = all.open.remove(&xid).unwrap_or_default();
                    all.ended.push((xid, changes.into_iter().map(|(_, change)| change).collect()));
                }
                "rollback_prepared" => {
                    all.gids.push(text(record, "gid").to_owned());
                    all.open.remove(&xid);
                }
                "abort" => match number(record, "position.sub_tx_id") {
                    sub if sub == xid => drop(all.open.remove(&xid)),
                    sub => all.open.entry(xid).or_default().retain(|(made_by, _)| *made_by != Some(sub)),
                },
                _ => {}
            }
        }
        all
    }

    fn seen(&self, status: &str) -> usize {
        self.seen.get(status).copied().unwrap_or_default()
    }
}

const FILL: &str = "insert into t select g, repeat('x', 300) from generate_series";

#[test]
fn what_is_left_of_streamed_transactions_is_what_committed() {
    let server = Server::start();
    server.query(
        "create table t (id int primary key, note text); create publication everything for all tables",
    );
    slot(&server, "s", false);
    let (mut one, mut other) = (Session::start(&server), Session::start(&server));
    one.run("begin");
    other.run("begin");
    one.run(&format!("{FILL}(1, 600) g"));
    one.run(&format!("savepoint a; {FILL}(1001, 1600) g; savepoint b; {FILL}(2001, 2600) g; rollback to a"));
    other.run(&format!("{FILL}(5001, 5600) g"));
    one.run(&format!(
        "savepoint kept; {FILL}(3001, 3600) g; release kept; update t set note = 'y' where id < 10"
    ));
    other.run(&format!("{FILL}(5601, 6200) g; rollback"));
    one.run("commit");
    server.query("insert into t values (0, 'small')");
    other.run(&format!("begin; {FILL}(7001, 7900) g; delete from t where id = 0; commit"));

    let quiet = "set client_min_messages = error; set logical_decoding_work_mem = '64kB'";
    let whole =
        Collected::of(&records(Options::default(), &peek(&server, "s", quiet, "'proto_version', '1'")));
    assert_eq!((whole.ended.len(), whole.open.len(), whole.seen("stream_begin")), (3, 0, 0));
    for binary in ["false", "true"] {
        let wire = format!("'proto_version', '2', 'streaming', 'on', 'binary', '{binary}'");
        let told = records(Options::default(), &peek(&server, "s", quiet, &wire));
        let streamed = Collected::of(&told);
        assert_eq!(streamed.ended, whole.ended);
        assert!(streamed.open.is_empty(), "{:?}", streamed.open.keys());
        assert_eq!(streamed.seen("stream_begin"), 3);
        assert!(streamed.seen("stream_resume") > 3, "{:?}", streamed.seen);
        assert_eq!(
            streamed.seen("stream_pause"),
            streamed.seen("stream_begin") + streamed.seen("stream_resume")
        );
        // Two savepoints and one transaction.
        assert_eq!(streamed.seen("abort"), 3, "{:?}", streamed.seen);
        // What may be taken back has no place.
        let change = told.iter().find(|record| is_change(record)).unwrap();
        assert_eq!(at(change, "transaction.total_order"), &Value::Null);
        assert!(find(at(change, "position"), "index").is_none());
    }
}

#[test]
fn prepared_transactions_are_told_by_their_names() {
    let server = Server::start();
    server.query(
        "create table t (id int primary key, note text); create publication everything for all tables",
    );
    slot(&server, "s", true);
    server.query("begin; insert into t values (1, 'a'), (2, 'b'); prepare transaction 'kept'");
    server.query("begin; insert into t values (3, 'c'); prepare transaction 'dropped'");
    server.query("rollback prepared 'dropped'");
    server.query("commit prepared 'kept'");
    server.query(&format!("begin; {FILL}(1001, 1900) g; prepare transaction 'large'"));
    server.query("commit prepared 'large'");

    let quiet = "set client_min_messages = error; set logical_decoding_work_mem = '64kB'";
    let wire = "'proto_version', '3', 'streaming', 'on', 'two_phase', 'on'";
    let told = records(Options::default(), &peek(&server, "s", quiet, wire));
    let collected = Collected::of(&told);
    assert_eq!(collected.gids, ["dropped", "kept", "large"]);
    assert!(collected.open.is_empty());
    let counts: Vec<usize> = collected.ended.iter().map(|(_, changes)| changes.len()).collect();
    assert_eq!(counts, [2, 900]);
    assert_eq!(
        (collected.seen("begin"), collected.seen("prepare"), collected.seen("stream_begin")),
        (2, 3, 1)
    );

    let begin = &told[0];
    assert!(is(begin, "status", "begin"));
    assert_eq!(text(begin, "gid"), "kept");
    let prepare = number(begin, "position.prepare_lsn");
    for (place, change) in (1..).zip(&told[1..3]) {
        assert_eq!(
            (number(change, "position.prepare_lsn"), number(change, "position.index")),
            (prepare, place)
        );
    }
    assert!(is(&told[3], "status", "prepare"));
    assert_eq!((number(&told[3], "event_count"), number(&told[3], "position.prepare_lsn")), (2, prepare));
}
