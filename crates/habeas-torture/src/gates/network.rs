//! A node is cut off from everybody, and comes back. Three nodes, each in a network of its own, share a PostgreSQL.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::PathBuf,
    process::{Command as Plain, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use clap::Args as ClapArgs;
use habeas_testbed::{Cluster, Options as ClusterOptions};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    task::{JoinHandle, block_in_place},
};

use super::apart;
use crate::{
    args::Args,
    client::{self, Load},
    history::Verdict,
    random::Random,
    relay,
    scene::{PATIENCE, SHORT_ATTEMPT, Scene},
    serve::READY,
};

const NODES: u8 = 3;
/// The node that is cut off.
const CUT: u8 = 2;
const RATE: u64 = 100;
/// How long there is load before the cut, while it lasts, and after it. The cut outlasts a lease.
const BEFORE: Duration = Duration::from_secs(3);
const CUT_OFF: Duration = Duration::from_secs(40);
const AFTER: Duration = Duration::from_secs(5);

/// The part that runs with networks of its own.
#[derive(Debug, ClapArgs)]
pub(crate) struct Options {
    #[arg(long)]
    folder: PathBuf,
    #[arg(long)]
    seed: u64,
}

#[derive(Debug, Serialize)]
struct Cut {
    #[serde(flatten)]
    verdict: Verdict,
    nodes: u8,
    cut_off_seconds: u64,
    acknowledged_meanwhile: usize,
    /// How many requests the one that was cut off had acknowledged before.
    acknowledged_before_by_it: u64,
    /// Whether it was heard of while it was cut off.
    heard_of_meanwhile: bool,
    /// Whether it acknowledged more afterwards.
    came_back: bool,
    passed: bool,
}

/// Runs it where that is possible, and says so where not.
pub(crate) async fn run(args: &Args) -> Result<Value> {
    const NETWORK: &[&str] = &["--net"];
    if !rustix::process::geteuid().is_root() {
        return Ok(apart::skipped("not root", "only root can make networks"));
    }
    let tried = apart::command(NETWORK).args(["ip", "link", "set", "lo", "up"]).status().await;
    if !tried.is_ok_and(|status| status.success()) {
        let why = "no network can be made here; on Debian the package iproute2 has what is needed";
        return Ok(apart::skipped("no networks", why));
    }
    let folder = args.folder("network")?;
    apart::run(apart::command(NETWORK), "network", folder.path(), &["--seed", &args.seed.to_string()]).await
}

/// The part inside. This network is the middle: database, receivers, clients. A relay in front of the nodes takes them
/// in turn.
pub(crate) async fn inside(options: &Options) -> Result<()> {
    ip("link set lo up")?;
    names_of_its_own()?;
    let cluster = block_in_place(|| Cluster::start(&ClusterOptions::default()))?;
    let url = cluster.create_database("habeas")?;
    let mut scene = Scene::set(&options.folder, &url, SHORT_ATTEMPT, false).await?;
    let (public, operator) = scene.sender.site.ports();
    let inner = [cluster.port(), scene.receiver.port()];
    let mut nodes = Vec::new();
    for n in 1..=NODES {
        nodes.push(Node::start(&options.folder, n, inner, [public, operator]).await?);
    }
    let front = [front(public).await?, front(operator).await?];

    let load = Load::start(&scene.sender, &scene.receiver, RATE, &Random::new(options.seed));
    scene.book.acknowledged_in(1, PATIENCE).await?;
    tokio::time::sleep(BEFORE).await;
    let metrics = format!("http://{}/metrics", address(CUT, 2, operator)?);
    let acknowledged_before_by_it = received(&metrics).await.context("a node tells no metrics")?;
    ip(&format!("link set hub{CUT} down"))?;
    let (life, before) = (scene.book.next_life(), scene.book.read()?.len());
    scene.book.acknowledged_in(life, PATIENCE).await?;
    tokio::time::sleep(CUT_OFF).await;
    let acknowledged_meanwhile = scene.book.read()?.len() - before;
    let heard_of_meanwhile = received(&metrics).await.is_some();
    ip(&format!("link set hub{CUT} up"))?;
    let came_back = receives_more(&metrics).await;
    tokio::time::sleep(AFTER).await;
    load.end(PATIENCE).await?;

    // Who looks for what is left is one plain server.
    front.iter().for_each(JoinHandle::abort);
    scene.drained().await?;
    for node in nodes {
        node.stop().await?;
    }
    let verdict = scene.verdict().await?;
    let was_used = acknowledged_before_by_it > 0 && acknowledged_meanwhile > 0;
    let passed = !verdict.is_broken() && was_used && came_back && !heard_of_meanwhile;
    let cut = Cut {
        verdict,
        nodes: NODES,
        cut_off_seconds: CUT_OFF.as_secs(),
        acknowledged_meanwhile,
        acknowledged_before_by_it,
        heard_of_meanwhile,
        came_back,
        passed,
    };
    Ok(writeln!(std::io::stdout(), "{}", json!(cut))?)
}

