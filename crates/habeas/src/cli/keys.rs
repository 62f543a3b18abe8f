//! `habeas keys`: the organisation's key and certificate, and credentials for its parties.

mod install;
mod pair;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::ValueEnum;
use habeas_core::domain::Domain;
use habeas_trust::{
    authority,
    credential::Credential,
    signing::{KeyError, RsaSize, SigningKey},
    webhook::WebhookSecret,
};
use serde_json::json;

use super::{
    exit::{Failure, Outcome},
    output::{self, Output},
    setup::Setup,
};
use crate::files::{self, Readers};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a key and the request to certify it.
    New(New),
    /// Print the request to certify the key that is there.
    Csr(Csr),
    /// Install a certificate chain, after checking it.
    Install(install::Args),
    /// Make a credential for a party; it is shown once.
    Token(Token),
    /// Make what is agreed with a party of DRP, a secret and a key of identity tokens; it is shown once.
    Pair(pair::Args),
    /// Make the secret that messages to your own systems are signed with.
    Webhook(Webhook),
}

/// The kinds of key to sign with.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum Algorithm {
    /// RSA of 2048 bits: what every peer can verify.
    #[default]
    #[value(name = "rsa-2048")]
    Rsa2048,
    /// RSA of 3072 bits.
    #[value(name = "rsa-3072")]
    Rsa3072,
    /// RSA of 4096 bits.
    #[value(name = "rsa-4096")]
    Rsa4096,
    /// ECDSA on P-256: small and fast.
    #[value(name = "p256")]
    P256,
}

impl Algorithm {
    pub(super) fn generate(self) -> Result<SigningKey, KeyError> {
        match self {
            Self::Rsa2048 => SigningKey::generate_rsa(RsaSize::Bits2048),
            Self::Rsa3072 => SigningKey::generate_rsa(RsaSize::Bits3072),
            Self::Rsa4096 => SigningKey::generate_rsa(RsaSize::Bits4096),
            Self::P256 => SigningKey::generate_p256(),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// The organisation's domain.
    #[arg(long)]
    domain: Domain,
    /// The kind of key.
    #[arg(long, value_enum, default_value_t)]
    algorithm: Algorithm,
}

#[derive(Debug, clap::Args)]
pub(super) struct Csr {
    /// The organisation's domain.
    #[arg(long)]
    domain: Domain,
}

#[derive(Debug, clap::Args)]
pub(super) struct Token {
    /// The party that will call with it.
    #[arg(long)]
    party: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Webhook {
    /// Where to write it: `secret_file` of `organisation.fulfilment` or of `alert`.
    #[arg(long, default_value = "webhook.secret")]
    file: PathBuf,
}

pub(super) fn run(command: Command, setup: &Setup, output: Output) -> Outcome {
    match command {
        Command::New(args) => new(&args, setup, output),
        Command::Csr(args) => csr(&args, setup, output),
        Command::Install(args) => install::run(&args, setup, output),
        Command::Token(args) => token(&args, output),
        Command::Pair(args) => pair::run(&args, setup, output),
        Command::Webhook(args) => webhook(&args, setup, output),
    }
}

/// Where an organisation's key and certificate are: as the configuration says, else in `keys` beside it.
struct Files {
    key: PathBuf,
    certificate: PathBuf,
}

impl Files {
    fn of(domain: &Domain, setup: &Setup) -> Outcome<Self> {
        let beside = |extension: &str| {
            setup.file().parent().unwrap_or(Path::new("")).join("keys").join(format!("{domain}.{extension}"))
        };
        let loaded = setup.load_if_any()?;
        let configured = loaded.as_ref().and_then(|loaded| {
            let of_domain = loaded.config.organisation.iter().find(|one| one.domain.as_ref() == Some(domain))?;
            let path = |file: &Option<PathBuf>| file.as_ref().map(|file| loaded.path(file));
            Some((path(&of_domain.key_file), path(&of_domain.certificate_file)))
        });
        let (key, certificate) = configured.unwrap_or_default();
        Ok(Self {
            key: key.unwrap_or_else(|| beside("key")),
            certificate: certificate.unwrap_or_else(|| beside("pem")),
        })
    }

    fn read_key(&self) -> anyhow::Result<SigningKey> {
        let text = std::fs::read_to_string(&self.key).map(zeroizing);
        let text = text.with_context(|| format!("{} cannot be read", self.key.display()))?;
        SigningKey::from_pem(text.expose()).with_context(|| format!("{} cannot be used", self.key.display()))
    }
}

fn zeroizing(text: String) -> habeas_core::secret::Secret {
    habeas_core::secret::Secret::new(text)
}

fn new(args: &New, setup: &Setup, output: Output) -> Outcome {
    let files = Files::of(&args.domain, setup)?;
    if files.key.exists() {
        let hint = "move it away first; a running server goes on with the one it has read";
        return Err(anyhow!("there is already {}: {hint}", files.key.display()).into());
    }
    let key = args.algorithm.generate()?;
    let csr = authority::csr_pem(&key, args.domain.as_str())?;
    let csr_file = files.key.with_extension("csr");
    files::create(&files.key, &key.to_pem(), Readers::Owner)?;
    files::replace(&csr_file, &csr, Readers::All)?;
    if output.is_json() {
        output.json(&json!({ "key": files.key, "csr": csr_file, "key_id": key.key_id(), "algorithm": key.algorithm().to_string() }));
    }
    output.say(&format!(
        "Wrote {} and {}.\nLet an authority certify the latter, then: habeas keys install --domain {} CHAIN.pem",
        files.key.display(),
        csr_file.display(),
        args.domain
    ));
    Ok(())
}

fn csr(args: &Csr, setup: &Setup, output: Output) -> Outcome {
    let key = Files::of(&args.domain, setup)?.read_key().map_err(Failure::Usage)?;
    let csr = authority::csr_pem(&key, args.domain.as_str())?;
    if output.is_json() {
        output.json(&json!({ "csr": csr }));
    } else {
        output::text(&csr);
    }
    Ok(())
}

fn token(args: &Token, output: Output) -> Outcome {
    let credential = Credential::generate();
    let hash = credential.hash().to_string();
    if output.is_json() {
        output.json(&json!({ "party": args.party, "token": credential.token(), "credentials": [hash] }));
    }
    output.say(&format!(
        "The credential of {}, shown this once. Hand it over on a safe way:\n\n  {}\n\n\
         Put this into its [[organisation.party]]; beside an older one, for as long as both shall hold:\n\n  \
         credentials = [\"{hash}\"]",
        args.party,
        credential.token(),
    ));
    Ok(())
}

fn webhook(args: &Webhook, setup: &Setup, output: Output) -> Outcome {
    let file = setup.file().parent().unwrap_or(Path::new("")).join(&args.file);
    if file.exists() {
        return Err(anyhow!("there is already {}: move it away first", file.display()).into());
    }
    files::create(&file, &WebhookSecret::generate().expose(), Readers::Owner)?;
    if output.is_json() {
        output.json(&json!({ "secret_file": file }));
    }
    output.say(&format!(
        "Wrote {}: the secret by which your systems know our messages (Standard Webhooks: webhook-id,\n\
         webhook-timestamp and webhook-signature). Hand it to them on a safe way, and put this into\n\
         [organisation.fulfilment]:\n\n  by = \"webhook\"\n  url = \"https://...\"\n  secret_file = {:?}\n\n\
         or, without the first line, into [alert].",
        file.display(),
        args.file,
    ));
    Ok(())
}
