//! A file that is put in its place when it is whole: that it can be written is known before long work begins, and what was there before stays until then.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that is not there yet. Dropped, it never was.
#[derive(Debug)]
pub(crate) struct Draft {
    place: PathBuf,
    /// Beside its place. `None`: the place is a device or a pipe, which nothing may replace.
    file: Option<NamedTempFile>,
}

impl Draft {
    /// Begins a file.
    ///
    /// # Errors
    /// It could not be written there.
    pub(crate) fn new(place: &Path) -> io::Result<Self> {
        // Behind a link is the file itself.
        let place = fs::canonicalize(place).unwrap_or_else(|_| place.to_owned());
        match fs::metadata(&place) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => return Ok(Self { place, file: None }),
            _ => {}
        }
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
        // As `fs::write` would make it: what the mask of the process leaves of it.
        let rights = fs::Permissions::from_mode(0o666);
        let file = tempfile::Builder::new()
            .prefix(".outrigger-")
            .permissions(rights)
            .tempfile_in(folder.unwrap_or_else(|| Path::new(".")))?;
        Ok(Self { place, file: Some(file) })
    }

    /// Puts it in its place, whole.
    ///
    /// # Errors
    /// The disk is full, for one. What was there before is there still.
    pub(crate) fn finish(self, text: &str) -> io::Result<()> {
        let Some(mut file) = self.file else { return fs::write(&self.place, text) };
        file.write_all(text.as_bytes())?;
        file.persist(&self.place).map(drop).map_err(|error| error.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_whole_and_as_it_was_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("record.json");
        drop(Draft::new(&place).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "one that is dropped never was");
        fs::write(&place, "before").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&place, &link).unwrap();
        let draft = Draft::new(&link).unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "before");
        draft.finish("after").unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "after");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_cannot_be_written_is_known_at_once_and_a_device_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Draft::new(folder.path()).is_err());
        assert!(Draft::new(&folder.path().join("not/there")).is_err());
        let full = Draft::new(Path::new("/dev/full")).unwrap().finish("text");
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(!fs::metadata("/dev/full").unwrap().is_file());
    }
}
