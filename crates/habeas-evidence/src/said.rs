//! What does a signed body say of its request? Read leniently, as peers write.

use habeas_core::{clock::Instant, dialect::Operation, domain::Domain};
use habeas_wire::{json::Object, time};

/// Deeper than honest peers nest.
const DEPTH: usize = 64;

/// What a body is by its own content. What it is said to answer was signed by nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A status or a callback: it says where the request stands (OpenGDPR 1.0 §8.3, §8.6).
    Status,
    /// The answer to a submission: it says when the request came and when it is to be done (§7.3).
    Submission,
    /// The answer to a cancellation: it says when that came, and nothing is to be done any more (§9.2).
    Cancellation,
    /// It says too little to tell.
    #[default]
    Unclear,
}

/// What a body says, in its signer's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// What it is.
    pub kind: Kind,
    /// The request it is about.
    pub request: Option<String>,
    /// For which controller, by the name that the signer has for it: a receipt cannot be lent to another.
    pub controller: Option<String>,
    /// Where the request stands.
    pub status: Option<String>,
    /// Whether the signer says in its own extension that it refuses.
    pub denied: bool,
    /// When the signer received the request.
    pub received_at: Option<Instant>,
    /// When it expects to be done.
    pub expected_by: Option<Instant>,
}

impl Said {
    /// Reads a body; nothing, where it is no JSON object.
    pub(crate) fn read(body: &[u8], signer: &str) -> Self {
        let Ok(body) = Object::parse(body, DEPTH) else { return Self::default() };
        let text = |name: &str| body.string(name).ok().flatten();
        let instant = |name: &str| time::parse_lenient(&text(name)?).ok().map(Instant::from_ms);
        Self {
            kind: Kind::of(&body),
            request: text("subject_request_id"),
            controller: text("controller_id"),
            status: text("request_status"),
            denied: denied(&body, signer).is_some(),
            received_at: instant("received_time"),
            expected_by: instant("expected_completion_time"),
        }
    }

    /// The state of a leg that this backs, by the name that states have in exports. An answer to a submission or a
    /// cancellation names no status: it stands for one.
    pub(crate) fn backs(&self) -> Option<String> {
        let word = match (&self.status, self.kind) {
            (Some(status), _) => status.trim().to_ascii_lowercase().replace(['-', ' '], "_"),
            (None, Kind::Submission) => "pending".to_owned(),
            (None, Kind::Cancellation) => "cancelled".to_owned(),
            (None, Kind::Status | Kind::Unclear) => return None,
        };
        Some(match word.as_str() {
            "completed" => "fulfilled".to_owned(),
            "canceled" | "cancelled" => "cancelled".to_owned(),
            _ if self.denied => "denied".to_owned(),
            _ => word,
        })
    }
}

impl Kind {
    /// Both versions ask for both times in the answer to a submission, and have no date in that to a cancellation; some
    /// peers send it as `null`. Times that cannot be read tell nothing.
    fn of(body: &Object<'_>) -> Self {
        let is_time = |name: &str| {
            body.string(name).is_ok_and(|text| text.is_some_and(|text| time::parse_lenient(&text).is_ok()))
        };
        let has = |name: &str| body.get(name).is_some();
        match (body.string("request_status"), is_time("received_time")) {
            (Ok(Some(_)), _) => Self::Status,
            (Ok(None), true) if is_time("expected_completion_time") => Self::Submission,
            (Ok(None), true) if !has("expected_completion_time") => Self::Cancellation,
            (Ok(None) | Err(_), _) => Self::Unclear,
        }
    }

    /// Whether an exporter who calls this an answer to `operation` says something else than the signer. What says where
    /// the request stands says so in answer to anything.
    pub(crate) fn contradicts(self, operation: &str) -> bool {
        let own = match self {
            Self::Submission => Operation::Submit,
            Self::Cancellation => Operation::Cancel,
            Self::Status | Self::Unclear => return false,
        };
        // A word that is new since then contradicts nothing.
        Operation::named(operation).is_some_and(|named| named != own)
    }
}

