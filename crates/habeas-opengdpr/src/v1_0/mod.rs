//! OpenGDPR 1.0: what does this version say, and how is it read where it is silent?
//!
//! Two roles: a controller sends, a processor receives, answers with signed receipts and calls back. What was an agent
//! is a processor with sub-processors. Against 0.1 it names the controller in every signed answer, keeps the original
//! out of the answer to a cancellation, adds `cancelled`, `results_url` and `extensions`, and wants its major version
//! first in the path.
//!
//! Readings, by their numbers:
//!
//! - A1 `processor_signature` cannot sign the body that holds it. The header signs the bytes sent; the member, last
//!   and optional by policy, signs the body without itself.
//! - A2 `/status` must exist and is never described: it takes the id as a segment or as a query.
//! - A3 Both spellings of the collection are served with every method; we call the plural.
//! - A4 Any `1.x` in `api_version` means this version.
//! - A5, A38 Callbacks and answers may carry either family of signature headers, whole, and never two that differ.
//!   Everything short of that is 403.
//! - A6 Only a request in `pending` can be cancelled.
//! - A14 Every JSON answer to an authenticated caller is signed, and discovery; errors and certificates are not.
//! - A28 Times from controllers must be RFC 3339 with an offset; times from processors are taken as they come.
//! - A35 A request needs no identity if the receiver's own extension says anything.
//! - A43 `property_id` of 0.1 is no member here. A party that is known to read it in its own extension is sent it
//!   there; beside extensions that the request came with, or to another party, it cannot be said.
//! - A46 There is no word for a denial. The last honest status stands, and `extensions["<own domain>"].denied.reason`
//!   tells it; `completed` never does. `details` beside it says what else there is to say.
//!
//! `api_version` is optional in requests; where it stands its major number must be ours.

use habeas_core::dialect::{DialectId, Knob};

use crate::{
    exchange::{ENDPOINTS, OPENGDPR, OWN_EXTENSIONS_ONLY, PROPERTY_ID_IN_EXTENSIONS, RELATIONSHIPS_IN_EXTENSIONS},
    version::{Version, Words},
};

/// The version's row.
pub(crate) static VERSION: Version = Version {
    id: DialectId::known("opengdpr/1.0"),
    api_version: "1.0",
    number: "1",
    family: OPENGDPR,
    words: Words {
        received: "pending",
        distributed: "in_progress",
        in_progress: "in_progress",
        fulfilled: "completed",
        cancelled: "cancelled",
    },
    roku: "roku_advertising_id",
    receipts_name_controller: true,
    answers_name_version: true,
    cancel_answer_holds_original: false,
    has_results: true,
    has_extensions: true,
    has_property_id: false,
    shows_singular_path: false,
    knobs: &KNOBS,
    endpoints: &ENDPOINTS,
};

static KNOBS: [Knob; 3] = [PROPERTY_ID_IN_EXTENSIONS, OWN_EXTENSIONS_ONLY, RELATIONSHIPS_IN_EXTENSIONS];
