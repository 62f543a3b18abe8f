//! How is a database written to?

use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{BATCH_SIZES, Load};

/// Counts what was committed.
#[derive(Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    writes: AtomicU64,
    batches: [AtomicU64; BATCH_SIZES.len()],
}

impl Counters {
    /// So many use cases have shared a commit.
    pub(crate) fn committed(&self, writes: usize) {
        let writes = u64::try_from(writes).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.writes.fetch_add(writes, Ordering::Relaxed);
        let batch = self.batches.iter().zip(BATCH_SIZES).find(|(_, size)| writes <= *size);
        if let Some((count, _)) = batch {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn load(&self) -> Load {
        Load {
            commits: self.commits.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            batches: self.batches.each_ref().map(|count| count.load(Ordering::Relaxed)),
        }
    }
}
