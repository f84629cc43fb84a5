//! Leases (`outrigger_limit::lease`) for `Outrigger.Limit.Cluster`.
//!
//! A hit looks at the lots and at nothing else. All other calls drive the client, which one process does; it is told with a message
//! `{:refill, key}` when a hit has seen that tokens run low. What a call wants done is a list of `{:send, node_id, bytes}` and
//! `{:answer, waiter, answer}`; with it comes in how many milliseconds to call `lease_tick` again.
//!
//! # Invariants
//!
//! - The clock is that of all limiters: monotonic, read once for each call.
//! - A call of the driver does at most some hundreds of keys: well under 1 ms.

use std::panic::RefUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outrigger_limit::lease::{
    Client, ClientConfig, ClientFigures, ClientOut, Incarnation, LeaseKind, LeaseRule, Lots, NodeId, Taken,
    Timing, WaiterId,
};
use rustler::{
    Atom, Binary, Encoder, Env, LocalPid, NewBinary, NifResult, Resource, ResourceArc, Term, atoms,
};

use super::clock::Clock;
use super::key::Across;
use super::keyed::{Keyed, hash, seed};

atoms! { ok, ask, lost, allow, deny, never, bad_cost, bad_rule, malformed, send, answer, refill }

const NANOS_PER_MILLI: u64 = 1_000_000;

/// A limiter's client that the VM's garbage collector owns.
struct LeaseResource {
    lots: Arc<Lots>,
    client: Mutex<Client>,
    clock: Clock,
    seed: [u64; 2],
    limit: AtomicU64,
    burst: AtomicU64,
    period_ns: AtomicU64,
    /// The algorithm is the leaky bucket: it says how long to wait.
    leaky: bool,
    driver: LocalPid,
}

#[rustler::resource_impl]
impl Resource for LeaseResource {}

// After a panic the driver dies with it, and its successor makes another one.
impl RefUnwindSafe for LeaseResource {}

impl Keyed for LeaseResource {
    const ACROSS: Across = Across::Nodes;

    fn seed(&self) -> [u64; 2] {
        self.seed
    }
}

#[derive(rustler::NifUnitEnum)]
enum AlgorithmAtom {
    Gcra,
    LeakyBucket,
    FixedWindow,
    SlidingWindow,
    SlidingLog,
    Slots,
}

/// What `Outrigger.Limit.Cluster` makes of the options.
#[derive(rustler::NifMap)]
struct LeaseMap<'a> {
    node: Binary<'a>,
    seed: (u64, u64),
    born_ms: u64,
    electorate: u32,
    algorithm: AlgorithmAtom,
    limit: u64,
    period_ns: u64,
    burst: Option<u64>,
    patience_ns: u64,
    max_keys: u64,
    max_waiters: u64,
    shares: bool,
}

#[derive(rustler::NifMap)]
struct FiguresMap {
    asks: u64,
    wants: u64,
    granted: u64,
    returned: u64,
    lost_hits: u64,
    shed: u64,
    waiting: u64,
    keys: u64,
    in_force: bool,
    owners: u64,
}

impl From<ClientFigures> for FiguresMap {
    fn from(figures: ClientFigures) -> Self {
        let ClientFigures {
            asks,
            wants,
            granted,
            returned,
            lost_hits,
            shed,
            waiting,
            keys,
            in_force,
            owners,
        } = figures;
        Self { asks, wants, granted, returned, lost_hits, shed, waiting, keys, in_force, owners }
    }
}

fn rule(
    algorithm: &AlgorithmAtom,
    limit: u64,
    period_ns: u64,
    burst: Option<u64>,
) -> Result<LeaseRule, Atom> {
    let kind = match algorithm {
        // The same decisions.
        AlgorithmAtom::Gcra | AlgorithmAtom::LeakyBucket => LeaseKind::Gcra,
        AlgorithmAtom::FixedWindow => LeaseKind::FixedWindow,
        AlgorithmAtom::SlidingWindow => LeaseKind::SlidingWindow,
        AlgorithmAtom::SlidingLog => LeaseKind::SlidingLog,
        AlgorithmAtom::Slots => LeaseKind::Slots,
    };
    LeaseRule::new(kind, limit, period_ns, burst.unwrap_or(limit)).map_err(|_| bad_rule())
}

