//! What does a sender ask of a receiver?

use url::Url;

use crate::{clock::Instant, id::WireId, identity::Identity, regime::Regime, right::Right};

/// An instant together with the text it was written in, which is handed on unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The instant.
    pub at: Instant,
    /// The text as it came.
    pub text: String,
}

/// A member that we do not understand but hand on: its name and JSON text, byte for byte. Personal data, so `Debug`
/// shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Carried {
    /// The member's name.
    pub name: String,
    /// Its value as JSON text.
    pub json: String,
}

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Carried(…)")
    }
}

/// Everything personal of a request; loaded only by who needs it, and gone with the request's key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// By what the person is known.
    pub identities: Vec<Identity>,
    /// What else came along.
    pub carried: Vec<Carried>,
}

/// What a peer asks of us, read from its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The id the sender made, where senders make ids.
    pub wire_id: Option<WireId>,
    /// What makes two submissions the same one.
    pub dedupe: Option<String>,
    /// The rights used; never empty.
    pub rights: Vec<Right>,
    /// The law that the sender names.
    pub regime: Option<Regime>,
    /// When the person asked.
    pub submitted: Option<Stamp>,
    /// The person.
    pub subject: Subject,
    /// Whom to tell of changes, in the sender's order, without repetitions.
    pub callbacks: Vec<Url>,
}

/// What we ask of a party.
#[derive(Debug, Clone, Copy)]
pub struct Outbound<'a> {
    /// The id we give it.
    pub wire_id: &'a WireId,
    /// The right.
    pub right: Right,
    /// When the person asked.
    pub submitted: &'a Stamp,
    /// The person.
    pub subject: &'a Subject,
    /// Whom the party shall tell of changes.
    pub callbacks: &'a [Url],
}
