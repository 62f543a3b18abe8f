//! How are lengths of time written? As people say them: `30s`, `5m`, `2h`, `14d`.

use std::{fmt, str::FromStr};

use habeas_core::clock::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A length of time in whole milliseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(i64);

/// The text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a length of time: a whole number and ms, s, m, h or d, such as 30s or 14d")]
pub struct NotADuration;

const UNITS: [(&str, i64); 5] = [("d", DAY_MS), ("h", HOUR_MS), ("ms", 1), ("m", MINUTE_MS), ("s", SECOND_MS)];

impl Duration {
    /// So many milliseconds.
    pub const fn from_ms(ms: i64) -> Self {
        Self(if ms < 0 { 0 } else { ms })
    }

    /// In milliseconds.
    pub const fn ms(self) -> i64 {
        self.0
    }
}

impl FromStr for Duration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or(NotADuration)?;
        let (_, unit_ms) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or(NotADuration)?;
        let number: i64 = number.parse().map_err(|_| NotADuration)?;
        number.checked_mul(unit_ms).map(Self).ok_or(NotADuration)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = |(_, unit_ms): &(&str, i64)| *unit_ms <= self.0 && self.0 % unit_ms == 0;
        let mut units = UNITS;
        units.sort_by_key(|(_, unit_ms)| std::cmp::Reverse(*unit_ms));
        match units.into_iter().find(largest) {
            Some((name, unit_ms)) => write!(f, "{}{name}", self.0 / unit_ms),
            None => f.write_str("0s"),
        }
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_as_people_say_them() {
        for (text, ms, written) in [
            ("0s", 0, "0s"),
            ("250ms", 250, "250ms"),
            ("90s", 90_000, "90s"),
            ("60s", 60_000, "1m"),
            ("48h", 2 * DAY_MS, "2d"),
            ("14d", 14 * DAY_MS, "14d"),
        ] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!((duration.ms(), duration.to_string().as_str()), (ms, written), "{text}");
        }
        for text in ["", "5", "s", "-5s", "1.5h", "5 s", "5w", "5M", "99999999999999999999d", "9999999999999999d", "5é"]
        {
            assert_eq!(text.parse::<Duration>(), Err(NotADuration), "{text}");
        }
    }
}
