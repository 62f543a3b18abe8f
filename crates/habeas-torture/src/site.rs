//! Whom does the server act for, and who calls it? Everything is made once in a folder, from which each life of the
//! server reads it.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use habeas::files::{self, Readers};
use habeas_core::clock::{Clock as _, DAY_MS};
use habeas_engine::ambient::SystemClock;
use habeas_testbed::free_port;
use habeas_trust::{
    authority::Authority, credential::Credential, seal::MasterKey, signing::SigningKey, token::TokenSigner,
    webhook::WebhookSecret,
};
use habeas_wire::jws::Unsigned;

use crate::serve::PREFIX;

/// So many processors, each called by so many controllers.
pub(crate) const ORGANISATIONS: usize = 3;
pub(crate) const PARTIES: usize = 2;

/// The agent of people who calls each of them.
pub(crate) const HELPER: &str = "helper.localhost";

/// A configured server.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) folder: PathBuf,
    port: u16,
    operator: u16,
    pub(crate) operator_token: String,
    /// By organisation and party, the agent last.
    tokens: Vec<Vec<String>>,
    /// What the agent signs identity tokens with, by organisation.
    identity: Vec<TokenSigner>,
}

impl Site {
    /// Makes it in a folder, with a database and the time for an attempt, for a receiver that does the work.
    pub(crate) fn make(folder: &Path, database: &str, attempt: &str, receiver: u16) -> Result<Self> {
        let (port, operator) = (free_port(), free_port());
        if port == 0 || operator == 0 {
            bail!("no port is free");
        }
        let operator_token = Credential::generate().token().to_owned();
        let mut site = Self {
            folder: folder.to_owned(),
            port,
            operator,
            operator_token,
            tokens: Vec::new(),
            identity: Vec::new(),
        };
        let now = SystemClock.now();
        let (from, until) = (now.ms(), now.plus_ms(30 * DAY_MS).ms());
        let authority = Authority::new("torture", from, until)?;
        fs::write(folder.join("authority.pem"), authority.certificate_pem())?;
        site.secret("operator.token", &site.operator_token)?;
        site.secret("webhook.secret", &WebhookSecret::generate().expose())?;
        let mut text = format!(
            "database = \"{database}\"\n\
             [listen]\naddress = \"127.0.0.1:{port}\"\n\
             [operator]\naddress = \"127.0.0.1:{operator}\"\ntoken_file = \"operator.token\"\n\
             [delivery]\nattempt_timeout = \"{attempt}\"\n\
             [egress]\nallow = [\"127.0.0.0/8\"]\n\
             [trust]\nca_file = \"authority.pem\"\n\
             [log]\nlevel = \"warn\"\n"
        );
        for number in 0..ORGANISATIONS {
            let domain = domain(number);
            let key = SigningKey::generate_p256()?;
            site.secret(&format!("{domain}.key"), &key.to_pem())?;
            fs::write(folder.join(format!("{domain}.pem")), authority.issue(&key, &[&domain], from, until)?)?;
            site.secret(&format!("{domain}.seal"), &MasterKey::generate().to_hex())?;
            write!(
                text,
                "[[organisation]]\ndomain = \"{domain}\"\npublic_url = \"https://{domain}\"\n\
                 roles = [\"processor\", \"covered-business\", \"pip\"]\n\
                 key_file = \"{domain}.key\"\ncertificate_file = \"{domain}.pem\"\nsealing_key_file = \"{domain}.seal\"\n\
                 [organisation.fulfilment]\nby = \"webhook\"\nurl = \"http://127.0.0.1:{receiver}/work\"\n\
                 secret_file = \"webhook.secret\"\n"
            )?;
            let mut tokens = Vec::new();
            for party in 0..PARTIES {
                let credential = Credential::generate();
                tokens.push(credential.token().to_owned());
                write!(
                    text,
                    "[[organisation.party]]\ndomain = \"c{party}.localhost\"\ncredentials = [\"{}\"]\n",
                    credential.hash()
                )?;
            }
            tokens.push(site.agent(&domain, &mut text)?);
            site.tokens.push(tokens);
        }
        fs::write(folder.join("habeas.toml"), text)?;
        Ok(site)
    }

    /// Agrees with the agent; says with which token it calls.
    fn agent(&mut self, organisation: &str, text: &mut String) -> Result<String> {
        let (credential, identity) = (Credential::generate(), MasterKey::generate().to_hex());
        self.identity.push(TokenSigner::secret(&identity)?);
        self.secret(&format!("{organisation}.identity"), &identity)?;
        write!(
            text,
            "[[organisation.party]]\ndomain = \"{HELPER}\"\ndialect = \"drp/0.5\"\ncredentials = [\"{}\"]\n\
             identity_keys = [{{ algorithm = \"HS256\", secret_file = \"{organisation}.identity\" }}]\n",
            credential.hash()
        )?;
        Ok(credential.token().to_owned())
    }

    /// An identity token with these claims for an organisation.
    pub(crate) fn identity_token(&self, organisation: usize, claims: &str) -> Result<String> {
        let signer = self.identity.get(organisation).context("no such organisation")?;
        let unsigned = Unsigned::new(br#"{"alg":"HS256","typ":"JWT"}"#, claims.as_bytes());
        let signature = signer.sign(unsigned.signing_input())?;
        Ok(unsigned.signed(&signature))
    }

    /// Where agents call.
    pub(crate) fn data_rights(&self, what: &str) -> String {
        format!("http://127.0.0.1:{}/data-rights/{what}", self.port)
    }

    /// Where requests go.
    pub(crate) fn requests(&self) -> String {
        format!("http://127.0.0.1:{}/v1/opengdpr_requests", self.port)
    }

    /// Where peers and operators reach it.
    pub(crate) const fn ports(&self) -> (u16, u16) {
        (self.port, self.operator)
    }

    /// A path of the operator API.
    pub(crate) fn api(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{PREFIX}{path}", self.operator)
    }

    /// The token with which a party calls an organisation.
    pub(crate) fn token(&self, organisation: usize, party: usize) -> &str {
        self.tokens.get(organisation).and_then(|tokens| tokens.get(party)).map_or("", String::as_str)
    }

    fn secret(&self, name: &str, text: &str) -> Result<()> {
        Ok(files::create(&self.folder.join(name), text, Readers::Owner)?)
    }
}

/// The domain of an organisation.
pub(crate) fn domain(number: usize) -> String {
    format!("p{number}.localhost")
}
