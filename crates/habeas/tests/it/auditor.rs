//! An auditor has a file, an authority's certificate, and this program. No server, no configuration.

use std::path::Path;

use habeas_core::clock::Instant;
use habeas_evidence::{
    Evidence,
    model::{Hole, Leg, Receipt, Request},
    seal,
};
use habeas_trust::{
    authority::Authority,
    digest::sha256,
    signing::{RsaSize, SigningKey},
};
use habeas_wire::base64;
use serde_json::Value;

use crate::command::{code, complained, document, habeas, said};

const AT: i64 = 1_760_000_000_000;
const DAY: i64 = 86_400_000;
const REQUEST: &str = r#"{ "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798" }"#;
const CALLBACK: &str =
    r#"{"subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","request_status":"completed","results_url":null}"#;

/// A folder with an export of a receipt and a callback, and what belongs to them.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("Root", AT - DAY, AT + DAY).unwrap();
        let stranger = Authority::new("Stranger", AT - DAY, AT + DAY).unwrap();
        let (shop, mail) = (SigningKey::generate_p256().unwrap(), SigningKey::generate_rsa(RsaSize::Bits2048).unwrap());
        let chain = |key, domain| authority.issue(key, &[domain], AT - DAY, AT + DAY).unwrap();
        let honest = evidence(&mail, &chain(&mail, "mail.example"));
        let sealed = |evidence: &Evidence| seal(evidence, &shop, &chain(&shop, "shop.example")).unwrap();
        let file = sealed(&honest);
        let desk = Self { folder };
        desk.write("export.json", &file);
        // The same receipts said to be of another party, and of one that is not known any more.
        for (name, domain) in [("another.json", Some("ads.example".parse().unwrap())), ("gone.json", None)] {
            let legs = honest.legs.iter().map(|leg| Leg { domain: domain.clone(), ..leg.clone() }).collect();
            desk.write(name, &sealed(&Evidence { legs, ..honest.clone() }));
        }
        desk.write("ca.pem", authority.certificate_pem().as_bytes());
        desk.write("stranger.pem", stranger.certificate_pem().as_bytes());
        desk.write("request.json", REQUEST.as_bytes());
        desk.write("callback.json", CALLBACK.as_bytes());
        desk.write("mail.pem", chain(&mail, "mail.example").as_bytes());
        desk.write("signature", base64::encode(&mail.sign(CALLBACK.as_bytes()).unwrap()).as_bytes());
        desk
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }

    /// Runs `habeas verify`: its exit code, and what it printed.
    fn verify(&self, args: &[&str]) -> (Option<i32>, String) {
        let ran = habeas(self.folder.path(), &[&["verify", "--ca", "ca.pem"], args].concat());
        (code(&ran), said(&ran) + &complained(&ran))
    }

    /// The same with JSON.
    fn json(&self, args: &[&str]) -> (Option<i32>, Value) {
        let ran = habeas(self.folder.path(), &[&["verify", "--ca", "ca.pem", "--json"], args].concat());
        assert_eq!(complained(&ran), "");
        (code(&ran), document(&ran))
    }

    /// Checks the callback by itself, with some arguments put in place of the right ones.
    fn message(&self, instead: &[(&str, &str)], at: &str) -> (Option<i32>, String) {
        let signature = String::from_utf8(self.read("signature")).unwrap();
        let right = [
            ("--body", "callback.json"),
            ("--signature", signature.as_str()),
            ("--certificate", "mail.pem"),
            ("--domain", "mail.example"),
            ("--at", at),
        ];
        let value = |name, value| instead.iter().find(|(other, _)| *other == name).map_or(value, |(_, other)| *other);
        self.verify(&right.iter().flat_map(|(name, right)| [*name, value(*name, *right)]).collect::<Vec<_>>())
    }
}

