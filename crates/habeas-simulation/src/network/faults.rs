//! What may happen to an exchange, and how often.

use std::fmt;

use crate::{chance::Chance, frail::Side};

/// The longest wish of a `Retry-After`.
const RETRY_AFTER_S: u64 = 4 * 3600;

/// What happens to one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// There is no way to whom it is for.
    Down,
    /// The message gets lost.
    Lost,
    /// The answer gets lost: what was asked for is done, and who asked does not know.
    AnswerLost,
    /// The message arrives twice.
    Doubled,
    /// The sender waits no more when the message arrives, so long after.
    Late {
        /// How long.
        ms: i64,
    },
    /// It takes a while.
    Slow {
        /// How long.
        ms: i64,
    },
    /// Something between the two answers with an error.
    Failing {
        /// Which.
        status: u16,
    },
    /// Too much is asked.
    Busy {
        /// When to come again.
        seconds: u32,
    },
    /// What whoever was asked has to tell arrives before its answer.
    Overtaken,
    /// The sender dies while it waits.
    Dies {
        /// Whether the message has arrived.
        heard: bool,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Down => f.write_str("down, "),
            Self::Lost => f.write_str("request lost, "),
            Self::AnswerLost => f.write_str("answer lost, "),
            Self::Doubled => f.write_str("twice, "),
            Self::Late { ms } => write!(f, "{ms} ms late, "),
            Self::Slow { ms } => write!(f, "after {ms} ms, "),
            Self::Failing { .. } => f.write_str("on the way, "),
            Self::Busy { seconds } => write!(f, "on the way, again in {seconds} s, "),
            Self::Overtaken => f.write_str("overtaken, "),
            Self::Dies { heard: true } => f.write_str("the sender dies, and it was heard"),
            Self::Dies { heard: false } => f.write_str("the sender dies, and it was not heard"),
        }
    }
}

/// How often each of them happens, in a thousand exchanges, and how often a node dies, in a thousand durable steps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    lost: u64,
    answer_lost: u64,
    doubled: u64,
    late: u64,
    slow: u64,
    failing: u64,
    busy: u64,
    overtaken: u64,
    dies: u64,
    dies_at_a_step: u64,
}

impl Weather {
    /// That of one seed: mild, rough, or bad in one way above all.
    pub(crate) fn of(chance: &Chance) -> Self {
        let mut weather = Self {
            lost: 20,
            answer_lost: 30,
            doubled: 20,
            late: 15,
            slow: 30,
            failing: 20,
            busy: 10,
            overtaken: 40,
            dies: 10,
            dies_at_a_step: 10,
        };
        match chance.below(8) {
            0 => weather = Self::default(),
            1 => weather.answer_lost = 250,
            2 => weather.late = 200,
            3 => weather.overtaken = 300,
            4 => (weather.dies, weather.dies_at_a_step) = (100, 60),
            5 => weather.failing = 250,
            6 => (weather.lost, weather.doubled) = (150, 150),
            _ => {}
        }
        weather
    }

    /// On which side of a durable step its node dies, if it does. It dies less at those that workers take all the
    /// time, mostly for nothing.
    pub(crate) fn death(self, chance: &Chance, step: &str) -> Option<Side> {
        let often = matches!(step, "lease_deliveries" | "lease_legs" | "shred" | "flag_late");
        let side = if chance.in_thousand(500) { Side::Before } else { Side::After };
        let falls = chance.in_thousand(self.dies_at_a_step) && !(often && chance.in_thousand(900));
        falls.then_some(side)
    }

    pub(crate) fn fault(self, chance: &Chance, within_ms: i64, may_die: bool, may_be_overtaken: bool) -> Fault {
        let within = u64::try_from(within_ms).unwrap_or(0);
        let roll = chance.below(1000);
        let some = |most: u64| i64::try_from(chance.below(most)).unwrap_or(0);
        let mut sum = 0;
        let mut falls = |share: u64| {
            sum += share;
            roll < sum
        };
        if falls(self.lost) {
            Fault::Lost
        } else if falls(self.answer_lost) {
            Fault::AnswerLost
        } else if falls(self.doubled) {
            Fault::Doubled
        } else if falls(self.late) {
            Fault::Late { ms: some(within) }
        } else if falls(self.slow) {
            Fault::Slow { ms: some(within) }
        } else if falls(self.failing) {
            Fault::Failing { status: chance.pick(&[500, 502, 503, 504]).copied().unwrap_or(500) }
        } else if falls(self.busy) {
            Fault::Busy { seconds: u32::try_from(chance.below(RETRY_AFTER_S)).unwrap_or(0) }
        } else if falls(self.overtaken) && may_be_overtaken {
            Fault::Overtaken
        } else if falls(self.dies) && may_die {
            Fault::Dies { heard: chance.in_thousand(500) }
        } else {
            Fault::None
        }
    }
}
