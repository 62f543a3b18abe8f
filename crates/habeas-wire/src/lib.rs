//! How do we read and write the formats several protocols share, and refuse what only looks like them?
//!
//! Strict JSON objects, RFC 3339 times, base64 and JSON Web Signatures. Nothing here knows a protocol, a clock, a key
//! or a network, and no error repeats the text it refused: what arrives here may name a person.

pub mod base64;
pub mod json;
pub mod jws;
pub mod same;
pub mod time;
