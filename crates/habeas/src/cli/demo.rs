//! `habeas demo`: the main job from end to end, in a sandbox that is gone afterwards.

mod evidence;
mod road;

use std::{net::SocketAddr, time::Duration};

use anyhow::{anyhow, bail};
use habeas_core::{dialect::Operation, id::RequestId, right::Right, secret::Secret};
use habeas_server::operator::dto::{Identity, Send, Story, To};
use habeas_store::RequestFilter;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use url::Url;

use super::{
    client::{self, Client},
    exit::{Failure, Outcome},
    legs,
    output::Output,
};
use crate::{
    files::Passing,
    sandbox::{self, Sandbox},
};
use evidence::Witness;

const CONTROLLER: &str = "shop.localhost";
const AGENT: &str = "agent.localhost";
/// What people's agents ask of it, mail and ads do.
const BUSINESS: &str = CONTROLLER;
const WITHIN: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(25);

pub(super) async fn run(output: Output) -> Outcome {
    let began = Instant::now();
    let folder = Passing::new()?;
    let sandbox = sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), &folder.path().join("sandbox")).await?;
    let ended = show(&sandbox, &Stage { output, began }).await;
    sandbox.stop().await;
    ended
}

async fn show(sandbox: &Sandbox, stage: &Stage) -> Outcome {
    let world = sandbox.announcement();
    stage.step(
        "sandbox",
        "ready",
        &format!("at {}, with an authority of its own", world.url),
        json!({ "url": world.url }),
    );
    let operator = Url::parse(&world.operator.url)?;
    let client = Client::new(&operator, Secret::new(world.operator.token.as_str()))?;
    let witness = Witness::new(sandbox)?;
    let act = |name, right, party| Act { stage, client: &client, witness: &witness, sandbox, name, right, party };
    let erasure = act("erasure", Right::Erasure, "mail.localhost");
    let access = act("access", Right::Access, "ads.localhost");
    let handed_on = act("agent", Right::Erasure, AGENT);
    let road = act("road", Right::Erasure, BUSINESS);
    tokio::try_join!(erasure.play(), access.play(), handed_on.play(), road.play_road())?;
    let ms = stage.ms();
    stage.step("demo", "done", &format!("all four requests completed, everything verified, in {ms} ms"), json!({}));
    Ok(())
}

/// Where steps are shown as they happen.
struct Stage {
    output: Output,
    began: Instant,
}

impl Stage {
    fn step(&self, act: &str, step: &str, said: &str, more: Value) {
        if !self.output.is_json() {
            self.output.say(&format!("{:>6} ms  {act:<8}  {step:<12}  {said}", self.ms()));
            return;
        }
        let mut line = json!({ "at_ms": self.ms(), "act": act, "step": step, "said": said });
        if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
            line.extend(more);
        }
        self.output.json(&line);
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// One request from its beginning to its end.
struct Act<'a> {
    stage: &'a Stage,
    client: &'a Client,
    witness: &'a Witness<'a>,
    sandbox: &'a Sandbox,
    name: &'static str,
    right: Right,
    party: &'static str,
}

/// What an organisation keeps of a request, and how much of it was shown.
struct Book {
    keeper: &'static str,
    request: RequestId,
    seen: usize,
    /// Who has said to it that the request is done.
    completed: Vec<String>,
}

impl Book {
    fn of(keeper: &'static str, request: RequestId) -> Self {
        Self { keeper, request, seen: 0, completed: Vec::new() }
    }

    /// Whether all have said so who are going to: of what is handed on the processors tell the controller, too.
    fn is_complete(&self, party: &str) -> bool {
        let expected: &[&str] = match (party, self.keeper) {
            (AGENT, CONTROLLER) => &[AGENT, "mail.localhost", "ads.localhost"],
            (AGENT | BUSINESS, _) => &["mail.localhost", "ads.localhost"],
            (party, _) => &[party],
        };
        expected.iter().all(|name| self.completed.iter().any(|done| done == name))
    }
}

