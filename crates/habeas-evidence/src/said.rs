//! What does a signed body say of its request? Read leniently, as peers write.

use habeas_core::{clock::Instant, domain::Domain};
use habeas_wire::{json::Object, time};

/// Deeper than honest peers nest.
const DEPTH: usize = 64;

/// What a body says, in its signer's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
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
    pub(crate) fn backs(&self, operation: &str) -> Option<String> {
        let word = match (&self.status, operation) {
            (Some(status), _) => status.trim().to_ascii_lowercase().replace(['-', ' '], "_"),
            (None, "submit") => "pending".to_owned(),
            (None, "cancel") => "cancelled".to_owned(),
            (None, _) => return None,
        };
        Some(match word.as_str() {
            "completed" => "fulfilled".to_owned(),
            "canceled" | "cancelled" => "cancelled".to_owned(),
            _ if self.denied => "denied".to_owned(),
            _ => word,
        })
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
        assert_eq!((said.request.as_deref(), said.backs("callback").as_deref()), (Some("x"), Some("in_progress")));
        assert_eq!((said.received_at, said.expected_by.map(Instant::ms)), (None, Some(1_767_225_600_123)));
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
            assert_eq!(said.backs("callback").as_deref(), Some(state), "{name}");
        }
    }

    #[test]
    fn answers_without_a_status_stand_for_one() {
        let said = Said::default();
        assert_eq!(said.backs("submit").as_deref(), Some("pending"));
        assert_eq!(said.backs("cancel").as_deref(), Some("cancelled"));
        assert_eq!(said.backs("callback"), None);
    }
}
