//! The documents that are generated, so that they cannot differ from the program.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::run;

/// Each generated document and the subcommand that prints it.
const GENERATED: &[(&str, &str)] = &[("docs/CONFIGURATION.md", "reference")];

fn text(subcommand: &str) -> Result<String> {
    run::cargo_output(&["run", "--quiet", "--package", "habeas", "--", subcommand])
}

/// Writes them anew.
pub(crate) fn write() -> Result<()> {
    for (path, subcommand) in GENERATED {
        fs::write(run::root().join(path), text(subcommand)?).with_context(|| format!("{path} could not be written"))?;
        eprintln!("wrote {path}");
    }
    Ok(())
}

/// Fails when one differs from what the program would print.
pub(crate) fn check() -> Result<()> {
    for (path, subcommand) in GENERATED {
        let stored = fs::read_to_string(run::root().join(path)).unwrap_or_default();
        if stored != text(subcommand)? {
            bail!("{path} is out of date: run `cargo xtask docs`");
        }
    }
    eprintln!("generated documents are up to date");
    Ok(())
}
