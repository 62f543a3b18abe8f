//! Which calls of the operator API do the commands make?

use habeas_server::operator::dto::{
    Capabilities, Deliveries, Deny, Extend, Faults, Fulfill, Leg, Legs, Organisations, Polled, Request, Requests,
    Retried, RetryMany, Send, Story, Subject, Verification, Verify,
};
use serde::Serialize;
use url::Url;

use super::{client::Client, exit::Outcome};

/// A body that says nothing.
#[derive(Serialize)]
struct Nothing {}

impl Client {
    pub(super) async fn send(&self, wish: &Send) -> Outcome<Story> {
        self.post(&["requests"], wish).await
    }

    pub(super) async fn requests(&self, query: &[(&str, String)]) -> Outcome<Requests> {
        self.get(&["requests"], query).await
    }

    pub(super) async fn story(&self, id: &str) -> Outcome<Story> {
        self.get(&["requests", id], &[]).await
    }

    pub(super) async fn evidence(&self, id: &str) -> Outcome<Vec<u8>> {
        self.file(&["requests", id, "evidence"]).await
    }

    pub(super) async fn subject(&self, id: &str) -> Outcome<Subject> {
        self.get(&["requests", id, "subject"], &[]).await
    }

    pub(super) async fn start(&self, id: &str) -> Outcome<Request> {
        self.post(&["requests", id, "start"], &Nothing {}).await
    }

    pub(super) async fn fulfill(&self, id: &str, wish: &Fulfill) -> Outcome<Request> {
        self.post(&["requests", id, "fulfill"], wish).await
    }

    pub(super) async fn deny(&self, id: &str, wish: &Deny) -> Outcome<Request> {
        self.post(&["requests", id, "deny"], wish).await
    }

    pub(super) async fn extend(&self, id: &str, wish: &Extend) -> Outcome<Request> {
        self.post(&["requests", id, "extend"], wish).await
    }

    pub(super) async fn verify(&self, id: &str, wish: &Verify) -> Outcome<Request> {
        self.post(&["requests", id, "verify"], wish).await
    }

    pub(super) async fn verification(&self, id: &str, redirect_to: &Url) -> Outcome<Verification> {
        self.get(&["requests", id, "verification"], &[("redirect_to", redirect_to.to_string())]).await
    }

    pub(super) async fn cancel(&self, id: &str) -> Outcome<Request> {
        self.post(&["requests", id, "cancel"], &Nothing {}).await
    }

    pub(super) async fn deliveries(&self, query: &[(&str, String)]) -> Outcome<Deliveries> {
        self.get(&["deliveries"], query).await
    }

    pub(super) async fn retry(&self, id: &str) -> Outcome<Retried> {
        self.post(&["deliveries", id, "retry"], &Nothing {}).await
    }

    pub(super) async fn retry_many(&self, which: &RetryMany) -> Outcome<Retried> {
        self.post(&["deliveries", "retry"], which).await
    }

    pub(super) async fn poll(&self, id: &str) -> Outcome<Polled> {
        self.post(&["requests", id, "poll"], &Nothing {}).await
    }

    pub(super) async fn legs(&self, query: &[(&str, String)]) -> Outcome<Legs> {
        self.get(&["legs"], query).await
    }

    pub(super) async fn retry_leg(&self, id: &str) -> Outcome<Leg> {
        self.post(&["legs", id, "retry"], &Nothing {}).await
    }

    pub(super) async fn waive_leg(&self, id: &str) -> Outcome<Leg> {
        self.post(&["legs", id, "waive"], &Nothing {}).await
    }

    pub(super) async fn faults(&self, query: &[(&str, String)]) -> Outcome<Faults> {
        self.get(&["faults"], query).await
    }

    pub(super) async fn organisations(&self) -> Outcome<Organisations> {
        self.get(&["organisations"], &[]).await
    }

    pub(super) async fn capabilities(&self, organisation: &str, party: &str) -> Outcome<Capabilities> {
        self.get(&["organisations", organisation, "parties", party, "capabilities"], &[]).await
    }
}
