//! Whom do we believe, how do we prove who we are, and how is what we keep sealed?
//!
//! Keys, certificates, signatures, credentials and sealing. No IO and no clock: certificates and times come in as
//! arguments, times as milliseconds since 1970. Randomness for keys and nonces is the operating system's, by way
//! of aws-lc-rs. No error and no debug text repeats a key, a token or what was sealed.

pub mod authority;
pub mod certificate;
pub mod credential;
pub mod digest;
mod pem;
pub mod public_key;
pub mod seal;
pub mod shared_secret;
pub mod signing;
pub mod token;
pub mod webhook;
