//! How are the files and variables read that the configuration names? What cannot be read is a problem of its key.

use std::path::Path;

use habeas_core::secret::Secret;

use crate::config::{Loaded, environment};

/// The text of a file.
pub(super) fn text(loaded: &mut Loaded, place: &str, file: &Path) -> Option<String> {
    let path = loaded.path(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            loaded.object(place, format!("{} cannot be read: {error}", path.display()));
            None
        }
    }
}

/// The secret in a file, without the white space around it. Others on this machine should not be able to read it.
pub(super) fn secret(loaded: &mut Loaded, place: &str, file: &Path) -> Option<Secret> {
    let text = Secret::new(text(loaded, place, file)?);
    let secret = Secret::new(text.expose().trim());
    if secret.expose().is_empty() {
        loaded.object(place, "the file is empty");
        return None;
    }
    if is_open(&loaded.path(file)) {
        loaded.warn(place, "the file can be read by every user of this machine: chmod 600");
    }
    Some(secret)
}

/// The secret in a variable of the environment.
pub(super) fn variable(loaded: &mut Loaded, place: &str, name: &str) -> Option<Secret> {
    let secret = environment::secret(name);
    if secret.is_none() {
        loaded.object(place, format!("the environment has no variable {name}"));
    }
    secret
}

#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open(_path: &Path) -> bool {
    false
}
