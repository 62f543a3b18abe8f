//! What does the environment say? The one place that reads it, apart from the command line's own variables.

use habeas_core::secret::Secret;

/// Variables that set keys of the configuration begin so: `HABEAS__LISTEN__ADDRESS`.
pub const PREFIX: &str = "HABEAS__";

/// The variables that set keys of the configuration, in the order of their names.
pub fn overrides() -> Vec<(String, String)> {
    let mut found: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    found.sort();
    found
}

/// A secret that the configuration says is in a variable.
#[allow(clippy::disallowed_methods, reason = "the environment is read here")]
pub fn secret(name: &str) -> Option<Secret> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(Secret::new)
}
