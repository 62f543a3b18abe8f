//! What does a caller hear when handling its message panics or takes too long?
//!
//! The work runs as a task of its own: a panic ends that task alone, and a caller that hangs up in the middle does not
//! leave the work half done.

use std::{future::Future, time::Duration};

use habeas_core::problem::{Code, Problem};
use tokio::time::timeout;

use crate::problem::Failure;

/// Every exchange has its answer by then.
const DEADLINE: Duration = Duration::from_secs(30);

/// Why there is no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The work panicked.
    Panicked,
    /// It takes too long. It goes on, nobody waits for it any more.
    Late,
}

/// Does the work, whatever happens to the caller.
pub(crate) async fn shielded<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, Broken> {
    match timeout(DEADLINE, tokio::spawn(work)).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(_)) => Err(Broken::Panicked),
        Err(_) => Err(Broken::Late),
    }
}

impl Broken {
    /// Logs it under a new incident id and says what the caller is told. The words of a panic are not repeated: they
    /// may hold anything.
    pub(crate) fn failure(self) -> Failure {
        let incident = crate::problem::incident();
        match self {
            Self::Panicked => tracing::error!(incident, "handling a message panicked"),
            Self::Late => tracing::error!(incident, "handling a message took too long"),
        }
        let code = match self {
            Self::Panicked => Code::Internal,
            Self::Late => Code::Unavailable,
        };
        Failure::incident_of(Problem::new(code), incident)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_one_exchange_only() {
        assert_eq!(shielded(async { panic!("oh") }).await, Err::<(), _>(Broken::Panicked));
        assert_eq!(shielded(async { 7 }).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_forever() {
        assert_eq!(shielded(std::future::pending::<()>()).await, Err(Broken::Late));
    }
}
