//! What is broken on purpose, to see that it is noticed.

/// A broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// A node that starts anew has forgotten what it has acknowledged.
    Forgetful,
    /// The network tells senders of callbacks that what got lost was taken.
    LostIsDelivered,
    /// Somebody reaches into a database and brings a request back that was final.
    Undead,
    /// Somebody logs a person's address.
    Gossip,
    /// A party's word for one leg is written down as another's: done, where it is not.
    Flattery,
    /// A worker finds something to do for ever.
    Restless,
}
