//! How many requests a second, for how much CPU, memory and disk?

use anyhow::{Context as _, Result};

use crate::{
    child::Server,
    load::{self, Extent, Load, Tally},
    message::{BODY_BYTES, Template},
    place::Place,
    plan::{Plan, Variant},
    proc,
    server::Kept,
    stats::float,
    world::{self, Cast},
};

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    /// The server's CPU time for a request, in microseconds.
    pub(crate) cpu_us: f64,
    /// That of the database's own processes, where it has any.
    pub(crate) database_cpu_us: f64,
    /// The load generator's, which runs on the same cores.
    pub(crate) generator_cpu_us: f64,
    /// The share of all cores that others took meanwhile, other virtual machines and the kernel's own work among
    /// them, in percent.
    pub(crate) others_percent: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Request and answer, bodies only.
    pub(crate) payload_bytes: f64,
    /// By which a request lets the database grow, after its log was folded in; 0 for the echo.
    pub(crate) disk_bytes: f64,
}

/// Measures a variant.
///
/// # Errors
/// When any request failed: the run is void.
pub(crate) async fn measure(plan: &Plan, variant: Variant) -> Result<Measured> {
    let Some(habeas) = variant.habeas() else {
        let server = Server::start(&["server-echo".to_owned()], &plan.log_file()).await?;
        let template = Template::new("nobody", &[])?;
        let servers = [server];
        let (measured, _) = load(plan, (&servers, None), variant, &template, 200).await?;
        stop(servers).await?;
        return Ok(measured);
    };
    let place = plan.place(habeas.kept, &[Cast::Mail])?;
    let token = world::provide(place.path(), habeas.algorithm, &[Cast::Mail])?;
    let template = Template::new(&token, &variant.callbacks())?;
    let mut servers = Vec::with_capacity(variant.nodes());
    for node in 0..variant.nodes() {
        let log = plan.log_file().with_extension(node.to_string());
        servers.push(Server::start(&habeas.words(&place, Cast::Mail, &plan.log), &log).await?);
    }
    // An empty PostgreSQL database has some MiB already.
    let empty = if place.url(Cast::Mail).is_some() { place.bytes(Cast::Mail)? } else { 0.0 };
    let last_words = || servers.iter().map(Server::last_words).collect::<Vec<_>>().join("\n");
    let loaded = load(plan, (&servers, Some(&place)), variant, &template, 201).await;
    let (mut measured, requests) = loaded.with_context(last_words)?;
    stop(servers).await?;
    if habeas.kept == Kept::Full {
        measured.disk_bytes = (place.bytes(Cast::Mail)? - empty) / float(requests);
    }
    Ok(measured)
}

async fn stop(servers: impl IntoIterator<Item = Server>) -> Result<()> {
    for server in servers {
        server.stop().await?;
    }
    Ok(())
}

/// Also says how many requests were answered, the warm-up's among them.
async fn load(
    plan: &Plan,
    (servers, place): (&[Server], Option<&Place>),
    variant: Variant,
    template: &Template,
    status: u16,
) -> Result<(Measured, u64)> {
    let templates = (0..variant.connections()).map(|_| template.another()).collect::<Vec<_>>();
    let addresses: Vec<_> = servers.iter().map(Server::address).collect();
    let under = |extent| load::run(Load { addresses: &addresses, status, templates: &templates, extent });
    let warmed_up = under(Extent::Lasting(plan.warm_up)).await?;
    let before = Clocks::read(servers, place)?;
    let mut tally = under(Extent::Lasting(plan.run)).await?;
    let spent = Clocks::read(servers, place)?.since(before);
    let measured = Measured {
        per_second: tally.per_second(),
        cpu_us: spent.server / float(tally.requests),
        database_cpu_us: spent.database / float(tally.requests),
        generator_cpu_us: spent.generator / float(tally.requests),
        others_percent: 100.0 * spent.others() / tally.cores_us()?,
        p50_ms: tally.wait_ms(50),
        p99_ms: tally.wait_ms(99),
        payload_bytes: payload(&tally)?,
        disk_bytes: 0.0,
    };
    Ok((measured, warmed_up.requests + tally.requests))
}

fn payload(tally: &Tally) -> Result<f64> {
    Ok(float(u64::try_from(BODY_BYTES)?) + float(tally.answer_bytes) / float(tally.requests))
}

/// CPU time used so far, in microseconds.
#[derive(Clone, Copy)]
struct Clocks {
    server: f64,
    database: f64,
    generator: f64,
    machine: f64,
}

impl Clocks {
    fn read(servers: &[Server], place: Option<&Place>) -> Result<Self> {
        let server = servers.iter().map(|server| Ok(float(server.cpu_us()?))).sum::<Result<f64>>()?;
        Ok(Self {
            server,
            database: place.map_or(0.0, Place::database_cpu_us),
            generator: float(proc::cpu_us(std::process::id())?),
            machine: float(proc::machine_cpu_us()?),
        })
    }

    fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            database: self.database - before.database,
            generator: self.generator - before.generator,
            machine: self.machine - before.machine,
        }
    }

    fn others(self) -> f64 {
        (self.machine - self.server - self.database - self.generator).max(0.0)
    }
}
