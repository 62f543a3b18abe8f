//! What happens next? Somebody presses a button, time passes, or something breaks.

mod buttons;
mod people;

use std::sync::Arc;

use anyhow::Result;
use habeas_core::{
    clock::DAY_MS,
    id::PartyId,
    identity::{Format, Identity, Kind},
    right::Right,
    secret::Secret,
    submission::Carried,
};
use habeas_engine::operator::Send;
use habeas_store::Retry;

use crate::{
    actors::{ADS, AGENT, ALL, BUSINESS, HELPER, MAIL, SHOP},
    sabotage::Sabotage,
    world::{Wish, World},
};

/// The longest time that passes at once.
const LONGEST_MS: i64 = 3 * DAY_MS;

/// What may happen, and how often.
const OPERATIONS: [(Operation, u64); 13] = [
    (Operation::Ask, 20),
    (Operation::AskAgain, 5),
    (Operation::TakeBack, 9),
    (Operation::Decide, 18),
    (Operation::SystemsAnswer, 8),
    (Operation::Prove, 10),
    (Operation::Wait, 12),
    (Operation::Redeliver, 2),
    (Operation::HandleLeg, 5),
    (Operation::Restart, 4),
    (Operation::Cut, 3),
    (Operation::Mend, 4),
    (Operation::Replay, 4),
];

#[derive(Debug, Clone, Copy)]
enum Operation {
    /// Somebody makes a request.
    Ask,
    /// The same once more.
    AskAgain,
    /// Who made a request takes it back.
    TakeBack,
    /// An operator starts, fulfills, denies or extends a request.
    Decide,
    /// The systems of a processor answer what they were told earlier.
    SystemsAnswer,
    /// A person proves who they are, or fails to.
    Prove,
    /// Time passes.
    Wait,
    /// An operator has everything told again that failed.
    Redeliver,
    /// An operator retries a leg, gives it up, or asks how it stands.
    HandleLeg,
    /// A node starts anew.
    Restart,
    /// Nobody reaches a node any more.
    Cut,
    /// Everybody is reached again.
    Mend,
    /// Somebody sends once more what they overheard.
    Replay,
}

impl World {
    /// One operation, and what it leads to.
    pub(crate) async fn operate(&mut self) -> Result<()> {
        let (network, operation) = (Arc::clone(&self.site.network), self.next_operation());
        network.press(self.act(operation)).await.unwrap_or(Ok(()))?;
        network.settles().await;
        self.start_the_dead().await?;
        match self.chance.below(10) {
            0..6 => self.all_work().await,
            6..8 => {
                let name = self.someone(&ALL);
                self.work(name).await
            }
            _ => Ok(()),
        }
    }

    async fn act(&mut self, operation: Operation) -> Result<()> {
        match operation {
            Operation::Ask => self.ask().await?,
            Operation::AskAgain => self.ask_again().await?,
            Operation::TakeBack => self.take_back().await?,
            Operation::Decide => self.decide().await?,
            Operation::SystemsAnswer => self.systems_answer().await?,
            Operation::Prove => self.prove().await?,
            Operation::Wait => {
                self.trace.say("time passes");
                self.pass(self.chance.span_ms(LONGEST_MS)).await;
            }
            Operation::Redeliver => {
                let name = self.someone(&ALL);
                let done = self.engine(name)?.retry(&Retry::Failing { organisation: None, behind: None }).await;
                self.note(&format!("{name} delivers what failed"), &done);
            }
            Operation::HandleLeg => self.handle_leg().await?,
            Operation::Restart => {
                let name = self.someone(&ALL);
                self.restart(name).await?;
            }
            Operation::Cut => {
                let name = self.someone(&ALL);
                self.trace.say(&format!("{name} is cut off"));
                self.site.network.set_down(name, true);
            }
            Operation::Mend => {
                self.trace.say("everybody is reached");
                ALL.iter().for_each(|name| self.site.network.set_down(name, false));
            }
            Operation::Replay => self.site.network.replay().await,
        }
        Ok(())
    }

