//! What the tasks of one node share.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use crossbeam::utils::CachePadded;
use outrigger_proto::{Creation, NodeName, OwnedPid};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{SetOnce, broadcast};
use tokio::task::JoinSet;

use crate::call::Calls;
use crate::config::Config;
use crate::counters::NodeCounters;
use crate::discovery::Directory;
use crate::error::NodeError;
use crate::event::{EVENT_BACKLOG, Events, NodeEvent};
use crate::join::TargetState;
use crate::link::LinkId;
use crate::process::Processes;
use crate::registry::Registry;
use crate::rpc::Functions;
use crate::service::Service;
use crate::transport::Transport;

/// Serials of pids below this are for services to number their own pids with; the node's are above.
pub const SERVICE_SERIALS: u32 = 0x4000_0000;
/// Ids of pids use this many bits; the serial takes the rest of the count.
const ID_BITS: u32 = 28;

/// The node's own pids, and the first id that is given out.
const NET_KERNEL_ID: u32 = 0;
pub(crate) const GROUP_LEADER_ID: u32 = 1;
const FIRST_ID: u64 = 2;

/// The state behind all handles of a node.
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) transport: Transport,
    pub(crate) creation: Creation,
    pub(crate) since: SystemTime,
    pub(crate) listen_addrs: Vec<SocketAddr>,
    pub(crate) services: Vec<Arc<dyn Service>>,
    /// Registered names and the service (by its place in `services`) that answers to each.
    pub(crate) names: Vec<(Box<str>, usize)>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) targets: Mutex<HashMap<NodeName, Arc<TargetState>>>,
    /// The peers that sources of discovery name.
    pub(crate) directory: Mutex<Directory>,
    pub(crate) counters: CachePadded<NodeCounters>,
    pub(crate) calls: Calls,
    pub(crate) processes: Processes,
    /// The pid that the node itself speaks with.
    pub(crate) net_kernel: OwnedPid,
    /// The group leader of what we call at peers.
    pub(crate) group_leader: OwnedPid,
    pub(crate) functions: Functions,
    /// Set once, when the node is to end.
    pub(crate) stop: SetOnce<()>,
    events: Mutex<Option<broadcast::Sender<NodeEvent>>>,
    first_events: Mutex<Option<broadcast::Receiver<NodeEvent>>>,
    pids: AtomicU64,
    link_ids: AtomicU64,
    tasks: Mutex<JoinSet<()>>,
    runtime: Handle,
}

impl Inner {
    pub(crate) fn new(
        config: Config,
        transport: Transport,
        creation: Creation,
        listen_addrs: Vec<SocketAddr>,
        services: Vec<Arc<dyn Service>>,
    ) -> Result<Self, NodeError> {
        let names = service_names(&services)?;
        let (sender, receiver) = broadcast::channel(EVENT_BACKLOG);
        Ok(Self {
            registry: Registry::new(config.bounds.max_peers),
            calls: Calls::new(config.name.shared(), creation.0, config.bounds.max_calls),
            directory: Mutex::new(Directory::new(config.name.clone(), config.bounds.max_peers)),
            processes: Processes::new(config.bounds.max_processes, config.bounds.max_names),
            net_kernel: own(&config, creation, NET_KERNEL_ID),
            group_leader: own(&config, creation, GROUP_LEADER_ID),
            functions: Functions::default(),
            config,
            transport,
            creation,
            since: SystemTime::now(),
            listen_addrs,
            services,
            names,
            targets: Mutex::default(),
            counters: CachePadded::default(),
            stop: SetOnce::new(),
            events: Mutex::new(Some(sender)),
            first_events: Mutex::new(Some(receiver)),
            pids: AtomicU64::new(FIRST_ID),
            link_ids: AtomicU64::new(1),
            tasks: Mutex::new(JoinSet::new()),
            runtime: Handle::current(),
        })
    }

    /// Runs a task until it ends, or until the node is shut down.
    pub(crate) fn spawn_until_stop(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        let inner = self.clone();
        self.spawn(async move {
            tokio::select! {
                biased;
                _ = inner.stop.wait() => {}
                () = task => {}
            }
        });
    }

    /// Runs a task that ends by itself when its link is closed.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock();
        // Finished tasks are taken out here, so that the set does not grow with each connection.
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(task, &self.runtime);
    }

    pub(crate) fn take_tasks(&self) -> JoinSet<()> {
        std::mem::take(&mut *self.tasks.lock())
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stop.initialized()
    }

    pub(crate) fn emit(&self, event: NodeEvent) {
        if let Some(sender) = &*self.events.lock() {
            // An error only says that nobody listens.
            let _nobody = sender.send(event);
        }
    }

    pub(crate) fn subscribe(&self) -> Events {
        let first = self.first_events.lock().take();
        let receiver = first.unwrap_or_else(|| match &*self.events.lock() {
            Some(sender) => sender.subscribe(),
            // After the end: a receiver that is closed already.
            None => broadcast::channel(1).1,
        });
        Events { receiver }
    }

    /// What happens from now on, for tasks of the node. `None` after the end.
    pub(crate) fn watch(&self) -> Option<broadcast::Receiver<NodeEvent>> {
        self.events.lock().as_ref().map(broadcast::Sender::subscribe)
    }

    pub(crate) fn end_events(&self) {
        self.events.lock().take();
    }

    pub(crate) fn next_link_id(&self) -> LinkId {
        LinkId(self.link_ids.fetch_add(1, Relaxed))
    }

    pub(crate) fn allocate_pid(&self) -> OwnedPid {
        let n = self.pids.fetch_add(1, Relaxed);
        let id = (n & ((1 << ID_BITS) - 1)) as u32;
        // At a million pids a second the serial lasts for thousands of years.
        let serial = SERVICE_SERIALS | (n >> ID_BITS) as u32;
        OwnedPid { node: self.config.name.shared(), id, serial, creation: self.creation.0 }
    }

    /// The service that owns a pid of ours.
    pub(crate) fn pid_owner(&self, id: u32, serial: u32) -> Option<usize> {
        self.services.iter().position(|service| service.owns_pid(id, serial))
    }

    /// The service that answers to a registered name.
    pub(crate) fn name_owner(&self, name: &str) -> Option<usize> {
        self.names.iter().find(|(known, _)| **known == *name).map(|(_, owner)| *owner)
    }
}

/// One of the node's own pids.
fn own(config: &Config, creation: Creation, id: u32) -> OwnedPid {
    OwnedPid { node: config.name.shared(), id, serial: SERVICE_SERIALS, creation: creation.0 }
}

fn service_names(services: &[Arc<dyn Service>]) -> Result<Vec<(Box<str>, usize)>, NodeError> {
    let mut names: Vec<(Box<str>, usize)> = Vec::new();
    for (owner, service) in services.iter().enumerate() {
        for name in service.names() {
            let taken = *name == "net_kernel" || names.iter().any(|(known, _)| **known == **name);
            if taken || name.is_empty() || name.chars().count() > 255 {
                let problem = format!("the registered name {name:?} is taken or cannot be an atom");
                return Err(NodeError::BadOption { option: "services", problem });
            }
            names.push(((*name).into(), owner));
        }
    }
    Ok(names)
}
