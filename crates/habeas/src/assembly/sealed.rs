//! How are secrets read that stand sealed in the configuration, so that they open for one organisation and party only?

use habeas_core::{domain::Domain, secret::Secret};
use habeas_trust::{seal::Sealer, shared_secret};

use crate::config::Loaded;

/// The secret with which an organisation shows a party who it is.
pub const CREDENTIAL: &str = "credential";
/// The secret that identity tokens between the two are signed with.
pub const IDENTITY: &str = "identity";

/// As what a party's secret is sealed.
pub fn name(organisation: &Domain, party: &str, kind: &str) -> String {
    format!("{organisation} {party} {kind}")
}

/// For whom sealed secrets open.
#[derive(Clone, Copy)]
pub(super) struct Seal<'a> {
    /// The organisation.
    pub(super) domain: Option<&'a Domain>,
    /// Its key.
    pub(super) sealer: Option<&'a Sealer>,
    /// The party, by the name that it has here.
    pub(super) party: Option<&'a str>,
}

impl Seal<'_> {
    /// The secret that is sealed in a text.
    pub(super) fn open(&self, loaded: &mut Loaded, place: &str, text: &str, kind: &str) -> Option<Secret> {
        if !text.starts_with("sealed:") {
            let message = "must be sealed:…, as `habeas keys pair` prints it; a secret in clear belongs into a file";
            loaded.object(place, message);
            return None;
        }
        // Where one of these is missing, that was noted.
        let (domain, sealer, party) = (self.domain?, self.sealer?, self.party?);
        match shared_secret::open_text(sealer, &name(domain, party, kind), text) {
            Ok(clear) => Some(Secret::new(clear.as_str())),
            Err(_) => {
                let message = format!(
                    "does not open as the {kind} of {party} at {domain}: it was sealed as something else, or with \
                     another sealing key"
                );
                loaded.object(place, message);
                None
            }
        }
    }
}

/// Whether at most one of these keys is given; notes every further one.
pub(super) fn alone(loaded: &mut Loaded, place: &str, keys: &[(&str, bool)]) -> bool {
    let mut given = keys.iter().filter(|(_, given)| *given).map(|(key, _)| *key);
    let Some(first) = given.next() else { return true };
    let others: Vec<_> = given.collect();
    for other in &others {
        loaded.object(&format!("{place}.{other}"), format!("stands beside {first}: only one of them"));
    }
    others.is_empty()
}
