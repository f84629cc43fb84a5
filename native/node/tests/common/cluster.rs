//! One `erl`, one Rust node, linked.

use outrigger_node::{
    Config, Dest, Flags, Message, Node, NodeName, OwnedPid, Process, ProcessOptions, Target,
};
use outrigger_term::{Reader, Writer};

use super::beam::{COOKIE, EpmdServer, Erl, eval, member, name};
use super::raw::{self, Raw};
use super::{up, within};

pub struct Cluster {
    epmd: EpmdServer,
    pub node: Node,
    /// Taken out while it is asked something, since `erl` answers over a pipe and must not stop the runtime.
    pub erl: Option<Erl>,
}

impl Cluster {
    pub async fn start() -> Self {
        Self::start_with(|_config| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let cluster = Self::apart(|config, erl| {
            config.joins = vec![Target::by_epmd(erl)];
            change(config);
        })
        .await;
        up(&mut cluster.node.events(), &cluster.erl.as_ref().unwrap().name).await;
        cluster
    }

    /// The same nodes, and no link until one of them wants it.
    pub async fn apart(change: impl FnOnce(&mut Config, NodeName)) -> Self {
        let epmd = EpmdServer::start();
        let erl = Erl::start(&epmd, &name("app"), COOKIE, &[]);
        let mut config = member(&epmd, &name("rust"));
        change(&mut config, erl.name.parse().unwrap());
        let node = Node::start(config, vec![]).await.unwrap();
        Self { epmd, node, erl: Some(erl) }
    }

    /// Another `erl` of the same cluster, not joined.
    pub fn another_erl(&self, short: &str) -> Erl {
        self.erl_called(&name(short), &[])
    }

    /// The same with its whole name and with options.
    pub fn erl_called(&self, name: &str, args: &[&str]) -> Erl {
        Erl::start(&self.epmd, name, COOKIE, args)
    }

    /// A raw peer of our `erl`, with these flags.
    pub async fn raw(&self, name: &str, flags: Flags) -> Raw {
        let erl = &self.erl.as_ref().unwrap().name;
        let addr = ([127, 0, 0, 1], self.port_of(erl).await).into();
        raw::connect_with(addr, name, erl, COOKIE, flags).await.unwrap()
    }

    /// The port at which a node of the cluster listens.
    pub async fn port_of(&self, name: &str) -> u16 {
        let short = name.split('@').next().unwrap();
        let names = outrigger_node::epmd_names("127.0.0.1", self.epmd.port).await.unwrap();
        names.iter().find(|(known, _)| known == short).unwrap().1
    }

    /// The value of an expression, in which `RUST` is the name of our node.
    pub async fn eval(&mut self, expression: &str) -> String {
        let erl = self.erl.take().unwrap();
        let (erl, value) = self.eval_on(erl, expression).await;
        self.erl = Some(erl);
        value
    }

    /// The same on another `erl`.
    pub async fn eval_on(&self, erl: Erl, expression: &str) -> (Erl, String) {
        eval(erl, &expression.replace("RUST", &format!("'{}'", self.node.name()))).await
    }

    /// A registered name on the BEAM.
    pub fn named(&self, name: &str) -> Dest {
        Dest::name(name, self.erl.as_ref().unwrap().name.parse().unwrap())
    }

    /// A process of the BEAM that waits to be told how to end, under a registered name. Returns its pid.
    pub async fn victim(&mut self, name: &str, ours: &mut Process) -> OwnedPid {
        ours.register(&format!("wants_{name}")).unwrap();
        self.eval(&format!(
            "register({name}, spawn(fun() -> receive stop -> ok; {{stop, W}} -> exit(W) end end)),
             {{wants_{name}, RUST}} ! whereis({name}), ok"
        ))
        .await;
        OwnedPid::from(Reader::new(&term(ours).await).pid().unwrap())
    }

    /// Ends the link, and waits for the next one; `news` hears of nodes. Both sides dial, so there may be more than one in between.
    pub async fn cut(&self, news: &mut Process) {
        let name: NodeName = self.erl.as_ref().unwrap().name.parse().unwrap();
        let old = self.node.link(&name).map(|link| {
            link.disconnect();
            link.id()
        });
        while self.node.link(&name).is_none_or(|link| Some(link.id()) == old) {
            assert!(matches!(next(news).await, Message::NodeDown { .. } | Message::NodeUp { .. }));
        }
    }

    /// Gives the process of the BEAM that is registered as `main` a pid.
    pub fn give(&self, from: &Process, pid: &OwnedPid) {
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).pid(&pid.borrow()).unwrap();
        from.send(&self.named("main"), &bytes).unwrap();
    }
}

pub async fn next(process: &mut Process) -> Message {
    within("a message", process.recv()).await.expect("the process is alive")
}

/// The next message, which is a term.
pub async fn term(process: &mut Process) -> bytes::Bytes {
    match next(process).await {
        Message::Term(term) => term,
        other => panic!("not a term: {other:?}"),
    }
}

pub fn atom(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).atom(text).unwrap();
    bytes
}

pub fn trapping(node: &Node) -> Process {
    node.process_with(&ProcessOptions::default().trap_exit()).unwrap()
}
