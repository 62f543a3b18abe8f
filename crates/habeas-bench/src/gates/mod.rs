//! What is asked of the measurements? The gates of the project, by their numbers.

mod postgres;
mod sqlite;

use crate::{plan::Database, rounds::Round};

/// One line of the result.
pub(crate) struct Gate {
    pub(crate) number: u8,
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    /// `None` for what is told beside the gate.
    pub(crate) bound: Option<Bound>,
    pub(crate) value: fn(&Round) -> Option<f64>,
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Ratio,
    PerSecond,
    Microseconds,
    Milliseconds,
    Seconds,
    Mebibytes,
}

/// What a value should be, and what to reach for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast { gate: f64, reach: f64 },
    AtMost { gate: f64, reach: f64 },
}

impl Bound {
    /// How many times better than the gate asks.
    pub(crate) fn margin(self, value: f64) -> f64 {
        match self {
            Self::AtLeast { gate, .. } => value / gate,
            // What is asked to be small may be none at all.
            Self::AtMost { gate, .. } => gate / value.max(gate / 1000.0),
        }
    }

    /// Whether a value meets the gate, and whether it reaches further.
    pub(crate) fn judge(self, value: f64) -> (bool, bool) {
        match self {
            Self::AtLeast { gate, reach } => (value >= gate, value >= reach),
            Self::AtMost { gate, reach } => (value <= gate, value <= reach),
        }
    }
}

const fn at_least(gate: f64, reach: f64) -> Option<Bound> {
    Some(Bound::AtLeast { gate, reach })
}

const fn at_most(gate: f64, reach: f64) -> Option<Bound> {
    Some(Bound::AtMost { gate, reach })
}

const fn row(
    number: u8,
    what: &'static str,
    unit: Unit,
    bound: Option<Bound>,
    value: fn(&Round) -> Option<f64>,
) -> Gate {
    Gate { number, what, unit, bound, value }
}

/// Every line for a database, in the order of the numbers.
pub(crate) const fn of(database: Database) -> &'static [Gate] {
    match database {
        Database::Sqlite => sqlite::GATES,
        Database::Postgres => postgres::GATES,
    }
}

/// Whether there is a gate of that number here.
pub(crate) fn exists(number: u8) -> bool {
    Database::ALL.iter().flat_map(|database| of(*database)).any(|gate| gate.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_judged_by_the_side_of_its_bound() {
        let least = at_least(0.2, 0.3).unwrap();
        assert_eq!([0.1, 0.2, 0.3].map(|value| least.judge(value)), [(false, false), (true, false), (true, true)]);
        let most = at_most(6.0, 4.0).unwrap();
        assert_eq!([7.0, 6.0, 4.0].map(|value| most.judge(value)), [(false, false), (true, false), (true, true)]);
    }

    #[test]
    fn more_than_one_is_better_than_asked() {
        assert_eq!([0.1, 0.4].map(|value| at_least(0.2, 0.3).unwrap().margin(value)), [0.5, 2.0]);
        assert_eq!([12.0, 3.0, -1.0].map(|value| at_most(6.0, 4.0).unwrap().margin(value)), [0.5, 2.0, 1000.0]);
    }
}
