//! Keeps the run going: reads journals, says how far it is, waits until the cluster is whole again.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::process::parent_id;
use std::time::{Duration, Instant, SystemTime};

use crate::journal::{Incarnation, Journal, Micros};
use crate::judge::{Judge, Verdict, Who, Window};
use crate::options::Options;
use crate::random::Dice;
use crate::stage::{Stage, WIDE, marks};

const POLL: Duration = Duration::from_millis(50);
const PROGRESS: Duration = Duration::from_secs(3);
/// After this what was published has arrived, or its loss has been announced, also on a busy machine. For looks at the verdict on the way.
pub(crate) const SETTLED: Micros = 15_000_000;
/// Nothing is under way for longer: what was published before this is judged for good.
const OVER: Micros = 60_000_000;
/// Within this the cluster has to be whole again, whatever happened to it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Microseconds since 1970.
pub(crate) fn now() -> Micros {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_micros() as Micros)
}

pub(crate) struct Conductor {
    pub(crate) stage: Stage,
    pub(crate) judge: Judge,
    pub(crate) random: Dice,
    pub(crate) options: Options,
    /// What was done, and what the nodes said to it.
    pub(crate) log: Vec<(Micros, String)>,
    /// How often each kind of fault was injected.
    pub(crate) faults: BTreeMap<&'static str, u32>,
    /// How long it took until the cluster was whole again, at most.
    pub(crate) slowest: Duration,
    pub(crate) began: Micros,
    journals: HashMap<Incarnation, Journal>,
    /// Windows that end when the cluster is whole again.
    lasting: Vec<usize>,
    stalls: Vec<Window>,
    start: Instant,
    say_at: Instant,
    parent: u32,
}

impl Conductor {
    /// Starts the cluster, and waits until all broadcasts go through a Rust node.
    ///
    /// # Errors
    /// When they do not.
    pub(crate) fn start(options: &Options) -> Result<Self, String> {
        let mut conductor = Self {
            stage: Stage::new(options),
            judge: Judge::default(),
            random: Dice(options.seed),
            options: options.clone(),
            log: Vec::new(),
            faults: BTreeMap::new(),
            slowest: Duration::ZERO,
            began: now(),
            journals: HashMap::new(),
            lasting: Vec::new(),
            stalls: Vec::new(),
            start: Instant::now(),
            say_at: Instant::now() + PROGRESS,
            parent: parent_id(),
        };
        for slot in 0..usize::from(options.apps) {
            conductor.start_app(slot);
        }
        for router in 0..usize::from(options.routers) {
            conductor.stage.start_router(router);
        }
        conductor.settle("the start")?;
        Ok(conductor)
    }

    /// Since the start of the cluster.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Notes and shows what is done.
    pub(crate) fn note(&mut self, text: String) {
        println!("{:7.1} s  {text}", self.elapsed().as_secs_f64());
        self.log.push((now(), text));
    }

    /// An excuse from `before` ago up to `to`.
    pub(crate) fn excuse(&mut self, cause: &'static str, from: Micros, to: Micros, who: Who) {
        self.judge.open(Window { cause, from, to, who, told: false });
    }

    /// The same for no more than the nodes are told to have lost perhaps.
    pub(crate) fn excuse_what_is_told(&mut self, cause: &'static str, from: Micros, to: Micros) {
        self.judge.open(Window { cause, from, to, who: Who::All, told: true });
    }

    /// An excuse from then until the cluster is whole again.
    pub(crate) fn excuse_until_whole(&mut self, cause: &'static str, from: Micros, who: Who) {
        let window = self.judge.open(Window { cause, from, to: Micros::MAX, who, told: false });
        self.lasting.push(window);
    }

    /// Nothing is excused, but messages are held up until the cluster is whole again.
    pub(crate) fn stall(&mut self, who: Who) {
        self.stalls.push(Window { cause: "", from: now(), to: Micros::MAX, who, told: false });
    }

    /// Starts a BEAM node. Between it and others losses are excused until it is one of them.
    pub(crate) fn start_app(&mut self, slot: usize) {
        let incarnation = self.stage.incarnate(slot);
        self.judge.started(incarnation, slot as u8);
        self.excuse_until_whole("a node that comes", now(), Who::Node(incarnation));
        let journal = Journal::open(&self.stage.journal(incarnation)).expect("the journal can be made");
        self.journals.insert(incarnation, journal);
        self.stage.start_app(slot);
    }

