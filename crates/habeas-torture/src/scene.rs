//! A server, its database, its clients and its receivers, from the first start to the verdict.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::{
    book::Book,
    client::{self, Ask, Sender},
    history::{self, Acknowledged, Found, History, Verdict},
    receiver::{self, Receiver},
    site::Site,
    tamper::Crash,
    victim::{Starter, Victim},
};

/// Longer than any fault here lasts: who waits so long waits in vain.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Longer than callbacks stay away that come at all, most of them.
const SHORT_SILENCE: Duration = Duration::from_secs(10);
/// How long an attempt to deliver may take, and so, with half a minute more, a lease whose holder was killed. Short, so
/// that nobody waits long for what was under way; the hostile receivers meet what holds by default.
pub(crate) const SHORT_ATTEMPT: &str = "5s";
pub(crate) const USUAL_ATTEMPT: &str = "30s";
/// So many questions are asked at once at the end.
const AT_ONCE: usize = 16;

/// Everything of one run.
pub(crate) struct Scene {
    pub(crate) sender: Sender,
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) book: Arc<Book>,
    starter: Starter,
    victim: Option<Victim>,
    /// Callbacks that stay away for so long never come.
    silence: Duration,
}

impl Scene {
    /// Sets it up in a folder, with a database and the time for an attempt. Nothing runs yet but the receivers.
    pub(crate) async fn set(folder: &Path, database: &str, attempt: &str, without_durability: bool) -> Result<Self> {
        let receiver = Receiver::start().await?;
        let site = Arc::new(Site::make(folder, database, attempt, receiver.port())?);
        receiver.tell_at(site.api(""));
        let book = Arc::new(Book::open(folder)?);
        let sender = Sender { site, book: Arc::clone(&book), http: client::http()? };
        let starter = Starter::new(folder, without_durability)?;
        // What was lost is not called back, and nobody waits for that to be sure.
        let silence = if without_durability { SHORT_SILENCE } else { PATIENCE };
        Ok(Self { sender, receiver, book, starter, victim: None, silence })
    }

    /// Starts the server and waits until it listens.
    pub(crate) async fn start(&mut self) -> Result<()> {
        self.spawn(None)?;
        self.victim.as_mut().context("no server")?.ready().await
    }

    /// Only starts it; with a crash on its way, if one is given.
    pub(crate) fn spawn(&mut self, crash: Option<&Crash>) -> Result<()> {
        self.victim = Some(self.starter.spawn(crash)?);
        Ok(())
    }

    /// `kill -9`; says that it had not ended by itself.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        let Some(mut victim) = self.victim.take() else { return Ok(()) };
        if victim.has_ended()? {
            bail!("the server has ended by itself: {}", victim.last_words());
        }
        victim.kill().await
    }

    /// Waits until it has killed itself; says whether it did.
    pub(crate) async fn kills_itself(&mut self, patience: Duration) -> Result<bool> {
        self.victim.as_mut().context("no server")?.kills_itself(patience).await
    }

    /// Waits for the last callbacks.
    pub(crate) async fn drained(&self) -> Result<()> {
        let expected: usize = self.book.read()?.iter().map(|one| one.urls.len()).sum();
        // What does not come is counted by the verdict.
        if let Err(error) = receiver::drained(&self.receiver, u64::try_from(expected)?, self.silence).await {
            crate::say(&format!("{error:#}"));
        }
        Ok(())
    }

    /// Waits for the last callbacks, restarts the server once more, and reads what it knows.
    pub(crate) async fn verdict(&mut self) -> Result<Verdict> {
        self.drained().await?;
        let acknowledged = self.book.read()?;
        self.kill().await?;
        self.start().await?;
        let found = self.found(&acknowledged).await?;
        let listed = self.listed().await?;
        let (callbacks, effects) = self.receiver.heard();
        Ok(history::check(&History { acknowledged, callbacks, effects, found, listed }))
    }

    async fn found(&self, acknowledged: &[Acknowledged]) -> Result<BTreeMap<String, Found>> {
        let each = stream::iter(acknowledged.iter().cloned().map(|one| self.find(one)));
        each.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn find(&self, one: Acknowledged) -> Result<(String, Found)> {
        let answer = self.sender.get(one.protocol, (one.organisation, one.party), &one.id).await?;
        if answer.status().as_u16() != 200 {
            return Ok((one.id, Found::default()));
        }
        let told: Value = answer.json().await?;
        let status = told.get(one.protocol.members().1).and_then(Value::as_str).map(str::to_owned);
        let Acknowledged { protocol, id, key, organisation, party, asked: body, urls, .. } = one;
        let ask = Ask { protocol, key, organisation, party, urls, body };
        let again = self.sender.post(&ask).await?;
        let taken = again.status().as_u16() == protocol.takes();
        let receipt = if taken { Some(client::promise(&ask, again).await?.1) } else { None };
        Ok((id, Found { status, receipt }))
    }

    async fn listed(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        loop {
            let url = self.sender.site.api(&format!("/requests?limit=1000&offset={}", ids.len()));
            let call = self.sender.http.get(url).bearer_auth(&self.sender.site.operator_token);
            let page: Value = call.send().await?.error_for_status()?.json().await?;
            let page = page.get("requests").and_then(Value::as_array).context("no list of requests")?;
            if page.is_empty() {
                return Ok(ids);
            }
            for request in page {
                let id = request.get("subject_request_id").and_then(Value::as_str).context("a request without id")?;
                ids.push(id.to_owned());
            }
        }
    }
}