/// A client that the caller drives.
#[rustler::nif]
fn lease_new(env: Env<'_>, config: LeaseMap<'_>) -> Result<ResourceArc<LeaseResource>, Atom> {
    let rule = rule(&config.algorithm, config.limit, config.period_ns, config.burst)?;
    let clock = Clock::Monotonic;
    let lots = Arc::new(Lots::default());
    let client = ClientConfig {
        node: NodeId::of(config.node.as_slice()),
        incarnation: Incarnation(seed()[0].max(1)),
        born_ms: config.born_ms,
        electorate: config.electorate,
        rule,
        patience_ns: config.patience_ns,
        max_keys: usize::try_from(config.max_keys).unwrap_or(usize::MAX),
        max_waiters: usize::try_from(config.max_waiters).unwrap_or(usize::MAX),
        timing: Timing::default(),
        shares: config.shares,
    };
    let client = Mutex::new(Client::new(client, lots.clone(), clock.now()));
    let (limit, burst) = (AtomicU64::new(rule.limit()), AtomicU64::new(rule.burst()));
    let period_ns = AtomicU64::new(rule.period_ns());
    let leaky = matches!(config.algorithm, AlgorithmAtom::LeakyBucket);
    let (seed, driver) = ([config.seed.0, config.seed.1], env.pid());
    let resource = LeaseResource { lots, client, clock, seed, limit, burst, period_ns, leaky, driver };
    Ok(ResourceArc::new(resource))
}

/// A hit: an answer as of `limit_hit`, `:ask`, or `:lost`.
#[rustler::nif]
fn limit_take<'a>(env: Env<'a>, limiter: Term<'a>, key: Term<'a>, cost: Term<'a>) -> NifResult<Term<'a>> {
    let lease: &LeaseResource = limiter.decode()?;
    let key = match hash(lease, limiter, key) {
        Ok(key) => u128::from(key),
        Err(problem) => return Ok(problem.to_term(env)),
    };
    let Ok(cost) = cost.decode::<u64>() else { return Ok(bad_cost().to_term(env)) };
    let taken = lease.lots.take(key, cost, lease.clock.now());
    match taken {
        Taken::Ask if cost > lease.burst.load(Relaxed) => {
            return Ok(lease.answer(env, Taken::Denied { retry_ns: u64::MAX }));
        }
        Taken::Ask => return Ok(ask().to_term(env)),
        // The driver may have ended: then there is nobody to refill.
        Taken::Allowed { refill: true, .. } => drop(env.send(&lease.driver, (refill(), key_term(env, key)))),
        _ => {}
    }
    Ok(lease.answer(env, taken))
}

/// The name of a key in `lease_ask`.
#[rustler::nif]
fn lease_key<'a>(env: Env<'a>, limiter: Term<'a>, key: Term<'a>) -> NifResult<Term<'a>> {
    let lease: &LeaseResource = limiter.decode()?;
    Ok(match hash(lease, limiter, key) {
        Ok(key) => key_term(env, key.into()),
        Err(problem) => problem.to_term(env),
    })
}

#[rustler::nif]
fn lease_ask<'a>(
    env: Env<'a>,
    lease: &LeaseResource,
    waiter: u64,
    key: Binary<'a>,
    cost: u64,
) -> NifResult<Term<'a>> {
    let key = key_of(&key)?;
    Ok(lease.drive(env, |client, now, out| client.ask(WaiterId(waiter), key, cost, now, out)))
}

/// What would a hit get? Its waiter is answered as for a hit.
#[rustler::nif]
fn lease_peek<'a>(
    env: Env<'a>,
    lease: &LeaseResource,
    waiter: u64,
    key: Binary<'a>,
    cost: u64,
) -> NifResult<Term<'a>> {
    let key = key_of(&key)?;
    Ok(lease.drive(env, |client, now, out| client.peek(WaiterId(waiter), key, cost, now, out)))
}

