//! The layers as data: what each room may depend on, and why no more than that.

/// A room, the rooms of ours it may depend on, and what to tell whoever wants more.
pub struct Room {
    /// Its folder, or one above it.
    pub path: &'static str,
    /// Folders; everything in them is allowed.
    pub may_use: &'static [&'static str],
    /// Why no more.
    pub reason: &'static str,
}

/// Where the rules of [`FORBIDDEN_IN_CORE`] hold.
pub const CORE: &str = "core";
/// What only tests may depend on.
pub const TESTING: &str = "testing";
/// For an edge into [`TESTING`] that is not a dev-dependency.
pub const WHY_TESTING_STAYS_OUT: &str =
    "what is shipped must not contain fakes; make it a dev-dependency";

/// The closest path decides. No room may use `apps`: nothing depends on an app.
pub const ROOMS: [Room; 14] = [
    Room {
        path: "core/model",
        may_use: &[],
        reason: "the model is the vocabulary everything shares, so it can stand on nothing of ours",
    },
    Room {
        path: "core/wire",
        may_use: &["core/model"],
        reason: "the wire is read by every version of hub and agent, so it knows the model alone",
    },
    Room {
        path: "core",
        may_use: &["core/model", "core/wire"],
        reason: "a core decides from model and wire alone; ports, stores and devices are its shell's",
    },
    Room {
        path: "devices/documents",
        may_use: &["core/model"],
        reason: "a document is pages of dots before any printer is known",
    },
    Room {
        path: "devices",
        may_use: &["core/model", "devices/documents"],
        reason: "a device turns bytes into meaning and back; it knows the model and documents and opens nothing",
    },
    Room {
        path: "io/journal",
        may_use: &["core/model", "core/wire", "core/agent-core"],
        reason: "the journal stores the agent core's records and needs nothing else of ours",
    },
    Room {
        path: "io/decoder",
        may_use: &["core/model", "devices"],
        reason: "the decoder runs what devices make of documents in a child and needs nothing else of ours",
    },
    Room {
        path: "io/ports",
        may_use: &["core/model", "devices", "io/trust"],
        reason: "a port carries a device's bytes and needs nothing else of ours",
    },
    Room {
        path: "io/terminals",
        may_use: &["core/model", "devices", "io/trust"],
        reason: "a terminal's link carries a driver's bytes and needs nothing else of ours",
    },
    Room {
        path: "io",
        may_use: &["core/model", "core/wire", "io/trust"],
        reason: "what touches the system serves the apps; decisions stay in the cores",
    },
    Room {
        path: "apps/hub",
        may_use: &[
            "core/model",
            "core/wire",
            "core/hub-core",
            "devices/documents",
            "io",
        ],
        reason: "the hub reads documents and never touches a device; no room depends on an app",
    },
    Room {
        path: "apps",
        may_use: &["core", "devices", "io"],
        reason: "programs talk over the line, a socket or a pipe; nothing depends on an app",
    },
    Room {
        path: "testing",
        may_use: &["core", "devices", "io", "testing"],
        reason: "tests drive an app as a program; nothing depends on an app",
    },
    Room {
        path: "xtask",
        may_use: &[],
        reason: "the checks must build while what they check does not",
    },
];

/// Packages no core may reach by normal dependencies, however far, and why.
pub const FORBIDDEN_IN_CORE: [(&str, &str); 6] = [
    (
        "tokio",
        "a core is stepped by its shell; with a runtime it could wait, and time in tests would be real",
    ),
    (
        "mio",
        "a core waits for nothing; it tells its shell when to wake it",
    ),
    (
        "hyper",
        "a core speaks no HTTP; its shell turns requests into events",
    ),
    (
        "rusqlite",
        "a core opens no store; it asks for a record to be appended and is told when it is",
    ),
    (
        "rustls",
        "a core has no connection; its shell owns sockets and their keys",
    ),
    (
        "socket2",
        "a core opens no socket; it asks its shell for an effect",
    ),
];
