//! How is a request that was sent shown? The one shape of `send`, `status` and `cancel`.

use habeas_server::operator::dto::{Leg, Story};
use serde_json::{Value, json};

use super::{
    exit::{Exit, Failure, Outcome},
    output::Output,
};

/// Prints it with its legs.
pub(super) fn print(story: &Story, output: Output) {
    if output.is_json() {
        output.json(&value(story));
        return;
    }
    output.say(&format!("request {}: {}", story.request.request_id, story.request.state));
    output.table(["party", "right", "state", "receipt", "expected by", "results"], story.legs.iter().map(row));
}

/// It failed if a party said no.
pub(super) fn verdict(story: &Story) -> Outcome {
    let refused = story.legs.iter().any(|leg| matches!(leg.state.as_str(), "refused" | "denied"));
    if refused || story.request.state == "denied" { Err(Failure::Told(Exit::Failed)) } else { Ok(()) }
}

/// Whether the party has answered our submission, or will never have to. A callback that came before the answer is none:
/// the receipt is still under way.
pub(super) fn is_answered(leg: &Leg) -> bool {
    leg.accepted_at.is_some() || matches!(leg.state.as_str(), "refused" | "waived")
}

/// Whether nothing is left to be done.
pub(super) fn is_final(story: &Story) -> bool {
    story.request.final_at.is_some()
}

fn value(story: &Story) -> Value {
    let legs = story.legs.iter().map(|leg| {
        json!({
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
            "cancel": leg.cancel,
            "attempts": leg.attempts,
            "next_attempt_at": leg.next_attempt_at,
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
    let state = match leg.cancel.as_str() {
        "wanted" => format!("{} (cancellation asked)", leg.state),
        "refused" => format!("{} (could not be cancelled)", leg.state),
        _ => leg.state.clone(),
    };
    let state = match &leg.next_attempt_at {
        Some(at) if leg.attempts > 0 => format!("{state}, tried {} times, again at {at}", leg.attempts),
        _ => state,
    };
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    [leg.party.clone(), leg.right.clone(), state, receipt, or_dash(&leg.expected_by), or_dash(&leg.results_url)]
}
