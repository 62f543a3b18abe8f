//! A letter box that keeps what it is given.

use std::sync::Mutex;

use async_trait::async_trait;
use habeas_engine::mail::{Mail, MailError, Mailer};

/// What was sent to whom.
#[derive(Default)]
pub(crate) struct Letters {
    sent: Mutex<Vec<(String, String)>>,
    broken: Mutex<bool>,
}

impl Letters {
    /// All letters so far: address and text.
    pub(crate) fn sent(&self) -> Vec<(String, String)> {
        self.sent.lock().unwrap().clone()
    }

    /// The code in the last one.
    pub(crate) fn code(&self) -> String {
        let (_, text) = self.sent().pop().unwrap();
        let digits = text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 8);
        digits.unwrap().to_owned()
    }

    /// From now on no letter is taken, or each is again.
    pub(crate) fn breaks(&self, broken: bool) {
        *self.broken.lock().unwrap() = broken;
    }
}

#[async_trait]
impl Mailer for Letters {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        if *self.broken.lock().unwrap() {
            return Err(MailError::Unreachable);
        }
        self.sent.lock().unwrap().push((mail.to.expose().to_owned(), mail.text.expose().to_owned()));
        Ok(())
    }
}
