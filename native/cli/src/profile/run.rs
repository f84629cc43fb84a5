//! The command.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outrigger_node::{Node, NodeError, NodeName};
use outrigger_probe::{
    Cluster, DepthConfig, EventLimits, ProbeError, ProfileConfig, Profiler, Recorder, Sight, WatchConfig,
};
use outrigger_watch::Window;
use outrigger_watch::flame::{Changes, FlameError, Folded, Svg};
use tokio::runtime::Builder;
use tokio::time::Instant;

use super::files::{Files, Unwritten};
use super::summary::{Subject, Summary};
use super::{report, text};
use crate::args::ProfileArgs;
use crate::exit::{Exit, ended};
use crate::look::{self, now_ms};
use crate::out;
use crate::run::Stop;
use crate::settings::{LookSettings, SettingsError};

/// The part of what it may cost that is for figures over time.
const FOR_CHARTS: f64 = 0.25;

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
enum ProfileError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("cannot start the runtime: {0}")]
    Runtime(io::Error),
    #[error("{0}")]
    Node(Box<NodeError>),
    #[error("{0}; `outrigger doctor --join NODE` says what is in the way")]
    Link(Arc<NodeError>),
    #[error("{0}")]
    Probe(Box<ProbeError>),
    #[error("{0}")]
    Flame(#[from] FlameError),
    #[error("cannot read {}: {problem}", .file.display())]
    Read { file: PathBuf, problem: io::Error },
    #[error("{} holds no folded stacks: {problem}", .file.display())]
    NotFolded { file: PathBuf, problem: FlameError },
    #[error("cannot write {}: {problem}", .file.display())]
    Write { file: PathBuf, problem: io::Error },
    #[error(
        "nothing of an application was seen at work, only the virtual machine itself and what was typed into a shell; --all shows that"
    )]
    OnlySystem,
}

impl From<Unwritten> for ProfileError {
    fn from((file, problem): Unwritten) -> Self {
        Self::Write { file, problem }
    }
}

impl ProfileError {
    fn exit(&self) -> Exit {
        match self {
            Self::Settings(error) => error.exit(),
            Self::Read { .. } | Self::NotFolded { .. } => Exit::Usage,
            _ => Exit::Failed,
        }
    }
}

/// Profiles until its time is over, or a signal comes.
pub(crate) fn run(args: &ProfileArgs) -> Exit {
    ended(profile(args), ProfileError::exit)
}

fn profile(args: &ProfileArgs) -> Result<(), ProfileError> {
    let before = args.compare.as_deref().map(read_folded).transpose()?;
    let settings = look::settings(&args.look)?;
    if settings.targets.len() > 1 {
        return Err(SettingsError::ManyToLookAt.into());
    }
    let stem = args.out.clone().or_else(|| {
        let name = settings.targets.first()?.name.as_str();
        Some(PathBuf::from(name.split_once('@').map_or(name, |(name, _)| name)))
    });
    let stem = stem.unwrap_or_else(|| PathBuf::from("profile"));
    let kinds: &[&str] = match before {
        Some(_) => &["folded", "svg", "changes.svg", "html"],
        None => &["folded", "svg", "html"],
    };
    let files = Files::begin(&stem, kinds)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(ProfileError::Runtime)?;
    let done = runtime.block_on(sample(args, settings, before.as_ref(), files));
    runtime.shutdown_background();
    done
}

fn read_folded(file: &Path) -> Result<Folded, ProfileError> {
    let read = |problem| ProfileError::Read { file: file.to_owned(), problem };
    let size = fs::metadata(file).map_err(read)?.len();
    let fits = usize::try_from(size).is_ok_and(|size| size <= Folded::BYTES);
    let bytes = if fits { fs::read(file).map_err(read)? } else { vec![0; Folded::BYTES + 1] };
    Folded::parse(&bytes).map_err(|problem| ProfileError::NotFolded { file: file.to_owned(), problem })
}

async fn sample(
    args: &ProfileArgs,
    settings: LookSettings,
    before: Option<&Folded>,
    files: Files,
) -> Result<(), ProfileError> {
    let names = settings.names();
    let node = |error| ProfileError::Node(Box::new(error));
    let (mut visitor, targets) = look::visit("profile", settings).await.map_err(node)?;
    for target in &targets {
        visitor.link(target).await.map_err(ProfileError::Link)?;
    }
    let seen = seen(args, visitor.node(), &names).await;
    visitor.leave().await;
    seen?.write(args, before, files)
}

