//! How does a configured destination become one that may be called?

use std::path::Path;

use habeas_engine::directory::Webhook;
use habeas_trust::webhook::{NotAWebhookSecret, WebhookSecret};
use url::Url;

use super::{files, organisation::required};
use crate::config::Loaded;

/// A destination of signed messages: `url` and `secret_file` of a section, both of which must be there.
pub(super) fn assemble(
    loaded: &mut Loaded,
    place: &str,
    url: Option<&Url>,
    secret_file: Option<&Path>,
) -> Option<Webhook> {
    let at = format!("{place}.url");
    let url = required(loaded, &at, url);
    if let Some(url) = &url {
        destination(loaded, &at, url);
    }
    let at = format!("{place}.secret_file");
    let file = required(loaded, &at, secret_file.map(Path::to_owned).as_ref());
    let text = file.and_then(|file| files::secret(loaded, &at, &file))?;
    let secret: Result<WebhookSecret, NotAWebhookSecret> = text.expose().parse();
    let secret = secret.map_err(|error| loaded.object(&at, error.to_string())).ok()?;
    Some(Webhook { url: url?, secret })
}

/// Notes it if a destination that the operator names is none that may be called.
pub(super) fn destination(loaded: &mut Loaded, place: &str, url: &Url) {
    match url.scheme() {
        "https" => {}
        "http" if !loaded.config.egress.allow.is_empty() => {}
        "http" => loaded.object(place, "may begin with http:// only where egress.allow names private networks"),
        _ => loaded.object(place, "must begin with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        loaded.object(place, "may not carry a credential");
    }
}
