//! Servers in Rust, called from a real `erl` and from Rust; servers of the BEAM, called from Rust.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::Duration;

use common::cluster::{Cluster, atom, term};
use common::within;
use outrigger_node::{Answer, Context, Dest, Flow, From, GenServer, Message, NodeError, OwnedPid, Reason};
use outrigger_term::{Reader, Writer};
use tokio::sync::mpsc;

const SOON: Duration = Duration::from_secs(10);

/// Counts casts and infos; what it does with a call is in the request.
struct Worker {
    count: i64,
    /// Callers that get their answer when the next cast comes.
    kept: Vec<From>,
    ended: mpsc::UnboundedSender<Reason>,
}

fn integer(value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).integer(value);
    bytes
}

impl GenServer for Worker {
    async fn handle_call(&mut self, request: &[u8], from: From, context: &Context<'_>) -> Answer {
        let Ok(word) = Reader::new(request).atom() else { return Answer::Reply(request.to_vec()) };
        match word.as_str().unwrap() {
            "count" => Answer::Reply(integer(self.count)),
            "keep" => {
                self.kept.push(from);
                Answer::Later
            }
            "slow" => {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    from.reply(&atom("late")).unwrap();
                });
                Answer::Later
            }
            "bye" => Answer::Stop(Reason::shutdown(), Some(atom("goodbye"))),
            "crash" => Answer::Stop(Reason::tuple("broken", "on purpose"), None),
            "panic" => panic!("asked to panic"),
            "whoami" => {
                let mut bytes = Vec::new();
                Writer::new(&mut bytes).pid(&context.pid().borrow()).unwrap();
                Answer::Reply(bytes)
            }
            _ => Answer::Reply(atom("what")),
        }
    }

    async fn handle_cast(&mut self, _request: &[u8], _context: &Context<'_>) -> Flow {
        self.count += 1;
        for from in self.kept.drain(..) {
            from.reply(&integer(self.count)).unwrap();
        }
        Flow::Continue
    }

    async fn handle_info(&mut self, message: Message, _context: &Context<'_>) -> Flow {
        if matches!(message, Message::Term(_)) {
            self.count += 100;
        }
        Flow::Continue
    }

    fn state(&self) -> Vec<u8> {
        integer(self.count)
    }

    fn terminate(&mut self, reason: &Reason) {
        self.ended.send(reason.clone()).unwrap();
    }
}

async fn cluster() -> (Cluster, mpsc::UnboundedReceiver<Reason>) {
    let cluster = Cluster::start().await;
    let (ended, endings) = mpsc::unbounded_channel();
    let worker = Worker { count: 0, kept: Vec::new(), ended };
    cluster.node.start_server(Some("worker"), worker).unwrap();
    (cluster, endings)
}

#[tokio::test]
async fn row_44_calls_casts_and_infos_from_a_beam() {
    let (mut cluster, _endings) = cluster().await;
    let term = "{some, [\"term\", <<1:3>>, #{1 => -1}], self()}";
    let same = cluster.eval(&format!("T = {term}, gen_server:call({{worker, RUST}}, T) =:= T")).await;
    assert_eq!(same, "true");
    let counted = cluster
        .eval("gen_server:cast({worker, RUST}, one), {worker, RUST} ! info, gen_server:abcast([RUST], worker, two), gen_server:call({worker, RUST}, count)")
        .await;
    assert_eq!(counted, "102");
    // By its pid, and from a caller of the time before aliases.
    let by_pid = cluster
        .eval("P = gen_server:call({worker, RUST}, whoami), {is_pid(P), gen_server:call(P, count)}")
        .await;
    assert_eq!(by_pid, "{true,102}");
    let plain = cluster
        .eval("R = make_ref(), {worker, RUST} ! {'$gen_call', {self(), R}, count}, receive {R, N} -> N after 5000 -> none end")
        .await;
    assert_eq!(plain, "102");
    // An answer that is given later, by a cast.
    let later = cluster
        .eval("Id = gen_server:send_request({worker, RUST}, keep), gen_server:cast({worker, RUST}, go), gen_server:receive_response(Id, 5000)")
        .await;
    assert_eq!(later, "{reply,103}");
    let many = cluster.eval("gen_server:multi_call([RUST], worker, count)").await;
    assert!(many.starts_with("{[{'rust") && many.ends_with(",103}],[]}"), "{many}");
    // Nobody, and what is no server's business.
    let nobody = cluster.eval("catch gen_server:call({nobody, RUST}, count)").await;
    assert!(nobody.contains("noproc"), "{nobody}");
}

