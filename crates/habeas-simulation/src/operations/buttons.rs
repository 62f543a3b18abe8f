//! What operators do, and the systems that work for one of them.

use anyhow::Result;
use habeas_core::{
    clock::DAY_MS,
    event::{Actor, Event},
    id::RequestId,
    leg::{Leg, LegState, Progress},
    request::Request,
    state::{Change, Ground, State},
};
use habeas_engine::{Engine, WebhookAnswer};
use habeas_store::{LegFilter, LegRow, LegSave, RequestFilter, Save};

use crate::{
    actors::{ADS, AGENT, BUSINESS, HELPER, MAIL, SHOP},
    sabotage::Sabotage,
    world::World,
};

const OPEN: [&str; 4] = ["received", "distributed", "in_progress", "awaiting_verification"];
const MANY: u32 = 1000;

impl World {
    /// The requests of a node that are open.
    pub(crate) async fn open_requests(&self, name: &str) -> Result<Vec<Request>> {
        let filter =
            RequestFilter { states: OPEN.map(str::to_owned).to_vec(), limit: MANY, ..RequestFilter::default() };
        Ok(self.engine(name)?.requests(&filter).await?)
    }

    /// An operator decides something about a request.
    pub(super) async fn decide(&self) -> Result<()> {
        let name = self.someone(&[MAIL, MAIL, ADS, BUSINESS, AGENT]);
        if self.sabotage == Some(Sabotage::Undead) {
            return self.revive(name).await;
        }
        let open = self.open_requests(name).await?;
        let Some(request) = self.chance.pick(&open) else { return Ok(()) };
        let engine = self.engine(name)?;
        let id = &request.id;
        let says = |what: &str| format!("the operator of {name} {what} {id}");
        match self.chance.below(6) {
            0 => self.note(&says("starts"), &engine.start(id, Actor::Operator).await),
            1 | 2 => self.fulfill(name, request).await?,
            3 => {
                let ground = self.chance.pick(&Ground::ALL).copied().unwrap_or(Ground::Other);
                self.note(&says("denies"), &engine.deny(id, Actor::Operator, ground).await);
            }
            4 => {
                let by = request.standing.expected_by.plus_ms(self.chance.span_ms(60 * DAY_MS));
                self.note(&says("extends"), &engine.extend(id, Actor::Operator, by, "a backlog".to_owned()).await);
            }
            _ if name == BUSINESS => {
                let done = self.chance.in_thousand(500);
                self.note(
                    &says(if done { "knows the person of" } else { "asks the person of" }),
                    &engine.verify(id, done).await,
                );
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) async fn fulfill(&self, name: &str, request: &Request) -> Result<()> {
        let has_results = request.rights.iter().any(|right| right.has_results());
        let results = match has_results {
            true => vec![format!("https://{name}/files/{}", request.id).parse()?],
            false => Vec::new(),
        };
        let done = self.engine(name)?.fulfill(&request.id, Actor::Operator, results, None).await;
        self.note(&format!("the operator of {name} fulfills {}", request.id), &done);
        Ok(())
    }

    /// The systems of ads.example answer for something that they were told.
    pub(super) async fn systems_answer(&self) -> Result<()> {
        let orders: Vec<_> = self.site.network.systems.orders().into_iter().collect();
        let Some((id, order)) = self.chance.pick(&orders) else { return Ok(()) };
        let answer = match self.chance.below(4) {
            0 => WebhookAnswer::Started,
            1 => WebhookAnswer::Denied { ground: Ground::Exempt },
            _ => WebhookAnswer::Fulfilled { results: Vec::new(), expires_at: None },
        };
        let what = format!("the systems of {ADS} answer {answer:?} for {id}");
        let done = self.engine(ADS)?.answer_webhook(&RequestId::new(id.as_str()), &order.token, answer).await;
        self.note(&what, &done);
        Ok(())
    }

    /// An operator retries a leg, gives it up, or asks how it stands.
    pub(super) async fn handle_leg(&mut self) -> Result<()> {
        let name = self.someone(&[SHOP, AGENT, BUSINESS, HELPER]);
        let engine = self.engine(name)?;
        let legs = engine.legs(&LegFilter { limit: MANY, ..LegFilter::default() }).await?;
        let Some(row) = self.chance.pick(&legs) else { return Ok(()) };
        let (leg, request) = (&row.leg.id, &row.leg.request);
        if self.sabotage == Some(Sabotage::Flattery) {
            return self.flatter(&engine, row).await;
        }
        match self.chance.below(5) {
            0 | 1 => self.note(&format!("{name} retries a leg of {request}"), &engine.retry_leg(leg).await),
            2 | 3 => self.note(&format!("{name} polls for {request}"), &engine.poll(request).await),
            _ => {
                // Also where the node dies of it, once it is done.
                let first = self.waived.insert(leg.clone());
                let done = engine.waive_leg(leg).await;
                self.note(&format!("{name} gives a leg of {request} up"), &done);
                if first && !matches!(&done, Ok(row) if row.leg.state == LegState::Waived) {
                    self.waived.remove(leg);
                }
            }
        }
        Ok(())
    }

    /// What no server may do: a party is said to be done that is not.
    async fn flatter(&self, engine: &Engine, row: &LegRow) -> Result<()> {
        let leg = Leg { state: LegState::Sent { progress: Progress::Fulfilled }, ..row.leg.clone() };
        let save = LegSave {
            leg,
            revision: row.revision,
            fence: None,
            due_at: None,
            attempts: 0,
            thaw: true,
            receipt: None,
            request: None,
            trouble: None,
            alerts: Vec::new(),
        };
        Ok(engine.store().save_leg(save).await?)
    }

    /// What no server may do: a final request is worked on again.
    async fn revive(&self, name: &str) -> Result<()> {
        let filter = RequestFilter { limit: MANY, ..RequestFilter::default() };
        let engine = self.engine(name)?;
        let all = engine.requests(&filter).await?;
        let Some(request) = all.into_iter().find(|request| request.standing.state.is_final()) else { return Ok(()) };
        let from_seq = request.standing.seq;
        let mut after = request;
        after.standing.seq += 1;
        after.standing.state = State::InProgress;
        let event = Event {
            at: self.site.now(),
            change: Change::Start.name().to_owned(),
            actor: Actor::Operator,
            standing: after.standing.clone(),
        };
        let save = Save {
            from_seq,
            request: after,
            events: vec![event],
            deliveries: Vec::new(),
            superseded_lanes: Vec::new(),
            issued: Vec::new(),
            errand_at: None,
            shred_after: None,
            waiting: None,
            verification: None,
            proved: None,
        };
        Ok(engine.store().apply(save).await?)
    }
}
