//! How is a request that was sent shown? The one shape of `send`, `status` and `cancel`. And its commands.

pub(super) mod command;

use habeas_server::operator::dto::{Leg, Story};
use serde_json::{Value, json};

use super::{
    exit::{Exit, Failure, Outcome},
    output::{Output, plain},
};

/// Prints it with its legs.
pub(super) fn print(story: &Story, output: Output) {
    print_sent(story, None, output);
}

/// The same, with the parties that were left out because they do not serve it.
pub(super) fn print_sent(story: &Story, left_out: Option<&[String]>, output: Output) {
    if output.is_json() {
        let mut value = value(story);
        if let (Some(members), Some(parties)) = (value.as_object_mut(), left_out) {
            members.insert("left_out".to_owned(), json!(parties));
        }
        output.json(&value);
        return;
    }
    output.say(&format!("request {}: {}", story.request.request_id, story.request.state));
    output.table(["party", "right", "state", "receipt", "expected by", "results"], story.legs.iter().map(row));
    for leg in &story.legs {
        notes(leg, output);
    }
    if let Some(parties) = left_out.filter(|parties| !parties.is_empty()) {
        output.say(&format!("left out, since they do not serve it: {}", parties.join(", ")));
    }
}

/// What a party says beyond that, and what is to be done about it.
fn notes(leg: &Leg, output: Output) {
    if let Some(details) = &leg.details {
        output.say(&format!("{}: {}", leg.party, plain(details)));
    }
    if leg.state == "needs_verification" {
        let command = format!("habeas requests verification {} --redirect-to URL", leg.request_id);
        output.say(&format!("{} asks the person to prove who they are; next: {command}", leg.party));
    }
}

/// It failed if a party said no.
pub(super) fn verdict(story: &Story) -> Outcome {
    let refused = story.legs.iter().any(|leg| matches!(leg.state.as_str(), "refused" | "denied"));
    if refused || story.request.state == "denied" { Err(Failure::Told(Exit::Failed)) } else { Ok(()) }
}

/// Whether the party has answered our submission, or will never have to. A callback that came before the answer is
/// none: the receipt is still under way.
pub(super) fn is_answered(leg: &Leg) -> bool {
    leg.accepted_at.is_some() || matches!(leg.state.as_str(), "refused" | "waived" | "inapplicable")
}

/// Whether nothing more is expected of the party.
pub(super) fn is_done(leg: &Leg) -> bool {
    const FINAL: [&str; 7] = ["fulfilled", "cancelled", "denied", "expired", "refused", "waived", "inapplicable"];
    FINAL.contains(&leg.state.as_str())
}

/// Whether it waits for an operator: something is wrong, and nothing is tried again by itself.
pub(super) fn is_stuck(leg: &Leg) -> bool {
    leg.trouble.is_some() && leg.next_attempt_at.is_none() && !is_done(leg)
}

/// Whether nothing is left to be done.
pub(super) fn is_final(story: &Story) -> bool {
    story.request.final_at.is_some()
}

fn value(story: &Story) -> Value {
    let legs = story.legs.iter().map(|leg| {
        json!({
            "leg_id": leg.leg_id,
            "party": leg.party,
            "right": leg.right,
            "state": leg.state,
            "subject_request_id": leg.wire_id,
            "receipt": leg.receipt.as_ref().map(|receipt| {
                json!({ "verified": receipt.verified, "signer": receipt.signer, "sha256": receipt.sha256 })
            }),
            "callback_url": leg.callback_url,
            "expected_by": leg.expected_by,
            "results_url": leg.results_url,
            "details": leg.details,
            "verification_url": leg.verification_url,
            "heard_results_urls": leg.heard_results_urls,
            "cancel": leg.cancel,
            "attempts": leg.attempts,
            "next_attempt_at": leg.next_attempt_at,
            "trouble": leg.trouble,
            "late": leg.late,
        })
    });
    json!({
        "request_id": story.request.request_id,
        "state": story.request.state,
        "legs": legs.collect::<Value>(),
    })
}

fn row(leg: &Leg) -> [String; 6] {
    let receipt = match &leg.receipt {
        Some(receipt) if receipt.verified => format!("verified, by {}", receipt.signer),
        Some(_) => "NOT VERIFIED".to_owned(),
        None => "none".to_owned(),
    };
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    [leg.party.clone(), leg.right.clone(), standing(leg), receipt, or_dash(&leg.expected_by), results(leg)]
}

/// Where the party, or those it has handed it on to, say the results are.
fn results(leg: &Leg) -> String {
    let all: Vec<_> = leg.results_url.iter().chain(&leg.heard_results_urls).map(String::as_str).collect();
    if all.is_empty() { "–".to_owned() } else { all.join("\n") }
}

/// Where it stands, and what is the matter with it.
fn standing(leg: &Leg) -> String {
    let mut said = match leg.cancel.as_str() {
        "wanted" => format!("{} (cancellation asked)", leg.state),
        "refused" => format!("{} (could not be cancelled)", leg.state),
        _ => leg.state.clone(),
    };
    if leg.late {
        said += ", late";
    }
    if let Some(trouble) = &leg.trouble {
        said += &format!(", {trouble}");
    }
    match &leg.next_attempt_at {
        Some(at) if leg.accepted_at.is_some() => format!("{said}, asked again at {at}"),
        Some(at) if leg.attempts > 0 => format!("{said}, tried {} times, again at {at}", leg.attempts),
        None if is_stuck(leg) => said + ", waits for you",
        _ => said,
    }
}

/// Prints legs of several requests.
pub(super) fn table(legs: &[Leg], output: Output) {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    output.table(
        ["leg", "request", "organisation", "party", "right", "state", "expected by"],
        legs.iter().map(|leg| {
            [
                leg.leg_id.clone(),
                leg.request_id.clone(),
                leg.organisation.clone(),
                leg.party.clone(),
                leg.right.clone(),
                standing(leg),
                or_dash(&leg.expected_by),
            ]
        }),
    );
}