#[tokio::test]
async fn row_44_a_late_answer_is_dropped_and_the_caller_hears_nothing() {
    let (mut cluster, _endings) = cluster().await;
    let timed_out = cluster
        .eval("try gen_server:call({worker, RUST}, slow, 50) catch exit:{timeout, _} -> timeout end")
        .await;
    assert_eq!(timed_out, "timeout");
    // Its answer comes, behind it another call's, and nothing is in the mailbox.
    let after = cluster
        .eval("timer:sleep(500), pong = net_adm:ping(RUST), {gen_server:call({worker, RUST}, count), process_info(self(), messages)}")
        .await;
    assert_eq!(after, "{0,{messages,[]}}");

    // The same the other way: ours asks a slow one, gives up, and asks again.
    cluster
        .eval("register(slow, spawn(fun F() -> receive {'$gen_call', From, N} -> timer:sleep(N), gen_server:reply(From, N), F() end end)), ok")
        .await;
    let mut ours = cluster.node.process().unwrap();
    let slow = cluster.named("slow");
    let error = ours.call(&slow, &integer(400), Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error, NodeError::CallTimeout { .. }), "{error}");
    assert_eq!(ours.call(&slow, &integer(1), SOON).await.unwrap(), integer(1));
    assert!(ours.try_recv().is_none(), "the late answer is nobody's");
}

#[tokio::test]
async fn row_44_the_end_of_a_server_reaches_its_callers_with_the_reason() {
    for (request, seen, reason) in [
        ("bye", "goodbye", Some("shutdown")),
        ("crash", "{broken,<<\"on purpose\">>}", None),
        ("panic", "{rust_panic,<<\"asked to panic\">>}", None),
    ] {
        let (mut cluster, mut endings) = cluster().await;
        let got = cluster
            .eval(&format!("M = monitor(process, {{worker, RUST}}), R = try gen_server:call({{worker, RUST}}, {request}) catch exit:{{W, _}} -> W end, put(m, M), R"))
            .await;
        assert_eq!(got, seen, "{request}");
        let down =
            cluster.eval("receive {'DOWN', _, process, {worker, _}, W} -> W after 5000 -> none end").await;
        assert_eq!(down, reason.unwrap_or(seen), "{request}");
        if request != "panic" {
            let told = within("terminate", endings.recv()).await.unwrap();
            assert!(told.is("shutdown") == (request == "bye"), "{told:?}");
        }
        let again = cluster.eval("catch gen_server:call({worker, RUST}, count)").await;
        assert!(again.contains("noproc"), "the name is free: {again}");
    }
}

#[tokio::test]
async fn row_44_sys_asks_for_state_and_status_and_ends() {
    let (mut cluster, mut endings) = cluster().await;
    // What OTP 25 sees of a server on a later release is the pair.
    let state = cluster
        .eval(
            "gen_server:cast({worker, RUST}, x), S = sys:get_state({worker, RUST}),
               case erlang:system_info(otp_release) of \"25\" -> {ok, 1} = S, 1; _ -> S end",
        )
        .await;
    assert_eq!(state, "1");
    let status = cluster
        .eval("{status, P, {module, gen_server}, [_, running, _, _, [{state, S}]]} = sys:get_status({worker, RUST}), {is_pid(P), S}")
        .await;
    assert_eq!(status, "{true,1}");
    let refused = cluster.eval("catch sys:suspend({worker, RUST})").await;
    assert!(refused.contains("unknown_system_msg"), "{refused}");
    assert_eq!(cluster.eval("sys:terminate({worker, RUST}, shutdown)").await, "ok");
    assert!(within("the end", endings.recv()).await.unwrap().is("shutdown"));
}

