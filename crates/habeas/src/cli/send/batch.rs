//! Thousands of requests from a file, several at once, each of them once.

use std::path::PathBuf;

use anyhow::Context as _;
use habeas_core::domain::Domain;
use habeas_server::operator::dto::{ProblemDetails, Send};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    super::{
        client::Client,
        exit::{Exit, Failure, Outcome},
        output::{Output, complain},
    },
    journal::Journal,
    lines::{self, Line},
    person::Proof,
    progress::Count,
};
use crate::server;

/// So many are under way at once.
const AT_ONCE: usize = 16;
/// So many failures are shown to people; machines get all.
const SHOWN: usize = 50;

/// What is sent.
pub(super) struct Batch {
    pub(super) from: Domain,
    /// To whom, where a line does not say.
    pub(super) to: Vec<String>,
    pub(super) file: PathBuf,
    /// What its lines may say to be verified.
    pub(super) proof: Proof,
}

/// How far a run has come.
struct Run {
    journal: Journal,
    count: Count,
    output: Output,
    sent: usize,
    failed: Vec<(usize, Box<ProblemDetails>)>,
    /// What concerns every line, so that the others need not be tried.
    stopped_by: Option<Failure>,
    interrupted: bool,
}

pub(super) async fn run(batch: Batch, client: Client, output: Output) -> Outcome {
    let Batch { from, to, file, proof } = batch;
    let bytes = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()));
    let bytes = bytes.map_err(Failure::Usage)?;
    let lines = lines::read(&bytes, &from, &to, &proof, output)?;
    let journal = Journal::open(&file, &bytes, &from, &to).map_err(Failure::Usage)?;
    let all = lines.len();
    let open: Vec<Line> = lines.into_iter().filter(|line| !journal.has(line.number)).collect();
    let before = all - open.len();
    let count = Count::new(before, all, output);
    let mut run = Run { journal, count, output, sent: 0, failed: Vec::new(), stopped_by: None, interrupted: false };
    run.send(open, &client).await?;
    run.count.end();
    run.ending(all, before)
}

impl Run {
    async fn send(&mut self, open: Vec<Line>, client: &Client) -> Outcome {
        let (mut open, mut flying) = (open.into_iter(), JoinSet::new());
        let mut signal = Box::pin(server::signal());
        loop {
            while flying.len() < AT_ONCE && !self.interrupted && self.stopped_by.is_none() {
                let Some(line) = open.next() else { break };
                let (client, wish) = (client.clone(), self.named(line.number, line.wish));
                flying.spawn(async move { (line.number, client.send(&wish).await) });
            }
            tokio::select! {
                joined = flying.join_next() => match joined {
                    None => return Ok(()),
                    Some(joined) => {
                        let (line, sent) = joined?;
                        self.heard(line, sent.map(|story| story.request.request_id))?;
                    }
                },
                // What is under way is waited for, so that its answers are noted; who is told twice stops at once.
                () = &mut signal => {
                    if self.interrupted {
                        return Ok(());
                    }
                    self.interrupted = true;
                    signal = Box::pin(server::signal());
                }
            }
        }
    }

    fn named(&self, line: usize, wish: Send) -> Send {
        let reference = wish.reference.or_else(|| Some(self.journal.reference(line)));
        Send { reference, ..wish }
    }

    fn heard(&mut self, line: usize, answer: Outcome<String>) -> Outcome {
        match answer {
            Ok(request_id) => {
                self.journal.note(line, &request_id)?;
                self.sent += 1;
                self.count.more();
                if self.output.is_json() {
                    self.output.json(&json!({ "line": line, "request_id": request_id }));
                }
            }
            Err(Failure::Refused(problem)) if problem.field.as_deref() != Some("from") => {
                self.failed.push((line, problem));
            }
            Err(failure) => self.stopped_by = self.stopped_by.take().or(Some(failure)),
        }
        Ok(())
    }

    fn ending(mut self, all: usize, before: usize) -> Outcome {
        self.failed.sort_by_key(|(line, _)| *line);
        let left = all - before - self.sent - self.failed.len();
        let journal = self.journal.path().display().to_string();
        if self.output.is_json() {
            let failed: Value =
                self.failed.iter().map(|(line, problem)| json!({ "line": line, "problem": problem })).collect();
            self.output.json(&json!({
                "lines": all,
                "sent": self.sent,
                "sent_before": before,
                "failed": failed,
                "left": left,
                "journal": journal,
            }));
        }
        for (line, problem) in self.failed.iter().take(SHOWN).filter(|_| !self.output.is_json()) {
            complain(&format!("line {line}: {}", words(problem)));
        }
        if self.failed.len() > SHOWN && !self.output.is_json() {
            complain(&format!("and {} more, which --json lists", self.failed.len() - SHOWN));
        }
        self.output.say(&match (before, self.failed.len()) {
            (before, 0) if before == all => format!("all {all} were sent already, as {journal} says"),
            (0, 0) if left == 0 => format!("all {all} were sent"),
            (before, 0) if left == 0 => format!("all {all} were sent, {} of them now", all - before),
            (_, failed) => {
                let failed = if failed == 0 { String::new() } else { format!(", {failed} failed") };
                let left = if left == 0 { String::new() } else { format!(", {left} are left") };
                let sent = before + self.sent;
                format!(
                    "{sent} of {all} were sent{failed}{left}; the same command sends what was not, and nothing twice"
                )
            }
        });
        match self.stopped_by {
            Some(failure) => Err(failure),
            None if self.failed.is_empty() && left == 0 => Ok(()),
            None => Err(Failure::Told(Exit::Failed)),
        }
    }
}

/// Why a line failed: what the server says, which repeats nothing of the line.
fn words(problem: &ProblemDetails) -> String {
    let about = problem.field.iter().chain(&problem.detail).cloned().collect::<Vec<_>>().join(": ");
    if about.is_empty() { problem.title.clone() } else { format!("{} ({about})", problem.title) }
}
