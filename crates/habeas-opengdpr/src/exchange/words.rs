//! Which words do the versions share? Rights (1.0 §6.2), kinds of identities (§5.1) and, as heard from peers,
//! statuses (§8; A7).

use habeas_core::{leg::Progress, right::Right};

/// The rights that OpenGDPR has words for, in the order in which problems name them.
const RIGHTS: [(Right, &str); 3] =
    [(Right::Access, "access"), (Right::Portability, "portability"), (Right::Erasure, "erasure")];

/// Rights that OpenGDPR does not have, as an extension of this project: for receivers only that list these words of DRP
/// among their request types, never said by way of another right.
const EXTENSION: [(Right, &str); 2] = [(Right::OptOutOfSale, "sale:opt-out"), (Right::OptInToSale, "sale:opt-in")];

/// The right said for ours. The specific pieces of data are what `access` hands out; a list of categories is not.
pub(crate) const fn nearest(right: Right) -> Option<Right> {
    match right {
        Right::Access | Right::AccessSpecific => Some(Right::Access),
        Right::Portability => Some(Right::Portability),
        Right::Erasure => Some(Right::Erasure),
        Right::OptOutOfSale => Some(Right::OptOutOfSale),
        Right::OptInToSale => Some(Right::OptInToSale),
        Right::AccessCategories => None,
    }
}

/// Whether the word for a right is none of OpenGDPR's own.
pub(super) fn is_extension(right: Right) -> bool {
    EXTENSION.iter().any(|(known, _)| *known == right)
}

/// The word for a right, if there is one.
pub(super) fn word_of(right: Right) -> Option<&'static str> {
    RIGHTS.into_iter().chain(EXTENSION).find(|(known, _)| *known == right).map(|(_, word)| word)
}

/// The right of a word.
pub(super) fn right_of(word: &str) -> Option<Right> {
    RIGHTS.into_iter().chain(EXTENSION).find(|(_, known)| *known == word).map(|(right, _)| right)
}

/// The name under which a kind is known inside: 0.1 called Roku's advertising id otherwise (A9).
pub(crate) fn canonical_kind(kind: &str) -> &str {
    match kind {
        "roku_aid" => "roku_advertising_id",
        other => other,
    }
}

/// What a peer's word for a status means. Peers differ in spelling, and use each other's words.
pub(super) fn progress_of(word: &str) -> Progress {
    let word = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    match word.as_str() {
        "pending" => Progress::Pending,
        "distributed" => Progress::Distributed,
        "in_progress" => Progress::InProgress,
        "completed" => Progress::Fulfilled,
        "cancelled" | "canceled" => Progress::Cancelled,
        _ => Progress::Unknown,
    }
}
