//! Concurrency slots (`outrigger-limit`) for `Outrigger.Limit.Slots`: held by processes, and free when they die.
//!
//! # Invariants
//!
//! - A process that holds something is monitored by the resource, once. The VM calls [`Resource::down`] when it has died,
//!   and that gives back all that it held.
//! - What is watched is locked before the engine is asked, so that the last release of a process and its next acquisition
//!   cannot come between each other. The VM calls `down` without a lock of its own.
//! - A holder of slots of the whole cluster is bound to the process that speaks for them: when it holds them no more, that process
//!   gets `{:released, key, weight}`, once.
//!
//! # Limits
//!
//! Holders are processes of this node: the VM monitors no others for a resource.

use std::collections::HashMap;
use std::panic::RefUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};

use outrigger_limit::{Holder, SlotOutcome, SlotStats, Slots};
use parking_lot::Mutex;
use rustler::{
    Atom, Binary, Encoder, Env, LocalPid, Monitor, NewBinary, NifResult, Resource, ResourceArc, Term, atoms,
};

use super::key::word;
use super::keyed::{Keyed, hash, seed};

atoms! { ok, released, taken, never, full, no_process, not_local, bad_weight }

/// Slots that the VM's garbage collector owns.
struct SlotsResource {
    slots: Slots,
    seed: [u64; 2],
    next_id: AtomicU64,
    watched: [Mutex<HashMap<u64, Watched>>; 16],
}

/// A process that holds something.
struct Watched {
    monitor: Monitor,
    holds: u64,
    bound: Vec<Bound>,
}

/// Slots of the whole cluster.
struct Bound {
    id: u64,
    key: [u8; 16],
    weight: u64,
    speaker: LocalPid,
}

impl Bound {
    /// A speaker that has ended is asked for nothing any more.
    fn tell_released(&self, env: Env<'_>) {
        let _ended = env.send(&self.speaker, (released(), key_term(env, self.key), self.weight));
    }
}

fn key_term(env: Env<'_>, key: [u8; 16]) -> Term<'_> {
    let mut binary = NewBinary::new(env, key.len());
    binary.as_mut_slice().copy_from_slice(&key);
    binary.into()
}

#[rustler::resource_impl]
impl Resource for SlotsResource {
    const IMPLEMENTS_DOWN: bool = true;

    fn down<'a>(&'a self, env: Env<'a>, pid: LocalPid, _: Monitor) {
        let owner = word(pid.encode(env));
        let mut watched = self.watched(owner).lock();
        let bound = watched.remove(&owner).map(|of_owner| of_owner.bound);
        self.slots.release_all(owner);
        bound.iter().flatten().for_each(|bound| bound.tell_released(env));
    }
}

// Its locks are not poisoned, and what they guard changes in one step.
impl RefUnwindSafe for SlotsResource {}

impl Keyed for SlotsResource {
    fn seed(&self) -> [u64; 2] {
        self.seed
    }
}

impl SlotsResource {
    fn watched(&self, owner: u64) -> &Mutex<HashMap<u64, Watched>> {
        // The low bits of a pid's word are the same for all.
        &self.watched[(owner >> 4) as usize % self.watched.len()]
    }
}

/// [`SlotStats`] as a map.
#[derive(rustler::NifMap)]
struct SlotStatsMap {
    holders: u64,
    capacity: u64,
    acquired: u64,
    refused: u64,
}

#[rustler::nif]
fn slots_new(limit: u64, memory: u64) -> Result<ResourceArc<SlotsResource>, String> {
    let memory = usize::try_from(memory).unwrap_or(usize::MAX);
    let slots = Slots::new(limit, memory).map_err(|error| error.to_string())?;
    let watched = Default::default();
    Ok(ResourceArc::new(SlotsResource { slots, seed: seed(), next_id: AtomicU64::new(0), watched }))
}

