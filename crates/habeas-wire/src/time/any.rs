//! Which instant does a text name that is RFC 3339 or close to it? ISO 8601 writes the same times without separators.

use super::{Date, NotATime, Reader, Time, instant};

/// Reads what [`parse_lenient`](super::parse_lenient) reads, and beyond that the basic form of ISO 8601 for the date,
/// the time or the offset (`20210902T152725.403-0700`), and offsets of hours alone.
///
/// # Errors
/// [`NotATime`] for any other shape, and for days and hours no calendar has.
pub fn parse_any(text: &str) -> Result<i64, NotATime> {
    let mut rest = Reader(text.trim_ascii().as_bytes());
    let date = date(&mut rest)?;
    if rest.end().is_ok() {
        return instant(date, Time::default(), 0);
    }
    rest.one_of(b"Tt ")?;
    let time = time(&mut rest)?;
    let offset = if rest.end().is_ok() { 0 } else { offset(&mut rest)? };
    rest.end()?;
    instant(date, time, offset)
}

fn date(rest: &mut Reader<'_>) -> Result<Date, NotATime> {
    let year = i16::from(rest.two_digits()?) * 100 + i16::from(rest.two_digits()?);
    let separated = rest.one_of(b"-").is_ok();
    let month = rest.two_digits()?;
    if separated {
        rest.one_of(b"-")?;
    }
    Ok((year, month, rest.two_digits()?))
}

fn time(rest: &mut Reader<'_>) -> Result<Time, NotATime> {
    let hour = rest.two_digits()?;
    let separated = rest.one_of(b":").is_ok();
    let minute = rest.two_digits()?;
    if separated {
        rest.one_of(b":")?;
    }
    let second = rest.two_digits()?;
    let millis = if rest.one_of(b".").is_ok() { rest.fraction()? } else { 0 };
    Ok(Time { hour, minute, second, millis })
}

/// Minutes east of UTC.
fn offset(rest: &mut Reader<'_>) -> Result<i64, NotATime> {
    let sign = match rest.one_of(b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Ok(0),
    };
    let hours = rest.two_digits()?;
    let separated = rest.one_of(b":").is_ok();
    let minutes = if separated || rest.end().is_err() { rest.two_digits()? } else { 0 };
    if hours > 23 || minutes > 59 {
        return Err(NotATime);
    }
    Ok(sign * (i64::from(hours) * 60 + i64::from(minutes)))
}
