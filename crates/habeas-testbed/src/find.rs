//! Where are the programs?

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

/// What to do when they are not there.
pub const HINT: &str = "install PostgreSQL and PgBouncer: apt-get install postgresql pgbouncer (Debian)";

/// Debian keeps each version in a folder of its own, so that several can be installed.
const VERSIONS: &str = "/usr/lib/postgresql";
/// Where programs for administrators are, which a user's `PATH` may not name.
const FOR_ADMINISTRATORS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/local/bin"];

/// Fails with a hint when something is missing that the clusters need.
///
/// # Errors
/// Which program it is.
pub fn present() -> Result<()> {
    server()?;
    program("pgbouncer").map(|_| ())
}

/// The folder with `initdb` and `postgres`: the newest version that there is.
pub(crate) fn server() -> Result<PathBuf> {
    let is_server = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let told = Command::new("pg_config").arg("--bindir").output().ok();
    let told = told.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    match versions().into_iter().chain(told).chain(path()).find(is_server) {
        Some(folder) => Ok(folder),
        None => bail!("`initdb` is missing: {HINT}"),
    }
}

/// A program of another package.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let folders = path().into_iter().chain(FOR_ADMINISTRATORS.map(PathBuf::from));
    match folders.map(|folder| folder.join(name)).find(|file| file.is_file()) {
        Some(file) => Ok(file),
        None => bail!("`{name}` is missing: {HINT}"),
    }
}

fn versions() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(VERSIONS).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(number(folder)));
    folders.into_iter().map(|folder| folder.join("bin")).collect()
}

fn number(folder: &Path) -> u32 {
    folder.file_name().and_then(|name| name.to_str()?.parse().ok()).unwrap_or(0)
}

fn path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(number(Path::new("/usr/lib/postgresql/15")) > number(Path::new("/usr/lib/postgresql/9")));
    }
}
