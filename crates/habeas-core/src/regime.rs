//! Under which law does the clock run, and when does it ring?

use std::{fmt, str::FromStr};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    clock::{DAY_MS, Instant},
    right::Right,
};

/// The legal regime of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regime {
    /// Regulation (EU) 2016/679.
    Gdpr,
    /// California Consumer Privacy Act.
    Ccpa,
    /// No law applies.
    Voluntary,
}

/// A person may have waited with a controller before it wrote to us; more than this is not held against us.
const OLDEST_SUBMISSION_MS: i64 = 30 * DAY_MS;

/// A span of time as a law counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// Calendar months.
    Months(i32),
    /// Days.
    Days(i32),
    /// Days from Monday to Friday. Public holidays count as well: that can only make a deadline earlier.
    BusinessDays(i32),
}

/// How long an organisation has for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Until it has confirmed that it received the request. We do so at once.
    pub acknowledge: Option<Term>,
    /// Until it has responded.
    pub respond: Term,
    /// By how much it may extend that, with notice and reasons before the first date passes; `None`: not at all.
    pub extend: Option<Term>,
    /// Where that is written.
    pub source: &'static str,
}

const GDPR: Terms = Terms {
    acknowledge: None,
    respond: Term::Months(1),
    extend: Some(Term::Months(2)),
    source: "Regulation (EU) 2016/679, Article 12(3)",
};
const CCPA: Terms = Terms {
    acknowledge: Some(Term::BusinessDays(10)),
    respond: Term::Days(45),
    extend: Some(Term::Days(45)),
    source: "Cal. Code Regs. tit. 11, § 7021; Cal. Civ. Code § 1798.130(a)(2)",
};
/// Verification of the person is neither needed nor allowed to hold it up.
const CCPA_SALE: Terms = Terms {
    acknowledge: None,
    respond: Term::BusinessDays(15),
    extend: None,
    source: "Cal. Code Regs. tit. 11, § 7026(f) and (d)",
};
const VOLUNTARY: Terms = Terms {
    acknowledge: None,
    respond: Term::Days(45),
    extend: Some(Term::Days(45)),
    source: "no law; the terms of the CCPA, which people know",
};

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

    /// How long there is for a request of that right.
    pub const fn terms(self, right: Right) -> Terms {
        match (self, right) {
            (Self::Gdpr, _) => GDPR,
            (Self::Ccpa, Right::OptOutOfSale | Right::OptInToSale) => CCPA_SALE,
            (Self::Ccpa, _) => CCPA,
            (Self::Voluntary, _) => VOLUNTARY,
        }
    }

    /// The legal deadline of a request submitted and received at these instants: the earliest of its rights. GDPR's
    /// month runs from submission, but never from earlier than thirty days before receipt; the others run from receipt.
    pub fn respond_by(self, rights: &[Right], submitted_at: Option<Instant>, received_at: Instant) -> Instant {
        let from = self.runs_from(submitted_at, received_at);
        let terms = rights.iter().map(|right| self.terms(*right).respond.after(from));
        terms.min().unwrap_or_else(|| self.terms(Right::Access).respond.after(from))
    }

    /// The latest date to which that deadline may be extended; `None` where it may not.
    pub fn extend_until(
        self,
        rights: &[Right],
        submitted_at: Option<Instant>,
        received_at: Instant,
    ) -> Option<Instant> {
        let from = self.runs_from(submitted_at, received_at);
        let latest = |right: &Right| {
            let terms = self.terms(*right);
            terms.extend.map(|extend| extend.after(terms.respond.after(from)))
        };
        rights.iter().map(latest).try_fold(None, |earliest: Option<Instant>, latest| {
            latest.map(|latest| Some(earliest.map_or(latest, |earliest| earliest.min(latest))))
        })?
    }

    fn runs_from(self, submitted_at: Option<Instant>, received_at: Instant) -> Instant {
        match self {
            Self::Gdpr => {
                let earliest = received_at.plus_ms(-OLDEST_SUBMISSION_MS);
                submitted_at.unwrap_or(received_at).clamp(earliest, received_at)
            }
            Self::Ccpa | Self::Voluntary => received_at,
        }
    }
}

impl Term {
    /// So long after that instant, counted in UTC; the last day of a shorter month where the day does not exist.
    pub fn after(self, from: Instant) -> Instant {
        match self {
            Self::Days(days) => from.plus_ms(i64::from(days) * DAY_MS),
            Self::Months(months) => Timestamp::from_millisecond(from.ms())
                .ok()
                .and_then(|at| at.to_zoned(TimeZone::UTC).checked_add(months.months()).ok())
                .map_or(from.plus_ms(i64::from(months) * 30 * DAY_MS), |at| {
                    Instant::from_ms(at.timestamp().as_millisecond())
                }),
            Self::BusinessDays(days) => {
                let (mut at, mut left) = (from, days);
                while left > 0 {
                    at = at.plus_ms(DAY_MS);
                    left -= i32::from(is_business_day(at));
                }
                at
            }
        }
    }
}

fn is_business_day(at: Instant) -> bool {
    // The first of January 1970 was a Thursday.
    (at.ms().div_euclid(DAY_MS) + 3).rem_euclid(7) < 5
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self {
            Self::Months(count) => (count, "month"),
            Self::Days(count) => (count, "day"),
            Self::BusinessDays(count) => (count, "business day"),
        };
        write!(f, "{count} {unit}{}", if *count == 1 { "" } else { "s" })
    }
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
            assert_eq!(
                Regime::Gdpr.respond_by(&[Right::Erasure], Some(at(submitted)), at(received)),
                at(due),
                "{submitted}"
            );
        }
    }

    #[test]
    fn ccpa_counts_45_days_from_receipt() {
        let received = at("2026-01-01T00:00:00Z");
        let due = Regime::Ccpa.respond_by(&[Right::Erasure], Some(at("2020-01-01T00:00:00Z")), received);
        assert_eq!(due, at("2026-02-15T00:00:00Z"));
        assert_eq!(Regime::Ccpa.extend_until(&[Right::Erasure], None, received), Some(at("2026-04-01T00:00:00Z")));
    }

    #[test]
    fn an_opt_out_of_sale_has_fifteen_business_days_and_no_more() {
        // A Thursday: three weekends lie between.
        let received = at("2026-01-01T09:00:00Z");
        let rights = [Right::Access, Right::OptOutOfSale];
        assert_eq!(Regime::Ccpa.respond_by(&rights, None, received), at("2026-01-22T09:00:00Z"));
        assert_eq!(Regime::Ccpa.extend_until(&rights, None, received), None);
        // From a Saturday the first that counts is Monday.
        assert_eq!(Term::BusinessDays(1).after(at("2026-01-03T09:00:00Z")), at("2026-01-05T09:00:00Z"));
    }

    #[test]
    fn gdpr_may_be_extended_by_two_months() {
        let received = at("2026-01-31T00:00:00Z");
        assert_eq!(Regime::Gdpr.extend_until(&[Right::Access], None, received), Some(at("2026-04-28T00:00:00Z")));
    }
}
