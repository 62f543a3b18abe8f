//! The whole road: a person's agent asks a business by the Data Rights Protocol, the business asks its processors by
//! OpenGDPR, and what they signed comes back.

use anyhow::anyhow;
use habeas_core::id::RequestId;
use habeas_server::operator::dto::{Identity, Send, Story, To};
use habeas_store::RequestFilter;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Act, BUSINESS, Book, LOOK, WITHIN};
use crate::cli::{
    exit::{Failure, Outcome},
    legs,
};

/// Who acts for the person.
const HELPER: &str = "helper.localhost";

impl Act<'_> {
    /// The request from the agent to the business, and what the business makes of it.
    pub(super) async fn play_road(&self) -> Outcome {
        let found = self.client.capabilities(HELPER, BUSINESS).await?;
        let rights = found.rights.join(", ");
        self.step(
            "discovery",
            &format!("{BUSINESS} grants {rights}"),
            json!({ "party": BUSINESS, "capabilities": found }),
        );
        let id = self.send_token().await?;
        let request = self.walk(&id).await?;
        let file = self.sandbox.engine().export_evidence(&request).await?;
        let said = self.witness.audit(&file).map_err(Failure::Unverified)?;
        self.step("evidence", &format!("of {BUSINESS}: {said}"), json!({ "keeper": BUSINESS, "bytes": file.len() }));
        Ok(())
    }

    async fn send_token(&self) -> Outcome<String> {
        let person = Identity { kind: "email".into(), format: "raw".into(), value: "ann@example.org".into() };
        let claims = json!({ "name": "Ann", "email_verified": true, "verification_method": "a letter to the address" });
        let wish = Send {
            from: HELPER.to_owned(),
            to: Some(To::One(BUSINESS.to_owned())),
            right: self.right.to_string(),
            identities: vec![person],
            claims: claims.as_object().cloned(),
            relationships: Some(vec!["customer".to_owned()]),
            regime: Some("ccpa".to_owned()),
            submitted_at: None,
            reference: None,
        };
        let id = self.client.send(&wish).await?.request.request_id;
        let said = format!("{HELPER} asks {BUSINESS}, with the person's identity in a token");
        self.step("submitted", &said, json!({ "request_id": id }));
        Ok(id)
    }

    /// Until the agent has heard that it is done; gives the business's own name for the request.
    async fn walk(&self, id: &str) -> Outcome<RequestId> {
        let mut book: Option<Book> = None;
        let mut heard = String::new();
        let until = Instant::now() + WITHIN;
        loop {
            let story = self.client.story(id).await?;
            self.hear(&story, &mut heard);
            match &mut book {
                Some(book) => self.read(book).await?,
                None => book = self.arrived(id).await?,
            }
            let done = legs::is_final(&story);
            if done && story.request.state != "fulfilled" {
                return Err(anyhow!("the road ended {}", story.request.state).into());
            }
            if let Some(book) = book.as_ref().filter(|book| done && book.is_complete(BUSINESS)) {
                return Ok(book.request.clone());
            }
            if Instant::now() > until {
                return Err(anyhow!("{BUSINESS} did not finish in time").into());
            }
            sleep(LOOK).await;
        }
    }

    /// What the business says to the agent, whenever that changes.
    fn hear(&self, story: &Story, heard: &mut String) {
        let Some(leg) = story.legs.first() else { return };
        let said = format!("{}: {}", leg.state, leg.details.as_deref().unwrap_or("no word yet"));
        if said != *heard && leg.state != "waiting" {
            let to = format!("says {BUSINESS} to {HELPER}: {}", leg.details.as_deref().unwrap_or("it has the request"));
            self.step(&leg.state, &to, json!({ "party": BUSINESS, "to": HELPER, "details": leg.details }));
            *heard = said;
        }
    }

    /// The business's own book of the request, once it has it.
    async fn arrived(&self, id: &str) -> Outcome<Option<Book>> {
        let store = self.sandbox.engine().store();
        let legs = store.legs(&RequestId::new(id)).await?;
        let Some(remote) = legs.into_iter().find_map(|row| row.leg.remote_id) else { return Ok(None) };
        let filter = RequestFilter { organisation: Some(BUSINESS.parse()?), limit: 100, ..RequestFilter::default() };
        let requests = store.list(&filter).await?;
        let theirs = requests.into_iter().find(|request| request.standing.wire_id.as_str() == remote.as_str());
        Ok(theirs.map(|request| Book::of(BUSINESS, request.id)))
    }
}