/// The key is to be as new. Its waiter is answered `:ok`, or `:lost`.
#[rustler::nif]
fn lease_reset<'a>(env: Env<'a>, lease: &LeaseResource, waiter: u64, key: Binary<'a>) -> NifResult<Term<'a>> {
    let key = key_of(&key)?;
    Ok(lease.drive(env, |client, now, out| client.reset(WaiterId(waiter), key, now, out)))
}

/// Gives back what a hit took.
#[rustler::nif]
fn lease_refund<'a>(env: Env<'a>, lease: &LeaseResource, key: Binary<'a>, cost: u64) -> NifResult<Term<'a>> {
    let key = key_of(&key)?;
    Ok(lease.drive(env, |client, now, out| client.refund(key, cost, now, out)))
}

/// Takes from this node's share, for a hit that was answered `:lost`.
#[rustler::nif]
fn lease_share<'a>(env: Env<'a>, lease: &LeaseResource, key: Binary<'a>, cost: u64) -> NifResult<Term<'a>> {
    let key = key_of(&key)?;
    let mut client = lease.client();
    let taken = client.share(key, cost, lease.clock.now());
    drop(client);
    Ok(lease.answer(env, taken))
}

#[rustler::nif]
fn lease_refill<'a>(env: Env<'a>, lease: &LeaseResource, key: Binary<'a>) -> NifResult<Term<'a>> {
    let key = key_of(&key)?;
    Ok(lease.drive(env, |client, now, out| client.refill(key, now, out)))
}

/// Slots that are held no more.
#[rustler::nif]
fn lease_release<'a>(
    env: Env<'a>,
    lease: &LeaseResource,
    key: Binary<'a>,
    slots: u64,
) -> NifResult<Term<'a>> {
    let key = key_of(&key)?;
    Ok(lease.drive(env, |client, now, out| client.release(key, slots, now, out)))
}

/// Slots that are held without having been asked for.
#[rustler::nif]
fn lease_hold<'a>(env: Env<'a>, lease: &LeaseResource, key: Binary<'a>, slots: u64) -> NifResult<Term<'a>> {
    let key = key_of(&key)?;
    Ok(lease.drive(env, |client, now, out| client.hold(key, slots, now, out)))
}

/// The caller goes on for a driver that has ended: with these keys and the slots that are held of each.
#[rustler::nif]
fn lease_resume<'a>(
    env: Env<'a>,
    lease: &LeaseResource,
    held: Vec<(Binary<'a>, u64)>,
) -> NifResult<Term<'a>> {
    let held: Vec<(u128, u64)> =
        held.iter().map(|(key, slots)| Ok((key_of(key)?, *slots))).collect::<NifResult<_>>()?;
    Ok(lease.drive(env, |client, now, out| client.resume(held, now, out)))
}

#[rustler::nif]
fn lease_tick<'a>(env: Env<'a>, lease: &LeaseResource) -> Term<'a> {
    lease.drive(env, |_, _, _| {})
}

/// The number that `{:send, …}` knows a node by.
#[rustler::nif]
fn lease_node_id(node: Binary<'_>) -> u64 {
    NodeId::of(node.as_slice()).0
}

#[rustler::nif]
fn lease_node_up<'a>(env: Env<'a>, lease: &LeaseResource, node: u64) -> Term<'a> {
    lease.drive(env, |client, now, out| client.node_up(NodeId(node), now, out))
}

#[rustler::nif]
fn lease_node_down<'a>(env: Env<'a>, lease: &LeaseResource, node: u64) -> Term<'a> {
    lease.drive(env, |client, now, out| client.node_down(NodeId(node), now, out))
}

/// `:malformed` if a node sent what is no message of ours.
#[rustler::nif]
fn lease_receive<'a>(env: Env<'a>, lease: &LeaseResource, bytes: Binary<'a>) -> Term<'a> {
    let mut taken = Ok(());
    let done = lease.drive(env, |client, now, out| taken = client.receive(bytes.as_slice(), now, out));
    if taken.is_ok() { done } else { malformed().to_term(env) }
}

#[rustler::nif]
fn lease_leave<'a>(env: Env<'a>, lease: &LeaseResource) -> Term<'a> {
    lease.drive(env, |client, now, out| client.leave(now, out))
}

