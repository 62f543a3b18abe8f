//! How is an export sealed, and how does a flipped bit show?

use habeas_trust::{
    certificate::{Chain, ChainError},
    digest,
    public_key::{Leniency, Scheme},
    signing::SigningKey,
};
use habeas_wire::json::{JsonError, Object};

use crate::{
    model::Evidence,
    read::{self, Wrong},
    text,
};

/// The name of the format, version included.
pub const FORMAT: &str = "habeas-evidence/1";

/// Deeper than any export is.
const DEPTH: usize = 8;

/// Why an export was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The organisation's certificate cannot be used.
    #[error("the certificate to seal with cannot be used")]
    Certificate(#[from] ChainError),
    /// The certificate is another key's.
    #[error("the certificate and the key to seal with do not belong together")]
    Mismatch,
    /// The library would not sign.
    #[error("the export could not be signed")]
    Sign,
}

/// Why a file is no export, or not as it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEvidence {
    /// Not JSON that every reader understands alike.
    #[error("the file is no export, or was damaged: {0}")]
    Json(#[from] JsonError),
    /// Another format, or another version of this one.
    #[error("the file is no export of the format {FORMAT}")]
    Format,
    /// A member is missing or of another shape.
    #[error("the file is no export, or was changed: its {0} cannot be read")]
    Member(&'static str),
    /// The certificate of the seal cannot be read.
    #[error("the file was changed: the certificate of its seal cannot be read")]
    Certificate(#[source] ChainError),
    /// It says what an export says, in other bytes than an export has.
    #[error("the file was changed: its bytes are not those that an export has")]
    Rewritten,
    /// The seal's signature does not hold over what the file says.
    #[error("the file was changed: its seal is broken")]
    Broken,
}

impl From<Wrong> for NotEvidence {
    fn from(Wrong(member): Wrong) -> Self {
        Self::Member(member)
    }
}

/// An export whose seal holds: not a bit differs from what the holder of the certificate's key sealed. Whose
/// certificate that is, [`crate::examine()`] says.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub(crate) evidence: Evidence,
    pub(crate) chain: Chain,
    pub(crate) scheme: Scheme,
}

impl Sealed {
    /// What it says.
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

/// Writes an export and seals it. Of `chain` only the certificates are taken.
///
/// # Errors
/// See [`SealError`].
pub fn seal(evidence: &Evidence, key: &SigningKey, chain: &str) -> Result<Vec<u8>, SealError> {
    let chain = Chain::from_pem(chain)?;
    let (evidence, certificate) = (text::evidence(evidence), chain.to_pem());
    let message = message(&evidence, &certificate);
    let signature = key.sign(&message).map_err(|_| SealError::Sign)?;
    if !chain.public_key()?.verify(&message, &signature, Leniency::default()) {
        return Err(SealError::Mismatch);
    }
    Ok(text::file(&evidence, &certificate, &signature))
}

/// Reads an export, if it is byte for byte what was sealed.
///
/// # Errors
/// See [`NotEvidence`].
pub fn open(file: &[u8]) -> Result<Sealed, NotEvidence> {
    let members = Object::parse(file, DEPTH)?;
    if members.string("format").ok().flatten().is_none_or(|format| format != FORMAT) {
        return Err(NotEvidence::Format);
    }
    let evidence = members.object("evidence").ok().flatten().ok_or(NotEvidence::Member("evidence"))?;
    let evidence = read::evidence(&evidence)?;
    let certificate = members.string("certificate").ok().flatten().ok_or(NotEvidence::Member("certificate"))?;
    let chain = Chain::from_pem(&certificate).map_err(NotEvidence::Certificate)?;
    let signature = read::bytes(&members, "signature")?;
    let (text, certificate) = (text::evidence(&evidence), chain.to_pem());
    if text::file(&text, &certificate, &signature) != file {
        return Err(NotEvidence::Rewritten);
    }
    let key = chain.public_key().map_err(NotEvidence::Certificate)?;
    let sha256 = digest::sha256(&message(&text, &certificate));
    let scheme = key.scheme_of_digest(&sha256, &signature, Leniency::default()).ok_or(NotEvidence::Broken)?;
    Ok(Sealed { evidence, chain, scheme })
}

/// What the seal's signature covers.
fn message(evidence: &str, certificate: &str) -> Vec<u8> {
    let certificate = digest::hex(&digest::sha256(certificate.as_bytes()));
    format!("{FORMAT}\n{certificate}\n{evidence}").into_bytes()
}
