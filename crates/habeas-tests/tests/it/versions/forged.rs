//! Nothing of a callback is read before its signature holds, whichever version it is in (1.0 §8.8).

use habeas_engine::directory::Tenant;

use super::{fake_in_0_1_2, fake_in_0_1_3, fake_in_1_0};
use crate::world::{
    Setup, World,
    fake::{Fake, OPENGDPR},
};

#[tokio::test]
async fn a_bad_signature_over_broken_json_is_forbidden_and_a_good_one_is_a_mistake_in_every_version() {
    for adjust in [fake_in_0_1_2 as fn(&mut Tenant), fake_in_0_1_3, fake_in_1_0] {
        let world = World::with(Setup { adjust, ..Setup::default() }).await;
        let fake = Fake::open(&world);
        let sent = world.sent("fake.localhost").await;
        let dialect = world.story(&sent.id).await["legs"][0]["dialect"].clone();
        let broken = || fake.callback_of(&sent, b"{broken".to_vec());
        for forged in [
            fake.callback(&sent, "completed").body("{broken"),
            broken().header(OPENGDPR.1, "AAAA"),
            broken().header(OPENGDPR.0, "stranger.localhost"),
            broken().without(OPENGDPR.1),
        ] {
            assert_eq!(world.call(forged).await.is(403).reason(), "forbidden", "{dialect}");
        }
        assert_eq!(world.call(broken()).await.is(400).reason(), "malformed_json", "{dialect}");
        assert_eq!(world.leg(&sent.id).await.0, "pending");
        world.call(fake.callback(&sent, "completed")).await.is(202);
        assert_eq!(world.leg(&sent.id).await.0, "fulfilled", "{dialect}");
    }
}
