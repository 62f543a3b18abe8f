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

/// The dialect of people's agents.
const DRP: DialectId = DialectId::known("drp/0.5");

/// Where its roles are served: discovery has its place at the top, and the others need names of their own, since their
/// paths are as short as `status`.
const DRP_PATHS: [(Role, &str); 3] =
    [(Role::CoveredBusiness, ""), (Role::Pip, "/data-rights"), (Role::AuthorizedAgent, "/drp")];

/// The mounts of an organisation in these roles below a URL, where nothing else is said. An agent serves every version
/// that knows agents, the other roles the usual one.
pub fn usual(roles: &[Role], public_url: &Url) -> Vec<Mount> {
    let of_role = |role: Role| usual_dialects(role).into_iter().map(move |dialect| (dialect, role));
    let pairs: Vec<_> = roles.iter().copied().filter(|role| drp_path(*role).is_none()).flat_map(of_role).collect();
    let drp = roles.iter().filter_map(|role| Some(mount(DRP, *role, public_url, drp_path(*role)?)));
    prefixed(&pairs, public_url).into_iter().chain(drp).collect()
}

fn drp_path(role: Role) -> Option<&'static str> {
    DRP_PATHS.into_iter().find(|(known, _)| *known == role).map(|(_, path)| path)
}

/// Mounts of these dialects and roles below a URL: each under its own prefix, and all of them without one.
pub fn prefixed(pairs: &[(DialectId, Role)], public_url: &Url) -> Vec<Mount> {
    let at = |(dialect, role): &(DialectId, Role), path: &str| mount(dialect.clone(), *role, public_url, path);
    let prefixed = pairs.iter().map(|pair| at(pair, &dialects::usual_path(&pair.0)));
    prefixed.chain(pairs.iter().map(|pair| at(pair, ""))).collect()
}

/// The dialects in which a role is served where nothing else is said.
pub(super) fn usual_dialects(role: Role) -> Vec<DialectId> {
    match role {
        Role::CoveredBusiness | Role::Pip | Role::AuthorizedAgent => vec![DRP],
        Role::Agent => {
            let knows_agents = |dialect: &std::sync::Arc<dyn Dialect>| dialects::has_role(dialect.as_ref(), role);
            dialects::all().iter().filter(|dialect| knows_agents(dialect)).map(|dialect| dialect.id()).collect()
        }
        Role::Controller | Role::Processor => vec![dialects::USUAL],
    }
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
            for dialect in usual_dialects(*role) {
                serves(loaded, &format!("{place}.roles[{index}]"), dialect.as_str(), *role);
            }
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
        // Several dialects may share a path: the engine tells their messages apart.
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

/// Where people's agents send requests: on the mount of a privacy infrastructure provider.
pub fn api_base(mounts: &[Mount]) -> Option<Url> {
    mounts.iter().find(|mount| mount.role == Role::Pip).map(|mount| mount.base_url.clone())
}

/// Notes it if a dialect is unknown or has no such role.
fn serves(loaded: &mut Loaded, place: &str, dialect: &str, role: Role) {
    match dialects::named(dialect) {
        None => loaded.object(place, unknown(dialect)),
        Some(known) if !dialects::has_role(known.as_ref(), role) => {
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

/// A mount below a URL.
pub fn mount(dialect: DialectId, role: Role, public_url: &Url, path: &str) -> Mount {
    let path = format!("{}{path}", public_url.path().trim_end_matches('/'));
    let mut base_url = public_url.clone();
    base_url.set_path(&path);
    Mount { dialect, role, base_url, path }
}
