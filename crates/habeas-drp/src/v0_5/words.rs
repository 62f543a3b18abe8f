//! Which words does this version have for rights (§3.01), for where a request stands, and for why (§3.02)?

use std::borrow::Cow;

use habeas_core::{
    right::Right,
    state::{Ground, State},
};

/// The rights in the order in which the specification lists them, spelled as its examples do (R1).
pub(super) const RIGHTS: [(Right, &str); 6] = [
    (Right::OptOutOfSale, "sale:opt-out"),
    (Right::OptInToSale, "sale:opt-in"),
    (Right::Erasure, "deletion"),
    (Right::Access, "access"),
    (Right::AccessCategories, "access:categories"),
    (Right::AccessSpecific, "access:specific"),
];

/// The reason of a request that waits until the person has proved who they are.
pub(super) const NEEDS_VERIFICATION: &str = "need_user_verification";

/// The word for a right, if there is one.
pub(super) fn word_of(right: Right) -> Option<&'static str> {
    RIGHTS.into_iter().find(|(known, _)| *known == right).map(|(_, word)| word)
}

/// The same word as the specification's table spells it.
pub(super) fn underscored(word: &str) -> Cow<'_, str> {
    if word.contains('-') { Cow::Owned(word.replace('-', "_")) } else { Cow::Borrowed(word) }
}

/// The right of a word in either spelling. Blanks around it are an implementation's habit (reading R23).
pub(super) fn right_of(word: &str) -> Option<Right> {
    let word = word.trim();
    RIGHTS.into_iter().find(|(_, known)| *known == word || underscored(known) == word).map(|(right, _)| right)
}

/// The word for where a request stands.
pub(super) const fn status_of(state: &State) -> &'static str {
    match state {
        State::Received => "open",
        State::Distributed | State::InProgress | State::AwaitingVerification { .. } => "in_progress",
        State::Fulfilled { .. } => "fulfilled",
        State::Cancelled => "revoked",
        State::Denied { .. } => "denied",
        State::Expired { .. } => "expired",
    }
}

/// The word for why it stands there, where there is one.
pub(super) const fn reason_of(state: &State) -> Option<&'static str> {
    match state {
        State::AwaitingVerification { .. } => Some(NEEDS_VERIFICATION),
        State::Denied { ground, .. } => Some(match ground {
            Ground::NoMatch => "no_match",
            Ground::SuspectedFraud => "suspected_fraud",
            Ground::InsufficientVerification => "insuf_verification",
            Ground::OutsideJurisdiction => "outside_jurisdiction",
            Ground::Unsupported => "claim_not_covered",
            Ground::TooManyRequests => "too_many_requests",
            Ground::Exempt | Ground::Other => "other",
        }),
        State::Received
        | State::Distributed
        | State::InProgress
        | State::Fulfilled { .. }
        | State::Cancelled
        | State::Expired { .. } => None,
    }
}

/// Whether a peer's reason asks for verification; some write it shorter (R12).
pub(super) fn asks_verification(reason: &str) -> bool {
    matches!(reason, NEEDS_VERIFICATION | "need_verification")
}

/// The ground that a peer's reason names, if it is one we know (R12).
pub(super) fn ground_of(reason: &str) -> Option<Ground> {
    Some(match reason {
        "no_match" => Ground::NoMatch,
        "suspected_fraud" => Ground::SuspectedFraud,
        "insuf_verification" | "insufficient_verification" => Ground::InsufficientVerification,
        "outside_jurisdiction" => Ground::OutsideJurisdiction,
        "claim_not_covered" => Ground::Unsupported,
        "too_many_requests" => Ground::TooManyRequests,
        "other" => Ground::Other,
        _ => return None,
    })
}
