//! What a controller asks of a processor, as JSON text.

use serde_json::{Value, json};

/// The id of the specification's own examples.
pub(crate) const ID: &str = "a7551968-d5d6-44b2-9831-815ac9017798";
pub(crate) const EMAIL: &str = "ann@example.org";

/// The `n`th id: a version 4 UUID in lower case.
pub(crate) fn id(n: u32) -> String {
    format!("{n:08x}-d5d6-44b2-9831-815ac9017798")
}

/// A request that is as it should be, until something is changed.
#[derive(Debug, Clone)]
pub(crate) struct Ask(pub(crate) Value);

impl Ask {
    pub(crate) fn of(right: &str) -> Self {
        Self(json!({
            "subject_request_id": ID,
            "subject_request_type": right,
            "submitted_time": "2026-01-01T11:00:00Z",
            "subject_identities": [{"identity_type": "email", "identity_value": EMAIL, "identity_format": "raw"}],
        }))
    }

    pub(crate) fn erasure() -> Self {
        Self::of("erasure")
    }

    pub(crate) fn id(self, id: &str) -> Self {
        self.with("subject_request_id", id)
    }

    pub(crate) fn callbacks<T: AsRef<str>>(self, urls: &[T]) -> Self {
        let urls: Vec<&str> = urls.iter().map(AsRef::as_ref).collect();
        self.with("status_callback_urls", urls)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0[name] = value.into();
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.as_object_mut().unwrap().remove(name).unwrap();
        self
    }

    pub(crate) fn identity(self, kind: &str, format: &str, value: &str) -> Self {
        self.with(
            "subject_identities",
            json!([{"identity_type": kind, "identity_value": value, "identity_format": format}]),
        )
    }

    pub(crate) fn text(&self) -> String {
        self.0.to_string()
    }
}
