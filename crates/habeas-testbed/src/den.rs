//! Where does a server live, and who ends it? A folder with a watchdog: when its pipe closes, because the folder is
//! dropped or because this process was killed, the watchdog ends whatever works in the folder and removes it.

use std::{
    fs::{self, File},
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::account::Account;

/// What keeps the watchdog from ending is its input. A server first has the time to clean up after itself, what it
/// shares between its processes outlives them otherwise; processes that were stopped have to be woken for that.
const WATCHDOG: &str = r#"
cat
left() { find /proc -maxdepth 2 -name cwd \( -lname "$1" -o -lname "$1/*" \) 2>/dev/null | cut -d / -f 3; }
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    ids=$(left "$1")
    [ -z "$ids" ] && break
    kill -CONT $ids
    if [ $try -lt 15 ]; then kill -QUIT $ids; else kill -KILL $ids; fi
    sleep 0.1
done
# Whatever was killed has left this, and the segment of shared memory that it names.
shared=$(sed -n 7p "$1/data/postmaster.pid" 2>/dev/null | tr -s ' ' | cut -d ' ' -f 2)
[ -n "$shared" ] && ipcrm -m "$shared"
rm -rf "$1"
"#;
const OUTPUT: &str = "output";

/// A folder of a server.
#[derive(Debug)]
pub(crate) struct Den {
    path: PathBuf,
    account: Option<Account>,
    watchdog: Child,
}

impl Den {
    /// Makes one, below that folder or where temporary files are.
    pub(crate) fn open(below: Option<&Path>) -> Result<Self> {
        let account = Account::unprivileged()?;
        let below = match below {
            Some(folder) => folder.to_owned(),
            None => roomy(account.is_some())?,
        };
        let folder = tempfile::Builder::new().prefix("habeas-postgres-").tempdir_in(below)?;
        let path = folder.path().canonicalize()?;
        if let Some(Account { user, group }) = account {
            chown(&path, Some(user), Some(group))?;
        }
        let mut watchdog = Command::new("sh");
        watchdog.args(["-c", WATCHDOG, "watchdog"]).arg(&path).stdin(Stdio::piped());
        // What interrupts us must leave it the time to clean up.
        watchdog.stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").process_group(0);
        let watchdog = watchdog.spawn().context("sh could not be run")?;
        let _ = folder.keep();
        Ok(Self { path, account, watchdog })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A program that runs in this folder, without privileges and without our environment, and writes to a file.
    pub(crate) fn command(&self, program: &Path) -> Result<Command> {
        let file = File::options().append(true).create(true).open(self.path.join(OUTPUT))?;
        let mut command = Command::new(program);
        command.current_dir(&self.path).env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        Ok(command)
    }

    /// Runs such a program to its end.
    pub(crate) fn run(&self, mut command: Command) -> Result<()> {
        let status = command.status().with_context(|| format!("{command:?} could not be run"))?;
        if !status.success() {
            bail!("{command:?} failed: {}", self.output());
        }
        Ok(())
    }

    /// The last of what its programs wrote.
    pub(crate) fn output(&self) -> String {
        let text = fs::read_to_string(self.path.join(OUTPUT)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.len().saturating_sub(20);
        lines.get(last..).unwrap_or_default().join("\n")
    }

    /// Lets the watchdog do its work, and waits for it.
    pub(crate) fn end(&mut self) {
        drop(self.watchdog.stdin.take());
        // Nothing more can be done if it does not end.
        let _ = self.watchdog.wait();
    }
}

impl Drop for Den {
    fn drop(&mut self) {
        self.end();
    }
}

/// A folder for temporary files that the account of the servers can enter.
fn roomy(as_another: bool) -> Result<PathBuf> {
    let folders = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
    let found = folders.into_iter().find(|folder| !as_another || folder.ancestors().all(is_open));
    found.context("no folder for temporary files can be entered by the account that runs PostgreSQL")
}

fn is_open(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o001 != 0)
}