impl Act<'_> {
    async fn play(&self) -> Outcome {
        self.discover().await?;
        let id = self.submit().await?;
        let story = self.follow(&id).await?;
        if self.right.has_results() {
            self.fetch_results(&story).await?;
        }
        self.export(&id).await
    }

    fn step(&self, step: &str, said: &str, more: Value) {
        self.stage.step(self.name, step, said, more);
    }

    async fn discover(&self) -> Outcome {
        let found = self.client.capabilities(CONTROLLER, self.party).await?;
        let identities = found.identities.iter().map(|one| format!("{}:{}", one.kind, one.format));
        let identities = identities.collect::<Vec<_>>().join(", ");
        let rights = found.rights.join(", ");
        let said = format!("{} serves {rights} for {identities}", self.party);
        self.step("discovery", &said, json!({ "party": self.party, "capabilities": found }));
        Ok(())
    }

    async fn submit(&self) -> Outcome<String> {
        let person = Identity { kind: "email".into(), format: "raw".into(), value: "ann@example.org".into() };
        let wish = Send {
            claims: None,
            relationships: None,
            regime: None,
            from: CONTROLLER.to_owned(),
            to: Some(To::One(self.party.to_owned())),
            right: self.right.to_string(),
            identities: vec![person],
            submitted_at: None,
            reference: None,
        };
        let id = self.client.send(&wish).await?.request.request_id;
        self.step("submitted", &format!("{CONTROLLER} asks {}, request {id}", self.party), json!({ "request_id": id }));
        Ok(id)
    }

    /// Until the request is done: every receipt and callback is checked once more here, apart from the engine.
    async fn follow(&self, id: &str) -> Outcome<Story> {
        let mut books = vec![Book::of(CONTROLLER, RequestId::new(id))];
        let until = Instant::now() + WITHIN;
        loop {
            let story = self.client.story(id).await?;
            if self.party == AGENT && books.len() == 1 {
                books.extend(self.handed_on(id).await?);
            }
            for book in &mut books {
                self.read(book).await?;
            }
            let failed = legs::is_final(&story) && story.request.state != "fulfilled";
            let complete = legs::is_final(&story) && books.iter().all(|book| book.is_complete(self.party));
            if failed || complete {
                return self.ending(story);
            }
            if Instant::now() > until {
                return Err(anyhow!("{} did not finish in time", self.party).into());
            }
            sleep(LOOK).await;
        }
    }

    /// The agent's own book of the request: what the processors signed is kept there.
    async fn handed_on(&self, id: &str) -> Outcome<Option<Book>> {
        let filter = RequestFilter { organisation: Some(AGENT.parse()?), limit: 10, ..RequestFilter::default() };
        let requests = self.sandbox.engine().store().list(&filter).await?;
        let theirs = requests.into_iter().find(|request| request.standing.wire_id.as_str() == id);
        Ok(theirs.map(|request| Book::of(AGENT, request.id)))
    }

    async fn read(&self, book: &mut Book) -> Outcome {
        let rows = self.sandbox.engine().store().receipts(&book.request).await?;
        for row in rows.iter().skip(book.seen) {
            let evidence = self.witness.examine(&row.receipt).map_err(Failure::Unverified)?;
            let step = match row.receipt.operation {
                Operation::Callback => "callback",
                Operation::Submit => "receipt",
                _ => "answer",
            };
            let (signer, keeper) = (row.receipt.signer.as_str(), book.keeper);
            if evidence.status == "completed" {
                book.completed.push(signer.to_owned());
            }
            self.step(step, &format!("to {keeper}, verified: {}", evidence.said()), evidence.json(keeper));
            self.step(
                &evidence.status,
                &format!("says {signer} to {keeper}"),
                json!({ "party": signer, "to": keeper }),
            );
        }
        book.seen = rows.len();
        Ok(())
    }

    fn ending(&self, story: Story) -> Outcome<Story> {
        match story.request.state.as_str() {
            "fulfilled" => Ok(story),
            state => Err(anyhow!("the {} ended {state}", self.right).into()),
        }
    }

    /// What an auditor is given, checked as an auditor would: from the file alone.
    async fn export(&self, id: &str) -> Outcome {
        let request = RequestId::new(id);
        let mut files = vec![(CONTROLLER, self.sandbox.engine().export_evidence(&request).await?)];
        if let Some(book) = self.handed_on(id).await?.filter(|_| self.party == AGENT) {
            files.push((AGENT, self.sandbox.engine().export_evidence(&book.request).await?));
        }
        for (keeper, file) in files {
            let said = self.witness.audit(&file).map_err(Failure::Unverified)?;
            self.step("evidence", &format!("of {keeper}: {said}"), json!({ "keeper": keeper, "bytes": file.len() }));
        }
        Ok(())
    }

    /// The person's data are there for the controller and for nobody else.
    async fn fetch_results(&self, story: &Story) -> Outcome {
        let url = story.legs.iter().find_map(|leg| leg.results_url.clone());
        let url = url.ok_or_else(|| Failure::Unverified(anyhow!("there is no results URL")))?;
        let token = self.sandbox.announcement().token(self.party, CONTROLLER).unwrap_or_default();
        for (who, token, expected) in [("without a credential", None, 401), ("with it", Some(token), 200)] {
            let status = self.status_of(&url, token).await?;
            if status != expected {
                let why = anyhow!("the results answer {status} {who} in place of {expected}");
                return Err(Failure::Unverified(why));
            }
            self.step("results", &format!("{status} {who}"), json!({ "results_url": url, "status": status }));
        }
        Ok(())
    }

    async fn status_of(&self, url: &str, token: Option<&str>) -> anyhow::Result<u16> {
        let mut request = client::http()?.get(url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        match request.send().await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) => bail!("the results cannot be fetched: {error}"),
        }
    }
}
