//! How did a command end, and how is that told to the shell?

use std::process::ExitCode;

use crate::config::problem::Problems;

/// The exit codes, as `habeas --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It worked.
    Worked = 0,
    /// It failed, or was refused.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// The server cannot be reached.
    Unreachable = 3,
    /// A signature, certificate or credential did not hold.
    Unverified = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not work.
#[derive(Debug)]
pub enum Failure {
    /// It failed.
    Failed(anyhow::Error),
    /// The server refused.
    Refused(Box<habeas_server::operator::dto::ProblemDetails>),
    /// The command line does not say enough, or something wrong.
    Usage(anyhow::Error),
    /// The configuration is wrong.
    Configuration(Box<Problems>),
    /// The server cannot be reached.
    Unreachable(anyhow::Error),
    /// Something could not be verified.
    Unverified(anyhow::Error),
    /// It did not work, and that has been printed.
    Told(Exit),
}

/// The result of a command.
pub(super) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Failed(_) | Self::Refused(_) => Exit::Failed,
            Self::Usage(_) | Self::Configuration(_) => Exit::Usage,
            Self::Unreachable(_) => Exit::Unreachable,
            Self::Unverified(_) => Exit::Unverified,
            Self::Told(exit) => *exit,
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
