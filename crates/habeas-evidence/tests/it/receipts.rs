//! How much does each receipt prove, and what does it say?

use habeas_evidence::{Doubt, Evidence, Grade, Lacking, model::Hole};

use crate::world::{CANCELLATION, ID, NOW, SUBMISSION, at, bare, callback, leg, saying, world};

#[test]
fn callbacks_prove_in_full_and_receipts_by_digest() {
    let report = world().report(&world().usual(), &[]);
    let grades: Vec<_> = report.findings.iter().map(|finding| finding.grade).collect();
    assert_eq!(grades, [Grade::ByDigest, Grade::ByDigest, Grade::InFull]);
    assert!(report.holds());
    let said = &report.findings[2].said;
    assert_eq!((said.request.as_deref(), said.status.as_deref()), (Some(ID), Some("completed")));
    assert_eq!(report.findings[2].party.as_deref(), Some("mail"));
    assert_eq!(report.findings[0].said.received_at, Some(at(NOW / 1000 * 1000)));
}

#[test]
fn a_state_that_no_receipt_proves_in_full_is_the_exporters_word() {
    let mut evidence = world().usual();
    evidence.legs.push(leg("late", "unsent"));
    evidence.legs[0].state = "cancelled".to_owned();
    let report = world().report(&evidence, &[]);
    let unproved: Vec<_> = report.unproved.iter().map(|leg| (leg.party.as_str(), leg.lacking)).collect();
    assert_eq!(unproved, [("mail", Lacking::Word), ("ads", Lacking::Content), ("late", Lacking::Receipt)]);
    assert!(report.holds(), "an exporter may say what nobody signed, as long as it is not taken for proof");
}

#[test]
fn another_signature_body_or_signer_is_not_proved() {
    let usual = world().usual();
    let mut signature = usual.clone();
    signature.receipts[2].signature[0] ^= 1;
    let mut body = usual.clone();
    body.receipts[2].body = callback("pending").into_bytes();
    let mut digest = usual.clone();
    digest.receipts[0].sha256[0] ^= 1;
    let mut both = usual.clone();
    both.receipts[2].body = callback("pending").into_bytes();
    both.receipts[2].sha256 = habeas_trust::digest::sha256(&both.receipts[2].body);
    let mut signer = usual;
    signer.receipts[2].signer = "ads.example".parse().unwrap();
    for (evidence, index, expected) in [
        (signature, 2, Doubt::Signature),
        (body, 2, Doubt::Digest),
        (digest, 0, Doubt::Signature),
        (both, 2, Doubt::Signature),
        (signer, 2, Doubt::Chain(habeas_trust::certificate::ChainError::WrongName)),
    ] {
        let report = world().report(&evidence, &[]);
        assert_eq!(report.findings[index].grade, Grade::NotProved(expected));
        assert!(!report.holds());
    }
}

