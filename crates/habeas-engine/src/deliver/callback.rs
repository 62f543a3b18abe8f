//! A status message to a URL that the sender of a request gave.

use habeas_core::dialect::Manners;
use habeas_store::Leased;
use url::Url;

use super::{READ_BYTES, Rendered};
use crate::{
    Engine, Error, Result,
    directory::Peer,
    hand::Hand,
    outbound::{Call, Destination},
    send::same_place,
    serve::right_of,
};

impl Engine {
    /// Renders the event as it was then, signed now.
    pub(super) fn render_callback(&self, leased: &Leased) -> Result<Rendered<'_>> {
        let (Some(url), Some(upstream)) = (&leased.url, &leased.request.upstream) else { return Ok(None) };
        let tenant = self.tenant(&leased.request)?;
        let dialect =
            self.directory.dialect(&upstream.dialect).ok_or(Error::Bug("the dialect of a request is gone"))?;
        let callback = dialect.callback().ok_or(Error::Bug("a callback in a dialect without callbacks"))?;
        let Some(peer) = tenant.peer(&upstream.party) else { return Ok(None) };
        let hand = Hand::new(tenant).with(Some(peer));
        let mount = tenant.mounts.iter().find(|mount| mount.path == upstream.mount);
        let x = hand.exchange(mount, self.clock.now());
        let mut outgoing = callback.ask(url, &leased.standing, right_of(&leased.request)?, &x)?;
        hand.done()?;
        // Stable over retries, so that receivers can tell a repetition (Standard Webhooks).
        for (name, value) in [
            ("webhook-id", leased.delivery.id.to_string()),
            ("webhook-timestamp", (self.clock.now().ms() / 1000).to_string()),
        ] {
            if let Ok(value) = value.parse() {
                outgoing.headers.insert(name, value);
            }
        }
        Ok(Some(Call {
            outgoing,
            destination: Destination::Named,
            // Who does not sign shows who it is.
            credential: peer
                .outgoing
                .as_ref()
                .filter(|_| dialect.facts().manners == Manners::Status && is_home(peer, url.url())),
            read_bytes: READ_BYTES,
            within_ms: self.settings.attempt_ms,
        }))
    }
}

/// Whether a URL that a party named is of a place that is known to be its own: only there our credential is shown.
fn is_home(peer: &Peer, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let domain = peer.party.domain.as_str();
    let below = host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    below
        || peer.redirect_origins.contains(&url.origin())
        || peer.party.base.as_ref().is_some_and(|base| same_place(base, url))
}
