//! What of a file was sent already? Noted in a journal beside it, line by line as answers come, so that a run that was
//! stopped or killed is gone on with and nothing is sent twice.
//!
//! A line whose answer was lost is not in the journal. It is sent again under the same reference, made of the batch's
//! id and its number, and the server makes nothing new of it.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use habeas_core::domain::Domain;
use habeas_trust::digest;
use serde::{Deserialize, Serialize};

/// What the journal is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    /// The batch: random, and in the references of its lines.
    batch: String,
    /// The SHA-256 of the file.
    sha256: String,
    /// What the command line said besides.
    from: String,
    to: Vec<String>,
}

/// A line that was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sent {
    line: usize,
    request_id: String,
}

/// The journal of a file. No other run has it at the same time.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    batch: String,
    sent: HashSet<usize>,
}

impl Journal {
    /// Opens the journal of a file of this content; begins one if there is none.
    ///
    /// # Errors
    /// When it is of another content or another command line, or cannot be used.
    pub(super) fn open(of: &Path, content: &[u8], from: &Domain, to: &[String]) -> anyhow::Result<Self> {
        let mut path = of.as_os_str().to_owned();
        path.push(".sent");
        let path = PathBuf::from(path);
        let cannot = || format!("the journal {} cannot be used", path.display());
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("{} is being sent by another run", of.display()),
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).with_context(cannot)?;
        // A run that was killed may have left half a line: its answer is lost.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(u64::try_from(whole)?).with_context(cannot)?;
        }
        let mut lines = text.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
        let head = lines.next().filter(|head| !head.is_empty());
        let sha256 = digest::hex(&digest::sha256(content));
        let Some(head) = head else {
            let batch = digest::hex(&digest::random_bytes::<16>());
            let head = Head { batch: batch.clone(), sha256, from: from.to_string(), to: to.to_vec() };
            write(&mut file, &head).with_context(cannot)?;
            // Before the first line is sent: the batch's id must outlive whatever comes.
            file.sync_all().with_context(cannot)?;
            return Ok(Self { path, file, batch, sent: HashSet::new() });
        };
        let damaged = || format!("{} is no journal of `habeas send --file`, or is damaged", path.display());
        let head: Head = serde_json::from_slice(head).with_context(damaged)?;
        if head.sha256 != sha256 {
            bail!(
                "{} has changed since its sending began, so it is not clear which of its lines were sent: put it back as it \
                 was, and lines that are new or corrected into another file (the journal is {})",
                of.display(),
                path.display()
            );
        }
        if head.from != from.as_str() || head.to != to {
            let to: String = head.to.iter().map(|party| format!(" --to {party}")).collect();
            bail!("the sending of {} began with --from {}{to}: it can only go on so", of.display(), head.from);
        }
        let sent = lines.filter(|line| !line.is_empty()).map(serde_json::from_slice::<Sent>);
        let sent = sent.map(|sent| sent.map(|sent| sent.line)).collect::<Result<_, _>>().with_context(damaged)?;
        Ok(Self { path, file, batch: head.batch, sent })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a line was sent.
    pub(super) fn has(&self, line: usize) -> bool {
        self.sent.contains(&line)
    }

    /// The name under which a line is sent that has none of its own.
    pub(super) fn reference(&self, line: usize) -> String {
        format!("{}:{line}", self.batch)
    }

    /// Notes that a line was sent.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn note(&mut self, line: usize, request_id: &str) -> anyhow::Result<()> {
        let path = self.path.display();
        write(&mut self.file, &Sent { line, request_id: request_id.to_owned() })
            .with_context(|| format!("the journal {path} cannot be written"))?;
        self.sent.insert(line);
        Ok(())
    }
}

/// In one piece, so that a run that is killed leaves a part of the last line at most.
fn write(file: &mut File, entry: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(file.write_all(&line)?)
}
