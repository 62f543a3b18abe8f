//! How is the result told? As tables for people, as one JSON object, and in the document that is kept with the code.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where the benchmark talks to the terminal")]

mod document;
mod figures;
mod gate_line;
mod json;
mod plot;
mod table;

use anyhow::Result;

use crate::{gates::Gate, gates::of, plan::Plan, proc::Machine, rounds::Round};

/// What was measured with one database.
pub(crate) struct Results {
    pub(crate) plan: Plan,
    /// The numbers of the gates.
    pub(crate) wanted: Vec<u8>,
    pub(crate) rounds: Vec<Round>,
}

impl Results {
    fn gates(&self) -> impl Iterator<Item = &'static Gate> {
        of(self.plan.database()).iter().filter(|gate| self.wanted.contains(&gate.number))
    }

    pub(crate) fn is_void(&self) -> bool {
        self.voids().next().is_some()
    }

    fn voids(&self) -> impl Iterator<Item = &str> {
        self.rounds.iter().flat_map(|round| round.void.iter().map(String::as_str))
    }
}

/// Says on standard error what runs.
pub(crate) fn progress(what: &str) {
    eprintln!("{what}");
}

/// Prints the results.
pub(crate) fn print(machine: &Machine, all: &[Results], as_json: bool) {
    if as_json {
        println!("{:#}", json::document(machine, all));
    } else {
        print!("{}", table::text(machine, all));
    }
}

/// Writes them into the folder of documents.
///
/// # Errors
/// When the document is not there, or cannot be written.
pub(crate) fn write(machine: &Machine, all: &[Results]) -> Result<()> {
    document::write(machine, all)?;
    plot::write(all)
}
