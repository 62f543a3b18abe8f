//! Which right does the person use?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A data subject's right, in the words of this project; each dialect has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// To be shown one's data.
    Access,
    /// To be told the categories of data held.
    AccessCategories,
    /// To be shown the specific pieces of data held.
    AccessSpecific,
    /// To be handed one's data in a form that machines read.
    Portability,
    /// To have one's data erased.
    Erasure,
    /// To have the sale of one's data stopped.
    OptOutOfSale,
    /// To allow the sale of one's data again.
    OptInToSale,
}

impl Right {
    /// All rights, reads before erasures.
    pub const ALL: [Self; 7] = [
        Self::Access,
        Self::AccessCategories,
        Self::AccessSpecific,
        Self::Portability,
        Self::Erasure,
        Self::OptOutOfSale,
        Self::OptInToSale,
    ];

    /// The name used in configuration, storage and the operator's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::AccessCategories => "access-categories",
            Self::AccessSpecific => "access-specific",
            Self::Portability => "portability",
            Self::Erasure => "erasure",
            Self::OptOutOfSale => "opt-out-of-sale",
            Self::OptInToSale => "opt-in-to-sale",
        }
    }

    /// Whether a person may be asked to prove who they are before it is granted: not to stop the sale of their data,
    /// nor to allow it again.
    pub const fn may_be_verified(self) -> bool {
        match self {
            Self::OptOutOfSale | Self::OptInToSale => false,
            Self::Access | Self::AccessCategories | Self::AccessSpecific | Self::Portability | Self::Erasure => true,
        }
    }

    /// Whether the fulfilled right hands data back, so that results make sense.
    pub const fn has_results(self) -> bool {
        match self {
            Self::Access | Self::AccessCategories | Self::AccessSpecific | Self::Portability => true,
            Self::Erasure | Self::OptOutOfSale | Self::OptInToSale => false,
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a right; the rights are access, access-categories, access-specific, portability, erasure, opt-out-of-sale and opt-in-to-sale"
)]
pub struct NotARight;

impl FromStr for Right {
    type Err = NotARight;
    fn from_str(text: &str) -> Result<Self, NotARight> {
        Self::ALL.into_iter().find(|right| right.as_str() == text).ok_or(NotARight)
    }
}
