//! By which road does a request come, and what is promised on it?

use serde::{Deserialize, Serialize};

/// What each callback URL of an OpenGDPR request is told, in this order.
pub(crate) const STORY: [&str; 3] = ["pending", "in_progress", "completed"];

/// A protocol that requests come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    /// OpenGDPR 1.0, from a controller.
    OpenGdpr,
    /// The Data Rights Protocol 0.5, from a person's authorized agent.
    Drp,
}

impl Protocol {
    /// The status of an answer that takes a request.
    pub(crate) const fn takes(self) -> u16 {
        match self {
            Self::OpenGdpr => 201,
            Self::Drp => 200,
        }
    }

    /// What each callback URL must be told. In DRP the newest news takes the place of older ones not yet told.
    pub(crate) const fn story(self) -> &'static [&'static str] {
        match self {
            Self::OpenGdpr => &STORY,
            Self::Drp => &["fulfilled"],
        }
    }

    /// How a request that is done is called.
    pub(crate) fn done(self) -> &'static str {
        self.story().last().copied().unwrap_or_default()
    }

    /// The members of a status object that say whose it is and how it stands.
    pub(crate) const fn members(self) -> (&'static str, &'static str) {
        match self {
            Self::OpenGdpr => ("subject_request_id", "request_status"),
            Self::Drp => ("request_id", "status"),
        }
    }
}
