//! The findings for machines: everything.

use habeas_core::clock::Instant;
use habeas_evidence::{Finding, Grade, Kind, Lacking, NotEvidence, Report, Unproved};
use habeas_trust::{certificate::Described, digest::hex};
use habeas_wire::time;
use serde_json::{Value, json};

/// A file that is no export, or was changed.
pub(super) fn refused(error: &NotEvidence) -> Value {
    json!({ "holds": false, "error": error.to_string() })
}

/// What was found out about an export.
pub(super) fn report(report: &Report) -> Value {
    let request = &report.request;
    json!({
        "holds": report.holds(),
        "verdict": report.verdict(),
        "organisation": report.organisation.as_str(),
        "exported_at": instant(report.exported_at),
        "request": {
            "request_id": request.id,
            "subject_request_id": request.subject_request_id,
            "role": request.role,
            "rights": request.rights,
            "regime": request.regime,
            "state": request.state,
            "received_at": instant(request.received_at),
            "submitted_at": request.submitted_at.map(instant),
            "promised_by": instant(request.promised_by),
            "expected_by": instant(request.expected_by),
            "final_at": request.final_at.map(instant),
        },
        "seal": {
            "trusted": report.seal.trust.is_ok(),
            "problem": report.seal.trust.err().map(|error| error.to_string()),
            "checked_as_of": instant(report.seal.judged_at),
            "algorithm": report.seal.scheme.to_string(),
            "certificate": report.seal.certificate.as_ref().map(certificate),
        },
        "receipts": report.findings.iter().map(finding).collect::<Value>(),
        "requests_that_fit_nothing": report.unfit,
        "unproved": report.unproved.iter().map(unproved).collect::<Value>(),
        "caveats": report.caveats().iter().map(ToString::to_string).collect::<Value>(),
    })
}

/// What was found out about one message.
pub(super) fn message(found: &Finding) -> Value {
    json!({ "holds": !matches!(found.grade, Grade::NotProved(_)), "message": finding(found) })
}

fn finding(found: &Finding) -> Value {
    let (grade, problem) = match found.grade {
        Grade::InFull => ("in_full", None),
        Grade::InFullWithRequest => ("in_full_with_request", None),
        Grade::ByDigest => ("by_digest", None),
        Grade::NotProved(doubt) => ("not_proved", Some(doubt.to_string())),
    };
    let said = &found.said;
    json!({
        "at": found.at.map(instant),
        "operation": found.operation,
        "leg_id": found.leg,
        "party": found.party,
        "signer": found.signer,
        "by_another": found.by_another,
        "grade": grade,
        "problem": problem,
        "sentence": found.sentence(),
        "request_given_is_another": found.misfit,
        "algorithm": found.scheme.map(|scheme| scheme.to_string()),
        "sha256": hex(&found.sha256),
        "certificate": found.certificate.as_ref().map(certificate),
        "said": {
            "kind": kind(said.kind),
            "subject_request_id": said.request,
            "controller_id": said.controller,
            "request_status": said.status,
            "denied": said.denied,
            "received_time": said.received_at.map(instant),
            "expected_completion_time": said.expected_by.map(instant),
        },
    })
}

/// What a message is by its content; `null` where that says too little.
const fn kind(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Status => Some("status"),
        Kind::Submission => Some("submission"),
        Kind::Cancellation => Some("cancellation"),
        Kind::Unclear => None,
    }
}

fn unproved(leg: &Unproved) -> Value {
    let lacking = match leg.lacking {
        Lacking::Party => "party",
        Lacking::Receipt => "receipt",
        Lacking::Content => "content",
        Lacking::Word => "word",
    };
    json!({ "leg_id": leg.leg, "party": leg.party, "state": leg.state, "lacking": lacking })
}

fn certificate(certificate: &Described) -> Value {
    json!({
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "not_before": time::format(certificate.not_before_ms),
        "not_after": time::format(certificate.not_after_ms),
        "sha256": certificate.sha256,
    })
}

fn instant(at: Instant) -> String {
    time::format(at.ms())
}
