//! The processes: BEAM nodes with the package, Rust nodes, and the network between them.
//!
//! Where namespaces are permitted each node has one of its own, with an address of its own, and no EPMD. Elsewhere all are on
//! the loopback, with an EPMD of the run's own.

use std::path::PathBuf;

use outrigger_testkit::{Beam, Epmd, LONG, Network, RustNode, RustNodeOptions};
use tempfile::TempDir;

use crate::journal::Incarnation;
use crate::options::Options;

/// `net_ticktime` of all nodes, in seconds. A BEAM notices a silent peer after 0.75 to 1.25 of it.
pub(crate) const TICK: u64 = 6;
/// Topics that every node listens to, and topics that are only come to.
pub(crate) const WIDE: u8 = 4;
pub(crate) const NARROW: u8 = 8;
/// Where every node listens that has an address of its own.
const PORT: u16 = 9_100;

/// A BEAM node between two starts, or running.
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) incarnation: Incarnation,
    pub(crate) beam: Option<Beam>,
}

pub(crate) struct Stage {
    // Dropped in this order: what runs, then what it runs on.
    pub(crate) routers: Vec<Option<RustNode>>,
    pub(crate) apps: Vec<App>,
    pub(crate) network: Result<Network, String>,
    epmd: Option<Epmd>,
    folder: TempDir,
    options: Options,
    started: Incarnation,
}

impl Stage {
    /// Nothing runs yet but the network.
    pub(crate) fn new(options: &Options) -> Self {
        let network = Network::start(options.apps + options.routers);
        let epmd = network.is_err().then(Epmd::start);
        let folder =
            tempfile::Builder::new().prefix("outrigger-chaos-").tempdir().expect("a temporary folder");
        let mut stage = Self {
            routers: (0..options.routers).map(|_| None).collect(),
            apps: Vec::new(),
            network,
            epmd,
            folder,
            options: options.clone(),
            started: 0,
        };
        for slot in 0..options.apps {
            let name = stage.name("app", slot, slot);
            stage.apps.push(App { name, incarnation: 0, beam: None });
        }
        stage
    }

    /// The place of a Rust node in the network. Those of the BEAM nodes come first.
    pub(crate) fn router_place(&self, router: usize) -> u8 {
        self.options.apps + router as u8
    }

    /// Where a node's journal is.
    pub(crate) fn journal(&self, incarnation: Incarnation) -> PathBuf {
        self.folder.path().join(format!("journal-{incarnation}"))
    }

    /// Leaves the journals where they are when all is over.
    pub(crate) fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }

    /// Takes a number for the next start of a BEAM node.
    pub(crate) fn incarnate(&mut self, slot: usize) -> Incarnation {
        self.started += 1;
        self.apps[slot].incarnation = self.started;
        self.started
    }

    /// Starts a BEAM node under the number that it has taken, and its traffic.
    pub(crate) fn start_app(&mut self, slot: usize) {
        let app = &self.apps[slot];
        let mut options = Beam::options("app").name(&app.name).net_ticktime(TICK as u32);
        options = match (&self.network, &self.epmd) {
            (Ok(network), _) => options.fixed_port(PORT).namespace(network.namespace(slot as u8)),
            (Err(_), Some(epmd)) => options.epmd(epmd),
            (Err(_), None) => options,
        };
        let beam = self.options.code.iter().fold(options, |options, path| options.code_path(path)).start();
        let peers: Vec<_> = self.others(slot).iter().map(|peer| format!("'{peer}'")).collect();
        let journal = self.journal(app.incarnation);
        beam.eval(&format!(
            "'Elixir.Chaos.App':start(#{{incarnation => {}, journal => <<\"{}\">>, peers => [{}], wide => {WIDE}, \
             narrow => {NARROW}, publishers => {}, listeners => 1, comers => {}}})",
            app.incarnation,
            journal.display(),
            peers.join(","),
            self.options.publishers,
            self.options.comers,
        ));
        self.apps[slot].beam = Some(beam);
    }

    /// Starts a Rust node. It joins the BEAM nodes by itself.
    pub(crate) fn start_router(&mut self, router: usize) {
        let place = self.router_place(router);
        let options = RustNode::options("rust").name(&self.name("rust", router as u8, place));
        let options =
            options.net_ticktime(u32::try_from(TICK).expect("small")).args(&["--pubsub-queue", "1MiB"]);
        self.routers[router] = Some(self.joined(options, place).start());
    }

    fn joined(&self, options: RustNodeOptions, place: u8) -> RustNodeOptions {
        match (&self.network, &self.epmd) {
            (Ok(network), _) => {
                let listen = format!("{}:{PORT}", network.address(place));
                let options = options.namespace(network.namespace(place)).no_epmd().listen(&listen);
                self.apps.iter().fold(options, |options, app| options.peer(&app.name, PORT))
            }
            (Err(_), Some(epmd)) => {
                self.apps.iter().fold(options.epmd(epmd), |options, app| options.join(&app.name))
            }
            (Err(_), None) => options,
        }
    }

    /// The names of the BEAM nodes but one.
    pub(crate) fn others(&self, slot: usize) -> Vec<&str> {
        let others = self.apps.iter().enumerate().filter(|(other, _)| *other != slot);
        others.map(|(_, app)| app.name.as_str()).collect()
    }

    /// The numbers of the nodes in these slots.
    pub(crate) fn incarnations(&self, slots: &[usize]) -> Vec<Incarnation> {
        slots.iter().map(|&slot| self.apps[slot].incarnation).collect()
    }

    /// How broadcasts of a node reach all others: `relay`, or what is in the way.
    pub(crate) fn way(&self, slot: usize) -> String {
        let Some(beam) = &self.apps[slot].beam else { return "down".to_owned() };
        let peers: Vec<_> = self.others(slot).iter().map(|peer| format!("'{peer}'")).collect();
        beam.eval_within(
            &format!("'Elixir.Chaos.App':way([{}], {})", peers.join(","), self.routers.len()),
            LONG,
        )
    }

    /// What the nodes have printed about themselves, each line with its microsecond.
    pub(crate) fn said(&self) -> Vec<(u64, String)> {
        let lines = self.apps.iter().filter_map(|app| Some((app, app.beam.as_ref()?)));
        lines.flat_map(|(app, beam)| marks(app, beam)).collect()
    }

    fn name(&self, what: &str, number: u8, place: u8) -> String {
        let host = match &self.network {
            Ok(network) => network.address(place).to_string(),
            Err(_) => "127.0.0.1".to_owned(),
        };
        format!("{what}{number}_{}@{host}", std::process::id())
    }
}

/// The lines `chaos <microsecond> <text>` of a node.
pub(crate) fn marks(app: &App, beam: &Beam) -> Vec<(u64, String)> {
    let who = app.name.split('_').next().unwrap_or_default();
    let dump = beam.process().dump();
    let lines = dump.lines().filter_map(|line| line.strip_prefix("chaos ")?.split_once(' '));
    lines.filter_map(|(at, text)| Some((at.parse().ok()?, format!("{who}: {text}")))).collect()
}
