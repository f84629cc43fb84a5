//! The files of a profile: begun before it is made, for what cannot be written need not be seen.

use std::io;
use std::path::{Path, PathBuf};

use crate::draft::Draft;

/// `STEM.KIND`, of some kinds.
pub(super) struct Files(Vec<(&'static str, PathBuf, Draft)>);

/// A file that cannot be written.
pub(super) type Unwritten = (PathBuf, io::Error);

impl Files {
    pub(super) fn begin(stem: &Path, kinds: &[&'static str]) -> Result<Self, Unwritten> {
        let begin = |kind: &&'static str| {
            // Not `with_extension`: a node's name may have dots.
            let mut file = stem.to_owned().into_os_string();
            file.push(format!(".{kind}"));
            let file = PathBuf::from(file);
            match Draft::new(&file) {
                Ok(draft) => Ok((*kind, file, draft)),
                Err(problem) => Err((file, problem)),
            }
        };
        kinds.iter().map(begin).collect::<Result<_, _>>().map(Self)
    }

    /// Writes those that there are texts of. Their names.
    pub(super) fn write(self, texts: &[(&str, String)]) -> Result<Vec<PathBuf>, Unwritten> {
        let mut written = Vec::new();
        for (kind, file, draft) in self.0 {
            let Some((_, text)) = texts.iter().find(|(of, _)| *of == kind) else { continue };
            match draft.finish(text) {
                Ok(()) => written.push(file),
                Err(problem) => return Err((file, problem)),
            }
        }
        Ok(written)
    }
}
