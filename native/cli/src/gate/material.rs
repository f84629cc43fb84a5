//! What is judged: recordings, and figures of result files.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use outrigger_watch::Window;
use outrigger_watch::gate::Gate;
use outrigger_watch::window::Limits;

/// Bytes of a result file.
const MOST_RESULT: u64 = 64 << 20;

/// The windows of recordings.
pub(super) fn windows(files: &[PathBuf]) -> Result<Vec<Window>, String> {
    let limits = Limits::default();
    let one = |file: &PathBuf| {
        let bytes =
            read(file, limits.bytes as u64).map_err(|problem| format!("{}: {problem}", file.display()))?;
        Window::from_json(&bytes, &limits).map_err(|error| format!("{}: {error}", file.display()))
    };
    files.iter().map(one).collect()
}

/// Adds the figures of a gate's result files to the newest window. What cannot be read is noted there: it is not run.
pub(super) fn add_files(gate: &Gate, folder: &Path, windows: &mut Vec<Window>, now: u64) {
    if gate.files.is_empty() {
        return;
    }
    if windows.is_empty() {
        windows.push(Window::new(now, now));
    }
    let Some(window) = windows.last_mut() else { return };
    for (name, value) in &gate.files {
        let figure = read(&folder.join(&value.file), MOST_RESULT).and_then(|bytes| value.form.figure(&bytes));
        match figure {
            Ok(number) => drop(window.values.insert(name.clone(), number)),
            Err(problem) => drop(window.absent.insert(name.clone(), format!("{}: {problem}", value.file))),
        }
    }
}

/// Reads a file that is not larger than that. The size is not taken from the file system: it may be a pipe.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    })?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most { Err(format!("more than {most} bytes")) } else { Ok(bytes) }
}
