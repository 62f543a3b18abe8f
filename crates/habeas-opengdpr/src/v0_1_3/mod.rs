//! OpenGDPR 0.1.3: what does this version say, and how is it read where it is silent?
//!
//! Three roles: a controller sends, a processor receives, and an agent is a processor that hands requests on to others
//! and tells its sender when it has. Against 0.1.2 it has the word `distributed` for that, and nothing else on the
//! wire; against 1.0 see there.
//!
//! Readings, by their numbers, where they are not those of 1.0:
//!
//! - A3 The examples show single requests below `/opengdpr_request`, the README of the same day below the plural. Both
//!   are served; we call the plural, and the singular where a peer does not know that.
//! - A4 The version stands in no path. `api_version` is `0.1` on the wire, for 0.1.2 as well; a request may name either
//!   in full.
//! - A7 There is no word for a cancelled request, so a sender could not learn what became of it: `cancelled` is said
//!   here too.
//! - A9 Roku's advertising id is called `roku_aid`; the later name is understood.
//! - A10 The answer to a cancellation repeats the original request: the bytes of the POST, base64. After they were
//!   shred it comes without.
//! - A25 An agent says `pending`, then `distributed` once every processor has the request, then what those say.
//! - A37 `controller_id` stands in statuses and callbacks, and not in receipts.
//! - A43 `property_id` narrows a request to one property and is handed on. There are no `extensions`: an entry for the
//!   party that says no more than `property_id` becomes one, entries for others mean nothing to it and stay behind, and
//!   anything else cannot be said.
//! - A46 There is no place for the reason of a denial or of a delay; the last honest status stands alone.

use habeas_core::dialect::DialectId;

use crate::{
    exchange::{ENDPOINTS, OPENGDPR},
    version::{Version, Words},
};

/// The version's row.
pub(crate) static VERSION: Version = Version {
    id: DialectId::known("opengdpr/0.1.3"),
    api_version: "0.1",
    number: "0.1.3",
    family: OPENGDPR,
    words: Words {
        received: "pending",
        distributed: "distributed",
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
