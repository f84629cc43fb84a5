//! The schemas of the working tree: what is to be checked, and all that it may refer to.

use std::fs;
use std::path::{Path, PathBuf};

use super::format::Format;
use super::library::Library;
use crate::git::MOST_BYTES;

/// See the module. Files go by their paths from `top`, with `/`.
pub(super) struct Tree {
    pub(super) top: PathBuf,
    pub(super) library: Library,
    /// What was asked for, files and folders.
    pub(super) given: Vec<String>,
    /// The schemas among it.
    pub(super) targets: Vec<(String, Format)>,
    every_json: bool,
}

/// Files that one check reads. A folder with more is not one of schemas.
const MOST_FILES: usize = 20_000;

impl Tree {
    /// Reads what is asked for. A path that is not there may be one that was deleted.
    pub(super) fn read(
        top: PathBuf,
        paths: &[PathBuf],
        include: &[PathBuf],
        every_json: bool,
    ) -> Result<Self, String> {
        let mut tree = Self { top, library: Library::default(), given: vec![], targets: vec![], every_json };
        for path in include {
            let root = tree.relative(path)?;
            tree.take(path, &root, false)?;
            tree.library.roots.push(root);
        }
        for path in paths {
            let given = tree.relative(path)?;
            if path.is_dir() {
                tree.library.roots.push(given.clone());
            }
            if path.exists() {
                tree.take(path, &given, true)?;
                if path.is_file() && !tree.targets.iter().any(|(target, _)| *target == given) {
                    return Err(format!(
                        "{}: not a schema by its name; see --every-json for .json",
                        path.display()
                    ));
                }
            }
            tree.given.push(given);
        }
        tree.targets.sort_by(|a, b| a.0.cmp(&b.0));
        tree.targets.dedup_by(|a, b| a.0 == b.0);
        Ok(tree)
    }

    /// The path of a file or folder from the top.
    fn relative(&self, path: &Path) -> Result<String, String> {
        let wrong = |problem: &str| format!("{}: {problem}", path.display());
        let real = path.canonicalize().or_else(|_| {
            // What was deleted has a folder above it, perhaps.
            let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let above = above.canonicalize()?;
            Ok::<_, std::io::Error>(path.file_name().map_or(above.clone(), |name| above.join(name)))
        });
        let real = real.map_err(|error| wrong(&error.to_string()))?;
        let inside = real.strip_prefix(&self.top).map_err(|_| wrong("not in the repository"))?;
        let text = inside.to_str().ok_or_else(|| wrong("its name is not UTF-8"))?;
        Ok(text.to_owned())
    }

    fn take(&mut self, path: &Path, name: &str, target: bool) -> Result<(), String> {
        let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
        if self.library.files.len() > MOST_FILES {
            return Err(format!("more than {MOST_FILES} files of schemas: name their folders"));
        }
        if path.is_dir() {
            let mut names = Vec::new();
            for entry in fs::read_dir(path).map_err(wrong)? {
                let entry = entry.map_err(wrong)?;
                // Links are not followed: they may lead in a circle. Hidden folders are tools'.
                let kind = entry.file_type().map_err(wrong)?;
                if let Ok(name) = entry.file_name().into_string()
                    && !name.starts_with('.')
                    && (kind.is_dir() || kind.is_file() && Format::of_name(&name).is_some())
                {
                    names.push(name);
                }
            }
            names.sort();
            for below in names {
                let inside = if name.is_empty() { below.clone() } else { format!("{name}/{below}") };
                self.take(&path.join(below), &inside, target)?;
            }
            return Ok(());
        }
        if Format::of_name(name).is_none() {
            return Ok(());
        }
        if fs::metadata(path).map_err(wrong)?.len() > MOST_BYTES {
            return Err(format!("{}: more than {MOST_BYTES} bytes", path.display()));
        }
        let bytes = fs::read(path).map_err(wrong)?;
        if let Some(format) = Format::of(name, &bytes, self.every_json)
            && target
        {
            self.targets.push((name.to_owned(), format));
        }
        self.library.files.insert(name.to_owned(), bytes);
        Ok(())
    }

    /// A file's path from what was asked for: from the folder given, or its name.
    pub(super) fn inside_given<'a>(&self, file: &'a str) -> &'a str {
        for given in &self.given {
            if given == file {
                return file.rsplit('/').next().unwrap_or(file);
            }
            if given.is_empty() {
                return file;
            }
            if let Some(inside) = file.strip_prefix(given.as_str()).and_then(|rest| rest.strip_prefix('/')) {
                return inside;
            }
        }
        file
    }

    /// Whether a path is, or is below, what was asked for.
    pub(super) fn asks_for(&self, path: &str) -> bool {
        let below = |given: &str| path.strip_prefix(given).is_some_and(|rest| rest.starts_with('/'));
        self.given.iter().any(|given| given.is_empty() || given == path || below(given))
    }
}
