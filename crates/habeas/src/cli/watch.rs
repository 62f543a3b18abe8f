//! What has happened to a request since we last looked?

use std::{collections::HashMap, time::Duration};

use habeas_server::operator::dto::{Receipt, Story};
use tokio::time::{Instant, sleep};

use super::{client::Client, exit::Outcome};

/// One thing that happened.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// A party signed something: the receipt of our submission, or a callback.
    Receipt { party: String, receipt: Receipt },
    /// A party's share moved on.
    Leg { party: String, state: String },
    /// The request moved on.
    Request { state: String },
}

/// Follows one request.
pub(super) struct Watch {
    receipts: usize,
    legs: HashMap<String, String>,
    state: String,
    began: Instant,
}

/// The first looks come quickly, later ones less so.
const FIRST_LOOK: Duration = Duration::from_millis(30);
const LATER_LOOK: Duration = Duration::from_millis(200);
const SOON: Duration = Duration::from_secs(1);

impl Watch {
    /// Follows a request from how it stands now.
    pub(super) fn new(story: &Story) -> Self {
        let legs = story.legs.iter().map(|leg| (leg.leg_id.clone(), "waiting".to_owned())).collect();
        Self { receipts: 0, legs, state: "received".to_owned(), began: Instant::now() }
    }

    /// Looks again and again, telling the news, until `done` or the time is over; says how it stood then.
    pub(super) async fn until(
        &mut self,
        client: &Client,
        id: &str,
        within: Duration,
        done: impl Fn(&Story) -> bool,
        mut tell: impl FnMut(News),
    ) -> Outcome<Story> {
        loop {
            let story = client.story(id).await?;
            self.news(&story).into_iter().for_each(&mut tell);
            let passed = self.began.elapsed();
            if done(&story) || passed > within {
                return Ok(story);
            }
            sleep(if passed < SOON { FIRST_LOOK } else { LATER_LOOK }).await;
        }
    }

    fn news(&mut self, story: &Story) -> Vec<News> {
        let party_of = |leg_id: &str| {
            story.legs.iter().find(|leg| leg.leg_id == leg_id).map_or(String::new(), |leg| leg.party.clone())
        };
        let mut news = Vec::new();
        for receipt in story.receipts.iter().skip(self.receipts) {
            news.push(News::Receipt { party: party_of(&receipt.leg_id), receipt: receipt.clone() });
        }
        self.receipts = story.receipts.len();
        for leg in &story.legs {
            if self.legs.insert(leg.leg_id.clone(), leg.state.clone()).is_none_or(|before| before != leg.state) {
                news.push(News::Leg { party: leg.party.clone(), state: leg.state.clone() });
            }
        }
        if self.state != story.request.state {
            self.state.clone_from(&story.request.state);
            news.push(News::Request { state: self.state.clone() });
        }
        news
    }
}

impl News {
    /// In words.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Receipt { party, receipt } => {
                let what = if receipt.operation == "callback" { "callback" } else { "receipt" };
                let held = if receipt.verified { "verified" } else { "NOT VERIFIED" };
                format!("{party}: {what} {held}, signed by {}", receipt.signer)
            }
            Self::Leg { party, state } => format!("{party}: {state}"),
            Self::Request { state } => format!("request: {state}"),
        }
    }
}
