//! Where do unguessable numbers and ids come from?

use uuid::{Builder, Uuid};

use crate::clock::Instant;

/// A source of randomness: the operating system's in production, a seeded one in tests.
pub trait Random: Send + Sync {
    /// Fills `bytes` with random bytes fit for secrets.
    fn fill(&self, bytes: &mut [u8]);
}

/// A random (version 4) UUID in the lower-case hyphenated form that OpenGDPR §1.1 asks for.
pub fn uuid_v4(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    lower(Builder::from_random_bytes(bytes).into_uuid())
}

/// A time-ordered (version 7) UUID: ids of rows, so that neighbors in time are neighbors on disk.
pub fn uuid_v7(random: &dyn Random, now: Instant) -> String {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let ms = u64::try_from(now.ms()).unwrap_or(0);
    lower(Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid())
}

/// `N` random bytes in hexadecimal: path tokens and the like.
pub fn hex_token<const N: usize>(random: &dyn Random) -> String {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lower(uuid: Uuid) -> String {
    uuid.hyphenated().to_string()
}
