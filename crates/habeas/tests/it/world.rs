//! `habeas dev` as a test uses it: what it says of itself, its command line, its peers.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::{
    command::command,
    server::Server,
    wire::{Call, Message},
};

/// Whom the tests call most.
pub(crate) const MAIL: &str = "mail.localhost";
pub(crate) const SHOP: &str = "shop.localhost";
/// The others.
pub(crate) const ADS: &str = "ads.localhost";
pub(crate) const PUSH: &str = "push.localhost";
pub(crate) const HELPER: &str = "helper.localhost";
pub(crate) const AGENT: &str = "agent.localhost";
/// Where requests are made and read.
pub(crate) const REQUESTS: &str = "/v1/opengdpr_requests";

/// A sandbox in a process of its own.
pub(crate) struct World {
    pub(crate) server: Server,
    /// What it said when it was ready.
    pub(crate) said: Value,
    pub(crate) port: u16,
    folder: PathBuf,
}

impl World {
    /// Opens the world of a folder, on a free port or on that one.
    pub(crate) fn open(folder: &Path, port: u16) -> Self {
        let listen = format!("127.0.0.1:{port}");
        // The most talkative log that operators use, to be searched for what may not stand in it.
        let args = ["dev", "--listen", &listen, "--data", "world", "--json", "--log", "habeas=debug,info"];
        let mut server = Server::start(command(folder, &args), &folder.join("dev.log"));
        let said = server.ready();
        let url = said["url"].as_str().expect("its URL");
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("its port");
        Self { server, said, port, folder: folder.to_owned() }
    }

    /// The operator's token.
    pub(crate) fn token(&self) -> &str {
        self.said["operator"]["token"].as_str().expect("a token")
    }

    /// The token with which the shop calls an organisation.
    pub(crate) fn credential(&self, domain: &str) -> &str {
        self.credential_of(SHOP, domain)
    }

    /// The token with which a party calls an organisation.
    pub(crate) fn credential_of(&self, party: &str, domain: &str) -> &str {
        let organisations = self.said["organisations"].as_array().expect("organisations");
        let one = organisations.iter().find(|one| one["domain"] == domain).expect("the organisation");
        let credentials = one["credentials"].as_array().expect("credentials");
        let one = credentials.iter().find(|one| one["party"] == party).expect("a credential");
        one["token"].as_str().expect("a token")
    }

    /// A command of its operator.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = command(&self.folder, args);
        command.env("HABEAS_SERVER", self.said["operator"]["url"].as_str().expect("a URL"));
        command.env("HABEAS_TOKEN", self.token());
        command
    }

    /// Runs a command as its operator.
    pub(crate) fn habeas(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary runs")
    }

    /// Runs a command as its operator, who types something.
    pub(crate) fn habeas_hearing(&self, input: &str, args: &[&str]) -> Output {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(input.as_bytes()).expect("it listens");
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }

    /// Calls an organisation as the shop.
    pub(crate) fn shop<'a>(&'a self, host: &'a str) -> Call<'a> {
        Call { port: self.port, host, token: Some(self.credential(host)) }
    }

    /// Calls an organisation as nobody.
    pub(crate) const fn stranger<'a>(&self, host: &'a str) -> Call<'a> {
        Call { port: self.port, host, token: None }
    }

    /// Asks the operator API.
    pub(crate) fn api(&self, path: &str) -> Message {
        Call { port: self.port, host: "127.0.0.1", token: Some(self.token()) }.get(&format!("/api{path}"))
    }
}

/// A request of the person with that address, as JSON.
pub(crate) fn asking(id: &str, right: &str, email: &str, callbacks: &[String]) -> String {
    serde_json::json!({
        "subject_request_id": id,
        "subject_request_type": right,
        "submitted_time": "2026-01-01T11:00:00Z",
        "subject_identities": [{ "identity_type": "email", "identity_format": "raw", "identity_value": email }],
        "api_version": "1.0",
        "status_callback_urls": callbacks,
    })
    .to_string()
}

/// What a sandbox on that port says of its organisations, but for its tokens: who is in it, where they serve what, and
/// who calls whom.
pub(crate) fn cast(port: &str) -> Value {
    type Mount<'a> = (&'a str, &'a str, &'a str);
    let organisation = |domain: &str, role: &str, versions: &[(&str, &str)], parties: &[&str], also: &[Mount<'_>]| {
        let usual = versions.iter().map(|(dialect, path)| (*dialect, role, *path));
        let mounts: Vec<Mount<'_>> = usual.chain(also.iter().copied()).collect();
        let mount = |(dialect, role, path): &Mount<'_>| {
            let base_url = format!("http://{domain}:{port}{path}");
            serde_json::json!({ "dialect": dialect, "role": role, "base_url": base_url })
        };
        let mut roles: Vec<_> = mounts.iter().map(|(_, role, _)| *role).collect();
        roles.dedup();
        serde_json::json!({
            "domain": domain,
            "roles": roles,
            "mounts": mounts.iter().map(mount).collect::<Value>(),
            "credentials": parties.iter().map(|party| serde_json::json!({ "party": party })).collect::<Value>(),
        })
    };
    let (v1, v013, v012) = (("opengdpr/1.0", "/v1"), ("opengdpr/0.1.3", "/v0.1.3"), ("opengdpr/0.1.2", "/v0.1.2"));
    let business = [("drp/0.5", "covered-business", ""), ("drp/0.5", "pip", "/data-rights")];
    serde_json::json!([
        organisation(MAIL, "processor", &[v1], &[SHOP, AGENT], &[]),
        organisation(ADS, "processor", &[v1, v013], &[SHOP, AGENT], &[]),
        organisation(PUSH, "processor", &[v1], &[SHOP], &[]),
        organisation(AGENT, "agent", &[v013, v012], &[SHOP], &[]),
        organisation(SHOP, "controller", &[v1, v013], &[HELPER], &business),
        organisation(HELPER, "authorized-agent", &[], &[], &[("drp/0.5", "authorized-agent", "/drp")]),
    ])
}

/// Takes the tokens, and the keys of identity tokens, out of what a sandbox says of its organisations. Only who sends
/// identity tokens has such a key, of at least 32 ASCII characters.
pub(crate) fn tokens(organisations: &mut Value) -> Vec<String> {
    let credentials = organisations
        .as_array_mut()
        .expect("a list")
        .iter_mut()
        .flat_map(|one| one["credentials"].as_array_mut().expect("a list").iter_mut());
    let token = |one: &mut Value| {
        let one = one.as_object_mut().expect("an object");
        let key = one.remove("identity_key");
        let fits = |key: &Value| key.as_str().is_some_and(|key| key.len() >= 32 && key.is_ascii());
        assert_eq!(key.as_ref().is_some_and(fits), one["party"] == HELPER);
        one.remove("token")
    };
    credentials.map(|one| token(one).expect("a token").as_str().expect("a text").to_owned()).collect()
}

/// The `n`th id: a version 4 UUID.
pub(crate) fn id(n: u64) -> String {
    format!("{n:08x}-d5d6-44b2-9831-815ac9017798")
}