#[test]
fn a_message_about_another_request_or_none_proves_nothing_here() {
    let other = ID.replace('a', "b");
    for (body, expected) in [
        (callback("completed").replace(ID, &other), Some(Doubt::AnotherRequest)),
        (callback("completed").replace(ID, &ID.to_uppercase()), None),
        (r#"{"api_version":"1.0","supported_identities":[]}"#.to_owned(), Some(Doubt::NoRequest)),
        ("thanks".to_owned(), Some(Doubt::NoRequest)),
    ] {
        let mut evidence = bare(vec![leg("mail", "fulfilled")]);
        world().signs(&mut evidence, "mail", "callback", &body, None);
        let report = world().report(&evidence, &[]);
        assert_eq!(report.findings[0].grade, expected.map_or(Grade::InFull, Grade::NotProved), "{body}");
    }
    let mut evidence = bare(vec![leg("mail", "fulfilled")]);
    evidence.legs[0].party_request_id = Some("their-7".to_owned());
    world().signs(&mut evidence, "mail", "callback", &callback("completed").replace(ID, "their-7"), None);
    assert_eq!(world().report(&evidence, &[]).findings[0].grade, Grade::InFull, "known by the party's own id");
}

#[test]
fn nothing_but_the_repeated_request_may_be_cut_out() {
    // The party signed that it is pending; the exporter would like to say otherwise.
    let signed = callback("pending");
    let word = signed.find("\"pending\"").unwrap();
    let mut evidence = bare(vec![leg("mail", "fulfilled")]);
    world().signs(&mut evidence, "mail", "callback", &signed, Some(word..word + 9));
    let report = world().report(&evidence, &[]);
    assert_eq!(report.findings[0].grade, Grade::NotProved(Doubt::Hole));
    for hole in [Hole { at: 0, bytes: 0 }, Hole { at: usize::MAX >> 1, bytes: 1 }] {
        let mut evidence = world().usual();
        evidence.receipts[2].hole = Some(hole);
        assert_eq!(world().report(&evidence, &[]).findings[2].grade, Grade::NotProved(Doubt::Hole));
    }
}

/// What there is to prove the only leg's state, or nothing if it is proved.
fn lacking(evidence: &Evidence) -> Option<Lacking> {
    world().report(evidence, &[]).unproved.first().map(|leg| leg.lacking)
}

#[test]
fn nobody_but_the_party_proves_the_state_of_its_leg() {
    let mut evidence = bare(vec![leg("mail", "fulfilled")]);
    world().signs(&mut evidence, "ads", "callback", &callback("completed"), None);
    evidence.receipts[0].leg = "leg-mail".to_owned();
    let report = world().report(&evidence, &[]);
    assert_eq!((report.findings[0].grade, report.findings[0].by_another), (Grade::InFull, true));
    assert_eq!((report.unproved.len(), lacking(&evidence)), (1, Some(Lacking::Receipt)));
    assert!(report.holds(), "somebody for whom the party vouches may report past it");

    // Beside what the party itself signed, it changes nothing.
    let mut usual = world().usual();
    usual.receipts.push(evidence.receipts.remove(0));
    usual.receipts.last_mut().unwrap().chain = 1;
    assert_eq!(world().report(&usual, &[]).unproved, world().report(&world().usual(), &[]).unproved);
}

#[test]
fn a_leg_that_names_no_domain_is_not_proved_by_anybody() {
    let mut evidence = bare(vec![leg("mail", "fulfilled")]);
    world().signs(&mut evidence, "mail", "callback", &callback("completed"), None);
    assert_eq!(lacking(&evidence), None);
    evidence.legs[0].domain = None;
    let report = world().report(&evidence, &[]);
    assert_eq!((report.findings[0].grade, report.findings[0].by_another), (Grade::InFull, false));
    assert_eq!(lacking(&evidence), Some(Lacking::Party));
}

#[test]
fn an_exporter_cannot_call_the_answer_to_a_submission_one_to_a_cancellation_or_the_reverse() {
    for (members, state, operation, other) in
        [(SUBMISSION, "pending", "submit", "cancel"), (CANCELLATION, "cancelled", "cancel", "submit")]
    {
        for (called, grade, lacks) in [
            (operation, Grade::InFull, None),
            ("word that is new", Grade::InFull, None),
            (other, Grade::NotProved(Doubt::AnotherOperation), Some(Lacking::Receipt)),
            ("callback", Grade::NotProved(Doubt::AnotherOperation), Some(Lacking::Receipt)),
            ("status", Grade::NotProved(Doubt::AnotherOperation), Some(Lacking::Receipt)),
        ] {
            let mut evidence = bare(vec![leg("mail", state)]);
            world().signs(&mut evidence, "mail", called, &saying(members), None);
            let report = world().report(&evidence, &[]);
            assert_eq!((report.findings[0].grade, lacking(&evidence)), (grade, lacks), "{members} as {called}");
            assert_eq!(report.holds(), grade == Grade::InFull);
        }
    }
}

#[test]
fn what_is_no_answer_by_its_content_backs_no_state() {
    for (operation, state) in [("submit", "pending"), ("cancel", "cancelled")] {
        let mut evidence = bare(vec![leg("mail", state)]);
        world().signs(&mut evidence, "mail", operation, &saying(r#""api_version":"1.0""#), None);
        assert_eq!(world().report(&evidence, &[]).findings[0].grade, Grade::InFull);
        assert_eq!(lacking(&evidence), Some(Lacking::Word));
        // A status says where the request stands, whatever it answers.
        let mut evidence = bare(vec![leg("mail", "fulfilled")]);
        world().signs(&mut evidence, "mail", operation, &callback("completed"), None);
        assert_eq!((world().report(&evidence, &[]).holds(), lacking(&evidence)), (true, None));
    }
}
