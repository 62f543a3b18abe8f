//! How is a person written to?

use async_trait::async_trait;
use habeas_core::secret::Secret;

/// A letter.
#[derive(Debug)]
pub struct Mail {
    /// To whom.
    pub to: Secret,
    /// What it is about; nothing personal.
    pub subject: String,
    /// What it says.
    pub text: Secret,
}

/// Why a letter was not taken. Holds nothing that a server said: that may repeat the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Nothing is configured to send it by.
    #[error("no mail server is configured")]
    NotConfigured,
    /// The mail server did not take it.
    #[error("the mail server did not take the letter")]
    Refused,
    /// The mail server could not be reached.
    #[error("the mail server could not be reached")]
    Unreachable,
}

/// Takes letters to a mail server.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends it; done once a server has it.
    ///
    /// # Errors
    /// [`MailError`] when no server took it.
    async fn send(&self, mail: Mail) -> Result<(), MailError>;

    /// Whether there is a server at all.
    fn is_configured(&self) -> bool {
        true
    }
}

/// No mail server.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMailer;

#[async_trait]
impl Mailer for NoMailer {
    async fn send(&self, _: Mail) -> Result<(), MailError> {
        Err(MailError::NotConfigured)
    }

    fn is_configured(&self) -> bool {
        false
    }
}