#[rustler::nif]
fn lease_update(
    lease: &LeaseResource,
    algorithm: AlgorithmAtom,
    limit: u64,
    period_ns: u64,
    burst: Option<u64>,
) -> Result<Atom, Atom> {
    let rule = rule(&algorithm, limit, period_ns, burst)?;
    lease.client().update(rule);
    lease.limit.store(rule.limit(), Relaxed);
    lease.burst.store(rule.burst(), Relaxed);
    lease.period_ns.store(rule.period_ns(), Relaxed);
    Ok(ok())
}

#[rustler::nif]
fn lease_figures(lease: &LeaseResource) -> FiguresMap {
    let figures = lease.client().figures();
    figures.into()
}

impl LeaseResource {
    fn client(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the client do something, and says what it wants done and when to call again.
    fn drive<'a>(&self, env: Env<'a>, act: impl FnOnce(&mut Client, u64, &mut Vec<ClientOut>)) -> Term<'a> {
        let mut out = Vec::new();
        let mut client = self.client();
        // Behind the lock, so that time does not go back for the client.
        let now = self.clock.now();
        act(&mut client, now, &mut out);
        let next = client.tick(now, &mut out);
        drop(client);
        let out: Vec<Term<'a>> = out.into_iter().map(|out| self.out(env, out)).collect();
        (out, next.saturating_sub(now).div_ceil(NANOS_PER_MILLI)).encode(env)
    }

    fn out<'a>(&self, env: Env<'a>, out: ClientOut) -> Term<'a> {
        match out {
            ClientOut::Send { to, bytes } => (send(), to.0, binary(env, &bytes)).encode(env),
            ClientOut::Answer { waiter, taken } => (answer(), waiter.0, self.answer(env, taken)).encode(env),
        }
    }

    /// Of a leaky bucket: milliseconds until what was in it before these tokens has leaked. Others' tokens count as if they were in it.
    fn delay(&self, reset_ns: u64, tokens: u64) -> u64 {
        if !self.leaky {
            return 0;
        }
        let period = u128::from(self.period_ns.load(Relaxed));
        let own = u128::from(tokens) * period / u128::from(self.limit.load(Relaxed).max(1));
        reset_ns.saturating_sub(u64::try_from(own).unwrap_or(u64::MAX)).div_ceil(NANOS_PER_MILLI)
    }

    /// `{what, limit, remaining, reset, retry_after}`, as of `limit_hit`.
    fn answer<'a>(&self, env: Env<'a>, taken: Taken) -> Term<'a> {
        let limit = self.limit.load(Relaxed);
        match taken {
            Taken::Allowed { cost, remaining, here, reset_ns, .. } => {
                let reset = reset_ns.div_ceil(NANOS_PER_MILLI);
                match self.delay(reset_ns, here.saturating_add(cost)) {
                    0 => (allow(), limit, remaining, reset, 0_u64).encode(env),
                    delay => (allow(), limit, remaining, reset, 0_u64, delay).encode(env),
                }
            }
            Taken::Done => ok().to_term(env),
            Taken::Denied { retry_ns: u64::MAX } => (deny(), limit, 0_u64, 0_u64, never()).encode(env),
            Taken::Denied { retry_ns } => {
                let retry = retry_ns.div_ceil(NANOS_PER_MILLI);
                (deny(), limit, 0_u64, retry, retry).encode(env)
            }
            Taken::Busy { remaining } => (deny(), limit, remaining, 0_u64, 0_u64).encode(env),
            Taken::Ask => ask().to_term(env),
            Taken::Lost => lost().to_term(env),
        }
    }
}

fn binary<'a>(env: Env<'a>, bytes: &[u8]) -> Term<'a> {
    let mut binary = NewBinary::new(env, bytes.len());
    binary.as_mut_slice().copy_from_slice(bytes);
    binary.into()
}

fn key_term<'a>(env: Env<'a>, key: u128) -> Term<'a> {
    binary(env, &key.to_be_bytes())
}

fn key_of(key: &Binary<'_>) -> NifResult<u128> {
    key.as_slice().try_into().map(u128::from_be_bytes).map_err(|_| rustler::Error::BadArg)
}
