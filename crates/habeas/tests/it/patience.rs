//! How is something waited for that another process does?

use std::{thread, time::Duration};

/// So often is looked at most: half a minute in all.
const LOOKS: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until there is something to be seen. What another process does sends us no signal, so it is asked again and
/// again, with a short pause between, a bounded number of times. Nothing may depend on how long it takes.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(seen) = look() {
            return seen;
        }
        thread::sleep(PAUSE);
    }
    panic!("in vain: {what}");
}
