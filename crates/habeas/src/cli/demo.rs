//! `habeas demo`: the main job from end to end, in a sandbox that is gone afterwards.

mod evidence;

use std::{net::SocketAddr, time::Duration};

use anyhow::{anyhow, bail};
use habeas_core::{dialect::Operation, id::RequestId, right::Right, secret::Secret};
use habeas_server::operator::dto::{Identity, Send, Story, To};
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
    let act = |right, party| Act { stage, client: &client, witness: &witness, sandbox, right, party };
    let (erasure, access) = (act(Right::Erasure, "mail.localhost"), act(Right::Access, "ads.localhost"));
    tokio::try_join!(erasure.play(), access.play())?;
    let ms = stage.ms();
    stage.step("demo", "done", &format!("both requests completed, everything verified, in {ms} ms"), json!({}));
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
    right: Right,
    party: &'static str,
}

impl Act<'_> {
    async fn play(&self) -> Outcome {
        self.discover().await?;
        let id = self.submit().await?;
        let story = self.follow(&id).await?;
        if self.right.has_results() {
            self.fetch_results(&story).await?;
        }
        Ok(())
    }

    fn step(&self, step: &str, said: &str, more: Value) {
        self.stage.step(self.right.as_str(), step, said, more);
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
            from: CONTROLLER.to_owned(),
            to: To::One(self.party.to_owned()),
            right: self.right.to_string(),
            identities: vec![person],
            submitted_at: None,
        };
        let id = self.client.send(&wish).await?.request.request_id;
        self.step("submitted", &format!("{CONTROLLER} asks {}, request {id}", self.party), json!({ "request_id": id }));
        Ok(id)
    }

    /// Until the request is done: every receipt and callback is checked once more here, apart from the engine.
    async fn follow(&self, id: &str) -> Outcome<Story> {
        let request = RequestId::new(id);
        let (until, mut seen) = (Instant::now() + WITHIN, 0);
        loop {
            let story = self.client.story(id).await?;
            let rows = self.sandbox.engine().store().receipts(&request).await?;
            for row in rows.iter().skip(seen) {
                let evidence = self.witness.examine(&row.receipt).map_err(Failure::Unverified)?;
                let step = match row.receipt.operation {
                    Operation::Callback => "callback",
                    Operation::Submit => "receipt",
                    _ => "answer",
                };
                self.step(step, &format!("verified: {}", evidence.said()), evidence.json());
                self.step(&evidence.status, &format!("says {}", self.party), json!({ "party": self.party }));
            }
            seen = rows.len();
            if legs::is_final(&story) {
                return self.ending(story);
            }
            if Instant::now() > until {
                return Err(anyhow!("{} did not finish in time", self.party).into());
            }
            sleep(LOOK).await;
        }
    }

    fn ending(&self, story: Story) -> Outcome<Story> {
        match story.request.state.as_str() {
            "fulfilled" => Ok(story),
            state => Err(anyhow!("the {} ended {state}", self.right).into()),
        }
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
