//! Where does an organisation serve which dialect?

use std::collections::HashSet;

use habeas_core::{
    dialect::{Dialect, DialectId, Operation},
    organisation::Mount,
    role::Role,
};
use url::Url;

use crate::{
    config::{Loaded, organisation},
    dialects,
};

/// The prefix of the version in the paths that OpenGDPR 1.0 writes; everything is served without it, too.
const PREFIX: &str = "/v1";

/// The mounts of an organisation that serves the usual dialect in these roles below a URL.
pub fn usual(roles: &[Role], public_url: &Url) -> Vec<Mount> {
    [PREFIX, ""]
        .into_iter()
        .flat_map(|path| roles.iter().map(move |role| mount(dialects::USUAL, *role, public_url, path)))
        .collect()
}

/// The configured mounts, or else the usual ones.
pub(super) fn assemble(
    loaded: &mut Loaded,
    place: &str,
    configured: &organisation::Organisation,
    public_url: &Url,
) -> Vec<Mount> {
    if configured.mount.is_empty() {
        for (index, role) in configured.roles.iter().enumerate() {
            serves(loaded, &format!("{place}.roles[{index}]"), dialects::USUAL.as_str(), *role);
        }
        if configured.roles.is_empty() {
            loaded.object(&format!("{place}.roles"), "must name a role, or there must be a [[organisation.mount]]");
        }
        return usual(&configured.roles, public_url);
    }
    let mut seen = HashSet::new();
    let mut mounts = Vec::new();
    for (index, row) in configured.mount.iter().enumerate() {
        let at = |key| format!("{place}.mount[{index}].{key}");
        let path = row.path.as_deref();
        match path {
            None => loaded.missing(&at("path")),
            Some(path) if !is_path(path) => {
                loaded.object(&at("path"), "must be empty, or begin with a slash and not end with one, such as /v1");
            }
            Some(_) => {}
        }
        for (key, missing) in [("dialect", row.dialect.is_none()), ("role", row.role.is_none())] {
            if missing {
                loaded.missing(&at(key));
            }
        }
        let (Some(dialect), Some(role), Some(path)) = (row.dialect.as_deref(), row.role, path) else { continue };
        serves(loaded, &at("dialect"), dialect, role);
        if !seen.insert((dialect, role, path)) {
            loaded.object(&at("path"), "this mount is configured twice");
        }
        mounts.push(mount(DialectId::named(dialect), role, public_url, path));
    }
    mounts
}

/// Where peers download the certificate: on the first mount that serves one.
pub fn certificate_url(mounts: &[Mount], dialects: &[std::sync::Arc<dyn Dialect>]) -> Option<Url> {
    mounts.iter().find_map(|mount| {
        let dialect = dialects.iter().find(|dialect| dialect.id() == mount.dialect)?;
        let serves = |row: &&habeas_core::dialect::Endpoint| {
            row.operation == Operation::Certificate && row.roles.contains(&mount.role)
        };
        Some(mount.url(dialect.endpoints().iter().find(serves)?.path))
    })
}

/// Notes it if a dialect is unknown or has no such role.
fn serves(loaded: &mut Loaded, place: &str, dialect: &str, role: Role) {
    match dialects::named(dialect) {
        None => loaded.object(place, unknown(dialect)),
        Some(known) if !known.endpoints().iter().any(|row| row.roles.contains(&role)) => {
            loaded.object(place, format!("{dialect} has no role {role}"));
        }
        Some(_) => {}
    }
}

/// What is said of a dialect that this program does not speak.
pub(super) fn unknown(dialect: &str) -> String {
    let names: Vec<_> = dialects::all().iter().map(|dialect| dialect.id().to_string()).collect();
    format!("{dialect:?} is no dialect of this program; it speaks {}", names.join(", "))
}

fn is_path(path: &str) -> bool {
    path.is_empty()
        || path.starts_with('/')
            && path.split('/').skip(1).all(|segment| {
                !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
            })
}

fn mount(dialect: DialectId, role: Role, public_url: &Url, path: &str) -> Mount {
    let path = format!("{}{path}", public_url.path().trim_end_matches('/'));
    let mut base_url = public_url.clone();
    base_url.set_path(&path);
    Mount { dialect, role, base_url, path }
}