fn evidence(mail: &SigningKey, chain: &str) -> Evidence {
    let id = "a7551968-d5d6-44b2-9831-815ac9017798".to_owned();
    let at = Instant::from_ms(AT);
    let before = r#"{"encoded_request":"#;
    let piece = format!("\"{}\"", base64::encode(REQUEST.as_bytes()));
    let after = format!(r#","subject_request_id":"{id}"}}"#);
    let receipt = |operation: &str, signed: &str, kept: String, hole| Receipt {
        at,
        operation: operation.to_owned(),
        signer: "mail.example".parse().unwrap(),
        leg: "leg".to_owned(),
        sha256: sha256(signed.as_bytes()),
        signature: mail.sign(signed.as_bytes()).unwrap(),
        chain: 0,
        body: kept.into_bytes(),
        hole,
    };
    let hole = Hole { at: before.len(), bytes: piece.len() };
    Evidence {
        exported_at: at,
        organisation: "shop.example".parse().unwrap(),
        request: Request {
            id: id.clone(),
            subject_request_id: id.clone(),
            role: "controller".to_owned(),
            rights: vec!["erasure".to_owned()],
            regime: "gdpr".to_owned(),
            state: "fulfilled".to_owned(),
            received_at: at,
            submitted_at: None,
            promised_by: at,
            expected_by: at,
            final_at: Some(at),
        },
        history: Vec::new(),
        legs: vec![Leg {
            id: "leg".to_owned(),
            party: "mail.example".to_owned(),
            domain: Some("mail.example".parse().unwrap()),
            dialect: "opengdpr/1.0".to_owned(),
            right: "erasure".to_owned(),
            subject_request_id: id,
            party_request_id: None,
            state: "fulfilled".to_owned(),
            accepted_at: Some(at),
            expected_by: None,
            cancel: "no".to_owned(),
        }],
        receipts: vec![
            receipt("submit", &format!("{before}{piece}{after}"), format!("{before}{after}"), Some(hole)),
            receipt("callback", CALLBACK, CALLBACK.to_owned(), None),
        ],
        chains: vec![chain.to_owned()],
    }
}

#[test]
fn an_export_is_told_receipt_by_receipt_with_the_verdict_last() {
    let desk = Desk::new();
    let (code, told) = desk.verify(&["export.json"]);
    assert_eq!(code, Some(0), "{told}");
    for words in [
        "Seal: holds and is shop.example's",
        "by digest: mail.example signed bytes of this digest",
        "in full: mail.example signed that request a7551968-d5d6-44b2-9831-815ac9017798 is completed",
        "Not proved by this:",
    ] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    assert_eq!(told.lines().last(), Some("everything holds; 2 receipts: 1 in full, 1 by digest"));
    assert!(!told.contains("canary"));

    let (code, told) = desk.json(&["export.json"]);
    assert_eq!((code, &told["holds"], &told["seal"]["trusted"]), (Some(0), &true.into(), &true.into()));
    assert_eq!(told["receipts"][0]["grade"], "by_digest");
    assert_eq!(told["receipts"][1]["grade"], "in_full");
    assert_eq!(told["receipts"][1]["said"]["request_status"], "completed");
    assert_eq!((&told["receipts"][1]["by_another"], &told["unproved"]), (&false.into(), &serde_json::json!([])));
    let kinds = [0, 1].map(|index| told["receipts"][index]["said"]["kind"].clone());
    assert_eq!(kinds, [Value::Null, "status".into()]);
    assert_eq!(told["receipts"][1]["certificate"]["subject"], "CN=mail.example");
}

#[test]
fn what_another_than_the_party_signed_is_said_to_prove_nothing_of_it() {
    let desk = Desk::new();
    let (code, told) = desk.verify(&["another.json"]);
    assert_eq!(code, Some(0), "{told}");
    for words in [
        "is completed; by another than the leg's party",
        "- mail.example is fulfilled by the exporter's record only: nothing it signed holds",
        "2 by another than the leg's party; the state of 1 leg is not proved in full",
    ] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    for (file, by_another, lacking) in [("another.json", true, "receipt"), ("gone.json", false, "party")] {
        let (_, told) = desk.json(&[file]);
        assert_eq!(told["receipts"][1]["by_another"], by_another);
        assert_eq!((&told["unproved"][0]["lacking"], &told["unproved"][1]), (&lacking.into(), &Value::Null), "{told}");
    }
}

#[test]
fn the_original_request_proves_the_receipt_in_full_and_another_does_not() {
    let desk = Desk::new();
    let (code, told) = desk.json(&["export.json", "--request", "request.json"]);
    assert_eq!((code, &told["receipts"][0]["grade"]), (Some(0), &"in_full_with_request".into()), "{told}");
    let (code, told) = desk.json(&["export.json", "--request", "callback.json"]);
    assert_eq!((code, &told["receipts"][0]["grade"]), (Some(4), &"by_digest".into()), "{told}");
    assert_eq!(
        (&told["receipts"][0]["request_given_is_another"], &told["requests_that_fit_nothing"]),
        (&true.into(), &1.into())
    );
    let (_, told) = desk.verify(&["export.json", "--request", "callback.json"]);
    assert!(told.lines().last().unwrap().contains("a request given is repeated by no receipt"), "{told}");
}

#[test]
fn a_changed_file_and_authorities_that_nobody_knows_do_not_hold() {
    let desk = Desk::new();
    let mut changed = desk.read("export.json");
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    desk.write("changed.json", &changed);
    let (code, told) = desk.verify(&["changed.json"]);
    assert!(code == Some(4) && told.starts_with("error: changed.json: the file"), "{code:?} {told}");
    let (code, told) = desk.json(&["changed.json"]);
    assert_eq!((code, &told["holds"]), (Some(4), &false.into()));
    desk.write("empty.json", b"");
    assert_eq!(desk.verify(&["empty.json"]).0, Some(4));

    let ran = habeas(desk.folder.path(), &["verify", "export.json", "--ca", "stranger.pem"]);
    let told = said(&ran);
    assert_eq!(crate::command::code(&ran), Some(4));
    assert!(told.contains("Seal: holds, but that it is shop.example's is not proved"), "{told}");
    assert!(told.contains("not proved: no path leads from the certificate to a trusted root"), "{told}");
    let (code, told) = desk.verify(&["export.json", "--at", "2096-01-01"]);
    assert!(code == Some(4) && told.contains("the certificate has expired"), "{told}");
}

#[test]
fn one_message_is_checked_by_itself() {
    let desk = Desk::new();
    let at = "2025-10-09T08:53:20Z";
    let (code, told) = desk.message(&[], at);
    assert_eq!((code, told.lines().last()), (Some(0), Some("everything holds")), "{told}");
    for (instead, words) in [
        (("--domain", "ads.example"), "not for this domain"),
        (("--body", "request.json"), "the signature does not hold"),
        (("--signature", "AAAA"), "the signature does not hold"),
        (("--certificate", "callback.json"), "there is no certificate"),
    ] {
        let (code, told) = desk.message(&[instead], at);
        assert!(code == Some(4) && told.contains(words), "{code:?} {told}");
        assert_eq!(told.lines().last(), Some("it does not hold"));
    }
    let (code, told) = desk.message(&[], "2096-01-01");
    assert!(code == Some(4) && told.contains("expired"), "{told}");
}

#[test]
fn a_wrong_command_line_and_a_file_that_is_not_there_are_told_apart() {
    let desk = Desk::new();
    for args in [
        &[][..],
        &["export.json", "--body", "callback.json"],
        &["--body", "callback.json"],
        &["export.json", "--signature", "AAAA"],
        &["--request", "request.json"],
        &["export.json", "--at", "yesterday"],
        &["--body", "callback.json", "--signature", "!", "--certificate", "mail.pem", "--domain", "mail.example"],
        &["--body", "callback.json", "--signature", "AAAA", "--certificate", "mail.pem", "--domain", "127.0.0.1"],
    ] {
        let (code, told) = desk.verify(args);
        assert_eq!(code, Some(2), "{args:?}: {told}");
    }
    let not_pem = habeas(desk.folder.path(), &["verify", "export.json", "--ca", "request.json"]);
    assert_eq!(code(&not_pem), Some(2));
    for args in [&["nowhere.json"][..], &["export.json", "--request", "nowhere.json"], &["."]] {
        let (code, told) = desk.verify(args);
        assert!(code == Some(1) && told.contains("cannot be read"), "{args:?}: {told}");
    }
    assert_eq!(left(desk.folder.path()), 9, "nothing is written");
}

fn left(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}
