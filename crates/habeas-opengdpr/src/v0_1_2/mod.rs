//! OpenGDPR 0.1.2: what does this version say, and how is it read where it is silent?
//!
//! It differs from 0.1.3 in one word and one sentence. There is no `distributed`, although an agent must tell its
//! sender that it has handed a request on: it says `in_progress` then, since it is being acted on. And an agent is a
//! party of its own that may be a processor as well, where 0.1.3 calls it a kind of processor; both serve the same
//! here.
//!
//! All readings of 0.1.3 hold, A25 with `in_progress` for `distributed`. A36: where the list of changes names another
//! rule or member than the text (cancelling in `in_progress`, `client_customer_id`), the text holds.

use habeas_core::dialect::DialectId;

use crate::{
    exchange::{ENDPOINTS, OPENGDPR},
    version::{Version, Words},
};

/// The version's row.
pub(crate) static VERSION: Version = Version {
    id: DialectId::known("opengdpr/0.1.2"),
    api_version: "0.1",
    number: "0.1.2",
    family: OPENGDPR,
    words: Words {
        received: "pending",
        distributed: "in_progress",
        in_progress: "in_progress",
        fulfilled: "completed",
        cancelled: "cancelled",
    },
    roku: "roku_aid",
    receipts_name_controller: false,
    answers_name_version: false,
    cancel_answer_holds_original: true,
    has_results: false,
    has_extensions: false,
    has_property_id: true,
    shows_singular_path: true,
    knobs: &[],
    endpoints: &ENDPOINTS,
};
