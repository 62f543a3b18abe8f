//! `habeas check`: what is wrong with the configuration, its keys, certificates and database?

use habeas_core::clock::Clock as _;
use habeas_engine::ambient::SystemClock;
use serde_json::json;

use super::{
    exit::{Exit, Failure, Outcome},
    output::{self, Output},
    setup::Setup,
};
use crate::assembly;

pub(super) async fn run(setup: &Setup, output: Output) -> Outcome {
    let mut loaded = setup.load()?;
    let parts = assembly::assemble(&mut loaded, SystemClock.now());
    if let Some(parts) = &parts
        && let Err(error) = parts.database.look(&parts.sealing).await
    {
        loaded.object("database", format!("{error:#}"));
    }
    let (problems, warnings) = (loaded.problems(), loaded.warnings());
    if output.is_json() {
        output.json(&json!({
            "sound": problems.list().is_empty(),
            "problems": output::problems(&problems),
            "warnings": output::problems(&warnings),
        }));
    } else {
        output.warnings(&warnings);
    }
    match problems.list() {
        [] => {
            output.say(&format!("{} is sound: {}", setup.file().display(), acts_for(parts.as_ref())));
            Ok(())
        }
        _ if output.is_json() => Err(Failure::Told(Exit::Usage)),
        _ => Err(Failure::Configuration(Box::new(problems))),
    }
}

fn acts_for(parts: Option<&assembly::Parts>) -> String {
    let domains = parts.iter().flat_map(|parts| &parts.tenants).map(|tenant| tenant.domain().as_str());
    format!("it acts for {}", domains.collect::<Vec<_>>().join(", "))
}
