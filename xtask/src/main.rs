//! What does a developer of habeas run? `cargo xtask help` lists it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this program talks to a developer's terminal")]

mod apt;
mod bans;
mod browser;
mod docs;
mod footprint;
mod postgres;
mod run;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask <what>

  test       run all tests; installs browser and PostgreSQL as root on Debian, and says what else is missing
  check      fmt, clippy, docs of the code, generated documents, licences and sources
  ci         test, then check: what has to pass before a change lands
  bench      the benchmark: gates as ratios of one run (up to an hour; with --quick a minute)
  simulate   random worlds on one clock (in release mode); --seeds, --seed, --operations, --json
  torture    proof under fire: kills, crashes, full disks, hostile receivers; --help says more (docs/RELIABILITY.md)
  docs       write the generated documents anew
  footprint  the number of crates of the default build; with --time also the CPU time of a clean build
";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    match args.first().map(String::as_str) {
        Some("test") => test(rest),
        Some("check") => check(),
        Some("ci") => test(&[]).and_then(|()| check()),
        Some("bench") => program(&["habeas", "habeas-bench"], rest),
        Some("simulate") => program(&["habeas-simulation"], rest),
        Some("torture") => {
            if rest.iter().any(|word| word.ends_with("postgres")) {
                postgres::present()?;
            }
            program(&["habeas-torture"], rest)
        }
        Some("docs") => docs::write(),
        Some("footprint") => footprint::report(rest.iter().any(|word| word == "--time")),
        Some("help" | "--help" | "-h") | None => {
            print!("{HELP}");
            Ok(())
        }
        Some(_) => bail!("no such task\n\n{HELP}"),
    }
}

/// Builds packages in release mode and runs the last of them.
fn program(packages: &[&str], rest: &[String]) -> Result<()> {
    let mut build = vec!["build", "--release"];
    build.extend(packages.iter().flat_map(|package| ["--package", package]));
    run::cargo(&build)?;
    let Some(last) = packages.last() else { return Ok(()) };
    let mut words = vec!["run", "--quiet", "--release", "--package", last, "--"];
    words.extend(rest.iter().map(String::as_str));
    run::cargo(&words)
}

/// Everything the tests need beyond Rust, a C compiler, a browser and PostgreSQL is made by the tests themselves: keys,
/// certificates, databases, servers on random ports of the loopback interface.
fn test(rest: &[String]) -> Result<()> {
    run::present(
        "cc",
        "install a C compiler: apt-get install build-essential (Debian), xcode-select --install (macOS)",
    )?;
    browser::present()?;
    postgres::present()?;
    let mut words = vec!["test", "--workspace", "--all-targets"];
    words.extend(rest.iter().map(String::as_str));
    run::cargo(&words)?;
    run::cargo(&["test", "--workspace", "--doc"])
}

fn check() -> Result<()> {
    run::cargo(&["fmt", "--all", "--check"])?;
    run::cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    run::cargo_with(
        &["doc", "--workspace", "--no-deps", "--document-private-items"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    docs::check()?;
    bans::check()?;
    footprint::report(false)
}
