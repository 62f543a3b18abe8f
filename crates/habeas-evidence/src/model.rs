//! What does an export say? Everything in it but the seal.
//!
//! Words such as states and rights are kept as text: whoever checks an export shows them and does not act on them, and
//! a word that is new since then is no reason to refuse it. Times are whole seconds.

use habeas_core::{clock::Instant, domain::Domain};

/// One request with all that its parties signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// When it was put together.
    pub exported_at: Instant,
    /// The organisation whose request it is, and which seals.
    pub organisation: Domain,
    /// The request.
    pub request: Request,
    /// What happened to it, oldest first.
    pub history: Vec<Event>,
    /// The parties' shares.
    pub legs: Vec<Leg>,
    /// What they signed, oldest first.
    pub receipts: Vec<Receipt>,
    /// The certificate chains of the receipts in PEM, each once.
    pub chains: Vec<String>,
}

/// The request as the exporter has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The exporter's own name for it.
    pub id: String,
    /// The id under which it came, or was made.
    pub subject_request_id: String,
    /// The role in which the organisation has it.
    pub role: String,
    /// The rights used.
    pub rights: Vec<String>,
    /// The law under which its clock runs.
    pub regime: String,
    /// Where it stands.
    pub state: String,
    /// When it was received, or made.
    pub received_at: Instant,
    /// When the person asked, as the sender says.
    pub submitted_at: Option<Instant>,
    /// The legal deadline, as first promised.
    pub promised_by: Instant,
    /// When it is expected to be done.
    pub expected_by: Instant,
    /// When it came to its final state.
    pub final_at: Option<Instant>,
}

/// Something that happened to the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Counts the events; 0 is the acceptance.
    pub seq: u32,
    /// When.
    pub at: Instant,
    /// What.
    pub change: String,
    /// Where the request stood afterwards.
    pub state: String,
    /// Through whom.
    pub actor: String,
}

/// One party's share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The exporter's name for it.
    pub id: String,
    /// The party, as the exporter calls it.
    pub party: String,
    /// The party's domain, if the exporter still deals with it.
    pub domain: Option<Domain>,
    /// In which dialect it was asked.
    pub dialect: String,
    /// Which right.
    pub right: String,
    /// The id under which the party was asked.
    pub subject_request_id: String,
    /// The party's own id for it, where that is another.
    pub party_request_id: Option<String>,
    /// Where it stands.
    pub state: String,
    /// When the party answered the submission.
    pub accepted_at: Option<Instant>,
    /// When the party expects to be done.
    pub expected_by: Option<Instant>,
    /// Whether it was taken back.
    pub cancel: String,
}

/// Something that a party signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// When it reached the exporter.
    pub at: Instant,
    /// What it answers. The party did not sign this.
    pub operation: String,
    /// The domain that signed.
    pub signer: Domain,
    /// The leg it belongs to.
    pub leg: String,
    /// SHA-256 of the body as it was signed.
    pub sha256: [u8; 32],
    /// The signature over the body.
    pub signature: Vec<u8>,
    /// Which of [`Evidence::chains`] came with it.
    pub chain: usize,
    /// The body, without what may not be stored.
    pub body: Vec<u8>,
    /// Where a piece was cut out.
    pub hole: Option<Hole>,
}

/// Where in a signed body the original request was repeated, the quotes around it included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// After how many bytes it begins.
    pub at: usize,
    /// How many bytes were cut out.
    pub bytes: usize,
}

impl Evidence {
    /// The leg that a receipt belongs to.
    pub fn leg(&self, id: &str) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.id == id)
    }
}
