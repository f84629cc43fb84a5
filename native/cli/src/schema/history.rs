//! Earlier versions of files, wherever they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use outrigger_events::compat::Level;

use super::format::Format;
use super::library::{Library, Schema};
use super::tree::Tree;
use crate::args::Against;
use crate::git::Git;

/// One earlier version of a file.
pub(super) struct Version {
    /// What people call it.
    pub(super) label: String,
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    /// Which of the libraries it stands in.
    library: String,
}

/// The earlier versions of all files.
pub(super) struct History {
    git: Option<Git>,
    /// Of each file, oldest first.
    pub(super) versions: BTreeMap<String, Vec<Version>>,
    /// Files that were there and are not any more.
    pub(super) gone: Vec<String>,
    libraries: BTreeMap<String, Library>,
    below: Vec<String>,
    roots: Vec<String>,
}

/// Versions of one file that are looked at.
const MOST_VERSIONS: usize = 10_000;

impl History {
    pub(super) fn read(
        tree: &Tree,
        against: &Against,
        git: Option<Git>,
        level: Level,
        every_json: bool,
    ) -> Result<Self, String> {
        let mut history = Self {
            git: None,
            versions: BTreeMap::new(),
            gone: Vec::new(),
            libraries: BTreeMap::new(),
            below: tree.given.iter().chain(&tree.library.roots).cloned().collect(),
            roots: tree.library.roots.clone(),
        };
        match (against, git) {
            (Against::Git(revision), Some(git)) => {
                history.of_git(tree, &git, revision, level, every_json)?;
                history.git = Some(git);
            }
            (Against::Dir(folder), _) => history.of_folder(tree, folder, every_json)?,
            (Against::File(file), _) => history.of_file(tree, file)?,
            (Against::Git(_), None) => return Err("there is no repository".into()),
        }
        Ok(history)
    }

    fn of_git(
        &mut self,
        tree: &Tree,
        git: &Git,
        revision: &str,
        level: Level,
        every_json: bool,
    ) -> Result<(), String> {
        let commit = git.commit(revision)?;
        let listed = git.list(&commit, &self.below)?;
        let there: BTreeSet<&str> = tree.targets.iter().map(|(target, _)| target.as_str()).collect();
        let label = |commit: &str| format!("{revision} ({})", commit.get(..9).unwrap_or(commit));
        let mut wanted = Vec::new();
        for path in listed.iter().filter(|path| tree.asks_for(path) && Format::of_name(path).is_some()) {
            if !there.contains(path.as_str()) || !level.is_transitive() {
                wanted.push((commit.clone(), path.clone()));
            }
        }
        if level.is_transitive() {
            // A file that was deleted in between has a history, too.
            for (path, _) in &tree.targets {
                let commits = git.history(&commit, path)?;
                wanted.extend(commits.into_iter().map(|commit| (commit, path.clone())));
            }
        }
        for ((at, path), bytes) in wanted.iter().zip(git.read(&wanted)?) {
            let Some(bytes) = bytes else { continue };
            if !there.contains(path.as_str()) {
                if Format::of(path, &bytes, every_json).is_some() {
                    self.gone.push(path.clone());
                }
                continue;
            }
            let label = if *at == commit { label(at) } else { at.get(..9).unwrap_or(at).to_owned() };
            self.add(path, Version { label, path: path.clone(), bytes, library: at.clone() })?;
        }
        Ok(())
    }

    fn of_folder(&mut self, tree: &Tree, folder: &Path, every_json: bool) -> Result<(), String> {
        let top = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut old = Tree::read(top.clone(), &[top], &[], every_json)?;
        let mut covered = BTreeSet::new();
        for (target, format) in &tree.targets {
            let inside = tree.inside_given(target);
            let (stem, extension) = inside.rsplit_once('.').unwrap_or((inside, ""));
            let of_folder = |path: &str| {
                let name = path.strip_prefix(stem).and_then(|rest| rest.strip_prefix('/'));
                name.is_some_and(|name| !name.contains('/') && name.ends_with(&format!(".{extension}")))
            };
            let mut paths: Vec<String> = match old.library.files.contains_key(inside) {
                true => vec![inside.to_owned()],
                false => old.library.files.keys().filter(|path| of_folder(path)).cloned().collect(),
            };
            paths.retain(|path| Format::of_name(path) == Some(*format));
            paths.sort_by_key(|path| natural(path));
            for path in paths {
                let bytes = old.library.files.get(&path).cloned().unwrap_or_default();
                covered.insert(path.clone());
                let version = Version { label: path.clone(), path, bytes, library: "dir".into() };
                self.add(target, version)?;
            }
        }
        let gone = old.targets.iter().filter(|(path, _)| !covered.contains(path));
        self.gone = gone.map(|(path, _)| folder.join(path).display().to_string()).collect();
        old.library.roots.push(String::new());
        self.libraries.insert("dir".into(), old.library);
        Ok(())
    }

    fn of_file(&mut self, tree: &Tree, file: &PathBuf) -> Result<(), String> {
        let [(target, _)] = &tree.targets[..] else {
            return Err(format!("file: is for one schema, and {} were given; use dir:", tree.targets.len()));
        };
        let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let top = folder.canonicalize().map_err(|error| format!("{}: {error}", file.display()))?;
        let old = Tree::read(top.clone(), &[top], &[], true)?;
        self.libraries.insert("file".into(), old.library);
        let path = file.file_name().and_then(|name| name.to_str()).unwrap_or("schema").to_owned();
        let label = file.display().to_string();
        self.add(target, Version { label, path, bytes, library: "file".into() })
    }

    fn add(&mut self, target: &str, version: Version) -> Result<(), String> {
        let versions = self.versions.entry(target.to_owned()).or_default();
        if versions.len() >= MOST_VERSIONS {
            return Err(format!("{target}: more than {MOST_VERSIONS} versions"));
        }
        versions.push(version);
        Ok(())
    }

    /// Reads a version: alone if it can be, else with the files beside it as they were then.
    pub(super) fn parse(&mut self, format: Format, version: &Version) -> Result<Schema, String> {
        if let Ok(schema) = Library::default().parse(format, &version.path, &version.bytes) {
            return Ok(schema);
        }
        if let (Some(git), false) = (&self.git, self.libraries.contains_key(&version.library)) {
            let commit = &version.library;
            let listed =
                git.list(commit, &self.below)?.into_iter().filter(|path| Format::of_name(path).is_some());
            let wanted: Vec<_> = listed.map(|path| (commit.clone(), path)).collect();
            let contents = git.read(&wanted)?;
            let files =
                wanted.into_iter().zip(contents).filter_map(|((_, path), bytes)| Some((path, bytes?)));
            let library = Library { files: files.collect(), roots: self.roots.clone() };
            // One at a time: a long history of large folders is not kept.
            self.libraries.clear();
            self.libraries.insert(commit.clone(), library);
        }
        let none = Library::default();
        let library = self.libraries.get(&version.library).unwrap_or(&none);
        library.parse(format, &version.path, &version.bytes)
    }
}

/// A name with its numbers as numbers, so that `v10` comes behind `v9`.
fn natural(name: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        let (before, behind) = rest.split_at(text);
        let digits = behind.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(behind.len());
        let (number, behind) = behind.split_at(digits);
        parts.push((0, before.to_owned()));
        parts.push((number.parse().unwrap_or(u64::MAX), number.to_owned()));
        rest = behind;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_people_expect() {
        let mut names = ["v10.avsc", "v9.avsc", "v1.avsc", "a.avsc"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["a.avsc", "v1.avsc", "v9.avsc", "v10.avsc"]);
    }
}