/// What was seen.
struct Seen {
    subject: Subject,
    profiler: Profiler,
    window: Window,
    /// What the figures have cost the node, as a share of one core.
    figures_duty: f64,
    problem: Option<ProbeError>,
}

async fn seen(args: &ProfileArgs, node: &Node, names: &[NodeName]) -> Result<Seen, ProfileError> {
    let probe = |error| ProfileError::Probe(Box::new(error));
    let Some(name) = names.first() else { return Err(SettingsError::NobodyToLookAt.into()) };
    let config = ProfileConfig {
        rate: args.rate.into(),
        duty: args.duty / 100.0 * (1.0 - FOR_CHARTS),
        depth: args.depth,
        by: args.by,
        lines: args.lines,
        system: args.all,
        events: (!args.no_events).then(EventLimits::default),
        patience: look::PATIENCE,
    };
    let mut stop = Stop::new(None).map_err(ProfileError::Runtime)?;
    let at_ms = now_ms();
    let mut profiler = Profiler::start(node, name, config).await.map_err(probe)?;
    // For the charts: what the node does meanwhile.
    let duty = args.duty / 100.0 * FOR_CHARTS;
    let figures =
        WatchConfig { duty, processes: 0, clients: 1, depth: DepthConfig::NONE, ..WatchConfig::default() };
    let mut cluster = Cluster::watch(node, names, figures);
    let mut recorder = Recorder::new(at_ms);
    let end = Instant::now() + args.during;
    let mut problem = None;
    let mut figures_duty = 0.0;
    'time: while Instant::now() < end {
        let step = profiler.step();
        tokio::pin!(step);
        loop {
            tokio::select! {
                done = &mut step => match done {
                    Ok(()) => break,
                    Err(error) => {
                        problem = Some(error);
                        break 'time;
                    }
                },
                sight = cluster.next() => if let Sight::Round(round) = sight {
                    figures_duty = round.value("probe.cpu").unwrap_or(figures_duty);
                    recorder.saw(&round);
                },
                _ = stop.wait() => break 'time,
            }
        }
    }
    let subject = Subject {
        node: name.to_string(),
        release: profiler.hello().release.clone(),
        schedulers: profiler.hello().schedulers,
        at_ms,
    };
    // Without a sample the problem is all there is to say.
    match problem {
        Some(error) if profiler.profile().cost().samples == 0 => Err(probe(error)),
        problem => Ok(Seen { subject, profiler, figures_duty, window: recorder.window(now_ms()), problem }),
    }
}

impl Seen {
    fn write(self, args: &ProfileArgs, before: Option<&Folded>, files: Files) -> Result<(), ProfileError> {
        let folded = self.profiler.profile().folded();
        if folded.total() == 0 && self.profiler.profile().left_out() > 0.0 {
            return Err(ProfileError::OnlySystem);
        }
        let title = format!("{}: time of its schedulers", self.subject.node);
        let mut summary =
            Summary::new(self.subject, self.profiler.profile(), self.profiler.events(), &folded, before);
        summary.add_duty(self.figures_duty);
        summary.problem = self.problem.map(|problem| problem.to_string());
        let svg = Svg::new(&title).note(&format!("{:.1} s", summary.cost.seconds)).render(&folded)?;
        let mut texts = vec![("folded", folded.to_string()), ("svg", svg.clone())];
        let mut graphs = vec![("Where the time went", svg)];
        if let Some(before) = before {
            let changes = Changes::new(before, &folded);
            let svg = Svg::new(&format!("{title}, against before")).render_changes(changes)?;
            texts.push(("changes.svg", svg.clone()));
            graphs.push(("What has changed: red is more, blue is less", svg));
        }
        texts.push(("html", report::render(&summary, &self.window, graphs)));
        summary.files = files.write(&texts)?;
        if args.json {
            // Names and numbers always serialize.
            out::print(&(serde_json::to_string(&summary).unwrap_or_default() + "\n"));
        } else {
            out::print(&text::render(&summary));
        }
        Ok(())
    }
}
