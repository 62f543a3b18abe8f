//! Which thing is meant?

use std::{fmt, str::FromStr};

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
    /// A signing key, by a digest of its public half.
    KeyId;
}

/// One delivery: what one receiver is told of one event of a request. It is the same over all attempts, so receivers
/// can tell repetitions by it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId {
    /// The request.
    pub request: RequestId,
    /// Which of the receivers.
    pub lane: i32,
    /// The number of the event.
    pub seq: u32,
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.request, self.lane, self.seq)
    }
}

impl fmt::Debug for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text names no delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a delivery")]
pub struct NotADeliveryId;

impl FromStr for DeliveryId {
    type Err = NotADeliveryId;
    fn from_str(text: &str) -> Result<Self, NotADeliveryId> {
        let mut parts = text.rsplitn(3, '.');
        let (seq, lane, request) = (parts.next(), parts.next(), parts.next());
        let seq = seq.and_then(|seq| seq.parse().ok()).ok_or(NotADeliveryId)?;
        let lane = lane.and_then(|lane| lane.parse().ok()).ok_or(NotADeliveryId)?;
        let request = request.filter(|request| !request.is_empty()).ok_or(NotADeliveryId)?;
        Ok(Self { request: RequestId::new(request), lane, seq })
    }
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
    use super::*;

    #[test]
    fn a_delivery_is_named_by_its_place() {
        let id = DeliveryId { request: RequestId::new("0192.a-b"), lane: -1, seq: 7 };
        assert_eq!(id.to_string(), "0192.a-b.-1.7");
        assert_eq!("0192.a-b.-1.7".parse(), Ok(id));
        for text in ["", "a", "a.1", ".1.2", "a.x.1", "a.1.x", "a.1.-1"] {
            assert_eq!(text.parse::<DeliveryId>(), Err(NotADeliveryId), "{text}");
        }
    }

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
