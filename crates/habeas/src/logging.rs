//! What is told while a server runs? Lines on standard error; never a body, a credential or anything personal.

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::model::{Log, LogFormat};

/// The level is no filter.
#[derive(Debug, thiserror::Error)]
#[error("log.level: {0}")]
pub struct BadLevel(#[from] tracing_subscriber::filter::ParseError);

/// Begins to log. Only the first call has an effect.
///
/// # Errors
/// [`BadLevel`].
pub fn begin(log: &Log) -> Result<(), BadLevel> {
    let filter = EnvFilter::builder().parse(&log.level)?;
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber is refused: the first one goes on.
    let _ = match log.format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    Ok(())
}
