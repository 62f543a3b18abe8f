//! How many requests a second, for how much CPU, memory and disk?

use anyhow::{Context as _, Result};

use crate::{
    child::Server,
    load::{self, Extent, Load, Tally},
    message::{BODY_BYTES, Template},
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
    /// The load generator's, which runs on the same cores.
    pub(crate) generator_cpu_us: f64,
    /// The share of all cores that others took meanwhile, other virtual machines and the kernel's own work among
    /// them, in percent.
    pub(crate) others_percent: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Request and answer, bodies only.
    pub(crate) payload_bytes: f64,
    /// Of the database, after its log was folded in; 0 for the echo.
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
        let (measured, _) = load(plan, &server, variant, &template, 200).await?;
        server.stop().await?;
        return Ok(measured);
    };
    let folder = plan.folder(habeas.kept)?;
    let token = world::provide(folder.path(), habeas.algorithm, &[Cast::Mail])?;
    let template = Template::new(&token, &variant.callbacks())?;
    let server = Server::start(&habeas.words(folder.path(), &plan.log), &plan.log_file()).await?;
    let (mut measured, requests) =
        load(plan, &server, variant, &template, 201).await.with_context(|| server.last_words())?;
    server.stop().await?;
    if habeas.kept == Kept::Full {
        measured.disk_bytes = float(proc::database_bytes(&folder.path().join(Cast::Mail.database()))) / float(requests);
    }
    Ok(measured)
}

/// Also says how many requests were answered, the warm-up's among them.
async fn load(
    plan: &Plan,
    server: &Server,
    variant: Variant,
    template: &Template,
    status: u16,
) -> Result<(Measured, u64)> {
    let templates = (0..variant.connections()).map(|_| template.another()).collect::<Vec<_>>();
    let under = |extent| load::run(Load { address: server.address(), status, templates: &templates, extent });
    let warmed_up = under(Extent::Lasting(plan.warm_up)).await?;
    let before = Clocks::read(server)?;
    let mut tally = under(Extent::Lasting(plan.run)).await?;
    let spent = Clocks::read(server)?.since(before);
    let measured = Measured {
        per_second: tally.per_second(),
        cpu_us: spent.server / float(tally.requests),
        generator_cpu_us: spent.generator / float(tally.requests),
        others_percent: 100.0 * (spent.machine - spent.server - spent.generator).max(0.0) / tally.cores_us()?,
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
    generator: f64,
    machine: f64,
}

impl Clocks {
    fn read(server: &Server) -> Result<Self> {
        Ok(Self {
            server: float(server.cpu_us()?),
            generator: float(proc::cpu_us(std::process::id())?),
            machine: float(proc::machine_cpu_us()?),
        })
    }

    fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            generator: self.generator - before.generator,
            machine: self.machine - before.machine,
        }
    }
}
