//! The `[trays]` table: the local socket that trays come in by.

use cueline_local_socket::{Access, SocketPath};

use super::section::Section;

/// Where trays come in, and whose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraySetting {
    /// The socket; the data directory's own where none is set.
    pub socket: Option<SocketPath>,
    /// Who may connect.
    pub access: Access,
}

pub(super) fn read(trays: &mut Section<'_>) -> TraySetting {
    let access = match trays.text("access").as_deref() {
        None | Some("owner") => Access::Owner,
        Some("everyone") => Access::Everyone,
        Some(other) => {
            trays.complain(
                "access",
                format!("expected owner or everyone, got {other:?}"),
            );
            Access::Owner
        }
    };
    TraySetting {
        socket: trays.text("socket").map(SocketPath::new),
        access,
    }
}
