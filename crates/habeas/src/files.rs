//! How are files written so that nobody else reads what is secret, and nobody ever finds half of one?

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner only.
    Owner,
    /// Everybody.
    All,
}

/// Writes a new file, with the folders above it.
///
/// # Errors
/// When there is one already, and when it cannot be written.
pub fn create(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let beside = beside(path, text, readers)?;
    // A link, unlike a renaming, never replaces what is there.
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    linked
}

/// Writes a file, new or in place of the one that is there.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    fs::rename(beside(path, text, readers)?, path)
}

/// The text of a file; if there is none, it is made and kept.
///
/// # Errors
/// When it can neither be read nor made.
pub fn keep<E: From<io::Error>>(
    path: &Path,
    readers: Readers,
    make: impl FnOnce() -> Result<String, E>,
) -> Result<String, E> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = make()?;
            replace(path, &text, readers)?;
            Ok(text)
        }
        other => Ok(other?),
    }
}

/// Makes a folder, with those above it, that only its owner may enter.
///
/// # Errors
/// When it cannot be made.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Says why a file that is not there could not be made, with the folders above it that are missing.
///
/// # Errors
/// When it could not.
pub fn can_be_made(path: &Path) -> io::Result<()> {
    let here = Path::new(".");
    let mut folders = path.ancestors().skip(1).map(|folder| if folder.as_os_str().is_empty() { here } else { folder });
    let there = folders.find(|folder| folder.exists()).unwrap_or(here);
    if !there.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    // Root may do anything but write where nobody can, so only trying tells.
    let trial = there.join(format!(".habeas-{}.new", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&trial)?;
    fs::remove_file(trial)
}

/// Takes a file for this process alone, for as long as the result lives; `None` where another process has it.
///
/// # Errors
/// When it cannot be used.
pub fn lock(path: &Path) -> io::Result<Option<File>> {
    taken(OpenOptions::new().append(true).create(true).open(path)?)
}

fn taken(file: File) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The same for a database: a second process would take the first one's leases from it.
///
/// # Errors
/// When the file beside it cannot be used.
pub fn lock_database(database: &Path) -> io::Result<Option<File>> {
    let path = longer(database, ".lock");
    match OpenOptions::new().append(true).create_new(true).open(&path) {
        Ok(made) => {
            belongs_as(&made, database);
            taken(made)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            taken(OpenOptions::new().append(true).open(path)?)
        }
        Err(error) => Err(error),
    }
}

/// A command that root runs must not keep what it has made from the server, which runs as somebody else. Nothing but
/// what was made just now is given away: the folder is that somebody's, who may have put a link there.
fn belongs_as(made: &File, database: &Path) {
    #[cfg(unix)]
    if let Ok(database) = fs::metadata(database) {
        use std::os::unix::fs::MetadataExt as _;
        // Who may not do this is not root.
        let _ = std::os::unix::fs::fchown(made, Some(database.uid()), Some(database.gid()));
    }
    #[cfg(not(unix))]
    let _ = (made, database);
}

/// A path whose name goes on.
pub fn longer(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// A folder for a while: it goes when this is dropped.
#[derive(Debug)]
pub struct Passing(PathBuf);

impl Passing {
    /// Makes one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> io::Result<Self> {
        let name = habeas_trust::digest::hex(&habeas_trust::digest::random_bytes::<8>());
        let path = std::env::temp_dir().join(format!("habeas-{name}"));
        private_folder(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // What is left behind is the system's to clear, in its folder for passing things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn beside(path: &Path, text: &str, readers: Readers) -> io::Result<PathBuf> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let beside = longer(path, &format!(".{}.new", std::process::id()));
    let _ = fs::remove_file(&beside);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if readers == Readers::Owner { 0o600 } else { 0o644 });
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_created_once_and_kept() {
        let folder = Passing::new().unwrap();
        let path = folder.path().join("a/b");
        create(&path, "first", Readers::Owner).unwrap();
        assert_eq!(create(&path, "second", Readers::Owner).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let kept: io::Result<String> = keep(&path, Readers::Owner, || Ok("third".to_owned()));
        assert_eq!(kept.unwrap(), "first");
        replace(&path, "fourth", Readers::All).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "fourth");
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_lock_keeps_others_out_until_it_is_dropped() {
        let folder = Passing::new().unwrap();
        let path = folder.path().join("lock");
        let first = lock(&path).unwrap();
        assert!(first.is_some() && lock(&path).unwrap().is_none());
        drop(first);
        assert!(lock(&path).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Passing::new().unwrap();
        let path = folder.path().join("secret");
        create(&path, "s", Readers::Owner).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
