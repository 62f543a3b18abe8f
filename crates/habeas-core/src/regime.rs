//! Under which law does the clock run, and when does it ring?

use std::{fmt, str::FromStr};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::clock::{DAY_MS, Instant};

/// The legal regime of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regime {
    /// Regulation (EU) 2016/679: one calendar month from receipt (Art. 12(3)).
    Gdpr,
    /// California Consumer Privacy Act: 45 days from receipt (Cal. Civ. Code 1798.130(a)(2)).
    Ccpa,
    /// No law applies: 45 days by default.
    Voluntary,
}

/// A person may have waited with a controller before it wrote to us; more than this is not held against us.
const OLDEST_SUBMISSION_MS: i64 = 30 * DAY_MS;
const CCPA_DAYS: i64 = 45;

impl Regime {
    /// All regimes.
    pub const ALL: [Self; 3] = [Self::Gdpr, Self::Ccpa, Self::Voluntary];

    /// The name used in configuration, storage and the operator's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gdpr => "gdpr",
            Self::Ccpa => "ccpa",
            Self::Voluntary => "voluntary",
        }
    }

    /// The legal deadline of a request submitted and received at these instants. GDPR's month runs from submission,
    /// but never from earlier than thirty days before receipt; the others run from receipt.
    pub fn respond_by(self, submitted_at: Option<Instant>, received_at: Instant) -> Instant {
        match self {
            Self::Gdpr => {
                let earliest = received_at.plus_ms(-OLDEST_SUBMISSION_MS);
                add_month(submitted_at.unwrap_or(received_at).clamp(earliest, received_at))
            }
            Self::Ccpa | Self::Voluntary => received_at.plus_ms(CCPA_DAYS * DAY_MS),
        }
    }
}

/// One calendar month later in UTC; the last day of a shorter month where the day does not exist.
fn add_month(from: Instant) -> Instant {
    Timestamp::from_millisecond(from.ms())
        .ok()
        .and_then(|at| at.to_zoned(TimeZone::UTC).checked_add(1.month()).ok())
        .map_or(from.plus_ms(30 * DAY_MS), |at| Instant::from_ms(at.timestamp().as_millisecond()))
}

impl fmt::Display for Regime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no regime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a regime; the regimes are gdpr, ccpa and voluntary")]
pub struct NotARegime;

impl FromStr for Regime {
    type Err = NotARegime;
    fn from_str(text: &str) -> Result<Self, NotARegime> {
        Self::ALL.into_iter().find(|regime| regime.as_str() == text).ok_or(NotARegime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_ms(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn gdpr_gives_one_calendar_month_and_never_counts_more_than_thirty_days_back() {
        for (submitted, received, due) in [
            ("2026-01-15T10:00:00Z", "2026-01-15T12:00:00Z", "2026-02-15T10:00:00Z"),
            ("2026-01-31T10:00:00Z", "2026-01-31T12:00:00Z", "2026-02-28T10:00:00Z"),
            ("2020-01-01T00:00:00Z", "2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z"),
            ("2030-01-01T00:00:00Z", "2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z"),
        ] {
            assert_eq!(Regime::Gdpr.respond_by(Some(at(submitted)), at(received)), at(due), "{submitted}");
        }
    }

    #[test]
    fn ccpa_counts_45_days_from_receipt() {
        let due = Regime::Ccpa.respond_by(Some(at("2020-01-01T00:00:00Z")), at("2026-01-01T00:00:00Z"));
        assert_eq!(due, at("2026-02-15T00:00:00Z"));
    }
}
