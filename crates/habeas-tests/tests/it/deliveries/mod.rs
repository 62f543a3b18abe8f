//! The callback contract: stored with the change they tell of, in order, retried to the schedule, and nobody who is
//! dead, slow or hostile delays the others.

mod hostile;
mod notices;
mod order;
mod restarts;
mod retries;
mod stopping;

use habeas_core::{
    delivery::{Delivery, DeliveryKind, DeliveryState},
    id::RequestId,
};

use habeas_store::Slots;

use crate::world::World;

/// As many slots as anybody wants.
const fn free() -> Slots {
    Slots { per_host: 100, left: Vec::new() }
}

impl World {
    /// The callbacks of a lane, in order.
    async fn lane(&self, id: &RequestId, lane: i32) -> Vec<Delivery> {
        let rows = self.deliveries(id).await.into_iter().map(|row| row.delivery);
        let mut lane: Vec<_> = rows.filter(|d| d.kind == DeliveryKind::Callback && d.id.lane == lane).collect();
        lane.sort_by_key(|delivery| delivery.id.seq);
        lane
    }

    /// The states of the callbacks of a lane, in order.
    async fn lane_states(&self, id: &RequestId, lane: i32) -> Vec<DeliveryState> {
        self.lane(id, lane).await.iter().map(|delivery| delivery.state).collect()
    }

    /// Moves the clock to the moment at which the lane's first open callback is due, and says how long that took.
    async fn until_due(&self, id: &RequestId, lane: i32) -> i64 {
        let lane = self.lane(id, lane).await;
        let open = lane.iter().find(|delivery| delivery.state == DeliveryState::Due).unwrap();
        let waited = open.due_at.since(self.now());
        self.clock.set(open.due_at);
        waited
    }
}
