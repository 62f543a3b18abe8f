//! Which versions are there, and which examples does each give?

use std::{fmt::Debug, sync::Arc};

use habeas_core::dialect::Dialect;

/// A version and the examples of its specification.
pub(crate) struct Edition {
    pub(crate) name: &'static str,
    pub(crate) dialect: fn() -> Arc<dyn Dialect>,
    pub(crate) discovery: &'static str,
    pub(crate) request: &'static str,
    pub(crate) receipt: &'static str,
    pub(crate) error: &'static str,
    pub(crate) status: &'static str,
    pub(crate) callback: &'static str,
    pub(crate) cancellation: &'static str,
}

pub(crate) static EDITIONS: [Edition; 3] = [
    Edition {
        name: "0.1.2",
        dialect: habeas_opengdpr::v0_1_2,
        discovery: include_str!("../../fixtures/0.1.2/6.2-discovery.json"),
        request: include_str!("../../fixtures/0.1.2/7.1-request.json"),
        receipt: include_str!("../../fixtures/0.1.2/7.3-receipt.json"),
        error: include_str!("../../fixtures/0.1.2/7.6-error.json"),
        status: include_str!("../../fixtures/0.1.2/8.3-status.json"),
        callback: include_str!("../../fixtures/0.1.2/8.6-callback.json"),
        cancellation: include_str!("../../fixtures/0.1.2/9.3-cancellation.json"),
    },
    Edition {
        name: "0.1.3",
        dialect: habeas_opengdpr::v0_1_3,
        discovery: include_str!("../../fixtures/0.1.3/6.2-discovery.json"),
        request: include_str!("../../fixtures/0.1.3/7.1-request.json"),
        receipt: include_str!("../../fixtures/0.1.3/7.3-receipt.json"),
        error: include_str!("../../fixtures/0.1.3/7.6-error.json"),
        status: include_str!("../../fixtures/0.1.3/8.3-status.json"),
        callback: include_str!("../../fixtures/0.1.3/8.6-callback.json"),
        cancellation: include_str!("../../fixtures/0.1.3/9.3-cancellation.json"),
    },
    Edition {
        name: "1.0",
        dialect: habeas_opengdpr::v1_0,
        discovery: include_str!("../../fixtures/1.0/6.3-discovery.json"),
        request: include_str!("../../fixtures/1.0/7.1-request.json"),
        receipt: include_str!("../../fixtures/1.0/7.3-receipt.json"),
        error: include_str!("../../fixtures/1.0/7.6-error.json"),
        status: include_str!("../../fixtures/1.0/8.3-status.json"),
        callback: include_str!("../../fixtures/1.0/8.6-callback.json"),
        cancellation: include_str!("../../fixtures/1.0/9.2-cancellation.json"),
    },
];

/// What all versions say, who must say the same.
pub(crate) fn alike<T: PartialEq + Debug>(say: impl Fn(&dyn Dialect) -> T) -> T {
    agreed(&EDITIONS, say)
}

/// What both 0.1 say, who must say the same.
pub(crate) fn both_0_1<T: PartialEq + Debug>(say: impl Fn(&dyn Dialect) -> T) -> T {
    agreed(&EDITIONS[..2], say)
}

fn agreed<T: PartialEq + Debug>(editions: &[Edition], say: impl Fn(&dyn Dialect) -> T) -> T {
    let first = say((editions[0].dialect)().as_ref());
    for edition in editions {
        assert_eq!(say((edition.dialect)().as_ref()), first, "{}", edition.name);
    }
    first
}
