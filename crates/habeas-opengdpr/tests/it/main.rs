//! Bytes in, bytes out: what OpenGDPR reads, says and refuses in all its versions, seen through the seam alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests fail loudly"
)]

mod answers;
mod answers_0_1;
mod claims;
mod edition;
mod examples;
mod heard;
mod hostile;
mod narrowing;
mod notices;
mod peers;
mod refusals;
mod round_trips;
mod submissions;
mod world;
