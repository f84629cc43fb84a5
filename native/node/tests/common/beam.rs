//! Real `erl` nodes and an EPMD of their own, as child processes that die with their handle.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use outrigger_node::{Config, Epmd, cookie};

/// Reads expressions from its input, one a line, and prints each value behind `=> `.
const LOOP: &str = r#"
Loop = fun Loop() ->
  case io:get_line("") of
    L when is_list(L) ->
      {ok, T, _} = erl_scan:string(L), {ok, E} = erl_parse:parse_exprs(T),
      V = try {value, X, _} = erl_eval:exprs(E, []), X catch C:R -> {C, R} end,
      io:format("=> ~0p~n", [V]), Loop();
    _ -> erlang:halt()
  end
end, io:format("=> ready~n"), Loop().
"#;

pub struct EpmdServer {
    pub port: u16,
    child: Child,
}

impl EpmdServer {
    pub fn start() -> Self {
        let port = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // The port may be taken between the search and the start: then another one.
        (0..10).find_map(|_| Self::try_start(port())).expect("epmd does not listen on any of ten ports")
    }

    pub fn start_at(port: u16) -> Self {
        Self::try_start(port).unwrap_or_else(|| panic!("epmd does not listen on {port}"))
    }

    fn try_start(port: u16) -> Option<Self> {
        let mut command = Command::new("epmd");
        command.args(["-port", &port.to_string()]).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("epmd is installed");
        let mut epmd = Self { port, child };
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline && epmd.child.try_wait().unwrap().is_none() {
            // A connection to a port that nobody listens on may meet itself.
            let heard = TcpStream::connect(("127.0.0.1", port))
                .is_ok_and(|stream| stream.local_addr().unwrap() != stream.peer_addr().unwrap());
            if heard {
                return Some(epmd);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for EpmdServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The cookie of clusters that need no other.
pub const COOKIE: &str = "LIVECOOKIE";

/// A long node name that no other test has.
pub fn name(short: &str) -> String {
    format!("{}@127.0.0.1", unique(short))
}

/// A node of ours in the cluster of an EPMD.
pub fn member(epmd: &EpmdServer, name: &str) -> Config {
    let mut config = Config::new(name.parse().unwrap(), cookie::from_text(COOKIE, "test").unwrap());
    config.epmd = Epmd::Port(epmd.port);
    config
}

/// The value of an expression, while the runtime goes on: `erl` answers over a pipe.
pub async fn eval(mut erl: Erl, expression: &str) -> (Erl, String) {
    let expression = expression.to_owned();
    let work = tokio::task::spawn_blocking(move || {
        let value = erl.eval(&expression);
        (erl, value)
    });
    super::within("erl", work).await.unwrap()
}

/// A short name that no other test has.
pub fn unique(short: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{short}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub struct Erl {
    pub name: String,
    child: Child,
    stdin: ChildStdin,
    lines: mpsc::Receiver<String>,
}

impl Erl {
    /// Starts `erl` and waits until it takes expressions.
    pub fn start(epmd: &EpmdServer, name: &str, cookie: &str, args: &[&str]) -> Self {
        Self::start_at(epmd.port, name, cookie, args)
    }

    /// The same with the EPMD's port.
    pub fn start_at(epmd_port: u16, name: &str, cookie: &str, args: &[&str]) -> Self {
        let kind = if name.contains('.') || name.contains(':') { "-name" } else { "-sname" };
        let mut command = Command::new("erl");
        command.args(["-noshell", kind, name, "-setcookie", cookie, "-start_epmd", "false"]).args(args);
        command.args(["-eval", LOOP]).env("ERL_EPMD_PORT", epmd_port.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("erl is installed");
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let Some(value) = line.strip_prefix("=> ") else { continue };
                if sender.send(value.to_owned()).is_err() {
                    return;
                }
            }
        });
        let mut erl = Self { name: name.into(), child, stdin, lines };
        assert_eq!(erl.value(), "ready");
        erl
    }

    /// The value of an expression, printed with `~0p`. Must be called outside the runtime's thread.
    pub fn eval(&mut self, expression: &str) -> String {
        writeln!(self.stdin, "{}.", expression.replace('\n', " ")).unwrap();
        self.value()
    }

    fn value(&mut self) -> String {
        self.lines
            .recv_timeout(Duration::from_secs(30))
            .unwrap_or_else(|_| panic!("{} does not answer", self.name))
    }

    /// Sends its process a signal, by the name that `kill` knows.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().expect("kill is installed");
        assert!(sent.success(), "kill -s {signal} {pid}");
    }

    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Erl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