/// Networks have names by files, which would outlive this run where everybody sees them.
fn names_of_its_own() -> Result<()> {
    const NAMES: &str = "/run/netns";
    std::fs::create_dir_all(NAMES)?;
    let status =
        Plain::new("mount").args(["-t", "tmpfs", "tmpfs", NAMES]).status().context("`mount` could not be run")?;
    if !status.success() {
        bail!("{NAMES} cannot be this run's own");
    }
    Ok(())
}

/// How many requests a node has acknowledged, if it can be reached.
async fn received(metrics: &str) -> Option<u64> {
    const NAME: &str = "habeas_requests_received_total{";
    let text = client::http().ok()?.get(metrics).send().await.ok()?.text().await.ok()?;
    let lines = text.lines().filter(|line| line.starts_with(NAME));
    Some(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum())
}

/// Whether a node can be reached again within a while, and acknowledges more from then on.
async fn receives_more(metrics: &str) -> bool {
    let more = async {
        let mut first = None;
        loop {
            let now = received(metrics).await;
            match (first, now) {
                (Some(first), Some(now)) if now > first => return,
                (None, _) => first = now,
                _ => {}
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, more).await.is_ok()
}

/// Takes connections at a port of this network for all nodes in turn.
async fn front(port: u16) -> Result<JoinHandle<()>> {
    let nodes = (1..=NODES).map(|n| address(n, 2, port)).collect::<Result<_>>()?;
    relay::start(SocketAddr::from(([127, 0, 0, 1], port)), nodes).await
}

/// An address between the middle (`end` 1) and a node (`end` 2).
fn address(node: u8, end: u8, port: u16) -> Result<SocketAddr> {
    Ok(SocketAddr::from(([10, 77, node, end], port)))
}

/// A node in a network of its own, and the relay that stands there for all it can reach.
struct Node {
    server: Child,
    relay: Child,
}

impl Node {
    /// `inner` are the ports of the middle that it reaches, `outer` those at which it is reached.
    async fn start(folder: &std::path::Path, n: u8, inner: [u16; 2], outer: [u16; 2]) -> Result<Self> {
        let name = format!("habeas-node{n}");
        ip(&format!("netns add {name}"))?;
        ip(&format!("link add hub{n} type veth peer name eth0 netns {name}"))?;
        ip(&format!("address add {}/24 dev hub{n}", address(n, 1, 0)?.ip()))?;
        ip(&format!("link set hub{n} up"))?;
        for step in [
            "link set lo up".to_owned(),
            format!("address add {}/24 dev eth0", address(n, 2, 0)?.ip()),
            "link set eth0 up".to_owned(),
        ] {
            ip(&format!("-n {name} {step}"))?;
        }
        for port in inner {
            relay::start(address(n, 1, port)?, vec![SocketAddr::from(([127, 0, 0, 1], port))]).await?;
        }
        let mut pairs = Vec::new();
        for port in inner {
            pairs.push(format!("127.0.0.1:{port}={}", address(n, 1, port)?));
        }
        for port in outer {
            pairs.push(format!("{}=127.0.0.1:{port}", address(n, 2, port)?));
        }
        let mut relay = inside_of(&name)?;
        relay.arg("relay").args(pairs.iter().flat_map(|pair| ["--from-to", pair]));
        let relay = relay.stdin(Stdio::null()).kill_on_drop(true).spawn().context("a relay does not start")?;
        let mut server = inside_of(&name)?;
        server.arg("serve").arg("--config").arg(folder.join("habeas.toml"));
        let log = std::fs::File::create(folder.join(format!("node{n}.log")))?;
        server.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut server = server.spawn().context("a node does not start")?;
        let output = server.stdout.take().context("a node without output")?;
        let line =
            tokio::time::timeout(PATIENCE, BufReader::new(output).lines().next_line()).await.context("late")??;
        if line.as_deref() != Some(READY) {
            bail!("node {n} did not start");
        }
        Ok(Self { server, relay })
    }

    async fn stop(mut self) -> Result<()> {
        self.server.kill().await?;
        Ok(self.relay.kill().await?)
    }
}

/// This program, in the network of a node.
fn inside_of(name: &str) -> Result<Command> {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", name]).arg(std::env::current_exe()?);
    Ok(command)
}

fn ip(words: &str) -> Result<()> {
    let status = Plain::new("ip").args(words.split(' ')).status().context("`ip` could not be run")?;
    if !status.success() {
        bail!("ip {words} failed");
    }
    Ok(())
}
