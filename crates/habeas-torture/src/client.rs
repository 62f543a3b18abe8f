//! Who sends? Clients that each have one request under way and send the same bytes until they are answered.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use reqwest::{
    Client, Response,
    header::{ACCEPT, CONTENT_TYPE, HOST, RETRY_AFTER},
};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    book::Book,
    clock::now,
    history::{Acknowledged, Receipt},
    random::Random,
    receiver::Receiver,
    site::{ORGANISATIONS, PARTIES, Site, domain},
};

/// Clients of a full load.
const CLIENTS: u64 = 16;
/// A client gives up on an answer, not on its request.
const PATIENCE: Duration = Duration::from_secs(30);
const BEFORE_NEXT_TRY: Duration = Duration::from_millis(10);
const SIGNATURE: &str = "x-opengdpr-signature";

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
    pub(crate) id: String,
    pub(crate) organisation: usize,
    pub(crate) party: usize,
    pub(crate) urls: Vec<String>,
    pub(crate) body: String,
}

impl Ask {
    /// Of the person with an address of their own.
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
        Self { id, organisation, party, urls, body: body.to_string() }
    }
}

fn number(random: &mut Random, end: usize) -> usize {
    usize::try_from(random.bits()).unwrap_or(0) % end
}

impl Sender {
    /// Sends once.
    pub(crate) async fn post(&self, ask: &Ask) -> Result<Response> {
        let call = self.http.post(self.site.requests()).header(CONTENT_TYPE, "application/json");
        self.finish(call.body(ask.body.clone()), ask.organisation, ask.party).await
    }

    /// Asks where a request stands.
    pub(crate) async fn get(&self, organisation: usize, party: usize, id: &str) -> Result<Response> {
        self.finish(self.http.get(format!("{}/{id}", self.site.requests())), organisation, party).await
    }

    /// Takes a request back.
    pub(crate) async fn delete(&self, ask: &Ask) -> Result<Response> {
        let call = self.http.delete(format!("{}/{}", self.site.requests(), ask.id));
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
                Ok((201, Some(receipt))) => {
                    self.book.took(201, began.elapsed());
                    let one = Acknowledged {
                        id: ask.id.clone(),
                        organisation: ask.organisation,
                        party: ask.party,
                        asked: ask.body.clone(),
                        urls: ask.urls.clone(),
                        receipt,
                    };
                    return self.book.promised(&one, life);
                }
                Ok((status, _)) => self.book.took(status, began.elapsed()),
                // Also one that waits in vain was not told within its time.
                Err(_) => self.book.note(|treatment| {
                    treatment.interrupted += 1;
                    treatment.late += u64::from(began.elapsed() >= PATIENCE);
                }),
            }
            tokio::time::sleep(BEFORE_NEXT_TRY).await;
        }
    }

    async fn once(&self, ask: &Ask) -> Result<(u16, Option<Receipt>)> {
        let answer = self.post(ask).await?;
        let status = answer.status().as_u16();
        let comes_again = answer.headers().contains_key(RETRY_AFTER);
        if status == 503 && !comes_again {
            self.book.note(|treatment| treatment.without_retry_after += 1);
        }
        if status == 201 {
            return Ok((status, Some(receipt(answer).await?)));
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
                    sender.insist(&Ask::new(&mut random, urls)).await?;
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
