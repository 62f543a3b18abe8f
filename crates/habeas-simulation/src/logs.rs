//! Everything that the program logs while a seed runs, on the thread that runs it.

use std::{cell::RefCell, io, sync::Once};

use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static INSTALLED: Once = Once::new();

struct Sink;

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to listen to the crates of this program, at a lower level than the product does.
pub(crate) fn capture() {
    INSTALLED.call_once(|| {
        let lines = tracing_subscriber::fmt::layer().without_time().with_ansi(false).with_writer(|| Sink);
        let ours = Targets::new().with_target("habeas", tracing::Level::DEBUG);
        // Somebody else may have installed a subscriber: then that one listens.
        let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
    });
    LINES.with_borrow_mut(Vec::clear);
}

/// What was logged on this thread since [`capture`].
pub(crate) fn lines() -> String {
    LINES.with_borrow(|lines| String::from_utf8_lossy(lines).into_owned())
}
