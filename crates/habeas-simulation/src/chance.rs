//! Where does chance come from? From the seed, and from nowhere else (SplitMix64, by Steele, Lea and Flood).

use std::sync::atomic::{AtomicU64, Ordering};

use habeas_core::random::Random;

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of numbers that follows from its seed.
pub(crate) struct Chance(AtomicU64);

impl Chance {
    /// The stream of a seed; streams of other purposes are others.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let purpose = purpose.bytes().fold(GAMMA, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(AtomicU64::new(mixed(seed ^ purpose)))
    }

    /// The next number.
    pub(crate) fn next(&self) -> u64 {
        mixed(self.0.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA))
    }

    /// A number below `end`; 0 where there is none.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// Whether it happens, of a thousand times so many.
    pub(crate) fn in_thousand(&self, times: u64) -> bool {
        self.below(1000) < times
    }

    /// One of them, if there is any.
    pub(crate) fn pick<'t, T>(&self, of: &'t [T]) -> Option<&'t T> {
        let index = self.below(u64::try_from(of.len()).unwrap_or(u64::MAX));
        of.get(usize::try_from(index).unwrap_or(0))
    }

    /// A time of any order of magnitude up to that one: short ones are as likely as long ones.
    pub(crate) fn span_ms(&self, most_ms: i64) -> i64 {
        let magnitudes = u64::from(most_ms.max(2).ilog2());
        let end = 1_i64 << self.below(magnitudes + 1);
        let ms = i64::try_from(self.below(u64::try_from(end).unwrap_or(1))).unwrap_or(0);
        (end + ms).min(most_ms)
    }
}

impl Random for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *to = from;
            }
        }
    }
}

const fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
