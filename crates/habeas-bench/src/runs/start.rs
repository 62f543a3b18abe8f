//! How soon is a server there, and how large is it at rest?

use anyhow::{Context as _, Result};

use crate::{
    child::Server,
    clock::now,
    load::{self, Extent, Load},
    message::Template,
    plan::{Habeas, Plan},
    world::{self, Cast},
};

/// What a start came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// From starting the process to its first 201, in seconds.
    pub(crate) first_answer_s: f64,
    /// Resident after that answer, in MiB.
    pub(crate) resident_mib: f64,
}

/// Starts a server whose keys exist and whose database does not.
///
/// # Errors
/// When it does not start or does not answer.
pub(crate) async fn measure(plan: &Plan) -> Result<Measured> {
    let place = plan.place(Habeas::USUAL.kept, &[Cast::Mail])?;
    let token = world::provide(place.path(), Habeas::USUAL.algorithm, &[Cast::Mail])?;
    let template = Template::new(&token, &[])?;
    let words = Habeas::USUAL.words(&place, Cast::Mail, &plan.log);
    let began = now();
    let server = Server::start(&words, &plan.log_file()).await?;
    let (templates, extent) = ([template], Extent::Counting(1));
    let load = Load { addresses: &[server.address()], status: 201, templates: &templates, extent };
    load::run(load).await.with_context(|| server.last_words())?;
    let first_answer_s = began.elapsed().as_secs_f64();
    let (resident_mib, _) = server.memory_mib()?;
    server.stop().await?;
    Ok(Measured { first_answer_s, resident_mib })
}
