//! Remote calls between Rust and a real `erl`, in both directions.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use common::cluster::{Cluster, atom};
use common::within;
use outrigger_node::{Mfa, NodeError, NodeName, OwnedPid, Raise, Reason, RpcError};
use outrigger_term::{Reader, Writer};

const SOON: Duration = Duration::from_secs(10);

/// A list of bare terms.
fn list(terms: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.list(terms.len() as u32);
    terms.iter().for_each(|term| writer.raw(term));
    if !terms.is_empty() {
        writer.nil();
    }
    bytes
}

fn integer(value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).integer(value);
    bytes
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).charlist(text.as_bytes()).unwrap();
    bytes
}

struct Caller {
    cluster: Cluster,
    peer: NodeName,
}

impl Caller {
    async fn start() -> Self {
        let cluster = Cluster::start().await;
        let peer = cluster.named("x").node().parse().unwrap();
        Self { cluster, peer }
    }

    async fn call(&self, module: &str, function: &str, args: &[Vec<u8>]) -> Result<Bytes, RpcError> {
        self.cluster.node.erpc(&self.peer, module, function, &list(args), SOON).await
    }

    /// Has the peer compile a module `t` with functions that do what a call can come to.
    async fn load(&mut self) {
        let module = "F = fun(S) -> {ok, T, _} = erl_scan:string(S), {ok, A} = erl_parse:parse_form(T), A end,
             {ok, t, B} = compile:forms([F(\"-module(t).\"), F(\"-compile([export_all, nowarn_export_all]).\"),
               F(\"throws(X) -> throw(X).\"), F(\"exits(X) -> exit(X).\"), F(\"errs(X) -> error(X).\"),
               F(\"killed() -> exit(self(), kill).\"), F(\"sleeps(N) -> timer:sleep(N), slept.\"),
               F(\"prints() -> io:format(\\\"hello ~p~n\\\", [1]), io:get_line(\\\"\\\").\"),
               F(\"many(N) -> lists:seq(1, N).\")]), {module, t} = code:load_binary(t, \"t\", B)";
        assert_eq!(self.cluster.eval(module).await, "{module,t}");
    }
}

#[tokio::test]
async fn row_43_what_a_call_comes_to_is_told_apart() {
    let mut caller = Caller::start().await;
    caller.load().await;
    let value = caller.call("erlang", "node", &[]).await.unwrap();
    assert!(Reader::new(&value).atom().unwrap().eq_str(caller.peer.as_str()));
    // Arguments that are all bytes travel in the short form of a list.
    let sum = caller.call("erlang", "+", &[integer(40), integer(2)]).await.unwrap();
    assert_eq!(sum, integer(42));
    let short =
        caller.cluster.node.erpc(&caller.peer, "erlang", "+", &[107, 0, 2, 40, 2], SOON).await.unwrap();
    assert_eq!(short, integer(42));
    let reason = || vec![atom("why")];
    match caller.call("t", "throws", &reason()).await.unwrap_err() {
        RpcError::Throw { thrown } => assert_eq!(thrown, atom("why")),
        other => panic!("{other}"),
    }
    match caller.call("t", "exits", &reason()).await.unwrap_err() {
        RpcError::Exit { reason } => assert!(reason.is("why")),
        other => panic!("{other}"),
    }
    match caller.call("t", "errs", &reason()).await.unwrap_err() {
        RpcError::Error { reason, stack } => {
            assert!(reason.is("why"));
            assert!(Reader::new(&stack).list().unwrap() >= 1);
        }
        other => panic!("{other}"),
    }
    match caller.call("t", "nothing", &[]).await.unwrap_err() {
        RpcError::Error { reason, .. } => assert!(reason.is("undef")),
        other => panic!("{other}"),
    }
    match caller.call("t", "killed", &[]).await.unwrap_err() {
        RpcError::Signal { reason } => assert!(reason.is("killed")),
        other => panic!("{other}"),
    }
    let slow = list(&[integer(60_000)]);
    let late = caller.cluster.node.erpc(&caller.peer, "t", "sleeps", &slow, Duration::from_millis(100)).await;
    assert!(matches!(late, Err(RpcError::Timeout { .. })), "{late:?}");
    let bad = caller.cluster.node.erpc(&caller.peer, "erlang", "node", &[104, 0], SOON).await;
    assert!(matches!(bad, Err(RpcError::Node(NodeError::BadOption { .. }))), "{bad:?}");
    let stranger = "nobody@127.0.0.1".parse().unwrap();
    let unlinked = caller.cluster.node.erpc(&stranger, "erlang", "node", &[106], SOON).await;
    assert!(matches!(unlinked, Err(RpcError::Node(NodeError::NotLinked { .. }))), "{unlinked:?}");
    // What the function prints does not stop it, what it wants to read is refused.
    match caller.call("t", "prints", &[]).await {
        Ok(read) => {
            let mut reader = Reader::new(&read);
            assert_eq!(reader.tuple().unwrap(), 2);
            assert!(reader.atom().unwrap().eq_str("error"));
        }
        Err(other) => panic!("{other}"),
    }
    // A large value comes in fragments.
    let many = caller.call("t", "many", &[integer(200_000)]).await.unwrap();
    assert_eq!(Reader::new(&many).list().unwrap(), 200_000);
    assert_eq!(caller.cluster.eval("nodes(hidden) == [RUST]").await, "true");
}

#[tokio::test]
async fn row_43_rex_answers_and_says_badrpc() {
    let caller = Caller::start().await;
    let node = &caller.cluster.node;
    let value = node.rex(&caller.peer, "erlang", "node", &[106], SOON).await.unwrap();
    assert!(Reader::new(&value).atom().unwrap().eq_str(caller.peer.as_str()));
    match node.rex(&caller.peer, "t", "nothing", &[106], SOON).await.unwrap_err() {
        RpcError::BadRpc { reason } => assert!(!reason.as_bytes().is_empty()),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn row_43_a_node_that_dies_in_a_call_is_noconnection() {
    let mut caller = Caller::start().await;
    caller.load().await;
    let erl = caller.cluster.erl.take().unwrap();
    let slow = list(&[integer(60_000)]);
    let (called, ()) =
        tokio::join!(caller.cluster.node.erpc(&caller.peer, "t", "sleeps", &slow, SOON), async {
            tokio::task::yield_now().await;
            erl.kill();
        });
    assert!(matches!(called, Err(RpcError::Node(NodeError::LinkDown { .. }))), "{called:?}");
}

#[tokio::test]
async fn row_43_a_thousand_calls_at_once_each_with_its_own_answer() {
    let caller = Caller::start().await;
    let calls: Vec<_> = (0..1_000)
        .map(|n| {
            let (node, peer) = (caller.cluster.node.clone(), caller.peer.clone());
            tokio::spawn(async move {
                let args = list(&[integer(n), integer(1_000_000)]);
                node.erpc(&peer, "erlang", "+", &args, SOON).await.unwrap()
            })
        })
        .collect();
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(within("a call", call).await.unwrap(), integer(n as i64 + 1_000_000));
    }
}

#[tokio::test]
async fn many_reads_in_one_trip() {
    let caller = Caller::start().await;
    let node = &caller.cluster.node;
    let processes = caller.call("erlang", "processes", &[]).await.unwrap();
    let mut reader = Reader::new(&processes);
    let length = reader.list().unwrap();
    let pids: Vec<_> = (0..length).map(|_| OwnedPid::from(reader.pid().unwrap())).collect();
    assert!(pids.len() > 20);
    let before = caller.cluster.node.links()[0].written.signals;
    let items = list(&[atom("message_queue_len"), atom("memory")]);
    let infos = node.process_info(&caller.peer, &pids, &items, SOON).await.unwrap();
    assert_eq!(caller.cluster.node.links()[0].written.signals, before + 1, "one trip");
    assert_eq!(infos.len(), pids.len());
    for info in &infos {
        let mut reader = Reader::new(info);
        // A process may have ended since.
        if reader.list() != Ok(2) {
            assert!(Reader::new(info).atom().unwrap().eq_str("undefined"));
            continue;
        }
        assert_eq!(reader.tuple().unwrap(), 2);
        assert!(reader.atom().unwrap().eq_str("message_queue_len"));
    }
    let calls = [
        Mfa { module: "erlang", function: "node", args: Bytes::from_static(&[106]) },
        Mfa { module: "erlang", function: "list_to_atom", args: list(&[string("ok")]).into() },
    ];
    let values = node.batch(&caller.peer, &calls, SOON).await.unwrap();
    assert_eq!(values[1], atom("ok"));
    assert!(node.batch(&caller.peer, &[], SOON).await.unwrap().is_empty());
    let broken = [Mfa { module: "nobody", function: "home", args: Bytes::from_static(&[106]) }];
    assert!(matches!(node.batch(&caller.peer, &broken, SOON).await, Err(RpcError::Error { .. })));
}

/// A node of ours with functions, and what they counted.
async fn with_functions() -> (Cluster, Arc<AtomicUsize>) {
    let cluster = Cluster::start().await;
    let counted = Arc::new(AtomicUsize::new(0));
    let node = &cluster.node;
    node.register_function("rust", "echo", 1, |request| async move { Ok(request.args[0].to_vec()) }).unwrap();
    node.register_function("rust", "raise", 1, |request| async move {
        let why = || Reason::new(request.args[0].clone()).unwrap();
        let word = Reader::new(&request.args[0]).atom().map(|word| word.text().into_owned());
        match word.as_deref() {
            Ok("throw") => Err(Raise::Throw(why())),
            Ok("exit") => Err(Raise::Exit(why())),
            Ok("panic") => panic!("asked to panic"),
            Ok("rubbish") => Ok(vec![104, 9]),
            _ => Err(Raise::Error(why())),
        }
    })
    .unwrap();
    let count = counted.clone();
    node.register_function("rust", "count", 0, move |_request| {
        let count = count.clone();
        async move {
            count.fetch_add(1, SeqCst);
            Ok(integer(count.load(SeqCst) as i64))
        }
    })
    .unwrap();
    node.register_function("rust", "sleep", 0, |_request| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(Vec::new())
    })
    .unwrap();
    (cluster, counted)
}

#[tokio::test]
async fn row_43_registered_functions_answer_erpc_and_rpc() {
    let (mut cluster, counted) = with_functions().await;
    let term = "{some, [\"term\"], <<1:3>>, self(), #{1 => 2.5}}";
    let same = cluster
        .eval(&format!(
            "T = {term}, {{erpc:call(RUST, rust, echo, [T]) =:= T, rpc:call(RUST, rust, echo, [T]) =:= T}}"
        ))
        .await;
    assert_eq!(same, "{true,true}");
    // Arguments in the short form.
    assert_eq!(cluster.eval("erpc:call(RUST, rust, echo, [7])").await, "7");
    for (expression, expected) in [
        ("catch erpc:call(RUST, rust, raise, [throw])", "throw"),
        ("try erpc:call(RUST, rust, raise, [exit]) catch C:R -> {C, R} end", "{exit,{exception,exit}}"),
        (
            "try erpc:call(RUST, rust, raise, [other]) catch C:R -> {C, R} end",
            "{error,{exception,other,[{rust,raise,[other],[]}]}}",
        ),
        (
            "try erpc:call(RUST, rust, nothing, [1]) catch C:R -> {C, R} end",
            "{error,{exception,undef,[{rust,nothing,[1],[]}]}}",
        ),
        (
            "try erpc:call(RUST, rust, raise, [panic]) catch error:{exception, R, _} -> R end",
            "{rust_panic,<<\"asked to panic\">>}",
        ),
        (
            "try erpc:call(RUST, rust, raise, [rubbish]) catch error:{exception, {R, _}, _} -> R end",
            "rust_error",
        ),
        ("try erpc:call(RUST, rust, sleep, [], 100) catch C:R -> {C, R} end", "{error,{erpc,timeout}}"),
        ("element(1, rpc:call(RUST, erlang, halt, []))", "badrpc"),
        ("try erpc:call(RUST, fun() -> 1 end) catch error:{exception, R, _} -> R end", "undef"),
        (
            "R = spawn_request(RUST, erlang, halt, [], []), receive {spawn_reply, R, error, W} -> W after 5000 -> none end",
            "notsup",
        ),
        ("erpc:multicall([RUST, node()], erlang, list_to_atom, [\"x\"])", ""),
    ] {
        let got = cluster.eval(expression).await;
        assert!(
            if expected.is_empty() {
                got.contains("undef") && got.contains("{ok,x}")
            } else {
                got == expected
            },
            "{expression}: {got}"
        );
    }
    let cast = cluster
        .eval("[erpc:cast(RUST, rust, count, []) || _ <- lists:seq(1, 10)], [erpc:call(RUST, rust, echo, [1]) || _ <- lists:seq(1, 10)], ok")
        .await;
    assert_eq!(cast, "ok");
    within("all casts", async {
        while counted.load(SeqCst) < 10 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let async_call = cluster
        .eval("Id = erpc:send_request(RUST, rust, echo, [later]), erpc:receive_response(Id, 5000)")
        .await;
    assert_eq!(async_call, "later");
    assert_eq!(cluster.eval("nodes(hidden) == [RUST]").await, "true");
}

#[tokio::test]
async fn a_running_call_is_ended_by_an_exit_and_bounded_in_number() {
    let mut cluster = Cluster::start_with(|config| config.bounds.max_running = 3).await;
    cluster
        .node
        .register_function("rust", "sleep", 0, |_request| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(Vec::new())
        })
        .unwrap();
    let refused = cluster
        .eval("Ids = [erpc:send_request(RUST, rust, sleep, []) || _ <- lists:seq(1, 4)], try erpc:receive_response(lists:last(Ids), 5000) catch C:R -> {C, R} end")
        .await;
    assert_eq!(refused, "{error,{erpc,system_limit}}");
    assert_eq!(cluster.node.process_count(), 3);
    // A process that runs one is a process like any other.
    let ended = cluster
        .eval("R = spawn_request(RUST, erpc, execute_call, [make_ref(), rust, sleep, []], [monitor]), receive {spawn_reply, R, error, W} -> W after 5000 -> none end")
        .await;
    assert_eq!(ended, "system_limit");
    let mut fresh = Cluster::start().await;
    fresh
        .node
        .register_function("rust", "sleep", 0, |_request| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(Vec::new())
        })
        .unwrap();
    let ended = fresh
        .eval(
            "R = spawn_request(RUST, erpc, execute_call, [make_ref(), rust, sleep, []], [monitor]),
               P = receive {spawn_reply, R, ok, X} -> X after 5000 -> none end, exit(P, enough),
               receive {'DOWN', R, process, P, W} -> W after 5000 -> none end",
        )
        .await;
    assert_eq!(ended, "enough");
    assert_eq!(fresh.node.process_count(), 0);
}
