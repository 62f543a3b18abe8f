//! `habeas reference`: docs/CONFIGURATION.md, from the types of the configuration.

use super::{
    exit::Outcome,
    output::{self, Output},
};
use crate::config;

pub(super) fn run(output: Output) -> Outcome {
    let page = config::reference::page();
    if output.is_json() {
        output.json(&serde_json::json!({ "markdown": page }));
    } else {
        output::text(&page);
    }
    Ok(())
}
