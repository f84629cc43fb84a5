//! The command `outrigger node`.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use outrigger_node::{Config, Epmd, Events, Listen, Node, NodeError, NodeEvent, Service, Target};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::stop::Stopped;
use super::{FirstJoin, Reason, Stdin, Stop, Verdict};
use crate::args::{LogLevel, NodeArgs};
use crate::exit::Exit;
use crate::log::{Event, Level, Log, Record, Style};
use crate::service::{Limits, PubSub, gate};
use crate::settings::{HostNames, NodeSettings};
use crate::status::{self, Status};

/// How long a supervised node tries to join its first target, and waits for its cookie.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long a name may seem taken: EPMD notices a moment later that a killed node is gone.
const NAME_PATIENCE: Duration = Duration::from_secs(1);
/// Between two attempts to register.
const NAME_PAUSE: Duration = Duration::from_millis(100);
/// For publishers to take another way when there is time, and then for links to end in good order.
const MOVE: Duration = Duration::from_secs(2);
const LEAVE: Duration = Duration::from_secs(2);
/// For links when standard input has ended: the whole process is gone within 100 ms.
const LEAVE_AT_ONCE: Duration = Duration::from_millis(45);
/// For the last lines of the log.
const LAST_LINES: Duration = Duration::from_millis(200);
const LAST_LINES_AT_ONCE: Duration = Duration::from_millis(10);

/// Runs a node until it is told to stop.
pub(crate) fn run(args: &NodeArgs) -> Exit {
    let stdin = match (args.supervised || args.cookie.cookie_stdin).then(|| Stdin::start(args.supervised)) {
        None => None,
        Some(Ok(stdin)) => Some(stdin),
        Some(Err(error)) => {
            return give_up(&open_log(args), Reason::BadOption, &format!("no standard input: {error}"));
        }
    };
    let log = open_log(args);
    let first_line = || {
        let stdin = stdin.as_ref()?;
        if args.supervised {
            // Asked for, not taken for granted: a supervisor that writes to a program that has died already is told
            // of a broken pipe, and not why the program died.
            log.event(Level::Debug, Event::Cookie, "");
        }
        stdin.first_line(PATIENCE)
    };
    let settings = match NodeSettings::resolve(args, &HostNames::of_system(), first_line) {
        Ok(settings) => settings,
        // The supervisor left before it gave the cookie: nobody is there to be told of an error.
        Err(_) if args.supervised && stdin.as_ref().is_some_and(Stdin::has_ended) => return Exit::Ok,
        Err(error) => {
            give_up(&log, error.reason(), &error.to_string());
            return if args.supervised { Exit::Failed } else { error.exit() };
        }
    };
    let runtime = match runtime(settings.threads) {
        Ok(runtime) => runtime,
        Err(error) => return give_up(&log, Reason::BadOption, &format!("cannot start the runtime: {error}")),
    };
    let stdin = stdin.filter(|_| args.supervised);
    let exit = runtime.block_on(serve(settings, args.supervised, &log, stdin));
    // Does not wait for look-ups of host names that may still be under way.
    runtime.shutdown_background();
    exit
}

/// Tells a supervisor that it gave wrong options. There are no options yet, so the log is made for this line.
pub(crate) fn bad_option(problem: &str) -> Exit {
    let log = Log::start(Style::Port, LogLevel::Info, crate::out::stdout());
    give_up(&log, Reason::BadOption, problem.trim_end())
}

fn open_log(args: &NodeArgs) -> Log {
    if args.supervised {
        return Log::start(Style::Port, args.log_level, crate::out::stdout());
    }
    let colour = io::stderr().is_terminal() && crate::out::colours_wanted();
    Log::start(Style::Human { colour }, args.log_level, crate::out::stderr())
}

fn runtime(threads: usize) -> io::Result<Runtime> {
    if threads <= 1 {
        return Builder::new_current_thread().enable_all().build();
    }
    Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}

fn give_up(log: &Log, reason: Reason, text: &str) -> Exit {
    log.event(Level::Error, Event::Fatal(reason.as_str()), text);
    log.flush(LAST_LINES);
    Exit::Failed
}

fn config(settings: NodeSettings) -> Config {
    let mut config = Config::new(settings.name, settings.cookie);
    config.cookies = settings.cookies;
    config.tls = settings.tls;
    config.net_ticktime = settings.net_ticktime;
    config.epmd = settings.epmd_port.map_or(Epmd::Off, Epmd::Port);
    if let Some(listen) = settings.listen {
        config.listen = Listen::Addrs(vec![(listen.ip, listen.port).into()]);
    }
    config.discovery = settings.discovery;
    config.joins = settings
        .targets
        .into_iter()
        .map(|target| Target { addr: target.address(), name: target.name })
        .collect();
    config
}

