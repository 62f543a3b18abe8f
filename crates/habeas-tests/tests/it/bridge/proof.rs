//! What processors signed for a request that came by DRP can be shown to somebody who trusts nobody here.

use habeas_core::clock::{DAY_MS, HOUR_MS};
use habeas_evidence::{Finding, Grade, Report, examine, open};
use habeas_trust::certificate::Roots;
use serde_json::json;

use super::{ADS, MAIL, two};
use crate::world::{
    Setup, World,
    drp::{Asked, BUSINESS, Exercise, words},
};

impl World {
    /// The export of a request, and what somebody makes of it who has the original requests, too.
    async fn examined(&self, asked: &Asked, requests: &[&[u8]]) -> (String, Report) {
        let file = self.operate("GET", &format!("/requests/{}/evidence", asked.id), "").await.is(200).body;
        let sealed = open(&file).unwrap();
        let roots = Roots::from_pem(&self.keys.ca.certificate_pem()).unwrap();
        let report = examine(&sealed, &roots, Some(self.now()), requests);
        (String::from_utf8(file).unwrap(), report)
    }
}

#[tokio::test]
async fn the_evidence_of_a_bridged_request_verifies() {
    let world = World::with(Setup { keep_ms: DAY_MS, ..two() }).await;
    let exercise = Exercise::deletion()
        .claim("email", "pr00f@example.org")
        .with("relationships", json!(["pr00f"]))
        .callback(world.peer.url("a", "/pr00f"));
    let asked = world.exercised(&exercise).await;
    for party in [MAIL, ADS] {
        world.does(party, "erasure", "start", "").await;
        world.does(party, "erasure", "fulfill", "").await;
    }
    assert_eq!(world.stands(&asked).await, words("fulfilled", None));
    let sent = world.wire.all(|said| said.method == "POST" && [MAIL, ADS].contains(&said.to.as_str()));
    let requests: Vec<&[u8]> = sent.iter().map(|said| said.body.as_slice()).collect();

    let (file, report) = world.examined(&asked, &requests).await;
    assert!(!file.contains("pr00f"), "{file}");
    assert!(report.holds(), "{}", report.verdict());
    assert!(report.unproved.is_empty(), "{}", report.verdict());
    let grade = |one: &Finding| (one.signer.clone(), one.operation.clone(), one.grade);
    let grades: Vec<_> = report.findings.iter().map(grade).collect();
    for party in [MAIL, ADS] {
        assert!(grades.iter().filter(|(signer, ..)| signer == party).count() > 1, "{grades:?}");
    }
    let full = |grade: &Grade| matches!(grade, Grade::InFull | Grade::InFullWithRequest);
    assert!(grades.iter().all(|(.., grade)| full(grade)), "{grades:?}");
    let evidence = open(file.as_bytes()).unwrap();
    let request = &evidence.evidence().request;
    assert_eq!((request.subject_request_id.as_str(), request.regime.as_str()), (asked.wire.as_str(), "ccpa"));
    let signers: Vec<_> = evidence.evidence().receipts.iter().map(|receipt| receipt.signer.to_string()).collect();
    assert!(signers.iter().any(|signer| signer == MAIL) && signers.iter().any(|signer| signer == ADS), "{signers:?}");
    assert!(!signers.iter().any(|signer| signer == BUSINESS));

    // Without the requests the receipts prove less, and after shredding as much as before.
    let (_, less) = world.examined(&asked, &[]).await;
    assert!(less.holds(), "{}", less.verdict());
    world.live(2 * DAY_MS).await;
    world.operate("GET", &format!("/requests/{}/subject", asked.id), "").await.is(410);
    let (_, after) = world.examined(&asked, &requests).await;
    assert!(after.holds() && after.unproved.is_empty(), "{}", after.verdict());
}

#[tokio::test]
async fn what_a_processor_has_not_signed_is_not_proved() {
    let world = World::with(two()).await;
    let asked = world.exercised(&Exercise::deletion()).await;
    world.does(MAIL, "erasure", "fulfill", "").await;
    world.live(HOUR_MS).await;
    let (_, report) = world.examined(&asked, &[]).await;
    assert!(report.holds(), "{}", report.verdict());
    let (file, _) = world.examined(&asked, &[]).await;
    let sealed = open(file.as_bytes()).unwrap();
    let states: Vec<_> = sealed.evidence().legs.iter().map(|leg| (leg.party.to_string(), leg.state.clone())).collect();
    assert!(states.contains(&(MAIL.to_owned(), "fulfilled".to_owned())), "{states:?}");
    assert!(!states.contains(&(ADS.to_owned(), "fulfilled".to_owned())), "{states:?}");
}
