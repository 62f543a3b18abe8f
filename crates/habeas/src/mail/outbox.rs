//! Where do letters go when nobody may get any? Into a folder of the sandbox, one file each.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use habeas_engine::mail::{Mail, MailError, Mailer};

use crate::files::{self, Readers};

const ENDING: &str = "eml";

/// A folder of letters: `0001.eml`, `0002.eml` and so on, the newest last. Only its owner may read them.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
    /// The number of the last letter. Held while one is written, so that none is overtaken.
    last: Arc<Mutex<u32>>,
}

impl Outbox {
    /// Goes on in a folder, which is made if there is none.
    ///
    /// # Errors
    /// When it can neither be read nor made.
    pub fn new(folder: &Path) -> io::Result<Self> {
        files::private_folder(folder)?;
        let mut last = 0;
        for entry in fs::read_dir(folder)? {
            last = last.max(number(&entry?.path()).unwrap_or_default());
        }
        Ok(Self { folder: folder.to_owned(), last: Arc::new(Mutex::new(last)) })
    }

    fn put(&self, text: &str) -> io::Result<()> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            *last += 1;
            let path = self.folder.join(format!("{last:04}.{ENDING}"));
            match files::create(&path, text, Readers::Owner) {
                // Somebody else writes here, too.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                written => return written,
            }
        }
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let outbox = self.clone();
        let written = tokio::task::spawn_blocking(move || outbox.put(&letter(&mail))).await;
        written.map_err(io::Error::other).flatten().map_err(|error| {
            tracing::error!(%error, "a letter could not be put into the outbox");
            MailError::Unreachable
        })
    }
}

fn number(path: &Path) -> Option<u32> {
    if path.extension()? == ENDING { path.file_stem()?.to_str()?.parse().ok() } else { None }
}

/// As mail programs show it, the text as it is.
fn letter(mail: &Mail) -> String {
    // A line break would begin another header.
    let line = |text: &str| text.replace(char::is_control, " ");
    format!(
        "To: {}\nSubject: {}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: 8bit\n\n{}",
        line(mail.to.expose()),
        line(&mail.subject),
        mail.text.expose()
    )
}

#[cfg(test)]
mod tests {
    use habeas_core::secret::Secret;

    use super::*;
    use crate::files::Passing;

    fn mail(text: &str) -> Mail {
        Mail { to: Secret::new("ann@example.org\nBcc: x"), subject: "Grüße".into(), text: Secret::new(text) }
    }

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn letters_are_numbered_and_go_on_where_they_stopped() {
        let folder = Passing::new().unwrap();
        let path = folder.path().join("outbox");
        for text in ["one", "two"] {
            Outbox::new(&path).unwrap().send(mail(text)).await.unwrap();
        }
        fs::write(path.join("note.txt"), "").unwrap();
        fs::write(path.join("0004.eml"), "").unwrap();
        let outbox = Outbox::new(&path).unwrap();
        outbox.send(mail("five")).await.unwrap();
        assert_eq!(names(&path), ["0001.eml", "0002.eml", "0004.eml", "0005.eml", "note.txt"]);
        insta::assert_snapshot!(fs::read_to_string(path.join("0005.eml")).unwrap(), @r"
        To: ann@example.org Bcc: x
        Subject: Grüße
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 8bit

        five
        ");
    }

    #[tokio::test]
    async fn no_letter_is_lost_when_several_are_written_at_once() {
        let folder = Passing::new().unwrap();
        let outbox = Outbox::new(folder.path()).unwrap();
        let sending: Vec<_> = (0..20)
            .map(|round| {
                let outbox = outbox.clone();
                tokio::spawn(async move { outbox.send(mail(&format!("round {round}."))).await })
            })
            .collect();
        for task in sending {
            task.await.unwrap().unwrap();
        }
        let read = |name: &String| fs::read_to_string(folder.path().join(name)).unwrap();
        let all: String = names(folder.path()).iter().map(read).collect();
        assert!((0..20).all(|round| all.contains(&format!("round {round}."))), "{all}");
        assert_eq!(names(folder.path()).len(), 20);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_its_owner_reads_a_letter() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Passing::new().unwrap();
        let path = folder.path().join("outbox");
        Outbox::new(&path).unwrap().send(mail("x")).await.unwrap();
        for (path, mode) in [(path.join("0001.eml"), 0o600), (path, 0o700)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
    }
}
