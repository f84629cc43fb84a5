//! Changes of a real server: identities, keys, unchanged values, messages, truncates, tables that change.

use outrigger_events::Value;
use outrigger_events::pgoutput::Options;

use crate::server::Server;
use crate::support::{at, is, is_change, number, peek, records, row, slot, text};

const WIRE: &str = "'proto_version', '1', 'messages', 'true'";

/// What each change is, in a line.
fn lines(told: &[Value]) -> Vec<String> {
    let changes = told.iter().filter(|record| is_change(record));
    changes
        .map(|change| {
            let Value::Name(op) = at(change, "op") else { panic!("an op") };
            let sides = ["key", "before", "after"].map(|side| row(at(change, side)));
            let changed = match at(change, "changed") {
                Value::List(names) => format!("{names:?}"),
                other => format!("{other:?}"),
            };
            format!("{} | {} | {changed}", op.text(), sides.join(" | "))
                .replace("Text(", "")
                .replace("\")", "\"")
        })
        .collect()
}

#[test]
fn rows_are_told_as_their_identity_has_them() {
    let server = Server::start();
    let long = "(select string_agg(md5(i::text), '') from generate_series(1, 400) i)";
    let short = "'short'";
    server.query("create publication everything for all tables");
    for (table, identity) in [("d", "default"), ("f", "full"), ("i", "using index i_name"), ("o", "full")] {
        server.query(&format!("create table {table} (id int primary key, name text not null, note text)"));
        server.query(&format!("alter table {table} alter column note set storage external"));
        if table == "i" {
            server.query("create unique index i_name on i (name)");
        }
        server.query(&format!("alter table {table} replica identity {identity}"));
    }
    slot(&server, "s", false);
    for table in ["d", "f", "i", "o"] {
        for sql in [
            format!("insert into {table} values (1, 'a', {long}), (2, 'b', {short})"),
            format!("update {table} set name = name where id = 1"),
            format!("update {table} set name = 'c', id = 3 where id = 1"),
            format!("update {table} set note = null where id = 2"),
            format!("delete from {table} where id = 2"),
        ] {
            server.query(&sql);
        }
    }
    let long = server.query(&format!("select {long}")).join("");
    let options = Options::default().key("public.o", &["id"]);
    for wire in [WIRE, "'proto_version', '1', 'binary', 'true'"] {
        let told = records(options.clone(), &peek(&server, "s", "set client_min_messages = error", wire));
        let lines: Vec<String> = lines(&told).iter().map(|line| line.replace(&long, "long")).collect();
        let own = |changed: &str| changed.to_owned();
        assert_eq!(
            lines[..6],
            [
                own(r#"create | id=1 | Null | id=1 name="a" note="long" | Null"#),
                own(r#"create | id=2 | Null | id=2 name="b" note="short" | Null"#),
                // The long text stays where it is, and is not sent.
                own(r#"update | id=1 | Null | id=1 name="a" note=:unchanged | Null"#),
                own(r#"update | id=3 | id=1 | id=3 name="c" note=:unchanged | Null"#),
                own(r#"update | id=2 | Null | id=2 name="b" note=null | Null"#),
                own(r#"delete | id=2 | id=2 | Null | Null"#),
            ]
        );
        assert_eq!(
            lines[6..12],
            [
                own(r#"create | Null | Null | id=1 name="a" note="long" | Null"#),
                own(r#"create | Null | Null | id=2 name="b" note="short" | Null"#),
                // The row before has it.
                own(r#"update | Null | id=1 name="a" note="long" | id=1 name="a" note="long" | []"#),
                own(
                    r#"update | Null | id=1 name="a" note="long" | id=3 name="c" note="long" | ["id", "name"]"#
                ),
                own(r#"update | Null | id=2 name="b" note="short" | id=2 name="b" note=null | ["note"]"#),
                own(r#"delete | Null | id=2 name="b" note=null | Null | Null"#),
            ]
        );
        assert_eq!(
            lines[12..18],
            [
                own(r#"create | name="a" | Null | id=1 name="a" note="long" | Null"#),
                own(r#"create | name="b" | Null | id=2 name="b" note="short" | Null"#),
                own(r#"update | name="a" | Null | id=1 name="a" note=:unchanged | Null"#),
                own(r#"update | name="c" | name="a" | id=3 name="c" note=:unchanged | Null"#),
                own(r#"update | name="b" | Null | id=2 name="b" note=null | Null"#),
                own(r#"delete | name="b" | name="b" | Null | Null"#),
            ]
        );
        // As the second table, with the key that the option says.
        for (full, keyed) in lines[6..12].iter().zip(&lines[18..]) {
            let (op, rest) = full.split_once(" | Null").unwrap();
            let id = if rest.contains("id=2") {
                2
            } else if rest.contains("id=3") {
                3
            } else {
                1
            };
            assert_eq!(keyed, &format!("{op} | id={id}{rest}"));
        }
        assert_eq!(lines.len(), 24);
    }
    let wrong = Options::default().key("public.o", &["no_such_column"]);
    let mut decoder = outrigger_events::pgoutput::Decoder::new(wrong);
    let frames = peek(&server, "s", "set client_min_messages = error", WIRE);
    let refused: Vec<String> = frames
        .iter()
        .filter_map(|frame| crate::support::decode(&mut decoder, frame).err())
        .map(|error| error.to_string())
        .collect();
    assert!(refused[0].contains("no_such_column"), "{refused:?}");
    // And its rows are not read.
    assert_eq!(refused.len(), 7);
}

#[test]
fn a_toasted_key_that_did_not_change_is_told_by_its_value() {
    let server = Server::start();
    server.query("create publication everything for all tables");
    server.query(
        "create table t (id text primary key, n int); alter table t alter column id set storage external",
    );
    slot(&server, "s", false);
    server.query("insert into t values (repeat('key', 800), 1)");
    server.query("update t set n = 2");
    let told = records(Options::default(), &peek(&server, "s", "set client_min_messages = error", WIRE));
    let update = told.iter().filter(|record| is_change(record)).nth(1).unwrap();
    let key = "key".repeat(800);
    assert_eq!((text(update, "key.id"), text(update, "after.id")), (&*key, &*key));
}

#[test]
fn places_messages_and_truncates() {
    let server = Server::start();
    server.query("create publication everything for all tables");
    server.query("create table a (id int primary key); create table b (id int primary key references a)");
    slot(&server, "s", false);
    let ids = server.query(
        "begin; insert into a values (1), (2); \
         select pg_logical_emit_message(true, 'within', 'bytes') > '0/0'; select pg_logical_emit_message(false, 'beside', E'\\\\x00ff'::bytea) > '0/0'; \
         truncate a, b restart identity cascade; insert into a values (3); select txid_current(); commit",
    );
    let xid: i64 = ids.last().unwrap().parse().unwrap();
    server.query("select pg_replication_origin_create('elsewhere'); select pg_replication_origin_session_setup('elsewhere'); \
                  begin; select pg_replication_origin_xact_setup('0/7B', '2024-02-29 10:15:30+00'); insert into a values (9); commit");
    let told = records(Options::default(), &peek(&server, "s", "set client_min_messages = error", WIRE));

    // What belongs to no transaction comes at once.
    let beside = &told[0];
    assert_eq!(
        (text(beside, "message.prefix"), at(beside, "message.content")),
        ("beside", &Value::Bytes(vec![0, 255]))
    );
    assert_eq!((at(beside, "transaction"), at(beside, "source_ts")), (&Value::Null, &Value::Null));
    assert!(number(beside, "position.lsn") > 0);

    let begin = &told[1];
    assert!(is(begin, "status", "begin"), "{begin:?}");
    assert_eq!((text(begin, "id"), number(begin, "position.tx_id")), (&*xid.to_string(), xid));
    let commit = number(begin, "position.commit_lsn");
    let changes = &told[2..8];
    let ops: Vec<String> =
        changes.iter().map(|change| format!("{:?} {:?}", at(change, "op"), at(change, "table"))).collect();
    let of = |op: &str, table: &str| format!("Name({op}) Text({table:?})");
    assert_eq!(
        ops,
        [
            of("Create", "a"),
            of("Create", "a"),
            "Name(Message) Null".to_owned(),
            of("Truncate", "a"),
            of("Truncate", "b"),
            of("Create", "a"),
        ]
    );
    for (place, change) in (1..).zip(changes) {
        assert_eq!(number(change, "position.index"), place);
        assert_eq!(number(change, "transaction.total_order"), place);
        assert_eq!((number(change, "position.commit_lsn"), number(change, "position.tx_id")), (commit, xid));
        assert_eq!(text(change, "transaction.id"), xid.to_string());
        assert_eq!(at(change, "source_ts"), at(begin, "ts"));
    }
    assert_eq!(text(&changes[0], "source.schema"), "public");
    for truncate in &changes[3..5] {
        assert_eq!(
            (at(truncate, "rest.cascade"), at(truncate, "rest.restart_identity")),
            (&Value::Boolean(true), &Value::Boolean(true))
        );
        assert_eq!((at(truncate, "after"), at(truncate, "key")), (&Value::Null, &Value::Null));
    }
    let end = &told[8];
    assert!(is(end, "status", "end"));
    assert_eq!((number(end, "event_count"), number(end, "position.commit_lsn")), (6, commit));
    assert!(number(end, "position.end_lsn") > commit);

    let origin = &told[10];
    assert!(is(origin, "status", "origin"), "{origin:?}");
    assert_eq!((text(origin, "origin"), number(origin, "position.origin_lsn")), ("elsewhere", 0x7b));
    assert_eq!(number(&told[11], "position.index"), 1);
}

#[test]
fn a_table_that_changes_is_read_as_it_was() {
    let server = Server::start();
    server.query("create publication everything for all tables; create table t (id int primary key, n int)");
    slot(&server, "s", false);
    for sql in [
        "insert into t values (1, 10)",
        "begin; insert into t values (2, 20); alter table t add c numeric(5, 2); insert into t values (3, 30, 3.5); commit",
        "alter table t rename n to m; alter table t drop c",
        "insert into t values (4, 40)",
        "begin; alter table t add gone int; insert into t values (5, 50, 500); rollback",
        "insert into t values (6, 60)",
    ] {
        server.query(sql);
    }
    let told = records(Options::default(), &peek(&server, "s", "set client_min_messages = error", WIRE));
    let rows: Vec<String> =
        told.iter().filter(|record| is_change(record)).map(|change| row(at(change, "after"))).collect();
    assert_eq!(rows[..2], ["id=1 n=10", "id=2 n=20"]);
    assert!(rows[2].starts_with("id=3 n=30 c=Decimal("), "{}", rows[2]);
    assert_eq!(rows[3..], ["id=4 m=40", "id=6 m=60"]);
}