#[tokio::test]
async fn row_44_calls_out_to_servers_of_a_beam() {
    let (mut cluster, _endings) = cluster().await;
    let peer = cluster.named("net_kernel").node().to_owned();
    let mut ours = cluster.node.process().unwrap();
    // The question behind a ping.
    let mut request = Vec::new();
    let mut writer = Writer::new(&mut request);
    writer.tuple(2);
    writer.atom("is_auth").unwrap();
    writer.atom("nobody").unwrap();
    let answer = cluster.node.call(&peer.parse().unwrap(), "net_kernel", &request, SOON).await.unwrap();
    assert_eq!(answer, atom("yes"));

    let victim = cluster.victim("victim", &mut ours).await;
    let (to, never) = (Dest::from(&victim), atom("never"));
    let (asked, ()) = tokio::join!(ours.call(&to, &never, SOON), async {
        tokio::task::yield_now().await;
        cluster.node.process().unwrap().exit(&victim, Reason::tuple("why", "killed"));
    });
    assert!(
        matches!(&asked, Err(NodeError::ProcessDown { reason, .. }) if *reason == Reason::tuple("why", "killed")),
        "{asked:?}"
    );
    let gone = ours.call(&Dest::from(&victim), &atom("never"), SOON).await;
    assert!(matches!(gone, Err(NodeError::NoProcess { .. })), "{gone:?}");
    let bad = ours.call(&cluster.named("worker"), &[104, 9], SOON).await;
    assert!(matches!(bad, Err(NodeError::BadOption { .. })), "{bad:?}");
    // From many tasks at once, each with its own answer.
    cluster
        .eval("register(echo, spawn(fun F() -> receive {'$gen_call', From, N} -> gen_server:reply(From, N), F() end end)), ok")
        .await;
    let calls: Vec<_> = (0..200)
        .map(|n| {
            let (node, echo) = (cluster.node.clone(), cluster.named("echo"));
            tokio::spawn(async move { node.process().unwrap().call(&echo, &integer(n), SOON).await.unwrap() })
        })
        .collect();
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(within("a call", call).await.unwrap(), integer(n as i64));
    }
    // The link goes in the middle of a call.
    let slow = cluster.eval("register(deaf, spawn(fun() -> receive never -> ok end end)), ok").await;
    assert_eq!(slow, "ok");
    let deaf = cluster.named("deaf");
    let erl = cluster.erl.take().unwrap();
    let (asked, ()) = tokio::join!(ours.call(&deaf, &never, SOON), async {
        tokio::task::yield_now().await;
        erl.kill();
    });
    assert!(matches!(asked, Err(NodeError::LinkDown { .. })), "{asked:?}");
    assert!(ours.try_recv().is_none());
}

#[tokio::test]
async fn a_server_of_this_node_is_called_without_a_link() {
    let node = outrigger_node::Node::start(common::config("a@127.0.0.1"), vec![]).await.unwrap();
    let (ended, mut endings) = mpsc::unbounded_channel();
    let pid: OwnedPid =
        node.start_server(Some("worker"), Worker { count: 5, kept: Vec::new(), ended }).unwrap();
    assert_eq!(node.whereis("worker"), Some(pid.clone()));
    let mut ours = node.process().unwrap();
    let by_name = Dest::name("worker", node.name().clone());
    assert_eq!(ours.call(&by_name, &atom("count"), SOON).await.unwrap(), integer(5));
    assert_eq!(node.call(node.name(), "worker", &atom("count"), SOON).await.unwrap(), integer(5));
    let error = ours.call(&Dest::name("nobody", node.name().clone()), &atom("count"), SOON).await;
    assert!(matches!(error, Err(NodeError::NoProcess { .. })), "{error:?}");
    let error = ours.call(&Dest::from(&pid), &atom("slow"), Duration::from_millis(20)).await;
    assert!(matches!(error, Err(NodeError::CallTimeout { .. })), "{error:?}");
    let error = ours.call(&by_name, &atom("panic"), SOON).await;
    assert!(
        matches!(&error, Err(NodeError::ProcessDown { reason, .. }) if *reason == Reason::tuple("rust_panic", "asked to panic")),
        "{error:?}"
    );
    assert!(ours.try_recv().is_none());
    assert_eq!(node.process_count(), 1);
    assert!(endings.recv().await.is_none());
    // Somebody else's answer to a call that nobody made is an ordinary message.
    ours.send(&Dest::from(&ours.pid().clone()), &atom("note")).unwrap();
    assert_eq!(term(&mut ours).await, atom("note"));
}
