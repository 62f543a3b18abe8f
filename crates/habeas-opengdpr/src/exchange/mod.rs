//! What do all versions of OpenGDPR share? The exchange itself: one file per operation, each with the four verbs of
//! the seam, steered by the constants of a [`Version`](crate::version::Version).

mod answer;
mod callback;
mod cancel;
mod certificate;
mod discover;
mod endpoints;
mod error;
mod field;
mod head;
mod report;
mod shown;
mod status;
mod submit;
mod words;

pub(crate) use endpoints::ENDPOINTS;
pub(crate) use error::refuse;
pub(crate) use head::{Family, OPENGDPR, proof};
pub(crate) use shown::notice;
pub(crate) use submit::{OWN_EXTENSIONS_ONLY, PROPERTY_ID_IN_EXTENSIONS, RELATIONSHIPS_IN_EXTENSIONS};
pub(crate) use words::{canonical_kind, nearest};

/// How deeply the JSON of an answer may be nested (A47).
pub(crate) const JSON_DEPTH: usize = 64;
