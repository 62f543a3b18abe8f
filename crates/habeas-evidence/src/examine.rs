//! What does an export prove, and what does it not?

use habeas_core::{clock::Instant, domain::Domain};
use habeas_trust::{
    certificate::{ChainError, Described, Roots},
    digest::sha256,
    public_key::Scheme,
};

use crate::{
    judge::{Doubt, Finding, Grade, Kept, Message, judge},
    model::{Evidence, Leg, Receipt, Request},
    sealed::Sealed,
};

/// What was found out about an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When it was made, as the exporter says.
    pub exported_at: Instant,
    /// Who made it, as the exporter says.
    pub organisation: Domain,
    /// The request.
    pub request: Request,
    /// The seal.
    pub seal: Seal,
    /// What the receipts prove, in their order.
    pub findings: Vec<Finding>,
    /// The legs whose state no receipt proves in full.
    pub unproved: Vec<Unproved>,
    /// How many of the requests given are repeated by no receipt.
    pub unfit: usize,
}

/// Who sealed an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The certificate of the seal.
    pub certificate: Option<Described>,
    /// How its signature was made.
    pub scheme: Scheme,
    /// When the certificate had to be valid.
    pub judged_at: Instant,
    /// Whether the certificate speaks for the organisation.
    pub trust: Result<(), ChainError>,
}

/// A leg whose state is the exporter's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproved {
    /// The leg.
    pub leg: String,
    /// Its party.
    pub party: String,
    /// The state that the exporter recorded.
    pub state: String,
    /// What there is to prove it.
    pub lacking: Lacking,
}

/// Why a leg's state is not proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// The export does not name the party's domain, so that nobody can tell whether it was the party who signed.
    Party,
    /// There is no receipt of the party, or none that holds.
    Receipt,
    /// There is one that holds by its digest only.
    Content,
    /// What was signed says something else, or too little.
    Word,
}

/// What an export cannot prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caveat {
    /// When messages arrived.
    Times,
    /// The request's course.
    Course,
    /// That nothing was left out.
    Completeness,
    /// That no certificate had been revoked.
    Revocation,
    /// What receipts say that hold by digest.
    Digests,
    /// That receipts by digest with ECDSA were signed at all.
    MadeUp,
}

/// Checks an export. Chains have to be valid when their message arrived, that of the seal when the export was made,
/// unless `at` names another time. Each of `requests` is tried as the original that receipts repeat.
#[must_use]
pub fn examine(sealed: &Sealed, roots: &Roots, at: Option<Instant>, requests: &[&[u8]]) -> Report {
    let evidence = &sealed.evidence;
    let findings: Vec<Finding> =
        evidence.receipts.iter().map(|receipt| of_receipt(receipt, evidence, roots, at, requests)).collect();
    let fits = |index: &usize| findings.iter().any(|finding| finding.fitting == Some(*index));
    let judged_at = at.unwrap_or(evidence.exported_at);
    Report {
        exported_at: evidence.exported_at,
        organisation: evidence.organisation.clone(),
        request: evidence.request.clone(),
        seal: Seal {
            certificate: sealed.chain.described().next(),
            scheme: sealed.scheme,
            judged_at,
            trust: sealed.chain.verify(evidence.organisation.as_str(), roots, judged_at.ms()),
        },
        unproved: evidence.legs.iter().filter_map(|leg| unproved(leg, &findings)).collect(),
        unfit: (0..requests.len()).filter(|index| !fits(index)).count(),
        findings,
    }
}

/// Checks one message by itself: the bytes of a callback, say, with the headers it came with.
#[must_use]
pub fn examine_message(message: &Message<'_>, roots: &Roots) -> Finding {
    judge(&Kept { message: *message, sha256: sha256(message.body), hole: None }, roots, &[])
}

impl Report {
    /// Whether the seal is trusted, every receipt proves something, and every request given belongs to one.
    #[must_use]
    pub fn holds(&self) -> bool {
        let proved = |finding: &Finding| !matches!(finding.grade, Grade::NotProved(_));
        self.seal.trust.is_ok() && self.findings.iter().all(proved) && self.unfit == 0
    }

    /// What even an export that holds cannot prove.
    #[must_use]
    pub fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = vec![Caveat::Times, Caveat::Course, Caveat::Completeness, Caveat::Revocation];
        let by_digest = || self.findings.iter().filter(|finding| finding.grade == Grade::ByDigest);
        if by_digest().next().is_some() {
            caveats.push(Caveat::Digests);
        }
        if by_digest().any(|finding| finding.scheme.is_some_and(Scheme::can_be_made_up)) {
            caveats.push(Caveat::MadeUp);
        }
        caveats
    }
}

fn of_receipt(
    receipt: &Receipt,
    evidence: &Evidence,
    roots: &Roots,
    at: Option<Instant>,
    requests: &[&[u8]],
) -> Finding {
    let message = Message {
        signer: receipt.signer.as_str(),
        body: &receipt.body,
        signature: &receipt.signature,
        // An index beyond the list does not pass the reader.
        chain: evidence.chains.get(receipt.chain).map(String::as_str).unwrap_or_default(),
        at: at.unwrap_or(receipt.at),
    };
    let leg = evidence.leg(&receipt.leg);
    let finding = judge(&Kept { message, sha256: receipt.sha256, hole: receipt.hole }, roots, requests);
    let grade = match finding.grade {
        doubtful @ Grade::NotProved(_) => doubtful,
        _ if finding.said.kind.contradicts(&receipt.operation) => Grade::NotProved(Doubt::AnotherOperation),
        held => about(leg, finding.said.request.as_deref()).map_or(held, Grade::NotProved),
    };
    let party = leg.and_then(|leg| leg.domain.as_ref());
    Finding {
        by_another: party.is_some_and(|party| *party != receipt.signer),
        at: Some(receipt.at),
        operation: Some(receipt.operation.clone()),
        leg: Some(receipt.leg.clone()),
        party: leg.map(|leg| leg.party.clone()),
        grade,
        ..finding
    }
}

/// The doubt whether a body is about a leg's request, if there is one. Ids are compared as peers write them.
fn about(leg: Option<&Leg>, said: Option<&str>) -> Option<Doubt> {
    let Some(said) = said else { return Some(Doubt::NoRequest) };
    let ids = leg.into_iter().flat_map(|leg| leg.party_request_id.iter().chain([&leg.subject_request_id]));
    let same = ids.into_iter().any(|id| id.eq_ignore_ascii_case(said));
    (!same).then_some(Doubt::AnotherRequest)
}

/// What there is to prove a leg's state, unless that is enough. What anybody but its party signed counts for nothing.
fn unproved(leg: &Leg, findings: &[Finding]) -> Option<Unproved> {
    let held = || {
        let of_party = |finding: &&Finding| finding.leg.as_ref() == Some(&leg.id) && !finding.by_another;
        findings.iter().filter(of_party).filter(|finding| !matches!(finding.grade, Grade::NotProved(_)))
    };
    let backs = |finding: &&Finding| finding.said.backs().as_ref() == Some(&leg.state);
    let lacking = if leg.domain.is_none() {
        Lacking::Party
    } else if held().next().is_none() {
        Lacking::Receipt
    } else if held().filter(backs).any(|finding| finding.grade != Grade::ByDigest) {
        return None;
    } else if held().any(|finding| backs(&finding)) {
        Lacking::Content
    } else {
        Lacking::Word
    };
    Some(Unproved { leg: leg.id.clone(), party: leg.party.clone(), state: leg.state.clone(), lacking })
}
