//! Who says they call, and with which proof? Read from the head alone (1.0 §8.3, §8.6, §8.8; A5, A13, A38).

use habeas_core::{
    dialect::Operation,
    domain::Domain,
    message::{AnswerHead, Claim, RequestHead},
    party::Party,
    problem::{Code, Problem},
    secret::Secret,
};
use habeas_wire::base64;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

/// A pair of headers: who signs, and the signature.
#[derive(Clone, Copy)]
pub(crate) struct Family {
    pub(crate) domain: &'static str,
    pub(crate) signature: &'static str,
}

/// The names that OpenGDPR gave them.
pub(crate) const OPENGDPR: Family = Family { domain: "x-opengdpr-processor-domain", signature: "x-opengdpr-signature" };
/// The names since OpenDSR 2.0, which some peers send in every version.
const OPENDSR: Family = Family { domain: "x-opendsr-processor-domain", signature: "x-opendsr-signature" };

/// The claim of discovery and certificates: none.
pub(super) const fn nobody(_: &RequestHead) -> Result<Claim, Problem> {
    Ok(Claim::Nobody)
}

/// The claim of API calls: a credential. OpenGDPR leaves the scheme open (§4.3).
pub(super) fn holder(head: &RequestHead) -> Result<Claim, Problem> {
    let credential = only(&head.headers, AUTHORIZATION.as_str())
        .map_err(|Repeated| Problem::new(Code::Unauthorized))?
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.trim().is_empty())
        .ok_or(Problem::new(Code::Unauthorized))?;
    Ok(Claim::Holder(Secret::new(credential)))
}

/// The claim of callbacks: a signature over the body.
pub(super) fn signer(head: &RequestHead) -> Result<Claim, Problem> {
    signed(&head.headers)
}

/// The claim of an answer: a signature on every receipt and status (A14); errors, discovery and certificates come
/// without. From a party that is known not to sign, an answer that does not even pretend to be signed is taken as
/// nobody's; a signature that is there must hold all the same.
pub(crate) fn proof(operation: Operation, head: &AnswerHead, them: Option<&Party>) -> Result<Claim, Problem> {
    let waived = them.is_some_and(|party| party.trust.unsigned_receipts) && is_bare(&head.headers);
    match operation {
        Operation::Submit | Operation::Status | Operation::Cancel if (200..300).contains(&head.status) && !waived => {
            signed(&head.headers)
        }
        Operation::Submit
        | Operation::Status
        | Operation::Cancel
        | Operation::Discover
        | Operation::Certificate
        | Operation::Callback => Ok(Claim::Nobody),
    }
}

/// Whether no header of either family is there.
fn is_bare(headers: &HeaderMap) -> bool {
    [OPENGDPR, OPENDSR].iter().all(|family| {
        let is_absent = |name| !headers.contains_key(name);
        is_absent(family.domain) && is_absent(family.signature)
    })
}

/// Either family will do; where both are there they must agree.
fn signed(headers: &HeaderMap) -> Result<Claim, Problem> {
    match (claim_of(headers, &OPENGDPR)?, claim_of(headers, &OPENDSR)?) {
        (Some(first), Some(second)) if first != second => Err(forbidden("the two pairs of signature headers differ")),
        (Some(claim), _) | (None, Some(claim)) => Ok(claim),
        (None, None) => Err(forbidden("the signature headers are missing")),
    }
}

fn claim_of(headers: &HeaderMap, family: &Family) -> Result<Option<Claim>, Problem> {
    let one = |name| only(headers, name).map_err(|Repeated| forbidden("a signature header is repeated"));
    let (domain, signature) = match (one(family.domain)?, one(family.signature)?) {
        (Some(domain), Some(signature)) => (domain, signature),
        (None, None) => return Ok(None),
        (Some(_), None) | (None, Some(_)) => return Err(forbidden("a signature header is missing")),
    };
    let domain: Domain = domain
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or(forbidden("the processor domain is not a bare domain name"))?;
    // Examples fold the signature over lines, so white space within is skipped (A13).
    let signature = base64::decode(signature.as_bytes())
        .filter(|signature| !signature.is_empty())
        .ok_or(forbidden("the signature is not base64"))?;
    Ok(Some(Claim::Signer { domain, signature }))
}

/// A header that stands there more than once says nothing certain.
struct Repeated;

fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Repeated> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(Repeated),
    }
}

fn forbidden(why: &'static str) -> Problem {
    Problem::new(Code::Forbidden).because(why)
}
