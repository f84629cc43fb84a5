//! Files of a git revision, through the program `git`: what it does with packs, alternates and partial clones is its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// Bytes of a file that are read. No schema is larger.
pub(crate) const MOST_BYTES: u64 = 8 << 20;

/// A repository, as seen from a folder in it.
pub(crate) struct Git {
    /// Its top folder, without symbolic links.
    pub(crate) top: PathBuf,
}

impl Git {
    /// The repository that a folder is in.
    pub(crate) fn of(folder: &Path) -> Result<Self, String> {
        let out = run(folder, &["rev-parse", "--show-toplevel"])?;
        let top = String::from_utf8(out).map_err(|_| "the repository's path is not UTF-8".to_owned())?;
        let top = Path::new(top.trim_end_matches('\n'));
        Ok(Self { top: top.canonicalize().map_err(|error| format!("{}: {error}", top.display()))? })
    }

    /// The commit that a revision names.
    pub(crate) fn commit(&self, revision: &str) -> Result<String, String> {
        let name = format!("{revision}^{{commit}}");
        let out = run(&self.top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).map_err(
            |_| format!("git knows no revision {revision} here: fetch it first (CI checks out with depth 1)"),
        )?;
        Ok(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// The hash of the tree of a revision. A tree's own hash is a revision, too.
    pub(crate) fn tree(&self, revision: &str) -> Result<String, String> {
        let name = format!("{revision}^{{tree}}");
        let out = run(&self.top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name])
            .map_err(|_| format!("git knows no tree of {revision} here"))?;
        Ok(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// Whether files differ from those of the newest commit, or are not in it. Those of `.outrigger` do not count.
    pub(crate) fn is_dirty(&self) -> Result<bool, String> {
        let arguments = [
            "status",
            "--porcelain",
            "--untracked-files=normal",
            "--",
            ".",
            ":(exclude,glob)**/.outrigger/**",
        ];
        Ok(!run(&self.top, &arguments)?.is_empty())
    }

    /// Paths of a commit's files below the given ones, from the top.
    pub(crate) fn list(&self, commit: &str, below: &[String]) -> Result<Vec<String>, String> {
        let mut arguments =
            vec!["--literal-pathspecs", "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--"];
        // The top folder is not a path of its own.
        if !below.iter().any(String::is_empty) {
            arguments.extend(below.iter().map(String::as_str));
        }
        let out = run(&self.top, &arguments)?;
        let names = out.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        // A name that is not UTF-8 cannot be a schema's that somebody refers to.
        Ok(names.filter_map(|name| String::from_utf8(name.to_vec()).ok()).collect())
    }

    /// Commits that changed a file, oldest first, along the first parents of a commit.
    pub(crate) fn history(&self, commit: &str, path: &str) -> Result<Vec<String>, String> {
        let arguments =
            ["--literal-pathspecs", "rev-list", "--first-parent", "--reverse", commit, "--", path];
        let out = run(&self.top, &arguments)?;
        Ok(String::from_utf8_lossy(&out).lines().map(str::to_owned).collect())
    }

    /// The contents of files of commits; `None` for what is not there.
    pub(crate) fn read(&self, wanted: &[(String, String)]) -> Result<Vec<Option<Vec<u8>>>, String> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        if let Some((_, path)) = wanted.iter().find(|(_, path)| path.contains('\n')) {
            return Err(format!("{path:?} has a line feed in its name"));
        }
        let mut child = Command::new("git")
            .arg("-C")
            .arg(&self.top)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(no_git)?;
        let lines: String = wanted.iter().map(|(commit, path)| format!("{commit}:{path}\n")).collect();
        // Both pipes at once: git answers while it is still being asked.
        let asking =
            child.stdin.take().map(|mut stdin| thread::spawn(move || stdin.write_all(lines.as_bytes())));
        let mut answers = BufReader::new(child.stdout.take().ok_or("git has no output")?);
        let contents = wanted.iter().map(|_| answer(&mut answers)).collect::<Result<Vec<_>, _>>();
        if contents.is_err() {
            let _ = child.kill();
        }
        drop(answers);
        let _ = child.wait();
        if let Some(asking) = asking {
            let _ = asking.join();
        }
        contents
    }
}

/// One object: a line with its size, its bytes, a line feed.
fn answer(from: &mut impl BufRead) -> Result<Option<Vec<u8>>, String> {
    let mut line = String::new();
    from.read_line(&mut line).map_err(|error| format!("git: {error}"))?;
    let words: Vec<&str> = line.trim_end().rsplitn(3, ' ').collect();
    let size = match words[..] {
        ["missing", ..] => return Ok(None),
        [size, kind, _] => size.parse::<u64>().ok().map(|size| (size, kind)),
        _ => None,
    };
    let (size, kind) = size.ok_or_else(|| format!("git answered {:?}", line.trim_end()))?;
    if size > MOST_BYTES {
        return Err(format!("a file of {size} bytes is more than the {MOST_BYTES} that are read"));
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0) + 1];
    from.read_exact(&mut bytes).map_err(|error| format!("git: {error}"))?;
    bytes.pop();
    Ok((kind == "blob").then_some(bytes))
}

fn run(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let out = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(no_git)?;
    if out.status.success() {
        return Ok(out.stdout);
    }
    Err(String::from_utf8_lossy(&out.stderr).trim().to_owned())
}

fn no_git(error: std::io::Error) -> String {
    format!("git cannot be run: {error}")
}
