//! Which gates are run, and what is said of them?

use std::io::Write as _;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    args::{Args, Gate},
    database::Kind,
    gates, say,
};

/// Runs what is wanted; says whether all promises were kept.
pub(crate) async fn run(args: Args) -> Result<bool> {
    let mut report = Report { lines: Map::new(), passed: true, quiet: args.json };
    report.tell("database", &args.database.word());
    report.tell("seed", &args.seed);
    if args.wants(Gate::R1) {
        report.begin("R1: kill -9 under load");
        let fire = gates::fire::run(&args).await?;
        let passed = fire.passed;
        // The numbers that everybody asks for stand at the top.
        if let Value::Object(numbers) = serde_json::to_value(&fire)? {
            report.lines.extend(numbers.into_iter().filter(|(name, _)| name != "passed"));
        }
        report.end("R1", &json!({ "passed": passed }), passed);
    }
    if args.wants(Gate::R2) {
        report.begin("R2: a crash before and after each durable step");
        let steps = gates::steps::run(&args).await?;
        report.end("R2", &steps, steps.passed);
    }
    if args.wants(Gate::R4) && args.database == Kind::Postgres {
        report.begin("R4: failover to a synchronous standby");
        let failover = gates::failover::run(&args).await?;
        report.end("R4", &failover, failover.passed);
    }
    if args.wants(Gate::Cut) && args.database == Kind::Postgres {
        report.begin("a node is cut off and comes back");
        let cut = gates::network::run(&args).await?;
        report.end_apart("cut", &cut);
    }
    if args.wants(Gate::R5) && args.database == Kind::Sqlite {
        report.begin("R5: a full disk");
        let full = gates::full::run(&args).await?;
        report.end_apart("R5", &full);
    }
    if args.wants(Gate::R7) {
        report.begin("R7: hostile receivers");
        let hostile = gates::hostile::run(&args).await?;
        report.end("R7", &hostile, hostile.passed);
    }
    if args.wants(Gate::R11) {
        report.begin("R11: the same at once");
        let races = gates::races::run(&args).await?;
        report.end("R11", &races, races.passed);
    }
    let passed = report.passed;
    report.tell("passed", &passed);
    writeln!(std::io::stdout(), "{}", Value::Object(report.lines))?;
    Ok(passed)
}

struct Report {
    lines: Map<String, Value>,
    passed: bool,
    quiet: bool,
}

impl Report {
    fn begin(&self, what: &str) {
        if !self.quiet {
            say(what);
        }
    }

    fn tell(&mut self, name: &str, value: &impl Serialize) {
        self.lines.insert(name.to_owned(), json!(value));
    }

    /// What was skipped was told, and is neither kept nor broken.
    fn end_apart(&mut self, name: &str, value: &Value) {
        if value.get("skipped").is_some() {
            self.tell(name, value);
        } else {
            self.end(name, value, value["passed"] == true);
        }
    }

    fn end(&mut self, name: &str, value: &impl Serialize, passed: bool) {
        self.tell(name, value);
        self.passed &= passed;
        if !self.quiet {
            say(&format!("  {}: {}", if passed { "kept" } else { "BROKEN" }, json!(value)));
        }
    }
}
