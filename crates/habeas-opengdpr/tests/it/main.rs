//! Bytes in, bytes out: what OpenGDPR 1.0 reads, says and refuses, seen through the seam alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests fail loudly"
)]

mod answers;
mod claims;
mod heard;
mod hostile;
mod notices;
mod refusals;
mod round_trips;
mod submissions;
mod world;
