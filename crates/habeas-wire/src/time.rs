//! Which instant does a text name, and how is an instant written? RFC 3339 section 5.6, milliseconds since 1970.
//!
//! jiff parses much that is not RFC 3339 (missing seconds, `,5`, `+01`, a zone in brackets), so the shape is read
//! here byte by byte and jiff only judges the calendar. Times before the year 0000 or after 9999 have no RFC 3339
//! text and are refused.

mod any;

pub use any::parse_any;
use jiff::{SignedDuration, civil::DateTime};

/// The text names no time, or not in the form asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time")]
pub struct NotATime;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const FIRST: DateTime = DateTime::constant(0, 1, 1, 0, 0, 0, 0);
const LAST: DateTime = DateTime::constant(9999, 12, 31, 23, 59, 59, 999_999_999);

/// Reads an RFC 3339 date-time, in milliseconds since 1970; digits beyond milliseconds are cut off.
///
/// `T` and `Z` may be lower case (section 5.6, note). Second 60, whether or not a leap second happened then, is
/// the first second of the next minute, as POSIX time counts it.
///
/// # Errors
/// [`NotATime`] for any other shape, and for days and hours no calendar has.
pub fn parse_strict(text: &str) -> Result<i64, NotATime> {
    let mut rest = Reader(text.as_bytes());
    let date = rest.date()?;
    rest.one_of(b"Tt")?;
    let time = rest.time()?;
    let offset = rest.offset()?;
    rest.end()?;
    instant(date, time, offset)
}

/// Reads what peers really send: RFC 3339, or the same with a space for `T`, without offset (taken as UTC), or a
/// date alone (its first moment in UTC). White space around it is ignored.
///
/// # Errors
/// [`NotATime`] for any other shape, and for days and hours no calendar has.
pub fn parse_lenient(text: &str) -> Result<i64, NotATime> {
    let mut rest = Reader(text.trim_ascii().as_bytes());
    let date = rest.date()?;
    if rest.end().is_ok() {
        return instant(date, Time::default(), 0);
    }
    rest.one_of(b"Tt ")?;
    let time = rest.time()?;
    let offset = if rest.end().is_ok() { 0 } else { rest.offset()? };
    rest.end()?;
    instant(date, time, offset)
}

/// Writes an instant in UTC with `Z`, whole seconds, rounded down. Instants outside the years 0000 to 9999 are
/// written as the nearest one within.
#[must_use]
pub fn format(at_ms: i64) -> String {
    let elapsed = SignedDuration::from_secs(at_ms.div_euclid(1000));
    // Fails only beyond what a calendar date can hold.
    let nearest = if at_ms < 0 { FIRST } else { LAST };
    let at = EPOCH.checked_add(elapsed).unwrap_or(nearest).clamp(FIRST, LAST);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Writes an instant as [`format()`] does, but with the offset `+00:00`: some readers of ISO 8601 do not know `Z`.
#[must_use]
pub fn format_offset(at_ms: i64) -> String {
    format!("{}+00:00", format(at_ms).trim_end_matches('Z'))
}

/// Year, month, day as written.
type Date = (i16, i8, i8);

#[derive(Default)]
struct Time {
    hour: i8,
    minute: i8,
    second: i8,
    millis: i64,
}

fn instant((year, month, day): Date, time: Time, offset_minutes: i64) -> Result<i64, NotATime> {
    let leap = i64::from(time.second == 60);
    let second = if leap == 1 { 59 } else { time.second };
    let local = DateTime::new(year, month, day, time.hour, time.minute, second, 0).map_err(|_| NotATime)?;
    let seconds = local.duration_since(EPOCH).as_secs() + leap - offset_minutes * 60;
    let within = FIRST.duration_since(EPOCH).as_secs()..=LAST.duration_since(EPOCH).as_secs();
    if within.contains(&seconds) { Ok(seconds * 1000 + time.millis) } else { Err(NotATime) }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn one_of(&mut self, allowed: &[u8]) -> Result<u8, NotATime> {
        let (first, rest) = self.0.split_first().ok_or(NotATime)?;
        if !allowed.contains(first) {
            return Err(NotATime);
        }
        self.0 = rest;
        Ok(*first)
    }

    fn digit(&mut self) -> Result<i8, NotATime> {
        // The byte is a digit, so the difference is 0 to 9.
        self.one_of(b"0123456789").map(|byte| (byte - b'0').cast_signed())
    }

    fn two_digits(&mut self) -> Result<i8, NotATime> {
        Ok(self.digit()? * 10 + self.digit()?)
    }

    fn date(&mut self) -> Result<Date, NotATime> {
        let year = i16::from(self.two_digits()?) * 100 + i16::from(self.two_digits()?);
        self.one_of(b"-")?;
        let month = self.two_digits()?;
        self.one_of(b"-")?;
        Ok((year, month, self.two_digits()?))
    }

    fn time(&mut self) -> Result<Time, NotATime> {
        let hour = self.two_digits()?;
        self.one_of(b":")?;
        let minute = self.two_digits()?;
        self.one_of(b":")?;
        let second = self.two_digits()?;
        let millis = if self.one_of(b".").is_ok() { self.fraction()? } else { 0 };
        Ok(Time { hour, minute, second, millis })
    }

    /// At least one digit; the first three count.
    fn fraction(&mut self) -> Result<i64, NotATime> {
        let mut millis = i64::from(self.digit()?) * 100;
        for weight in [10, 1] {
            millis += self.digit().map_or(0, |digit| i64::from(digit) * weight);
        }
        while self.digit().is_ok() {}
        Ok(millis)
    }

    /// Minutes east of UTC.
    fn offset(&mut self) -> Result<i64, NotATime> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Ok(0),
        };
        let hours = self.two_digits()?;
        self.one_of(b":")?;
        let minutes = self.two_digits()?;
        if hours > 23 || minutes > 59 {
            return Err(NotATime);
        }
        Ok(sign * (i64::from(hours) * 60 + i64::from(minutes)))
    }

    fn end(&self) -> Result<(), NotATime> {
        if self.0.is_empty() { Ok(()) } else { Err(NotATime) }
    }
}

#[cfg(test)]
mod tests;
