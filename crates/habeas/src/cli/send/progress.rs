//! How far is it? Shown on standard error, and only moving where somebody looks on.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use super::super::output::{Output, complain};

const TICK: Duration = Duration::from_millis(100);
/// Where nobody looks on, a line comes at least so often,
const QUIET: Duration = Duration::from_secs(5);
/// and at least so many times in all.
const LINES: usize = 10;

/// Says how many parties have answered, below the news.
pub(super) struct Spinner {
    output: Output,
    bar: Option<ProgressBar>,
}

impl Spinner {
    pub(super) fn new(output: Output) -> Self {
        let bar = is_watched(output).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(TICK);
            bar
        });
        Self { output, bar }
    }

    /// Prints a line, above the spinner if there is one.
    pub(super) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.say(text)),
            None => self.output.say(text),
        }
    }

    /// What it says from now on.
    pub(super) fn show(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Says how many requests of a file were sent.
pub(super) struct Count {
    bar: Option<ProgressBar>,
    /// Nothing is said where machines listen.
    silent: bool,
    all: usize,
    done: usize,
    told: usize,
    told_at: Instant,
}

impl Count {
    /// So many of so many are done already.
    pub(super) fn new(done: usize, all: usize, output: Output) -> Self {
        let bar = is_watched(output).then(|| {
            let bar = ProgressBar::new(u64::try_from(all).unwrap_or(u64::MAX));
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} sent, {eta} left") {
                bar.set_style(style);
            }
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            // The estimate shall not count what an earlier run has sent.
            bar.reset_eta();
            bar
        });
        Self { bar, silent: output.is_json(), all, done, told: done, told_at: Instant::now() }
    }

    /// One more.
    pub(super) fn more(&mut self) {
        self.done += 1;
        if let Some(bar) = &self.bar {
            bar.inc(1);
        } else if !self.silent && (self.done - self.told >= self.all.div_ceil(LINES) || self.told_at.elapsed() >= QUIET)
        {
            complain(&format!("{} of {} sent", self.done, self.all));
            (self.told, self.told_at) = (self.done, Instant::now());
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn is_watched(output: Output) -> bool {
    !output.is_json() && io::stderr().is_terminal()
}
