//! Where does a run keep its keys and its requests? In a folder of its own, and where PostgreSQL is measured in
//! databases of its own; both are gone with the run.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::Result;
use habeas_testbed::{Cluster, Options};
use tempfile::TempDir;

use crate::{proc, stats::float, world::Cast};

/// A place of one run.
pub(crate) struct Place {
    folder: TempDir,
    cluster: Option<(Arc<Cluster>, u32)>,
}

impl Place {
    /// Makes a place. With a cluster, each of the casts gets a database there.
    pub(crate) fn new(below: &Path, cluster: Option<&Arc<Cluster>>, casts: &[Cast]) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir_in(below)?;
        let cluster = cluster.map(|cluster| (Arc::clone(cluster), NUMBER.fetch_add(1, Ordering::Relaxed)));
        let place = Self { folder, cluster };
        if let Some((cluster, _)) = &place.cluster {
            for cast in casts {
                cluster.create_database(&place.database(*cast))?;
            }
        }
        Ok(place)
    }

    /// Where the keys are.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The file of a cast's database, where it is one.
    pub(crate) fn file(&self, cast: Cast) -> PathBuf {
        self.path().join(cast.database())
    }

    /// The URL of a cast's database, where it is no file.
    pub(crate) fn url(&self, cast: Cast) -> Option<String> {
        self.cluster.as_ref().map(|(cluster, _)| cluster.url(&self.database(cast)))
    }

    /// Runs statements in a cast's database, which is no file.
    pub(crate) fn sql(&self, cast: Cast, statements: &str) -> Result<String> {
        let (cluster, _) = self.cluster.as_ref().ok_or_else(|| anyhow::anyhow!("no PostgreSQL here"))?;
        cluster.sql(&self.database(cast), statements)
    }

    /// The size of a cast's database with all that was committed, in bytes.
    pub(crate) fn bytes(&self, cast: Cast) -> Result<f64> {
        if self.cluster.is_none() {
            return Ok(float(proc::database_bytes(&self.file(cast))));
        }
        self.sql(cast, "CHECKPOINT")?;
        Ok(float(self.sql(cast, "SELECT pg_database_size(current_database())")?.parse()?))
    }

    /// The CPU time that the database's own processes have used so far, in microseconds.
    pub(crate) fn database_cpu_us(&self) -> f64 {
        self.cluster.as_ref().map_or(0.0, |(cluster, _)| float(proc::family_cpu_us(&cluster.processes())))
    }

    fn database(&self, cast: Cast) -> String {
        let number = self.cluster.as_ref().map_or(0, |(_, number)| *number);
        format!("run{number}_{}", cast.word())
    }
}

impl Drop for Place {
    /// What is kept longer would have to be vacuumed and checkpointed while others are measured.
    fn drop(&mut self) {
        let Some((cluster, _)) = &self.cluster else { return };
        for cast in [Cast::Mail, Cast::Parties, Cast::Shop] {
            let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database(cast));
            // What is left is gone with the cluster.
            let _ = cluster.sql("postgres", &drop);
        }
    }
}

/// A cluster as Debian's packages make it, with every commit on the disk; below a folder that its account can enter.
pub(crate) fn cluster(below: &Path) -> Result<Arc<Cluster>> {
    // Whoever comes through it finds the folders in it closed, but for its own.
    fs::set_permissions(below, Permissions::from_mode(0o711))?;
    let options = Options { below: Some(below.to_owned()), ..Options::default() };
    Ok(Arc::new(Cluster::start(&options)?))
}
