//! How is something awaited that nobody announces? By asking again until a deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

/// Asks until there is an answer.
#[allow(clippy::disallowed_methods, reason = "deadlines of tests are real time")]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().context(what.to_owned())? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("waited in vain: {what}");
        }
        thread::sleep(PAUSE);
    }
}
