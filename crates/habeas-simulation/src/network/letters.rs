//! The letter boxes of all persons.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use habeas_engine::mail::{Mail, MailError};

use crate::chance::Chance;

const CODE_DIGITS: usize = 8;

/// The letters that were taken.
pub(crate) struct Letters {
    chance: Chance,
    codes: Mutex<HashMap<String, String>>,
}

impl Letters {
    pub(crate) fn new(seed: u64) -> Self {
        Self { chance: Chance::new(seed, "letters"), codes: Mutex::default() }
    }

    pub(crate) fn take(&self, mail: Mail) -> Result<(), MailError> {
        if self.chance.in_thousand(50) {
            return Err(MailError::Unreachable);
        }
        let code = mail.text.expose().split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == CODE_DIGITS);
        if let Some(code) = code {
            let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
            codes.insert(mail.to.expose().to_owned(), code.to_owned());
        }
        Ok(())
    }

    /// The code in the last letter to that address.
    pub(crate) fn code(&self, address: &str) -> Option<String> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).get(address).cloned()
    }
}
