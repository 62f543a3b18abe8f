//! What did the parties of a request sign, and can somebody who trusts nobody here check it?
//!
//! An export is one file about one request: its course as the exporter recorded it, and every signed answer and
//! callback of its parties with signature and certificate chain. The exporter seals the whole with its own key.
//! [`seal`] writes the file, [`open`] reads it back if not one bit of it differs from what was sealed, [`examine()`]
//! says of each receipt what it proves, and what the export as a whole cannot prove. No IO and no clock.
//!
//! # What is in it
//!
//! Ids, words, times, and what parties signed, byte for byte. No identities, no addresses, no credentials, save what
//! the signed bytes themselves hold: a callback repeats the address it was sent to (OpenGDPR 1.0 §8.6), and with it
//! the token by which we know its leg. These bytes are what the signature covers, so they must stay. The token alone
//! admits nobody: a callback needs the party's signature, too.
//!
//! A receipt repeats the request it answers (§7.3: `encoded_request`), and with it the person. That piece may not be
//! stored; the body has a hole where it stood, and so has a callback or status of a peer that repeats it there, too.
//! Such a message proves itself by the digest of what was signed, and in full once the original request is put back
//! into the hole.
//!
//! # What counts
//!
//! A leg's state is proved by what its party signed, and by nobody else's word. What a message is (an answer to a
//! submission, to a cancellation, a status) is read from the signed body; the exporter's word for it is only compared.
//!
//! # The file
//!
//! ```text
//! {
//! "format": "habeas-evidence/1",
//! "evidence": {…},
//! "certificate": "…",
//! "signature": "…"
//! }
//! ```
//!
//! The certificate is the sealing organisation's chain in PEM. The signature is over `habeas-evidence/1`, a line feed,
//! the SHA-256 of the certificate's text in lower-case hexadecimal, a line feed, and the exact text of the member
//! `evidence`, from brace to brace. A reader writes the file anew from what it read and refuses it if a single byte
//! comes out otherwise: white space, escapes, the spelling of numbers and base64 leave no room for another file that
//! says the same.

mod examine;
mod gather;
mod hole;
mod judge;
pub mod model;
mod read;
mod said;
mod sealed;
mod text;
mod words;

pub use examine::{Caveat, Lacking, Report, Seal, Unproved, examine, examine_message};
pub use gather::Material;
pub use judge::{Doubt, Finding, Grade, Message};
pub use model::Evidence;
pub use said::{Kind, Said};
pub use sealed::{FORMAT, NotEvidence, SealError, Sealed, open, seal};
pub use words::plain;