/// The member that stands for a refusal, which OpenGDPR has no status for.
fn denied(body: &Object<'_>, signer: &str) -> Option<()> {
    let signer: Domain = signer.parse().ok()?;
    let extensions = body.object("extensions").ok()??;
    let is_theirs = |name: &str| name.parse::<Domain>().is_ok_and(|domain| domain == signer);
    let (name, _) = extensions.members().find(|(name, _)| is_theirs(name))?;
    extensions.object(name).ok()??.object("denied").ok()?.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_peers_write_is_read_leniently() {
        let body = br#"{"subject_request_id":"x","request_status":"In-Progress","received_time":null,
            "expected_completion_time":"2026-01-01T00:00:00.1234567","results_url":null,"extensions":null,"more":[1]}"#;
        let said = Said::read(body, "a.example");
        assert_eq!((said.request.as_deref(), said.backs().as_deref()), (Some("x"), Some("in_progress")));
        assert_eq!((said.received_at, said.expected_by.map(Instant::ms)), (None, Some(1_767_225_600_123)));
        assert_eq!(said.kind, Kind::Status);
        for body in [&b"not JSON"[..], b"[]", br#"{"request_status":7}"#, b""] {
            assert_eq!(Said::read(body, "a.example"), Said::default());
        }
    }

    #[test]
    fn a_refusal_counts_in_the_signers_own_extension_only() {
        let body = |name: &str| {
            format!(r#"{{"request_status":"pending","extensions":{{"{name}":{{"denied":{{"reason":"exempt"}}}}}}}}"#)
        };
        for (name, state) in [("a.example", "denied"), ("A.Example", "denied"), ("b.example", "pending")] {
            let said = Said::read(body(name).as_bytes(), "a.example");
            assert_eq!(said.backs().as_deref(), Some(state), "{name}");
        }
    }

    #[test]
    fn what_a_body_is_and_backs_is_read_from_its_members() {
        const CAME: &str = r#""received_time":"2026-01-01T00:00:00Z""#;
        const UNTIL: &str = r#""expected_completion_time":"2026-02-01T00:00:00""#;
        const REPEATED: &str = r#""encoded_request":null"#;
        for (members, kind, backs) in [
            (format!("{CAME},{UNTIL},{REPEATED}"), Kind::Submission, Some("pending")),
            (format!("{CAME},{UNTIL}"), Kind::Submission, Some("pending")),
            (CAME.to_owned(), Kind::Cancellation, Some("cancelled")),
            (format!("{CAME},{REPEATED}"), Kind::Cancellation, Some("cancelled")),
            (format!(r#"{CAME},"expected_completion_time":null"#), Kind::Cancellation, Some("cancelled")),
            (format!(r#"{CAME},{UNTIL},"request_status":"in-progress""#), Kind::Status, Some("in_progress")),
            (format!(r#"{CAME},"request_status":null"#), Kind::Cancellation, Some("cancelled")),
            (UNTIL.to_owned(), Kind::Unclear, None),
            (format!(r#"{CAME},"expected_completion_time":"soon""#), Kind::Unclear, None),
            (format!(r#"{CAME},"expected_completion_time":7"#), Kind::Unclear, None),
            (r#""received_time":"yesterday""#.to_owned(), Kind::Unclear, None),
            (format!(r#"{CAME},{UNTIL},"request_status":7"#), Kind::Unclear, None),
            (REPEATED.to_owned(), Kind::Unclear, None),
        ] {
            let said = Said::read(format!("{{{members}}}").as_bytes(), "a.example");
            assert_eq!((said.kind, said.backs().as_deref()), (kind, backs), "{members}");
        }
    }

    #[test]
    fn an_exporter_may_call_a_body_what_it_is_and_nothing_else() {
        for (kind, fitting) in [
            (Kind::Submission, &["submit", "new since then", ""][..]),
            (Kind::Cancellation, &["cancel", "new since then", ""]),
            (Kind::Status, &["submit", "cancel", "status", "callback", "new since then", ""]),
            (Kind::Unclear, &["submit", "cancel", "status", "callback", "new since then", ""]),
        ] {
            for operation in ["submit", "cancel", "status", "callback", "new since then", ""] {
                assert_eq!(kind.contradicts(operation), !fitting.contains(&operation), "{kind:?} {operation}");
            }
        }
    }
}
