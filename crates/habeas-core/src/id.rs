//! Which thing is meant?

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::{Uuid, Variant};

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    )*};
}

text_ids! {
    /// Our own name of a request, unique on this server.
    RequestId;
    /// The id under which a request is known between us and one peer.
    WireId;
    /// The id that a downstream party has for a leg: ours where the sender makes ids, the party's own where not.
    RemoteId;
    /// A counterparty of one organisation, as its configuration names it: by default the party's domain.
    PartyId;
    /// One leg.
    LegId;
    /// One delivery.
    DeliveryId;
    /// A signing key, by a digest of its public half.
    KeyId;
}

/// Says whether the text is a version 4 UUID in lower-case hyphenated form (OpenGDPR 1.0 §1.1).
pub fn is_lower_uuid_v4(text: &str) -> bool {
    let Ok(uuid) = Uuid::try_parse(text) else { return false };
    let mut buffer = Uuid::encode_buffer();
    uuid.get_version_num() == 4
        && uuid.get_variant() == Variant::RFC4122
        && uuid.hyphenated().encode_lower(&mut buffer) == text
}

#[cfg(test)]
mod tests {
    use super::is_lower_uuid_v4;

    #[test]
    fn only_lower_case_hyphenated_v4_uuids_pass() {
        for (text, good) in [
            ("a7551968-d5d6-44b2-9831-815ac9017798", true),
            ("A7551968-D5D6-44B2-9831-815AC9017798", false),
            ("a7551968d5d644b29831815ac9017798", false),
            ("{a7551968-d5d6-44b2-9831-815ac9017798}", false),
            ("urn:uuid:a7551968-d5d6-44b2-9831-815ac9017798", false),
            ("a7551968-d5d6-14b2-9831-815ac9017798", false),
            ("a7551968-d5d6-44b2-c831-815ac9017798", false),
            ("a7551968-d5d6-44b2-9831-815ac901779", false),
            ("", false),
        ] {
            assert_eq!(is_lower_uuid_v4(text), good, "{text}");
        }
    }
}
