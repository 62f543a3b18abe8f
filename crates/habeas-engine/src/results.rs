//! What all parties have found for a person is handed over in one piece.
//!
//! The person cannot show a party who they are, so the parties' results are fetched for them, at the moment they ask.
//! Nothing of it is kept here.

use futures_util::stream::{self, StreamExt as _};
use habeas_core::{
    clock::SECOND_MS,
    dialect::{Manners, Outgoing},
    id::RequestId,
    leg::{Leg, LegState, Progress},
    problem::{Code, Problem},
    random::hex_token,
    request::Request,
    state::State,
};
use habeas_trust::digest::constant_time_eq;
use habeas_wire::json::{ObjectWriter, quote};
use http::{HeaderMap, Method, header};
use url::Url;

use crate::{
    Engine, Result,
    directory::{Peer, Tenant},
    outbound::{Call, Destination, OutboundError},
    send::same_place,
};

/// Where results are handed over, on every organisation's host.
pub const RESULTS_PATH: &str = "/results/";
/// So much of one party's results is handed over.
const RESULTS_BYTES: usize = 4 * 1024 * 1024;
/// Less than the person's browser is kept waiting, so that one party that hangs does not hide the others.
const WITHIN_MS: i64 = 10 * SECOND_MS;
const AT_ONCE: usize = 8;
/// So many places are looked at that a party has heard of from others.
const HEARD: usize = 4;

impl Engine {
    /// The one address where everything is that the parties have found.
    pub(crate) fn results_url(&self, tenant: &Tenant, request: &Request) -> Option<Url> {
        let mount = request.upstream.as_ref()?.mount.as_str();
        let mut url = tenant.mounts.iter().find(|one| one.path == mount)?.base_url.clone();
        url.set_path(&format!("{RESULTS_PATH}{}.{}", request.id, hex_token::<32>(self.random.as_ref())));
        url.set_query(None);
        Some(url)
    }

    /// The results of all parties, as one JSON document, for who knows their address.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there are none at this address, or no longer; when the store fails.
    pub async fn results(&self, host: &str, token: &str) -> Result<Vec<u8>> {
        let absent = || Problem::new(Code::NotFound);
        let tenant = self.directory.by_host(host).ok_or_else(absent)?;
        let (id, _) = token.split_once('.').ok_or_else(absent)?;
        let request = self.store.request(&RequestId::new(id)).await?.ok_or_else(absent)?;
        let ours = request.organisation == *tenant.domain() && self.manners(&request) == Some(Manners::Status);
        let State::Fulfilled { results, expires_at } = &request.standing.state else { return Err(absent().into()) };
        let good = expires_at.is_none_or(|until| self.clock.now() < until);
        if !ours || !good || !results.iter().any(|url| is_at(url, token)) {
            return Err(absent().into());
        }
        let legs: Vec<Leg> = self.store.legs(&request.id).await?.into_iter().map(|row| row.leg).collect();
        // Beside them, where the organisation itself says that results are.
        let own: Vec<_> = results.iter().filter(|url| !is_at(url, token)).map(|url| quote(url.as_str())).collect();
        let done =
            |leg: &&Leg| leg.right.has_results() && leg.state == LegState::Sent { progress: Progress::Fulfilled };
        let places = legs.iter().filter(done).flat_map(|leg| {
            let heard = leg.heard.iter().take(HEARD).map(Place::Heard);
            let urls: Vec<_> = leg.results.iter().map(Place::Said).chain(heard).collect();
            // Some have no word for where results are: that they have some is said all the same.
            let urls = if urls.is_empty() { vec![Place::Unsaid] } else { urls };
            urls.into_iter().map(move |place| (leg, place))
        });
        let found = stream::iter(places.map(|(leg, place)| self.found(tenant, leg, place)).collect::<Vec<_>>());
        let found: Vec<String> = found.buffered(AT_ONCE).collect().await;
        tracing::info!(request = %request.id, parties = found.len(), "results were handed over");
        let found = found.join(",");
        let mut writer = ObjectWriter::new();
        writer
            .string("request_id", request.standing.wire_id.as_str())
            .string("business", tenant.domain().as_str())
            .raw("results", &format!("[{found}]"));
        if !own.is_empty() {
            writer.raw("further_results", &format!("[{}]", own.join(",")));
        }
        Ok(writer.finish())
    }

    /// What one party has found, or that it could not be had now.
    async fn found(&self, tenant: &Tenant, leg: &Leg, place: Place<'_>) -> String {
        let peer = tenant.peer(&leg.party);
        let domain = peer.map_or("", |peer| peer.party.domain.as_str());
        let mut writer = ObjectWriter::new();
        writer.string("party", domain).string("right", leg.right.as_str());
        // What somebody else reports gets no credential of ours, wherever it points.
        let fetched = match place {
            Place::Said(url) => self.fetch_results(peer, url).await,
            Place::Heard(url) => self.fetch_results(None, url).await,
            Place::Unsaid => {
                writer.string("problem", "is done and has not said where the results are; ask it for them");
                return String::from_utf8_lossy(&writer.finish()).into_owned();
            }
        };
        match fetched {
            Ok((media_type, body)) => {
                writer.string("media_type", &media_type);
                // What is JSON stands there as it is, anything else in base64.
                match std::str::from_utf8(&body).ok().filter(|text| is_json(&media_type, text)) {
                    Some(json) => writer.raw("data", json),
                    None => writer.raw("base64", &quote(&habeas_wire::base64::encode(&body))),
                };
            }
            Err(error) => {
                tracing::warn!(request = %leg.request, party = %leg.party, why = error.word(), "results could not be fetched");
                writer.string("problem", "could not be fetched now; try again later");
            }
        }
        String::from_utf8_lossy(&writer.finish()).into_owned()
    }

    /// Our credential goes to the party's own host only; anything else is a place that it named.
    async fn fetch_results(
        &self,
        peer: Option<&Peer>,
        url: &Url,
    ) -> std::result::Result<(String, Vec<u8>), OutboundError> {
        let home = peer.filter(|peer| peer.party.base.as_ref().is_some_and(|base| same_place(base, url)));
        let call = Call {
            outgoing: Outgoing { method: Method::GET, url: url.clone(), headers: HeaderMap::new(), body: Vec::new() },
            destination: if home.is_some() { Destination::Configured } else { Destination::Named },
            credential: home.and_then(|peer| peer.outgoing.as_ref()),
            read_bytes: RESULTS_BYTES,
            within_ms: WITHIN_MS.min(self.settings.attempt_ms),
        };
        let heard = self.outbound.call(call).await?;
        if !(200..300).contains(&heard.status) {
            return Err(OutboundError::Unusable("it has no results there"));
        }
        let (head, body) = heard.split()?;
        let media_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok((media_type.unwrap_or("application/octet-stream").to_owned(), body))
    }
}

/// Where results of a party may be.
enum Place<'a> {
    /// Where it says.
    Said(&'a Url),
    /// Where those say to whom it has handed the request on.
    Heard(&'a Url),
    /// It has no word for that.
    Unsaid,
}

/// Whether an address ends in that token.
pub(crate) fn is_at(url: &Url, token: &str) -> bool {
    url.path().rsplit('/').next().is_some_and(|last| constant_time_eq(last.as_bytes(), token.as_bytes()))
}

fn is_json(media_type: &str, text: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    (essence == "application/json" || essence.ends_with("+json"))
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