    fn next_operation(&self) -> Operation {
        let mut roll = self.chance.below(OPERATIONS.iter().map(|(_, share)| share).sum());
        for (operation, share) in OPERATIONS {
            match roll.checked_sub(share) {
                Some(rest) => roll = rest,
                None => return operation,
            }
        }
        Operation::Wait
    }

    pub(crate) fn someone(&self, of: &[&'static str]) -> &'static str {
        self.chance.pick(of).copied().unwrap_or(SHOP)
    }

    async fn ask(&mut self) -> Result<()> {
        let number = u64::try_from(self.wishes.len()).unwrap_or(0);
        let by_shop = self.chance.in_thousand(600);
        let (from, rights): (_, &[Right]) = match by_shop {
            true => (SHOP, &[Right::Access, Right::Portability, Right::Erasure]),
            false => (HELPER, &[Right::Access, Right::AccessCategories, Right::Erasure, Right::OptOutOfSale]),
        };
        let places: [&[&'static str]; 5] = [&[MAIL], &[ADS], &[AGENT], &[MAIL, ADS], &[]];
        let to = if by_shop { self.chance.pick(&places).copied().unwrap_or_default() } else { &[BUSINESS] };
        // Now and then one person asks for several things.
        let person = if self.chance.in_thousand(200) { self.chance.below(number + 1) } else { number };
        let wish = Wish {
            from,
            to: to.to_vec(),
            right: self.chance.pick(rights).copied().unwrap_or(Right::Erasure),
            person,
            reference: format!("wish {number}"),
            id: None,
        };
        if self.sabotage == Some(Sabotage::Gossip) {
            tracing::info!(target: "habeas", "somebody wants something: {}", wish.address());
        }
        self.wishes.push(wish.clone());
        let wish = self.send(wish).await?;
        if let Some(last) = self.wishes.last_mut() {
            *last = wish;
        }
        Ok(())
    }

    async fn ask_again(&mut self) -> Result<()> {
        let count = u64::try_from(self.wishes.len()).unwrap_or(0);
        let index = usize::try_from(self.chance.below(count)).unwrap_or(0);
        let Some(wish) = self.wishes.get(index).cloned() else { return Ok(()) };
        let before = wish.id.clone();
        let wish = self.send(wish).await?;
        if before.is_some() && wish.id != before {
            let what = format!("{} made {} a second time", wish.from, wish.reference);
            self.site.network.observed.finds("receipts", what);
        }
        if let Some(known) = self.wishes.get_mut(index) {
            *known = wish;
        }
        Ok(())
    }

    async fn send(&self, mut wish: Wish) -> Result<Wish> {
        let value = Secret::new(wish.address());
        let email = Identity { kind: Kind::new("email"), format: Format::Raw, value };
        let by_drp = wish.from == HELPER;
        let name = Carried { name: "name".to_owned(), json: format!("\"C4NA7Y {}\"", wish.person) };
        let send = Send {
            from: wish.from.parse()?,
            to: wish.to.iter().map(|name| PartyId::new(*name)).collect(),
            right: wish.right,
            identities: vec![email],
            claims: if by_drp { vec![name] } else { Vec::new() },
            relationships: Vec::new(),
            regime: None,
            submitted_at: None,
            reference: Some(wish.reference.clone()),
        };
        let sent = self.engine(wish.from)?.send(send).await;
        self.note(&format!("{} asks {:?} for {}, {}", wish.from, wish.to, wish.right, wish.reference), &sent);
        if let Ok(sent) = sent {
            wish.id = Some(sent.id);
        }
        Ok(wish)
    }

    async fn take_back(&self) -> Result<()> {
        let Some(wish) = self.chance.pick(&self.wishes) else { return Ok(()) };
        let Some(id) = &wish.id else { return Ok(()) };
        let done = self.engine(wish.from)?.cancel(id).await;
        self.note(&format!("{} takes {} back", wish.from, wish.reference), &done);
        Ok(())
    }
}