    /// A BEAM node has been stopped for good at `at`.
    pub(crate) fn app_ended(&mut self, slot: usize, at: Micros) {
        let app = &mut self.stage.apps[slot];
        let (incarnation, beam) = (app.incarnation, app.beam.take());
        if let Some(beam) = beam {
            self.log.extend(marks(&self.stage.apps[slot], &beam));
        }
        self.judge.died(incarnation, at);
        self.read();
        self.journals.remove(&incarnation);
    }

    /// Lets the traffic run.
    pub(crate) fn run_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.poll();
            std::thread::sleep(POLL.min(until.saturating_duration_since(Instant::now())));
        }
    }

    /// Waits until every node reaches all others through a router, and what is published then arrives everywhere.
    ///
    /// # Errors
    /// When that does not come to pass.
    pub(crate) fn settle(&mut self, after: &str) -> Result<(), String> {
        let begin = Instant::now();
        let slots = 0..self.stage.apps.len();
        let wanted = if self.options.routers == 0 { "direct" } else { "relay" };
        self.settled(after, begin, |all| {
            let mut ways = slots.clone().map(|slot| (slot, all.stage.way(slot)));
            let odd = ways.find(|(_, way)| way != wanted);
            odd.map(|(slot, way)| format!("app{slot} broadcasts {way}"))
        })?;
        let whole = now();
        self.settled(after, begin, |all| {
            let alive = all.stage.incarnations(&slots.clone().collect::<Vec<_>>());
            let listeners = all.judge.subscribed(0, &alive);
            let arrived = all.judge.caught_up(&listeners, WIDE, whole);
            (!arrived).then(|| "what is published does not arrive".to_owned())
        })?;
        for window in std::mem::take(&mut self.lasting) {
            self.judge.close(window, whole);
        }
        let end = now();
        for stall in std::mem::take(&mut self.stalls) {
            self.judge.stalled(Window { to: end, ..stall });
        }
        self.slowest = self.slowest.max(begin.elapsed());
        Ok(())
    }

    fn settled(
        &mut self,
        after: &str,
        begin: Instant,
        mut wrong: impl FnMut(&Self) -> Option<String>,
    ) -> Result<(), String> {
        loop {
            self.poll();
            let Some(wrong) = wrong(self) else { return Ok(()) };
            if begin.elapsed() > PATIENCE {
                return Err(format!("not whole again {} s after {after}: {wrong}", PATIENCE.as_secs()));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Ends the publishing, waits for what is on its way, and judges.
    pub(crate) fn finish(&mut self) -> Verdict {
        for app in &self.stage.apps {
            if let Some(beam) = &app.beam {
                beam.eval("'Elixir.Chaos.App':quiet()");
            }
        }
        let begin = Instant::now();
        loop {
            self.run_for(Duration::from_millis(500));
            let verdict = self.judge.verdict(Micros::MAX);
            if verdict.unexplained.is_empty() || begin.elapsed() > PATIENCE / 3 {
                self.log.extend(self.stage.said());
                self.log.sort();
                return verdict;
            }
        }
    }

    fn poll(&mut self) {
        // Whoever started this is gone: so are we, and with us all that we have started.
        assert_eq!(parent_id(), self.parent, "the process that started this has ended");
        self.read();
        if Instant::now() < self.say_at {
            return;
        }
        let totals = self.judge.totals();
        self.judge.forget(now().saturating_sub(OVER));
        let verdict = self.judge.verdict(now().saturating_sub(SETTLED));
        println!(
            "{:7.1} s  {} published, {} delivered, {} twice, {} out of order, {} lost and explained, {} lost without a cause",
            self.elapsed().as_secs_f64(),
            totals.published,
            totals.delivered,
            verdict.duplicates.len(),
            verdict.reordered.len(),
            verdict.explained.values().sum::<u64>(),
            verdict.unexplained.len(),
        );
        self.say_at = Instant::now() + PROGRESS;
    }

    fn read(&mut self) {
        let judge = &mut self.judge;
        for journal in self.journals.values_mut() {
            journal.read(|entry| judge.take(entry)).expect("the journal can be read");
        }
    }
}
