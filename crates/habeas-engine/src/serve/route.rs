//! Which mount and endpoint does a path name?

use std::sync::Arc;

use habeas_core::{
    dialect::{Dialect, Endpoint},
    message::Params,
    organisation::Mount,
    problem::{Code, Problem},
    secret::Secret,
};
use http::Method;

use crate::directory::{Directory, Tenant};

/// Where a request belongs.
pub(super) struct Routed<'a> {
    pub(super) mount: &'a Arc<Mount>,
    pub(super) dialect: &'a Arc<dyn Dialect>,
    pub(super) endpoint: Endpoint,
    pub(super) params: Params,
    /// Other mounts under the very same path that serve this, too.
    pub(super) others: Vec<(&'a Arc<Mount>, &'a Arc<dyn Dialect>)>,
}

/// No such place, or not with this method.
pub(super) struct Miss<'a> {
    /// The mount that has the place, with another method.
    pub(super) mount: Option<&'a Arc<Mount>>,
    pub(super) problem: Problem,
    /// The methods that are allowed, for the `Allow` header.
    pub(super) allow: String,
}

/// Finds the endpoint. The longest mount wins, and of several with one path the first, with the others beside it; a
/// trailing slash is forgiven; HEAD is served as GET.
pub(super) fn route<'a>(
    tenant: &Tenant,
    directory: &'a Directory,
    method: &Method,
    path: &str,
) -> Result<Routed<'a>, Miss<'a>> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let mut allow: Vec<&'static str> = Vec::new();
    let mut has_it = None;
    let mut routed: Option<Routed<'a>> = None;
    for mount in directory.mounts(tenant.domain()) {
        if routed.as_ref().is_some_and(|found| found.mount.path.len() > mount.path.len()) {
            break;
        }
        let (Some(rest), Some(dialect)) = (below(mount, path), directory.dialect(&mount.dialect)) else { continue };
        for endpoint in dialect.endpoints().iter().filter(|endpoint| endpoint.roles.contains(&mount.role)) {
            let Some(params) = matches(endpoint.path, rest) else { continue };
            if endpoint.method.http() == *method {
                match &mut routed {
                    None => routed = Some(Routed { mount, dialect, endpoint: *endpoint, params, others: Vec::new() }),
                    Some(first) if first.mount.path == mount.path && first.dialect.id() != dialect.id() => {
                        first.others.push((mount, dialect));
                    }
                    Some(_) => {}
                }
                continue;
            }
            has_it = has_it.or(Some(mount));
            for name in names(endpoint) {
                if !allow.contains(name) {
                    allow.push(name);
                }
            }
        }
    }
    if let Some(routed) = routed {
        return Ok(routed);
    }
    let code = if allow.is_empty() { Code::NotFound } else { Code::MethodNotAllowed };
    Err(Miss { problem: Problem::new(code), allow: allow.join(", "), mount: has_it })
}

/// The mount in whose words a path without an endpoint is answered.
pub(super) fn nearest<'a>(tenant: &Tenant, directory: &'a Directory, path: &str) -> Option<&'a Arc<Mount>> {
    let mounts = directory.mounts(tenant.domain());
    mounts.iter().find(|mount| below(mount, path).is_some()).or(mounts.first())
}

/// The path below a mount, without slashes at its ends.
fn below<'p>(mount: &Mount, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix(mount.path.as_str())?.strip_prefix('/')?;
    Some(rest.strip_suffix('/').unwrap_or(rest))
}

fn matches(pattern: &str, path: &str) -> Option<Params> {
    let mut params = Params::default();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected {
            "{id}" if !segment.is_empty() => params.id = Some(segment.to_owned()),
            "{token}" if !segment.is_empty() => params.token = Some(Secret::new(segment)),
            _ if expected == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(params)
}

fn names(endpoint: &Endpoint) -> &'static [&'static str] {
    match endpoint.method {
        habeas_core::dialect::Verb::Get => &["GET", "HEAD"],
        habeas_core::dialect::Verb::Post => &["POST"],
        habeas_core::dialect::Verb::Delete => &["DELETE"],
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_catches_single_segments_only() {
        assert_eq!(matches("opengdpr_requests/{id}", "opengdpr_requests/a").unwrap().id.as_deref(), Some("a"));
        for path in ["opengdpr_requests", "opengdpr_requests/", "opengdpr_requests/a/b", "x/a", ""] {
            assert!(matches("opengdpr_requests/{id}", path).is_none(), "{path}");
        }
    }
}
