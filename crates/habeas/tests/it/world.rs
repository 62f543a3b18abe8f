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
        let organisations = self.said["organisations"].as_array().expect("organisations");
        let one = organisations.iter().find(|one| one["domain"] == domain).expect("the organisation");
        one["credentials"][0]["token"].as_str().expect("a token")
    }

    /// A command of its operator.
    fn command(&self, args: &[&str]) -> Command {
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

/// The `n`th id: a version 4 UUID.
pub(crate) fn id(n: u64) -> String {
    format!("{n:08x}-d5d6-44b2-9831-815ac9017798")
}
