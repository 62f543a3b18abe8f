//! A shop, an authority, and two processors that sign what they are told to sign.

use std::sync::OnceLock;

use habeas_core::clock::Instant;
use habeas_evidence::{
    Evidence, Report, examine,
    model::{Event, Hole, Leg, Receipt, Request},
    open, seal,
};
use habeas_trust::{
    authority::Authority,
    certificate::Roots,
    digest::sha256,
    signing::{RsaSize, SigningKey},
};
use habeas_wire::base64;

pub(crate) const NOW: i64 = 1_760_000_000_000;
pub(crate) const DAY: i64 = 86_400_000;
pub(crate) const ID: &str = "a7551968-d5d6-44b2-9831-815ac9017798";
pub(crate) const REQUEST: &[u8] = br#"{"subject_request_id" : "a7551968-d5d6-44b2-9831-815ac9017798", "n": "canary"}"#;

pub(crate) const fn at(ms: i64) -> Instant {
    Instant::from_ms(ms)
}

/// Somebody with a key and a certificate.
pub(crate) struct Holder {
    pub(crate) key: SigningKey,
    pub(crate) chain: String,
}

pub(crate) struct World {
    pub(crate) authority: Authority,
    pub(crate) shop: Holder,
    pub(crate) mail: Holder,
    pub(crate) ads: Holder,
}

/// Made once: RSA keys take their time.
pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let authority = Authority::new("Root", NOW - 100 * DAY, NOW + 100 * DAY).unwrap();
        let holder = |key: SigningKey, domain| {
            let chain = authority.issue_through_intermediate(&key, &[domain], NOW - 10 * DAY, NOW + 10 * DAY).unwrap();
            Holder { key, chain }
        };
        World {
            shop: holder(SigningKey::generate_p256().unwrap(), "shop.example"),
            mail: holder(SigningKey::generate_rsa(RsaSize::Bits2048).unwrap(), "mail.example"),
            ads: holder(SigningKey::generate_p256().unwrap(), "ads.example"),
            authority,
        }
    })
}

impl World {
    pub(crate) fn roots(&self) -> Roots {
        Roots::from_pem(&self.authority.certificate_pem()).unwrap()
    }

    pub(crate) fn sealed(&self, evidence: &Evidence) -> Vec<u8> {
        seal(evidence, &self.shop.key, &self.shop.chain).unwrap()
    }

    /// Seals, opens and examines.
    pub(crate) fn report(&self, evidence: &Evidence, requests: &[&[u8]]) -> Report {
        examine(&open(&self.sealed(evidence)).unwrap(), &self.roots(), None, requests)
    }
}

pub(crate) fn callback(status: &str) -> String {
    format!(
        r#"{{"controller_id":"shop","expected_completion_time":"2025-11-09T08:53:20Z","status_callback_url":"https://shop.example/opengdpr_callbacks/7b","subject_request_id":"{ID}","request_status":"{status}"}}"#
    )
}

/// What the answer to a submission says beside ids and the request.
pub(crate) const SUBMISSION: &str = r#""received_time":"2025-10-09T08:53:20Z","expected_completion_time":"2025-11-09T08:53:20Z","processor_signature":"AAAA""#;
/// The same of a cancellation, as a peer writes it that has one class for both.
pub(crate) const CANCELLATION: &str = r#""received_time":"2025-10-09T08:53:20Z","expected_completion_time":null"#;

/// A receipt of a submission as it was signed, and where the request is repeated in it.
pub(crate) fn receipt_body(request: &[u8]) -> (String, std::ops::Range<usize>) {
    repeating(request, SUBMISSION)
}

/// A body that repeats the request and says this, and where it repeats it.
pub(crate) fn repeating(request: &[u8], members: &str) -> (String, std::ops::Range<usize>) {
    let before = r#"{"controller_id":"shop","encoded_request":"#;
    let piece = format!("\"{}\"", base64::encode(request));
    let body = format!(r#"{before}{piece},"subject_request_id":"{ID}",{members}}}"#);
    (body, before.len()..before.len() + piece.len())
}

/// The same without the request.
pub(crate) fn saying(members: &str) -> String {
    format!(r#"{{"controller_id":"shop","subject_request_id":"{ID}",{members}}}"#)
}

pub(crate) fn leg(party: &str, state: &str) -> Leg {
    Leg {
        id: format!("leg-{party}"),
        party: party.to_owned(),
        domain: Some(format!("{party}.example").parse().unwrap()),
        dialect: "opengdpr/1.0".to_owned(),
        right: "erasure".to_owned(),
        subject_request_id: ID.to_owned(),
        party_request_id: None,
        state: state.to_owned(),
        accepted_at: Some(at(NOW)),
        expected_by: None,
        cancel: "no".to_owned(),
    }
}

/// An export without anything signed.
pub(crate) fn bare(legs: Vec<Leg>) -> Evidence {
    Evidence {
        exported_at: at(NOW + DAY),
        organisation: "shop.example".parse().unwrap(),
        request: Request {
            id: ID.to_owned(),
            subject_request_id: ID.to_owned(),
            role: "controller".to_owned(),
            rights: vec!["erasure".to_owned()],
            regime: "gdpr".to_owned(),
            state: "fulfilled".to_owned(),
            received_at: at(NOW),
            submitted_at: Some(at(NOW)),
            promised_by: at(NOW + 31 * DAY),
            expected_by: at(NOW + 31 * DAY),
            final_at: None,
        },
        history: vec![Event {
            seq: 0,
            at: at(NOW),
            change: "receive".to_owned(),
            state: "received".to_owned(),
            actor: "operator".to_owned(),
        }],
        legs,
        receipts: Vec::new(),
        chains: Vec::new(),
    }
}

impl World {
    pub(crate) fn holder(&self, party: &str) -> &Holder {
        match party {
            "mail" => &self.mail,
            "ads" => &self.ads,
            other => panic!("{other}"),
        }
    }

    /// Has the party sign a body, and adds the receipt; the piece at `hole` is cut out.
    pub(crate) fn signs(
        &self,
        evidence: &mut Evidence,
        party: &str,
        operation: &str,
        body: &str,
        hole: Option<std::ops::Range<usize>>,
    ) {
        let holder = self.holder(party);
        let signature = holder.key.sign(body.as_bytes()).unwrap();
        let kept = hole.clone().map_or(body.to_owned(), |hole| [&body[..hole.start], &body[hole.end..]].concat());
        evidence.receipts.push(Receipt {
            at: at(NOW + 60_000),
            operation: operation.to_owned(),
            signer: format!("{party}.example").parse().unwrap(),
            leg: format!("leg-{party}"),
            sha256: sha256(body.as_bytes()),
            signature,
            chain: evidence.chains.len(),
            body: kept.into_bytes(),
            hole: hole.map(|hole| Hole { at: hole.start, bytes: hole.len() }),
        });
        evidence.chains.push(holder.chain.clone());
    }

    /// Two parties, one done, one that has only answered.
    pub(crate) fn usual(&self) -> Evidence {
        let mut evidence = bare(vec![leg("mail", "fulfilled"), leg("ads", "pending")]);
        for party in ["mail", "ads"] {
            let (body, hole) = receipt_body(REQUEST);
            self.signs(&mut evidence, party, "submit", &body, Some(hole));
        }
        self.signs(&mut evidence, "mail", "callback", &callback("completed"), None);
        evidence
    }
}
