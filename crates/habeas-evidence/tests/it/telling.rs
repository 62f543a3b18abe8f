//! How is it told?

use habeas_evidence::{Caveat, model::Leg};

use crate::world::{CANCELLATION, ID, REQUEST, SUBMISSION, bare, callback, leg, saying, world};

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
    assert_eq!(
        report.verdict(),
        "everything holds; 3 receipts: 1 in full, 2 by digest; the state of 1 leg is not proved in full"
    );
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
        "not everything holds; 3 receipts: 2 in full, 1 not proved; the state of 2 legs is not proved in full; a request \
         given is repeated by no receipt"
    );
    assert_eq!(
        report.unproved.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "mail is fulfilled by the exporter's record only: what it signed does not say so",
            "late is unsent by the exporter's record only: nothing it signed holds"
        ]
    );
}

#[test]
fn what_another_signed_is_told_to_be_anothers() {
    let mut evidence = bare(vec![leg("mail", "fulfilled"), Leg { domain: None, ..leg("gone", "fulfilled") }]);
    world().signs(&mut evidence, "ads", "callback", &callback("completed"), None);
    evidence.receipts[0].leg = "leg-mail".to_owned();
    let report = world().report(&evidence, &[]);
    let sentence = report.findings[0].sentence();
    assert!(sentence.starts_with("ads.example signed that request"), "{sentence}");
    assert!(sentence.ends_with("; by another than the leg's party"), "{sentence}");
    assert_eq!(
        report.verdict(),
        "everything holds; 1 receipt: 1 in full; 1 by another than the leg's party; the state of 2 legs is not proved in \
         full"
    );
    assert_eq!(
        report.unproved.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "mail is fulfilled by the exporter's record only: nothing it signed holds",
            "gone is fulfilled by the exporter's record only: it does not say whose signature would do"
        ]
    );
}

#[test]
fn what_a_message_is_is_told_by_its_content() {
    let until = ", to be done by 2025-11-09T08:53:20Z";
    let another = "it answers something else than the exporter says; it would say that ";
    for (members, operation, told) in [
        (SUBMISSION, "submit", format!("mail.example signed that it has request {ID}{until}")),
        (CANCELLATION, "cancel", format!("mail.example signed that it takes back request {ID}")),
        (SUBMISSION, "cancel", format!("{another}it has request {ID}{until}")),
        (CANCELLATION, "submit", format!("{another}it takes back request {ID}")),
        (r#""api_version":"1.0""#, "cancel", format!("mail.example signed that it knows request {ID}")),
    ] {
        let mut evidence = bare(vec![leg("mail", "pending")]);
        world().signs(&mut evidence, "mail", operation, &saying(members), None);
        assert_eq!(world().report(&evidence, &[]).findings[0].sentence(), told);
    }
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
