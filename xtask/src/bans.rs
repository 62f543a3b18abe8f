//! Which licences, sources and crates may enter? The rules stand here and are checked against `cargo metadata`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run;

/// Licences that may be combined with ours.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that must not be part of any build: a second crypto provider, OpenSSL, and RSA code that leaks timing
/// (RUSTSEC-2023-0071).
const BANNED: &[&str] = &["ring", "openssl", "openssl-sys", "native-tls", "rsa"];

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Fails when something entered that may not.
pub(crate) fn check() -> Result<()> {
    let metadata: Value =
        serde_json::from_str(&run::cargo_output(&["metadata", "--format-version", "1", "--locked"])?)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    let mut wrong = BTreeSet::new();
    for package in packages {
        let text = |name: &str| package.get(name).and_then(Value::as_str);
        let name = text("name").unwrap_or("?");
        if let Some(source) = text("source").filter(|source| *source != REGISTRY) {
            wrong.insert(format!("{name} comes from {source}"));
        }
        match text("license") {
            Some(licence) if allowed(licence) => {}
            other => {
                wrong.insert(format!("{name} has the licence {}", other.unwrap_or("(none named)")));
            }
        }
    }
    for name in BANNED.iter().filter(|name| is_built(name)) {
        wrong.insert(format!("{name} is banned"));
    }
    if wrong.is_empty() {
        eprintln!("licences, sources and bans: {} packages are in order", packages.len());
        return Ok(());
    }
    bail!("{}", wrong.into_iter().collect::<Vec<_>>().join("\n"))
}

/// Whether one way to read an SPDX expression uses allowed licences only. `OR` is a choice, `AND` is not.
fn allowed(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    let known = |term: &str| {
        let base = term.split(" WITH ").next().unwrap_or(term).trim();
        LICENCES.contains(&base)
    };
    if expression.contains('(') {
        // Parentheses nest choices; the strict reading asks that every licence named is allowed.
        return plain.split(" OR ").flat_map(|part| part.split(" AND ")).all(known);
    }
    plain.split(" OR ").any(|choice| choice.split(" AND ").all(known))
}

/// Whether a crate is part of what is built, on any platform; optional dependencies that nobody turns on are not.
fn is_built(name: &str) -> bool {
    run::cargo_output(&[
        "tree",
        "--workspace",
        "--target",
        "all",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ])
    .is_ok_and(|tree| tree.lines().any(|line| line.split(' ').next() == Some(name)))
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn one_allowed_choice_is_enough_and_a_conjunction_needs_all() {
        assert!(allowed("MIT OR GPL-3.0"));
        assert!(allowed("Apache-2.0 WITH LLVM-exception"));
        assert!(allowed("MIT/Apache-2.0"));
        assert!(!allowed("MIT AND GPL-3.0"));
        assert!(!allowed("AGPL-3.0"));
        assert!(!allowed("(MIT OR Apache-2.0) AND GPL-2.0"));
    }
}
