//! Everything that this program logs, in one place, whichever test it comes from.

use std::{
    io,
    sync::{Mutex, Once},
};

use tracing_subscriber::{
    filter::Targets, fmt::format::FmtSpan, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static INSTALLED: Once = Once::new();

struct Sink;

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to listen, at the lowest level, to the crates of this program.
pub(crate) fn capture() {
    INSTALLED.call_once(|| {
        let lines =
            tracing_subscriber::fmt::layer().with_ansi(false).with_span_events(FmtSpan::FULL).with_writer(|| Sink);
        let ours = Targets::new().with_target("habeas", tracing::Level::TRACE);
        tracing_subscriber::registry().with(lines).with(ours).init();
    });
}

/// All lines so far.
pub(crate) fn lines() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap()).into_owned()
}
