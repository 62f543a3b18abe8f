//! When is something that failed tried again? Pure arithmetic.

use habeas_core::{
    clock::{DAY_MS, HOUR_MS, Instant, MINUTE_MS, SECOND_MS},
    random::Random,
};

/// The waiting times between attempts. After the last step every further one waits as long as the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The time before each attempt, in milliseconds; the first is usually 0.
    pub steps_ms: Vec<i64>,
}

impl Default for Schedule {
    /// 0, 5 s, 1 m, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, then daily.
    fn default() -> Self {
        Self {
            steps_ms: vec![
                0,
                5 * SECOND_MS,
                MINUTE_MS,
                5 * MINUTE_MS,
                30 * MINUTE_MS,
                2 * HOUR_MS,
                5 * HOUR_MS,
                10 * HOUR_MS,
                14 * HOUR_MS,
                20 * HOUR_MS,
                DAY_MS,
            ],
        }
    }
}

/// Retries spread by this share of the step to either side, so that many do not come at once.
const JITTER_PERCENT: i64 = 20;

impl Schedule {
    /// The instant of the next attempt after `attempts` failed ones. A receiver's own wish (`Retry-After`) is
    /// honored between the step and a day.
    pub fn next(&self, attempts: u32, now: Instant, retry_after_ms: Option<i64>, random: &dyn Random) -> Instant {
        let step = self.step(attempts);
        let jittered = step + step * JITTER_PERCENT * spread(random) / (100 * 128);
        let wait = retry_after_ms.map_or(jittered, |asked| asked.clamp(step.min(DAY_MS), DAY_MS));
        now.plus_ms(wait)
    }

    fn step(&self, attempts: u32) -> i64 {
        let index = usize::try_from(attempts).unwrap_or(usize::MAX);
        self.steps_ms.get(index).or(self.steps_ms.last()).copied().unwrap_or(DAY_MS).max(0)
    }
}

/// Between -128 and 127.
fn spread(random: &dyn Random) -> i64 {
    let mut byte = [0];
    random.fill(&mut byte);
    i64::from(i8::from_le_bytes(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn wait(attempts: u32, retry_after_ms: Option<i64>, byte: u8) -> i64 {
        let now = Instant::from_ms(1_000_000);
        Schedule::default().next(attempts, now, retry_after_ms, &Fixed(byte)).since(now)
    }

    #[test]
    fn the_steps_follow_the_published_contract() {
        let steps: Vec<i64> = (1..13).map(|attempts| wait(attempts, None, 0) / SECOND_MS).collect();
        assert_eq!(steps, [5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, 86400, 86400]);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        assert_eq!(wait(2, None, 0x80), 48_000);
        assert!((71_000..=72_000).contains(&wait(2, None, 0x7f)));
    }

    #[test]
    fn the_receivers_wish_is_clamped_between_the_step_and_a_day() {
        assert_eq!(wait(2, Some(1), 0), MINUTE_MS);
        assert_eq!(wait(2, Some(HOUR_MS), 0), HOUR_MS);
        assert_eq!(wait(2, Some(40 * DAY_MS), 0), DAY_MS);
    }
}
