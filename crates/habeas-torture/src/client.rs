//! Who sends? Clients that each have one request under way and send the same bytes until they are answered.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use reqwest::{
    Client, Response,
    header::{ACCEPT, CONTENT_TYPE, HOST, RETRY_AFTER},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    book::Book,
    clock::now,
    history::{Acknowledged, Receipt},
    protocol::Protocol,
    random::Random,
    receiver::Receiver,
    site::{HELPER, ORGANISATIONS, PARTIES, Site, domain},
};

/// Clients of a full load.
const CLIENTS: u64 = 16;
/// A client gives up on an answer, not on its request.
const PATIENCE: Duration = Duration::from_secs(30);
const BEFORE_NEXT_TRY: Duration = Duration::from_millis(10);
/// One request in so many comes by the Data Rights Protocol.
const BY_AGENT: u64 = 4;
const SIGNATURE: &str = "x-opengdpr-signature";
const KEY: &str = "idempotency-key";

/// An HTTP client for this machine.
#[allow(clippy::disallowed_methods, reason = "these are the peers, outside of the server's guard")]
pub(crate) fn http() -> Result<Client> {
    Ok(Client::builder().no_proxy().timeout(PATIENCE).connect_timeout(Duration::from_secs(2)).build()?)
}

/// What clients need to know.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) site: Arc<Site>,
    pub(crate) book: Arc<Book>,
    pub(crate) http: Client,
}

/// A request to be made.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) protocol: Protocol,
    /// By which its sender knows it: in OpenGDPR its id, in DRP the `Idempotency-Key`.
    pub(crate) key: String,
    pub(crate) organisation: usize,
    pub(crate) party: usize,
    pub(crate) urls: Vec<String>,
    pub(crate) body: String,
}

impl Ask {
    /// From a controller, of a person with an address of their own.
    pub(crate) fn new(random: &mut Random, urls: Vec<String>) -> Self {
        let id = random.uuid();
        let body = json!({
            "subject_request_id": id,
            "subject_request_type": "erasure",
            "submitted_time": "2026-01-01T11:00:00Z",
            "subject_identities":
                [{ "identity_type": "email", "identity_format": "raw", "identity_value": format!("{id}@example.org") }],
            "api_version": "1.0",
            "status_callback_urls": urls,
        });
        let (organisation, party) = (number(random, ORGANISATIONS), number(random, PARTIES));
        Self { protocol: Protocol::OpenGdpr, key: id, organisation, party, urls, body: body.to_string() }
    }

    /// From an agent, of such a person.
    fn by_agent(random: &mut Random, mut urls: Vec<String>, site: &Site) -> Result<Self> {
        let (key, organisation) = (random.uuid(), number(random, ORGANISATIONS));
        let business = domain(organisation);
        // DRP calls back at one place.
        urls.truncate(1);
        let claims = json!({ "iss": HELPER, "aud": business, "email": format!("{key}@example.org") });
        let body = json!({
            "meta": { "version": "0.5" },
            "regime": "ccpa",
            "exercise": ["deletion"],
            "identity": site.identity_token(organisation, &claims.to_string())?,
            "status_callback": urls.first(),
        });
        // The agent's token stands behind those of the controllers.
        let party = PARTIES;
        Ok(Self { protocol: Protocol::Drp, key, organisation, party, urls, body: body.to_string() })
    }

    fn any(random: &mut Random, urls: Vec<String>, site: &Site) -> Result<Self> {
        if random.below(BY_AGENT) == 0 { Self::by_agent(random, urls, site) } else { Ok(Self::new(random, urls)) }
    }
}

fn number(random: &mut Random, end: usize) -> usize {
    usize::try_from(random.bits()).unwrap_or(0) % end
}

impl Sender {
    /// Sends once.
    pub(crate) async fn post(&self, ask: &Ask) -> Result<Response> {
        let call = match ask.protocol {
            Protocol::OpenGdpr => self.http.post(self.site.requests()),
            Protocol::Drp => self.http.post(self.site.data_rights("exercise")).header(KEY, &ask.key),
        };
        let call = call.header(CONTENT_TYPE, "application/json").body(ask.body.clone());
        self.finish(call, ask.organisation, ask.party).await
    }

    /// Asks where a request stands.
    pub(crate) async fn get(
        &self,
        protocol: Protocol,
        (organisation, party): (usize, usize),
        id: &str,
    ) -> Result<Response> {
        let url = match protocol {
            Protocol::OpenGdpr => format!("{}/{id}", self.site.requests()),
            Protocol::Drp => format!("{}?request_id={id}", self.site.data_rights("status")),
        };
        self.finish(self.http.get(url), organisation, party).await
    }

