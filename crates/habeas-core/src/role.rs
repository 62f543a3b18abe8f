//! In which part does an organisation act?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A role that one of the protocols names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// OpenGDPR: decides over the data, sends requests.
    Controller,
    /// OpenGDPR: holds data for the controller, fulfills requests.
    Processor,
    /// OpenGDPR 0.1: stands between a controller and its processors.
    Agent,
    /// DRP: the business that a person asks.
    CoveredBusiness,
    /// DRP: runs the endpoints for a business.
    Pip,
    /// DRP: acts for the person.
    AuthorizedAgent,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] =
        [Self::Controller, Self::Processor, Self::Agent, Self::CoveredBusiness, Self::Pip, Self::AuthorizedAgent];

    /// The name used in configuration, storage and the operator's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Controller => "controller",
            Self::Processor => "processor",
            Self::Agent => "agent",
            Self::CoveredBusiness => "covered-business",
            Self::Pip => "pip",
            Self::AuthorizedAgent => "authorized-agent",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role; the roles are controller, processor, agent, covered-business, pip and authorized-agent")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;
    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(NotARole)
    }
}
