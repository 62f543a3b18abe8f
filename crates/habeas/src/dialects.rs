//! Which versions of which protocols does this program speak? The one list of them.

use std::sync::Arc;

use habeas_core::dialect::{Dialect, DialectId};

/// The dialect spoken where the configuration names none.
pub const USUAL: DialectId = DialectId::known("opengdpr/1.0");

/// Every dialect.
pub fn all() -> Vec<Arc<dyn Dialect>> {
    vec![habeas_opengdpr::v1_0()]
}

/// The dialect of that name.
pub fn named(id: &str) -> Option<Arc<dyn Dialect>> {
    all().into_iter().find(|dialect| dialect.id().as_str() == id)
}
