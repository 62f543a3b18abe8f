//! How is anything printed? The one place that writes to the terminal.
//!
//! What was asked for goes to standard output, what went wrong to standard error. A reader that has gone away
//! (`| head`) is no error.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::json;

use super::exit::Failure;
use crate::config::problem::Problems;

/// The form in which a command prints.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// JSON, or text for people.
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether to print JSON.
    pub(super) const fn is_json(self) -> bool {
        self.json
    }

    /// Prints a value as one line of JSON.
    pub(super) fn json(self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => line(&text),
            Err(error) => complain(&error.to_string()),
        }
    }

    /// Prints a line for people; nothing where JSON is asked for.
    pub(super) fn say(self, text: &str) {
        if !self.json {
            line(text);
        }
    }

    /// Prints a table for people; nothing where JSON is asked for.
    pub(super) fn table<const N: usize>(self, head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
        if self.json {
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(head.map(str::to_uppercase));
        for row in rows {
            table.add_row(row);
        }
        line(&table.trim_fmt());
    }

    /// Prints what should be known of a configuration that is sound.
    pub(super) fn warnings(self, warnings: &Problems) {
        for warning in warnings.list() {
            let place = warnings.line(warning).map_or_else(String::new, |line| format!(" (line {line})"));
            complain(&format!("warning: {warning}{place}"));
        }
    }

    /// Prints why a command did not work.
    pub(super) fn failure(self, failure: &Failure) {
        if self.json {
            if let Some(value) = told(failure) {
                complain(&value.to_string());
            }
            return;
        }
        match failure {
            Failure::Failed(error)
            | Failure::Usage(error)
            | Failure::Unreachable(error)
            | Failure::Unverified(error) => {
                complain(&format!("error: {error:#}"));
            }
            Failure::Refused(problem) => {
                // What to search the server's log for.
                let incident = problem.incident.as_ref().map(|id| format!("incident {id}"));
                let about = problem.field.iter().chain(&problem.detail).chain(&incident);
                let about = about.cloned().collect::<Vec<_>>().join(": ");
                let about = if about.is_empty() { about } else { format!(" ({about})") };
                complain(&format!("refused: {}{about}", problem.title));
            }
            Failure::Configuration(problems) => complain(problems.render(io::stderr().is_terminal()).trim_end()),
            Failure::Told(_) => {}
        }
    }
}

/// Problems of a configuration as JSON.
pub(super) fn problems(problems: &Problems) -> serde_json::Value {
    let one = |problem: &crate::config::problem::Problem| json!({ "key": problem.place, "message": problem.message, "line": problems.line(problem) });
    problems.list().iter().map(one).collect()
}

fn told(failure: &Failure) -> Option<serde_json::Value> {
    match failure {
        Failure::Failed(error) | Failure::Usage(error) | Failure::Unreachable(error) | Failure::Unverified(error) => {
            Some(json!({ "error": format!("{error:#}") }))
        }
        Failure::Refused(problem) => Some(json!({ "error": problem.title, "problem": problem })),
        Failure::Configuration(list) => Some(json!({ "error": list.to_string(), "problems": problems(list) })),
        Failure::Told(_) => None,
    }
}

/// What somebody else has written, without what would move the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Prints text as it is.
pub(super) fn text(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a line to standard error.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
