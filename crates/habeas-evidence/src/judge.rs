//! What does one signed message prove?

use habeas_core::clock::Instant;
use habeas_trust::{
    certificate::{Chain, ChainError, Described, Roots},
    digest::sha256,
    public_key::{Leniency, Scheme},
};

use crate::{hole, model::Hole, said::Said};

/// A party's own way to sign is no reason to doubt it afterwards; which way it was is said.
const ANY_PADDING: Leniency = Leniency { pss: true };

/// Something signed, and what came with it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The domain in whose name.
    pub signer: &'a str,
    /// The bytes signed.
    pub body: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// The certificate chain in PEM.
    pub chain: &'a str,
    /// When the chain has to be valid.
    pub at: Instant,
}

/// How much a signature proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// It holds over exactly the body that is shown.
    InFull,
    /// It holds over exactly the body that is shown with the original request put back.
    InFullWithRequest,
    /// It holds over the digest that was recorded. What the body says is the exporter's word.
    ByDigest,
    /// It proves nothing.
    NotProved(Doubt),
}

/// Why a signature proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// It is not the certificate's key that made it, or not over these bytes.
    #[error("the signature does not hold")]
    Signature,
    /// What is shown is not what the recorded digest is of.
    #[error("the body is not the one that was signed")]
    Digest,
    /// Something else was cut out than the repeated request.
    #[error("something other than the repeated request was cut out of the body")]
    Hole,
    /// The certificate does not speak for the signer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The body names another request.
    #[error("it is about another request")]
    AnotherRequest,
    /// The body names no request.
    #[error("it names no request")]
    NoRequest,
    /// The body answers a submission and the exporter says that it answers something else, or likewise a cancellation.
    #[error("it answers something else than the exporter says")]
    AnotherOperation,
}

/// What was found out about one signed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// When it reached the exporter, as that says.
    pub at: Option<Instant>,
    /// What it answers, as the exporter says. What it is by its own content, [`Said::kind`] says.
    pub operation: Option<String>,
    /// The leg it belongs to.
    pub leg: Option<String>,
    /// The party of that leg.
    pub party: Option<String>,
    /// The domain that signed.
    pub signer: String,
    /// That domain is not the party's: somebody for whom the party vouches, say. It proves nothing of the leg's state.
    pub by_another: bool,
    /// SHA-256 of what was signed.
    pub sha256: [u8; 32],
    /// How much it proves.
    pub grade: Grade,
    /// How the signature was made, where it holds.
    pub scheme: Option<Scheme>,
    /// The signer's certificate, where it can be read.
    pub certificate: Option<Described>,
    /// What the body says.
    pub said: Said,
    /// Requests were given, and none is the one that this repeats.
    pub misfit: bool,
    /// Which of the requests given is the one that this repeats.
    pub(crate) fitting: Option<usize>,
}

/// A message with what was recorded about it.
pub(crate) struct Kept<'a> {
    pub(crate) message: Message<'a>,
    pub(crate) sha256: [u8; 32],
    pub(crate) hole: Option<Hole>,
}

/// What is left to be said of a message whose signature holds.
struct Body {
    grade: Grade,
    said: Said,
    fitting: Option<usize>,
}

/// Looks at signature, body and chain, in this order: a signature that does not hold needs no certificate.
pub(crate) fn judge(kept: &Kept<'_>, roots: &Roots, requests: &[&[u8]]) -> Finding {
    let message = &kept.message;
    let chain = Chain::from_pem(message.chain);
    let key = chain.as_ref().map_err(|error| *error).and_then(Chain::public_key);
    let scheme = key.as_ref().ok().and_then(|key| key.scheme_of_digest(&kept.sha256, message.signature, ANY_PADDING));
    let body = body(kept, requests);
    let trusted = || chain.as_ref().map_err(|error| *error)?.verify(message.signer, roots, message.at.ms());
    let grade = match (&key, scheme) {
        (Err(error), _) => Grade::NotProved(Doubt::Chain(*error)),
        (Ok(_), None) => Grade::NotProved(Doubt::Signature),
        (Ok(_), Some(_)) => match (body.grade, trusted()) {
            (held, Ok(())) | (held @ Grade::NotProved(_), Err(_)) => held,
            (_, Err(error)) => Grade::NotProved(Doubt::Chain(error)),
        },
    };
    Finding {
        at: None,
        operation: None,
        leg: None,
        party: None,
        signer: message.signer.to_owned(),
        by_another: false,
        sha256: kept.sha256,
        grade,
        scheme,
        certificate: chain.ok().and_then(|chain| chain.described().next()),
        said: body.said,
        misfit: body.grade == Grade::ByDigest && !requests.is_empty(),
        fitting: body.fitting,
    }
}

fn body(kept: &Kept<'_>, requests: &[&[u8]]) -> Body {
    let message = &kept.message;
    let said = |body: &[u8]| Said::read(body, message.signer);
    let Some(hole) = kept.hole else {
        let is_it = sha256(message.body) == kept.sha256;
        let grade = if is_it { Grade::InFull } else { Grade::NotProved(Doubt::Digest) };
        return Body { grade, said: said(message.body), fitting: None };
    };
    let Some(rest) = hole::without(message.body, hole) else {
        return Body { grade: Grade::NotProved(Doubt::Hole), said: Said::default(), fitting: None };
    };
    let fits = |request: &&[u8]| hole::rebuilt(message.body, hole, &kept.sha256, request).is_some();
    let fitting = requests.iter().position(fits);
    let grade = if fitting.is_some() { Grade::InFullWithRequest } else { Grade::ByDigest };
    Body { grade, said: said(&rest), fitting }
}
