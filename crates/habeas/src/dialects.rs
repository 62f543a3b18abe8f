//! Which versions of which protocols does this program speak? The one list of them.

use std::sync::Arc;

use habeas_core::{
    dialect::{Dialect, DialectId},
    role::Role,
};

/// The dialect spoken where the configuration names none.
pub const USUAL: DialectId = DialectId::known("opengdpr/1.0");

/// Every dialect, the newest first.
pub fn all() -> Vec<Arc<dyn Dialect>> {
    vec![habeas_opengdpr::v1_0(), habeas_opengdpr::v0_1_3(), habeas_opengdpr::v0_1_2(), habeas_drp::v0_5()]
}

/// The dialect of that name.
pub fn named(id: &str) -> Option<Arc<dyn Dialect>> {
    all().into_iter().find(|dialect| dialect.id().as_str() == id)
}

/// Whether a dialect serves anything in a role.
pub fn has_role(dialect: &dyn Dialect, role: Role) -> bool {
    dialect.endpoints().iter().any(|row| row.roles.contains(&role))
}

/// The path under which a dialect is served where the configuration names none: its version behind a `v`, the major
/// number alone where nothing follows it but noughts. OpenGDPR 1.0 demands `/v1` for itself.
pub fn usual_path(id: &DialectId) -> String {
    let version = id.as_str().rsplit('/').next().unwrap_or_default();
    format!("/v{}", version.strip_suffix(".0").unwrap_or(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_has_a_path_of_its_own() {
        let paths: Vec<_> = all().iter().map(|dialect| usual_path(&dialect.id())).collect();
        assert_eq!(paths, ["/v1", "/v0.1.3", "/v0.1.2", "/v0.5"]);
        assert_eq!(all().first().map(|dialect| dialect.id()), Some(USUAL));
    }
}
