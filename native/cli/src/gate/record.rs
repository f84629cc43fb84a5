//! A run's record: signed with the project's key, and put behind the others.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use outrigger_watch::Window;
use outrigger_watch::evidence::{Key, Link, Record, last};
use outrigger_watch::gate::Outcome;

use crate::git::Git;

/// Bytes of a file of evidence.
pub(crate) const MOST_EVIDENCE: u64 = 4 << 30;

/// A gate's outcome, and the windows that it is about.
pub(super) struct Run {
    pub(super) outcome: Outcome,
    pub(super) now: Vec<Window>,
    pub(super) base: Vec<Window>,
}

/// What a run is recorded with.
pub(super) struct Recorder {
    file: PathBuf,
    key: Key,
    tree: Option<(String, bool)>,
}

impl Recorder {
    /// Finds the key, or makes it, and looks at the repository.
    pub(super) fn new(file: &Path) -> Result<Self, String> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let at = |path: &Path| path.display().to_string();
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", at(folder)))?;
        let key = key(&file.with_extension("key"))
            .map_err(|(path, problem)| format!("{}: {problem}", at(&path)))?;
        let public = file.with_extension("pub");
        if !public.exists() {
            let text = format!("{}\n", key.public());
            fs::write(&public, text).map_err(|error| format!("{}: {error}", at(&public)))?;
        }
        // Outside of a repository, and in one without a commit, there is no tree.
        let tree =
            Git::of(Path::new(".")).ok().and_then(|git| Some((git.tree("HEAD").ok()?, git.is_dirty().ok()?)));
        Ok(Self { file: file.to_owned(), key, tree })
    }

    /// Records runs, each as a line. The last of them.
    pub(super) fn record(
        &self,
        at: u64,
        config: (&str, &[u8]),
        runs: &[Run],
    ) -> Result<Option<Link>, String> {
        let wrong = |error: std::io::Error| format!("{}: {error}", self.file.display());
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(&self.file).map_err(wrong)?;
        // Two runs at a time would write two lines behind the same one.
        file.lock().map_err(wrong)?;
        let mut before =
            newest(&mut file).map_err(|problem| format!("{}: {problem}", self.file.display()))?;
        let mut lines = String::new();
        for Run { outcome, now, base } in runs {
            let record = Record::new(at, config.0, config.1, outcome, now).against(base);
            let record = match &self.tree {
                Some((tree, dirty)) => record.of_tree(tree, *dirty),
                None => record,
            };
            let line = record.sign(&self.key, before.as_ref());
            before = last(line.as_bytes()).map_err(|error| error.to_string())?;
            lines.push_str(&line);
        }
        file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(wrong)?;
        Ok(before)
    }
}

/// The last line of a file, found from its end.
fn newest(file: &mut File) -> Result<Option<Link>, String> {
    const STEP: u64 = 64 << 10;
    let length = file.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
    let mut tail: Vec<u8> = Vec::new();
    let mut from = length;
    // All but the last byte, which is the end of the last line.
    while from > 0 && !tail.iter().rev().skip(1).any(|byte| *byte == b'\n') {
        let step = STEP.max(tail.len() as u64).min(from);
        from -= step;
        let mut part = vec![0; usize::try_from(step).unwrap_or(0)];
        let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.read_exact(&mut part));
        read.map_err(|error| error.to_string())?;
        part.extend_from_slice(&tail);
        tail = part;
    }
    last(&tail).map_err(|error| error.to_string())
}

/// The project's secret key. Nobody else may read it.
fn key(path: &Path) -> Result<Key, (PathBuf, String)> {
    let wrong = |problem: String| (path.to_owned(), problem);
    let mut text = String::new();
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make_key(path).map_err(|error| wrong(error.to_string()))?;
            File::open(path).map_err(|error| wrong(error.to_string()))?
        }
        opened => opened.map_err(|error| wrong(error.to_string()))?,
    };
    let mode = file.metadata().map_err(|error| wrong(error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(wrong(format!("others may read this key: chmod 600 {}", path.display())));
    }
    (&mut file).take(1_024).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    Key::read(&text).map_err(|error| wrong(error.to_string()))
}

/// Makes a key, whole or not at all: of two that are made at once, the first stays. Git is told to leave it alone.
fn make_key(path: &Path) -> std::io::Result<()> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(std::io::Error::other)?;
    let temporary = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(Key::from_seed(seed).to_text().as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let ignore = path.with_file_name(".gitignore");
    if !ignore.exists()
        && let Some(name) = path.file_name()
    {
        fs::write(ignore, format!("{}\n", name.display()))?;
    }
    Ok(())
}