    /// Takes a request back.
    pub(crate) async fn delete(&self, ask: &Ask) -> Result<Response> {
        let call = self.http.delete(format!("{}/{}", self.site.requests(), ask.key));
        self.finish(call, ask.organisation, ask.party).await
    }

    async fn finish(&self, call: reqwest::RequestBuilder, organisation: usize, party: usize) -> Result<Response> {
        let call = call.header(HOST, domain(organisation)).header(ACCEPT, "application/json");
        Ok(call.bearer_auth(self.site.token(organisation, party)).send().await?)
    }

    /// Sends the same bytes until they are answered; writes the promise down.
    pub(crate) async fn insist(&self, ask: &Ask) -> Result<()> {
        loop {
            let (life, began) = (self.book.life(), now());
            match self.once(ask).await {
                Ok((status, Some((id, receipt)))) => {
                    self.book.took(status, began.elapsed());
                    let one = Acknowledged {
                        protocol: ask.protocol,
                        id,
                        key: ask.key.clone(),
                        organisation: ask.organisation,
                        party: ask.party,
                        asked: ask.body.clone(),
                        urls: ask.urls.clone(),
                        receipt,
                    };
                    return self.book.promised(&one, life);
                }
                Ok((status, None)) => self.book.took(status, began.elapsed()),
                // Also one that waits in vain was not told within its time.
                Err(_) => self.book.note(|treatment| {
                    treatment.interrupted += 1;
                    treatment.late += u64::from(began.elapsed() >= PATIENCE);
                }),
            }
            tokio::time::sleep(BEFORE_NEXT_TRY).await;
        }
    }

    async fn once(&self, ask: &Ask) -> Result<(u16, Option<(String, Receipt)>)> {
        let answer = self.post(ask).await?;
        let status = answer.status().as_u16();
        let comes_again = answer.headers().contains_key(RETRY_AFTER);
        if status == 503 && !comes_again {
            self.book.note(|treatment| treatment.without_retry_after += 1);
        }
        if status == ask.protocol.takes() {
            return Ok((status, Some(promise(ask, answer).await?)));
        }
        let body = answer.text().await?;
        if status != 503 {
            self.book.note(|treatment| {
                if treatment.unexpected.len() < 5 {
                    treatment.unexpected.push(format!("{status}: {body}"));
                }
            });
        }
        Ok((status, None))
    }
}

/// The id of a request that was taken, and what was promised.
pub(crate) async fn promise(ask: &Ask, answer: Response) -> Result<(String, Receipt)> {
    match ask.protocol {
        Protocol::OpenGdpr => Ok((ask.key.clone(), receipt(answer).await?)),
        Protocol::Drp => {
            let told: Value = answer.json().await?;
            let id = told.get("request_id").and_then(Value::as_str).context("an answer without an id")?.to_owned();
            Ok((id.clone(), Receipt { body: id, signature: String::new() }))
        }
    }
}

/// The signed answer, whole.
pub(crate) async fn receipt(answer: Response) -> Result<Receipt> {
    let signature = answer.headers().get(SIGNATURE).context("an answer without a signature")?;
    let signature = signature.to_str()?.to_owned();
    Ok(Receipt { signature, body: answer.text().await? })
}

/// Clients under way.
pub(crate) struct Load {
    stop: CancellationToken,
    clients: JoinSet<Result<()>>,
}

impl Load {
    /// Starts clients that together send about so many requests a second.
    pub(crate) fn start(sender: &Sender, receiver: &Arc<Receiver>, rate: u64, random: &Random) -> Self {
        let stop = CancellationToken::new();
        let mut clients = JoinSet::new();
        let between = Duration::from_secs(2 * CLIENTS) / u32::try_from(rate.max(1)).unwrap_or(u32::MAX);
        for number in 0..CLIENTS {
            let (sender, receiver, stop) = (sender.clone(), Arc::clone(receiver), stop.clone());
            let mut random = random.another(number);
            clients.spawn(async move {
                while !stop.is_cancelled() {
                    let urls = receiver.urls(&mut random);
                    sender.insist(&Ask::any(&mut random, urls, &sender.site)?).await?;
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(random.pause(between)) => {}
                    }
                }
                Ok(())
            });
        }
        Self { stop, clients }
    }

    /// Lets everybody who is still waiting be answered, and send nothing more.
    pub(crate) async fn end(mut self, patience: Duration) -> Result<()> {
        self.stop.cancel();
        let answered = async {
            while let Some(ended) = self.clients.join_next().await {
                ended??;
            }
            Ok(())
        };
        tokio::time::timeout(patience, answered).await.context("somebody is never answered")?
    }
}
