//! How the program ends early: a code for scripts and a sentence for people.

use cueline_journal::JournalError;

/// Codes of `sysexits.h`, where it has one that fits; the command line's help lists them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// None of the others.
    Other = 1,
    /// The journal is damaged.
    Damaged = 65,
    /// The hub could not be reached.
    HubUnreachable = 69,
    /// Stopped before it was done.
    Interrupted = 70,
    /// The data directory cannot be written.
    CannotWrite = 73,
    /// The journal failed.
    JournalFailed = 74,
    /// The data directory is in use.
    InUse = 75,
    /// The hub refused.
    Refused = 77,
    /// Configuration or registration is missing or wrong.
    NotConfigured = 78,
}

/// Why the program ends early.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Ending {
    /// The exit code.
    pub code: Code,
    /// The sentence, or several lines of them.
    pub text: String,
}

impl Ending {
    /// An ending from whatever can be told to people.
    pub fn new(code: Code, text: impl ToString) -> Self {
        Self {
            code,
            text: text.to_string(),
        }
    }
}

impl From<JournalError> for Ending {
    fn from(error: JournalError) -> Self {
        let code = match error {
            JournalError::Damaged { .. } => Code::Damaged,
            JournalError::Locked { .. } => Code::InUse,
            JournalError::Io {
                attempt: "lock" | "create",
                ..
            } => Code::CannotWrite,
            _ => Code::JournalFailed,
        };
        Self::new(code, error)
    }
}

#[cfg(test)]
mod tests {
    use cueline_journal::{Journal, OnDamage};

    use super::*;

    #[test]
    fn a_journals_errors_have_the_codes_that_the_help_lists() {
        let code = |path: &std::path::Path| {
            let error = Journal::open(path, OnDamage::Refuse).map(drop).unwrap_err();
            Ending::from(error).code
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        assert_eq!(
            code(&folder.path().join("missing/journal.sqlite")),
            Code::CannotWrite
        );
        let owner = Journal::open(&path, OnDamage::Refuse).unwrap();
        assert_eq!(code(&path), Code::InUse);
        drop(owner);
        std::fs::write(&path, b"noise").unwrap();
        assert_eq!(code(&path), Code::Damaged);
        let failed = JournalError::DiskFull { path };
        assert_eq!(Ending::from(failed).code, Code::JournalFailed);
    }
}
