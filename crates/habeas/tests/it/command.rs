//! Runs the binary.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// The binary, in a folder, with an environment that says nothing of habeas.
pub(crate) fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_habeas"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HABEAS_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).args(args);
    command
}

/// Runs it to its end.
pub(crate) fn habeas(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().expect("the binary runs")
}

/// Its exit code.
pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// What it printed to standard output.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it printed to standard error.
pub(crate) fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The one JSON document that it printed, and nothing beside it.
pub(crate) fn document(output: &Output) -> Value {
    let text = said(output);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}, {}", complained(output)))
}
