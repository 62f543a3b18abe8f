//! What do many values say together?

use serde::Serialize;

/// The middle of some values in milliseconds, and the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: u64,
    pub(crate) max: u64,
}

impl Spread {
    pub(crate) fn of(values: &[u64]) -> Self {
        Self { median: percentile(values, 50), max: percentile(values, 100) }
    }
}

/// The value below which that share of the values lies; 0 if there are none.
pub(crate) fn percentile(values: &[u64], percent: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let index = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(index).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<u64> = (1..=101).rev().collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (51, 100));
        assert_eq!(Spread::of(&values), Spread { median: 51, max: 101 });
        assert_eq!(Spread::of(&[]), Spread::default());
    }
}
