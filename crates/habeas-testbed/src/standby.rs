//! A second server that follows the first.

use anyhow::Result;

use crate::{
    cluster::{Cluster, USER},
    den::Den,
    wait,
};

/// The name by which the first server knows the second.
const NAME: &str = "standby";

impl Cluster {
    /// Makes a server that repeats everything this one commits. With `synchronous` this one acknowledges no commit
    /// from now on that the other has not on disk.
    ///
    /// # Errors
    /// When it does not start, or does not catch up.
    pub fn standby(&self, synchronous: bool) -> Result<Self> {
        let den = Den::open(self.options.below.as_deref())?;
        let mut copy = den.command(&self.programs.join("pg_basebackup"))?;
        let from = format!("host=127.0.0.1 port={} user={USER} application_name={NAME}", self.port());
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--dbname", &from, "--pgdata"]);
        copy.arg(den.path().join("data"));
        if !self.options.fsync {
            copy.arg("--no-sync");
        }
        den.run(copy)?;
        let standby = Self::of(den, self.programs.clone(), self.options.clone())?;
        if synchronous {
            self.set("synchronous_standby_names", NAME)?;
        }
        let wanted = if synchronous { "sync" } else { "async" };
        wait::until("the standby follows", || {
            let standing = self.sql("postgres", "SELECT state, sync_state FROM pg_stat_replication")?;
            Ok((standing == format!("streaming|{wanted}")).then_some(()))
        })?;
        Ok(standby)
    }

    /// Makes a standby the server that takes writes. It waits for no standby of its own.
    ///
    /// # Errors
    /// When it is none, or the first server told it to wait for one.
    pub fn promote(&self) -> Result<()> {
        self.set("synchronous_standby_names", "")?;
        self.sql("postgres", "SELECT pg_promote()")?;
        wait::until("the standby takes writes", || {
            Ok((self.sql("postgres", "SELECT pg_is_in_recovery()")? == "f").then_some(()))
        })
    }

    /// Changes a setting of the running server.
    ///
    /// # Errors
    /// When there is no such setting or value.
    pub fn set(&self, setting: &str, value: &str) -> Result<()> {
        self.sql("postgres", &format!("ALTER SYSTEM SET {setting} = '{value}'"))?;
        self.sql("postgres", "SELECT pg_reload_conf()").map(|_| ())
    }
}
