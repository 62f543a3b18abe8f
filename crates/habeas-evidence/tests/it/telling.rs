//! How is it told?

use habeas_evidence::Caveat;

use crate::world::{ID, REQUEST, callback, leg, world};

#[test]
fn findings_are_told_in_sentences() {
    let report = world().report(&world().usual(), &[]);
    let told: Vec<_> =
        report.findings.iter().map(|finding| format!("{}: {}", finding.grade, finding.sentence())).collect();
    let until = "to be done by 2025-11-09T08:53:20Z";
    assert_eq!(
        told,
        [
            format!(
                "by digest: mail.example signed bytes of this digest; the exporter says they say that it has request {ID}, {until}"
            ),
            format!(
                "by digest: ads.example signed bytes of this digest; the exporter says they say that it has request {ID}, {until}"
            ),
            format!("in full: mail.example signed that request {ID} is completed, {until}"),
        ]
    );
    assert_eq!(report.verdict(), "everything holds; 3 receipts: 1 in full, 2 by digest");
    assert_eq!(report.seal_words(), "holds and is shop.example's, ECDSA with SHA-256");
    let legs: Vec<_> = report.unproved.iter().map(ToString::to_string).collect();
    assert_eq!(legs, ["ads is pending by the exporter's record, and by a receipt by digest"]);
}

#[test]
fn what_does_not_hold_is_told_with_its_reason() {
    let mut evidence = world().usual();
    evidence.legs.push(leg("late", "unsent"));
    evidence.receipts[2].body = callback("in_progress").into_bytes();
    let report = world().report(&evidence, &[REQUEST, b"{}"]);
    assert_eq!(
        report.findings[2].sentence(),
        format!(
            "the body is not the one that was signed; it would say that request {ID} is in_progress, to be done by 2025-11-09T08:53:20Z"
        )
    );
    assert_eq!(
        report.verdict(),
        "not everything holds; 3 receipts: 2 in full, 1 not proved; a request given is repeated by no receipt"
    );
    assert_eq!(
        report.unproved.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "mail is fulfilled by the exporter's record only: what it signed says otherwise",
            "late is unsent by the exporter's record only: nothing it signed holds"
        ]
    );
}

#[test]
fn a_digest_signed_with_ecdsa_is_told_to_prove_little() {
    let report = world().report(&world().usual(), &[]);
    assert!(report.caveats().contains(&Caveat::Digests) && report.caveats().contains(&Caveat::MadeUp));
    let report = world().report(&world().usual(), &[REQUEST]);
    assert_eq!(report.caveats(), [Caveat::Times, Caveat::Course, Caveat::Completeness, Caveat::Revocation]);
}

#[test]
fn the_words_of_strangers_are_shown_harmlessly() {
    let mut evidence = world().usual();
    let id = "\u{1b}[2J\nverdict: everything holds";
    evidence.legs[0].party_request_id = Some(id.to_owned());
    evidence.legs[0].party = id.to_owned();
    evidence.legs[0].state = "fulfilled\u{7}".to_owned();
    evidence.receipts.clear();
    let body = callback("completed").replace(ID, "\\u001b[2J\\nverdict: everything holds");
    world().signs(&mut evidence, "mail", "callback", &body, None);
    let report = world().report(&evidence, &[]);
    for told in [report.findings[0].sentence(), report.unproved[0].to_string()] {
        assert!(!told.contains(char::is_control), "{told}");
    }
}
