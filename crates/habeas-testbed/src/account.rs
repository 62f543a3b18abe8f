//! Who runs the servers? PostgreSQL refuses root.

use std::fs;

use anyhow::{Context as _, Result};

/// Debian's account for it, and one that every system has.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// A user without privileges.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Account {
    /// Whom to become; `None` where we are no root already.
    pub(crate) fn unprivileged() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").context("/etc/passwd")?;
        let found = NAMES.iter().find_map(|name| Self::named(&passwd, name));
        found.context("root needs an account named postgres to run PostgreSQL").map(Some)
    }

    fn named(passwd: &str, name: &str) -> Option<Self> {
        let mut fields = passwd.lines().map(|line| line.split(':')).find_map(|mut fields| {
            let found = fields.next() == Some(name);
            found.then_some(fields)
        })?;
        Some(Self { user: fields.nth(1)?.parse().ok()?, group: fields.next()?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "postgresql:x:7:8::/:/bin/sh\npostgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n";
        let found = Account::named(passwd, "postgres").unwrap();
        assert_eq!((found.user, found.group), (101, 104));
        assert!(Account::named(passwd, "nobody").is_none());
    }
}