/// Starts the node and lets it work until the end.
async fn serve(settings: NodeSettings, supervised: bool, log: &Log, stdin: Option<Stdin>) -> Exit {
    let mut stop = match Stop::new(stdin) {
        Ok(stop) => stop,
        Err(error) => return give_up(log, Reason::BadOption, &format!("cannot take over signals: {error}")),
    };
    let deadline = Instant::now() + PATIENCE;
    let mut first = FirstJoin::new(settings.targets.first().map(|target| target.name.clone()), !supervised);
    let pubsub = Arc::new(PubSub::new(settings.lane.clone()));
    let gates = settings.gates.clone();
    let config = config(settings);
    let started = tokio::select! {
        started = start(config, &pubsub) => started,
        stopped = stop.wait() => return goodbye(log, stopped),
    };
    let node = match started {
        Ok(node) => node,
        Err(error) => return give_up(log, Reason::of_start(&error), &error.to_string()),
    };

    // The names are ours: no service has them, and no process runs yet.
    let limits = Arc::new(Limits::default());
    if let Err(error) = limits.start(&node) {
        tracing::error!(%error, "nobody owns limits on this node; this is a bug");
    }
    if let Err(error) = node.start_server(Some(status::NAME), Status::new(pubsub.clone(), limits)) {
        tracing::error!(%error, "nobody answers for the status of this node; this is a bug");
    }
    if let Some(gates) = gates
        && let Err(error) = gate::start(&node, gates)
    {
        tracing::error!(%error, "nobody judges gates on this node; this is a bug");
    }
    let mut events = node.events();
    let ended = tokio::select! {
        stopped = stop.wait() => Ok(stopped),
        given_up = watch(&mut events, &mut first, deadline, log) => Err(given_up),
    };
    match ended {
        Ok(stopped) => {
            let patience = if stopped.in_good_order() {
                tokio::select! {
                    _late = timeout(MOVE, pubsub.leave()) => {}
                    () = stop.at_once() => {}
                }
                LEAVE
            } else {
                LEAVE_AT_ONCE
            };
            let _late = timeout(patience, node.shutdown()).await;
            tracing::debug!(figures = ?pubsub.figures(), "pubsub");
            goodbye(log, stopped)
        }
        Err((reason, text)) => {
            // Said first: whoever waits for the word should not wait for the links.
            let exit = give_up(log, reason, &text);
            let _late = timeout(LEAVE_AT_ONCE, node.shutdown()).await;
            exit
        }
    }
}

/// Starts the node; tries again for a while if a node of this name seems to be alive.
async fn start(config: Config, pubsub: &Arc<PubSub>) -> Result<Node, NodeError> {
    let until = Instant::now() + NAME_PATIENCE;
    loop {
        let service: Arc<dyn Service> = pubsub.clone();
        match Node::start(config.clone(), vec![service]).await {
            Err(NodeError::NameTaken { .. }) if Instant::now() < until => sleep(NAME_PAUSE).await,
            result => return result,
        }
    }
}

/// Tells the log what happens to links. Returns only to give up.
async fn watch(events: &mut Events, first: &mut FirstJoin, deadline: Instant, log: &Log) -> (Reason, String) {
    let mut verdict = first.started();
    loop {
        match verdict {
            Verdict::Wait => {}
            Verdict::Ready => log.event(Level::Info, Event::Ready, ""),
            Verdict::GiveUp(reason, text) => return (reason, text),
        }
        verdict = tokio::select! {
            event = events.next() => match event {
                Some(event) => {
                    tell(&event, log);
                    first.event(&event)
                }
                // The node has ended by itself, which only one without a name of its own does.
                None => {
                    let text = "the link that gave the node its name is down, and so is the node; start it again";
                    Verdict::GiveUp(Reason::PeerUnreachable, text.to_owned())
                }
            },
            () = sleep_until(deadline), if first.has_deadline() => first.deadline(),
        };
    }
}

fn tell(event: &NodeEvent, log: &Log) {
    match event {
        NodeEvent::Up { name, hidden, addr, .. } => {
            let kind = if *hidden { "a hidden node" } else { "a node" };
            log.event(Level::Info, Event::Joined(name.to_string()), format!("{kind} at {addr}"));
        }
        NodeEvent::Down { name, reason } => {
            log.event(Level::Warning, Event::Left(name.to_string()), reason.to_string());
        }
        _ => {}
    }
}

fn goodbye(log: &Log, stopped: Stopped) -> Exit {
    let (text, patience) = match stopped {
        Stopped::Signal(name) => (format!("{name}: stopped"), LAST_LINES),
        Stopped::Asked => ("asked to leave: stopped".to_owned(), LAST_LINES),
        Stopped::Input => ("standard input has ended: stopped".to_owned(), LAST_LINES_AT_ONCE),
    };
    log.write(&Record { level: Level::Info, event: None, text });
    log.flush(patience);
    Exit::Ok
}
