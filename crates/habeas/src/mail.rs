//! How does a letter leave the house? By the operator's mail server, never without TLS; in the sandbox, into a folder.
//!
//! What a letter says and whom it is for is written nowhere else: no error repeats it, and none repeats a server's
//! words, which may.

mod outbox;

use std::time::Duration;

use async_trait::async_trait;
use habeas_core::secret::Secret;
use habeas_engine::mail::{Mail, MailError, Mailer};
use habeas_trust::digest;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use tokio::time::timeout;
use url::Url;

pub use outbox::Outbox;

/// A letter is with the server by then; a person waits for it.
const DEADLINE: Duration = Duration::from_secs(30);
const STARTTLS_PORT: u16 = 587;
const TLS_PORT: u16 = 465;
/// Keeps those from answering who are on holiday (RFC 3834 section 5).
const AUTOMATIC: (HeaderName, &str) = (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated");

/// By which server, and in whose name.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// `smtp://host:587`, where TLS follows a first exchange (RFC 3207), or `smtps://host:465`, where it comes first
    /// (RFC 8314). The ports are the usual ones and may be left out.
    pub url: Url,
    /// Who we are to the server, if it asks.
    pub user: Option<String>,
    /// What proves it.
    pub password: Option<Secret>,
    /// Who writes: `privacy@shop.example`, or `Shop <privacy@shop.example>`.
    pub from: String,
}

/// Why no server can be used as it is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmtpError {
    /// Not an address of a mail server.
    #[error("not a mail server: use smtp://host or smtps://host, with a port if it is not the usual one")]
    Url,
    /// A user without a password, or the other way round.
    #[error("a user and a password go together")]
    Credentials,
    /// Not an address of mail.
    #[error("not an address that mail can be from")]
    From,
    /// The further authorities that are trusted cannot be read.
    #[error("the certificates of the authorities cannot be read")]
    Roots,
    /// The TLS library would not be set up.
    #[error("TLS could not be set up")]
    Tls,
}

/// Sends by a mail server. Every letter has its own connection: they are few.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// Prepares for a server; nothing is connected yet. `roots_pem` are authorities that are trusted beside the
    /// system's.
    ///
    /// # Errors
    /// See [`SmtpError`].
    pub fn new(smtp: Smtp, roots_pem: Option<&str>) -> Result<Self, SmtpError> {
        let from = smtp.from.parse().map_err(|_| SmtpError::From)?;
        let (host, port, first) = server(&smtp.url).ok_or(SmtpError::Url)?;
        let mut tls = TlsParameters::builder(host.to_owned());
        if let Some(pem) = roots_pem {
            tls = tls.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(|_| SmtpError::Roots)?);
        }
        let tls = tls.build().map_err(|_| SmtpError::Tls)?;
        // "Dangerous" is only what it begins with: no TLS. Both of these insist on it.
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .timeout(Some(DEADLINE))
            .tls(if first { Tls::Wrapper(tls) } else { Tls::Required(tls) });
        match (smtp.user, smtp.password) {
            (Some(user), Some(password)) => {
                transport = transport.credentials(Credentials::new(user, password.expose().to_owned()));
            }
            (None, None) => {}
            _ => return Err(SmtpError::Credentials),
        }
        Ok(Self { transport: transport.build(), from })
    }

    fn message(&self, mail: &Mail) -> Option<Message> {
        let to: Mailbox = mail.to.expose().parse().ok()?;
        let id = digest::hex(&digest::random_bytes::<16>());
        let (automatic, how) = AUTOMATIC;
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&mail.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .raw_header(HeaderValue::new(automatic, how.to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.expose().to_owned())
            .ok()
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let message = self.message(&mail).ok_or(MailError::Refused)?;
        match timeout(DEADLINE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(kind(&error)),
            Err(_) => Err(MailError::Unreachable),
        }
    }
}

/// Whether it was an answer, without its words.
fn kind(error: &smtp::Error) -> MailError {
    let answered = error.is_permanent() || error.is_transient() || error.is_response() || error.is_client();
    if answered { MailError::Refused } else { MailError::Unreachable }
}

/// Host and port, and whether TLS comes first.
fn server(url: &Url) -> Option<(&str, u16, bool)> {
    let (usual, first) = match url.scheme() {
        "smtp" => (STARTTLS_PORT, false),
        "smtps" => (TLS_PORT, true),
        _ => return None,
    };
    let bare = url.username().is_empty() && url.password().is_none() && matches!(url.path(), "" | "/");
    let bare = bare && url.query().is_none() && url.fragment().is_none();
    let host = url.host_str().filter(|host| bare && !host.is_empty())?;
    Some((host, url.port().unwrap_or(usual), first))
}

#[cfg(test)]
mod tests;
