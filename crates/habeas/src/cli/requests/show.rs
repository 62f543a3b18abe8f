//! A request's whole story on one screen.

use habeas_server::operator::dto::{Story, Subject};
use serde_json::json;

use crate::cli::{
    deliveries, legs,
    output::{Output, plain},
};

/// Prints it.
pub(super) fn print(story: &Story, subject: Option<&Subject>, output: Output) {
    if output.is_json() {
        match subject {
            Some(subject) => output.json(&json!({ "request": story, "subject": subject })),
            None => output.json(story),
        }
        return;
    }
    let request = &story.request;
    let facts: [(&str, Option<String>); 14] = [
        ("request", Some(request.request_id.clone())),
        ("organisation", Some(format!("{} as {}", request.organisation, request.role))),
        (
            "from",
            request.party.as_ref().map(|party| match &request.dialect {
                Some(dialect) => format!("{party}, in {dialect}"),
                None => party.clone(),
            }),
        ),
        ("their id", request.party.as_ref().map(|_| request.subject_request_id.clone())),
        ("rights", Some(request.rights.join(", "))),
        ("regime", Some(request.regime.clone())),
        (
            "state",
            Some(match &request.ground {
                Some(ground) => format!("{}: {ground}", request.state),
                None => request.state.clone(),
            }),
        ),
        ("details", request.details.clone()),
        ("submitted", request.submitted_at.clone()),
        ("received", Some(request.received_at.clone())),
        ("expected by", Some(request.expected_by.clone())),
        ("promised by", Some(request.promised_by.clone())),
        ("final", request.final_at.clone()),
        ("results", request.results_urls.as_ref().map(|urls| urls.join(", "))),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            output.say(&format!("{name:<13} {fact}"));
        }
    }
    if request.state == "awaiting_verification" {
        let next = format!("the person, or: habeas requests verify {} --done", request.request_id);
        output.say(&format!("{:<13} {next}", "next"));
    }
    if let Some(subject) = subject {
        person(subject, output);
    }
    sections(story, output);
}

/// Who it is: what somebody else has written is shown without what would move the terminal.
fn person(subject: &Subject, output: Output) {
    for identity in &subject.identities {
        output.say(&format!("{:<13} {}:{}:{}", "identity", identity.kind, identity.format, plain(&identity.value)));
    }
    for (name, value) in &subject.claims {
        let value = value.as_str().map_or_else(|| value.to_string(), plain);
        output.say(&format!("{:<13} {}: {value}", "claim", plain(name)));
    }
    for relationship in &subject.relationships {
        output.say(&format!("{:<13} {}", "relationship", plain(relationship)));
    }
}

fn sections(story: &Story, output: Output) {
    if !story.legs.is_empty() {
        output.say("");
        legs::print(story, output);
    }
    output.say("\nHistory");
    output.table(
        ["at", "change", "through", "state"],
        story.history.iter().map(|e| [e.at.clone(), e.change.clone(), e.actor.clone(), e.state.clone()]),
    );
    if !story.receipts.is_empty() {
        output.say("\nReceipts");
        output.table(
            ["at", "of", "signer", "verified", "sha-256 of what was signed"],
            story.receipts.iter().map(|receipt| {
                let verified = if receipt.verified { "yes" } else { "NO" };
                [
                    receipt.at.clone(),
                    receipt.operation.clone(),
                    receipt.signer.clone(),
                    verified.to_owned(),
                    receipt.sha256.clone(),
                ]
            }),
        );
    }
    if !story.deliveries.is_empty() {
        output.say("\nDeliveries");
        deliveries::table(&story.deliveries, output);
    }
}
