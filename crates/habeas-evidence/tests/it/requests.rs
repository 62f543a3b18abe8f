//! What changes when the original request is given?

use habeas_evidence::{
    Doubt, Grade, Lacking, Report,
    model::{Hole, Receipt},
};

use crate::world::{CANCELLATION, REQUEST, bare, leg, receipt_body, repeating, world};

fn grades(report: &Report) -> Vec<Grade> {
    report.findings.iter().map(|finding| finding.grade).collect()
}

#[test]
fn with_the_original_request_a_receipt_proves_in_full() {
    let report = world().report(&world().usual(), &[REQUEST]);
    assert_eq!(grades(&report), [Grade::InFullWithRequest, Grade::InFullWithRequest, Grade::InFull]);
    assert!(report.holds() && report.unproved.is_empty());
}

#[test]
fn another_request_is_told_to_be_another() {
    let reformatted = String::from_utf8_lossy(REQUEST).replace(" : ", ":");
    for other in [b"".as_slice(), b"{}", &REQUEST[..REQUEST.len() - 1], reformatted.as_bytes()] {
        let report = world().report(&world().usual(), &[other]);
        assert_eq!(grades(&report), [Grade::ByDigest, Grade::ByDigest, Grade::InFull]);
        assert!(report.findings[0].misfit && !report.findings[2].misfit);
        assert_eq!(report.unfit, 1);
        assert!(!report.holds());
    }
}

#[test]
fn each_party_may_have_been_sent_another_request() {
    let mut evidence = bare(vec![leg("mail", "pending"), leg("ads", "pending")]);
    let requests = [b"one".as_slice(), b"two"];
    for (party, request) in ["mail", "ads"].into_iter().zip(requests) {
        let (body, hole) = receipt_body(request);
        world().signs(&mut evidence, party, "submit", &body, Some(hole));
    }
    let both = world().report(&evidence, &requests);
    assert_eq!(grades(&both), [Grade::InFullWithRequest; 2]);
    assert!(both.holds());
    let one = world().report(&evidence, &requests[1..]);
    assert_eq!(grades(&one), [Grade::ByDigest, Grade::InFullWithRequest]);
    assert!(one.holds() && one.findings[0].misfit);
}

#[test]
fn the_request_does_not_cover_for_a_changed_body() {
    let mut evidence = world().usual();
    let Receipt { body, .. } = &mut evidence.receipts[0];
    *body = String::from_utf8(body.clone()).unwrap().replace("2025-11-09", "2025-10-09").into_bytes();
    let report = world().report(&evidence, &[REQUEST]);
    assert_eq!(report.findings[0].grade, Grade::ByDigest, "what it says is the exporter's word");
    assert!(report.findings[0].misfit);
}

#[test]
fn cancellations_of_0_1_repeat_the_request_too() {
    let mut evidence = bare(vec![leg("mail", "cancelled")]);
    let (body, hole) = repeating(REQUEST, CANCELLATION);
    world().signs(&mut evidence, "mail", "cancel", &body, Some(hole));
    let report = world().report(&evidence, &[REQUEST]);
    assert_eq!(grades(&report), [Grade::InFullWithRequest]);
    assert!(report.unproved.is_empty());
}

#[test]
fn callbacks_and_statuses_that_repeat_the_request_prove_like_receipts() {
    for operation in ["callback", "status"] {
        let mut evidence = bare(vec![leg("mail", "fulfilled")]);
        let (body, hole) = repeating(REQUEST, r#""request_status":"completed""#);
        world().signs(&mut evidence, "mail", operation, &body, Some(hole.clone()));
        let without = world().report(&evidence, &[]);
        assert_eq!(grades(&without), [Grade::ByDigest]);
        assert_eq!(without.findings[0].said.status.as_deref(), Some("completed"));
        assert!(without.holds() && without.unproved[0].lacking == Lacking::Content);
        let with = world().report(&evidence, &[b"{}", REQUEST]);
        assert_eq!(grades(&with), [Grade::InFullWithRequest]);
        assert_eq!((with.unproved.len(), with.unfit), (0, 1));
        // What the exporter puts around the hole is noticed once the request is put back.
        let text = String::from_utf8(evidence.receipts[0].body.clone()).unwrap();
        evidence.receipts[0].body = text.replace("completed", "cancelled").into_bytes();
        assert_eq!(grades(&world().report(&evidence, &[REQUEST])), [Grade::ByDigest]);
        // The status is not what may be missing, and the place of the request is not where it is put.
        let word = body.find("\"completed\"").unwrap();
        for cut in [word..word + 11, hole.start + 1..hole.end, hole.end..hole.end] {
            evidence.receipts[0].body = [&body[..cut.start], &body[cut.end..]].concat().into_bytes();
            evidence.receipts[0].hole = Some(Hole { at: cut.start, bytes: cut.len() });
            assert_eq!(grades(&world().report(&evidence, &[REQUEST])), [Grade::NotProved(Doubt::Hole)]);
        }
    }
}
