//! How do we read and write the formats several protocols share, and refuse what only looks like them?
//!
//! Strict JSON objects, RFC 3339 times and base64. Nothing here knows a protocol, a clock or a network, and no
//! error repeats the text it refused: what arrives here may name a person.

pub mod base64;
pub mod json;
pub mod time;
