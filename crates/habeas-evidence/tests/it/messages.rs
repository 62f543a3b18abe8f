//! What does one message by itself prove?

use habeas_evidence::{Doubt, Grade, Message, examine_message};
use habeas_trust::certificate::ChainError;

use crate::world::{DAY, ID, NOW, at, callback, world};

#[test]
fn a_bare_message_is_checked_against_its_bytes_signer_and_time() {
    let body = callback("completed");
    let signature = world().mail.key.sign(body.as_bytes()).unwrap();
    let good = Message {
        signer: "mail.example",
        body: body.as_bytes(),
        signature: &signature,
        chain: &world().mail.chain,
        at: at(NOW),
    };
    let finding = examine_message(&good, &world().roots());
    assert_eq!((finding.grade, finding.said.request.as_deref()), (Grade::InFull, Some(ID)));
    assert!(finding.certificate.is_some_and(|certificate| certificate.subject == "CN=mail.example"));
    for (message, expected) in [
        (Message { body: &body.as_bytes()[1..], ..good }, Doubt::Signature),
        (Message { signature: &signature[1..], ..good }, Doubt::Signature),
        (Message { signer: "ads.example", ..good }, Doubt::Chain(ChainError::WrongName)),
        (Message { at: at(NOW + 30 * DAY), ..good }, Doubt::Chain(ChainError::Expired)),
        (Message { chain: &world().ads.chain, ..good }, Doubt::Signature),
        (Message { chain: "", ..good }, Doubt::Chain(ChainError::Empty)),
    ] {
        assert_eq!(examine_message(&message, &world().roots()).grade, Grade::NotProved(expected));
    }
}

#[test]
fn a_message_need_not_be_about_a_request() {
    let body = b"anything";
    let signature = world().ads.key.sign(body).unwrap();
    let message =
        Message { signer: "ads.example", body, signature: &signature, chain: &world().ads.chain, at: at(NOW) };
    let finding = examine_message(&message, &world().roots());
    assert_eq!(finding.grade, Grade::InFull);
    assert_eq!(finding.sentence(), "ads.example signed that it knows a request it does not name");
}
