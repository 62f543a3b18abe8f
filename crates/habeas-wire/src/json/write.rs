//! How is a JSON object written so that its bytes are ours to choose: compact, members in the order given?

/// Writes the members of one JSON object in the order they are given. Names are the caller's to keep apart.
#[derive(Debug, Default)]
pub struct ObjectWriter {
    text: String,
}

impl ObjectWriter {
    /// A writer of an object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a string member.
    pub fn string(&mut self, name: &str, value: &str) -> &mut Self {
        self.raw(name, &quote(value))
    }

    /// Adds a member whose value is JSON text already; it is copied byte for byte.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        self.text.push_str(&quote(name));
        self.text.push(':');
        self.text.push_str(json);
        self
    }

    /// Adds an integer member.
    pub fn number(&mut self, name: &str, value: i64) -> &mut Self {
        self.raw(name, &value.to_string())
    }

    /// The object as text; the writer is empty again.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        let mut text = std::mem::take(&mut self.text);
        text.push_str(if text.is_empty() { "{}" } else { "}" });
        text.into_bytes()
    }
}

/// A string as JSON text, quotes included.
#[must_use]
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
