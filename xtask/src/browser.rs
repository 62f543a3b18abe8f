//! Is there a browser for the tests of the pages?

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// Debian's driver brings the browser that it fits.
const DRIVER: &str = "chromedriver";
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
const HINT: &str = "install a browser and its driver: apt-get install chromium chromium-driver (Debian), or another \
                    Chrome with the chromedriver of its version";

/// Installs what is missing where that is ours to do: as root, where there is `apt-get`. Fails with the command
/// elsewhere.
pub(crate) fn present() -> Result<()> {
    if run::present(DRIVER, HINT).is_err() && is_root() && run::present("apt-get", HINT).is_ok() {
        // The lists of packages may be old, or not there at all.
        apt_get(&["update"])?;
        apt_get(&[&["install", "--yes", "--no-install-recommends"], &PACKAGES[..]].concat())?;
    }
    run::present(DRIVER, HINT)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt_get(words: &[&str]) -> Result<()> {
    eprintln!("$ apt-get {}", words.join(" "));
    let mut command = Command::new("apt-get");
    let status = command.args(words).env("DEBIAN_FRONTEND", "noninteractive").status();
    if !status.context("apt-get could not be run")?.success() {
        bail!("apt-get {} failed: {HINT}", words.first().unwrap_or(&""));
    }
    Ok(())
}