/// `{:ok, owner, id}`; or `{why, limit, remaining}`, or a word for what cannot be acquired.
#[rustler::nif]
fn slots_acquire<'a>(
    env: Env<'a>,
    slots: Term<'a>,
    key: Term<'a>,
    weight: Term<'a>,
    process: Term<'a>,
) -> NifResult<Term<'a>> {
    let of: ResourceArc<SlotsResource> = slots.decode()?;
    let key = match hash(&*of, slots, key) {
        Ok(key) => key,
        Err(problem) => return Ok(problem.to_term(env)),
    };
    // A weight of 0 would hold nothing, and nothing could be released.
    let Some(weight) = weight.decode().ok().filter(|weight| *weight != 0) else {
        return Ok(bad_weight().to_term(env));
    };
    let Ok(pid) = process.decode::<LocalPid>() else {
        return Ok(not_local().to_term(env));
    };
    let holder = Holder { owner: word(process), id: of.next_id.fetch_add(1, Ordering::Relaxed) };
    let mut watched = of.watched(holder.owner).lock();
    let verdict = of.slots.acquire(key, weight, holder);
    let held = if verdict.outcome != SlotOutcome::Acquired {
        Err(())
    } else if let Some(watched) = watched.get_mut(&holder.owner) {
        watched.holds += 1;
        Ok(true)
    } else if let Some(monitor) = of.monitor(Some(env), &pid) {
        watched.insert(holder.owner, Watched { monitor, holds: 1, bound: Vec::new() });
        Ok(true)
    } else {
        of.slots.release(holder);
        Ok(false)
    };
    drop(watched);
    let why = match verdict.outcome {
        SlotOutcome::Never => never(),
        SlotOutcome::Full => full(),
        _ => taken(),
    };
    Ok(match held {
        Ok(true) => (ok(), holder.owner, holder.id).encode(env),
        Ok(false) => no_process().to_term(env),
        Err(()) => (why, verdict.limit, verdict.remaining).encode(env),
    })
}

/// Whether something was held.
#[rustler::nif]
fn slots_release(env: Env<'_>, slots: ResourceArc<SlotsResource>, owner: u64, id: u64) -> bool {
    let mut watched = slots.watched(owner).lock();
    let released = slots.slots.release(Holder { owner, id });
    if released && let Some(of_owner) = watched.get_mut(&owner) {
        if let Some(bound) = of_owner.bound.iter().position(|bound| bound.id == id) {
            of_owner.bound.swap_remove(bound).tell_released(env);
        }
        of_owner.holds -= 1;
        if of_owner.holds == 0 {
            slots.demonitor(Some(env), &of_owner.monitor);
            watched.remove(&owner);
        }
    }
    released
}

/// Binds what a holder has to the caller, which speaks for slots of the whole cluster. `false`: it is released already.
#[rustler::nif]
fn slots_bind<'a>(
    env: Env<'a>,
    slots: &SlotsResource,
    owner: u64,
    id: u64,
    key: Binary<'a>,
    weight: u64,
) -> NifResult<bool> {
    let key = key.as_slice().try_into().map_err(|_| rustler::Error::BadArg)?;
    let mut watched = slots.watched(owner).lock();
    let holds = slots.slots.holds(Holder { owner, id });
    Ok(match watched.get_mut(&owner).filter(|_| holds) {
        Some(of_owner) => {
            of_owner.bound.push(Bound { id, key, weight, speaker: env.pid() });
            true
        }
        None => false,
    })
}

/// Binds all that is bound to the caller, and says what that is: keys and weights.
#[rustler::nif]
fn slots_rebind<'a>(env: Env<'a>, slots: &SlotsResource) -> Vec<(Term<'a>, u64)> {
    let mut all = Vec::new();
    for shard in &slots.watched {
        for bound in shard.lock().values_mut().flat_map(|of_owner| &mut of_owner.bound) {
            bound.speaker = env.pid();
            all.push((bound.key, bound.weight));
        }
    }
    all.into_iter().map(|(key, weight)| (key_term(env, key), weight)).collect()
}

/// How much of a key is held.
#[rustler::nif]
fn slots_used<'a>(env: Env<'a>, slots: Term<'a>, key: Term<'a>) -> NifResult<Term<'a>> {
    let of: &SlotsResource = slots.decode()?;
    Ok(match hash(of, slots, key) {
        Ok(key) => of.slots.used(key).encode(env),
        Err(problem) => problem.to_term(env),
    })
}

#[rustler::nif]
fn slots_update(slots: &SlotsResource, limit: u64) -> Result<Atom, String> {
    slots.slots.update(limit).map_err(|error| error.to_string())?;
    Ok(ok())
}

#[rustler::nif]
fn slots_stats(slots: &SlotsResource) -> SlotStatsMap {
    let SlotStats { holders, capacity, acquired, refused, .. } = slots.slots.stats();
    SlotStatsMap { holders, capacity, acquired, refused }
}
