//! By which server are people written to?

use std::sync::Arc;

use habeas_core::secret::Secret;
use habeas_engine::mail::{Mailer, NoMailer};

use super::{files, sealed::alone};
use crate::{
    config::{Loaded, model},
    mail::{Smtp, SmtpError, SmtpMailer},
};

/// The configured one, or nobody where there is none or it is not described well enough.
pub(super) fn assemble(loaded: &mut Loaded) -> Arc<dyn Mailer> {
    let mailer = smtp(loaded);
    mailer.map_or_else(|| Arc::new(NoMailer) as Arc<dyn Mailer>, |mailer| Arc::new(mailer))
}

fn smtp(loaded: &mut Loaded) -> Option<SmtpMailer> {
    let mail = loaded.config.mail.clone();
    let given = [mail.from.is_some(), mail.user.is_some(), mail.password_file.is_some(), mail.password_env.is_some()];
    if mail.url.is_none() && given.contains(&true) {
        loaded.missing("mail.url");
    }
    let password = password(loaded, &mail);
    let has_password = mail.password_file.is_some() || mail.password_env.is_some();
    match (mail.user.is_some(), has_password) {
        (true, false) => loaded.missing_because("mail.password_file", "or password_env is required beside user"),
        (false, true) => loaded.missing_because("mail.user", "is required beside a password"),
        _ => {}
    }
    let url = mail.url?;
    if mail.from.is_none() {
        loaded.missing("mail.from");
    }
    // What is not said well enough was noted; the rest of it is looked at all the same.
    let (user, password) = mail.user.zip(password).unzip();
    let from = mail.from.unwrap_or_else(|| "nobody@example.com".to_owned());
    let roots = loaded.config.egress.ca_file.clone();
    let roots = roots.and_then(|file| std::fs::read_to_string(loaded.path(&file)).ok());
    let mailer = SmtpMailer::new(Smtp { url, user, password, from }, roots.as_deref());
    mailer
        .map_err(|error| {
            let place = match error {
                SmtpError::Url => "mail.url",
                SmtpError::From => "mail.from",
                SmtpError::Credentials => "mail.user",
                SmtpError::Roots => "egress.ca_file",
                SmtpError::Tls => "mail",
            };
            loaded.object(place, error.to_string());
        })
        .ok()
}

fn password(loaded: &mut Loaded, mail: &model::Mail) -> Option<Secret> {
    let keys = [("password_file", mail.password_file.is_some()), ("password_env", mail.password_env.is_some())];
    if !alone(loaded, "mail", &keys) {
        return None;
    }
    match (&mail.password_file, &mail.password_env) {
        (Some(file), _) => files::secret(loaded, "mail.password_file", file),
        (None, Some(name)) => files::variable(loaded, "mail.password_env", name),
        (None, None) => None,
    }
}
