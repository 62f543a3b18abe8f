//! How fast are callbacks delivered, against how fast requests with one callback each come in?
//!
//! Requests are accepted while nothing is delivered; then the server starts again on the same data and delivers. Plain
//! http to a receiver in the harness, on the same cores.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::{
    child::Server,
    load::{self, Extent, Load},
    message::Template,
    plan::{CONNECTIONS, Habeas, Plan},
    receiver::Receiver,
    world::{self, Cast},
};

/// Nobody waits longer for callbacks; how fast those were that came is told all the same.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the callbacks go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// All to one host.
    One,
    /// To as many hosts as there are connections.
    Many,
}

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) accepted_per_second: f64,
    pub(crate) delivered_per_second: f64,
    /// The delivering server's CPU time for a callback, its start included, in microseconds.
    pub(crate) cpu_us: f64,
}

/// Measures both phases.
///
/// # Errors
/// When any request failed, or no callback came.
pub(crate) async fn measure(plan: &Plan, hosts: Hosts) -> Result<Measured> {
    let place = plan.place(Habeas::USUAL.kept, &[Cast::Mail])?;
    let token = world::provide(place.path(), Habeas::USUAL.algorithm, &[Cast::Mail])?;
    let receiver = Receiver::start(usize::try_from(plan.callbacks)?)?;
    let templates = (0..CONNECTIONS)
        .map(|number| Template::new(&token, &[url(hosts, number, receiver.port())]))
        .collect::<Result<Vec<_>>>()?;
    let words = Habeas::USUAL.words(&place, Cast::Mail, &plan.log);
    let server = Server::start(&words, &plan.log_file()).await?;
    let extent = Extent::Counting(plan.callbacks);
    let load = Load { addresses: &[server.address()], status: 201, templates: &templates, extent };
    let accepted = load::run(load).await.with_context(|| server.last_words())?;
    server.stop().await?;
    let words = Habeas { work: true, ..Habeas::USUAL }.words(&place, Cast::Mail, &plan.log);
    let server = Server::start(&words, &plan.log_file()).await?;
    let drain = receiver.drained(PATIENCE).await;
    if drain.callbacks < 2 {
        bail!("{} callbacks came: {}", drain.callbacks, server.last_words());
    }
    let cpu_us = crate::stats::float(server.cpu_us()?) / crate::stats::float(drain.callbacks);
    server.stop().await?;
    Ok(Measured { accepted_per_second: accepted.per_second(), delivered_per_second: drain.per_second, cpu_us })
}

fn url(hosts: Hosts, number: usize, port: u16) -> String {
    let name = match hosts {
        Hosts::One => 0,
        Hosts::Many => number,
    };
    // Every name below `localhost` is this machine (RFC 6761).
    format!("http://c{name}.localhost:{port}/opengdpr_callbacks/{number}")
}
