//! Forbidden edges in made-up workspaces are found and come with their reasons.

use serde_json::{Value, json};

use super::check;
use crate::metadata::Metadata;

/// A package at `room` (or somebody else's where the room is empty), with edges to others by name.
struct Made {
    name: &'static str,
    room: &'static str,
    uses: &'static [(&'static str, Option<&'static str>)],
}

fn workspace(packages: &[Made]) -> Metadata {
    let folder = |made: &Made| {
        if made.room.is_empty() {
            format!("/registry/{}", made.name)
        } else {
            format!("/ws/{}", made.room)
        }
    };
    let by_name = |name: &str| {
        packages
            .iter()
            .find(|made| made.name == name)
            .expect("an edge leads to a package of the same workspace")
    };
    let declared = |made: &Made| -> Vec<Value> {
        made.uses
            .iter()
            .map(|(name, kind)| {
                let to = by_name(name);
                let path = (!to.room.is_empty()).then(|| folder(to));
                json!({ "kind": kind, "path": path })
            })
            .collect()
    };
    let resolved = |made: &Made| -> Vec<Value> {
        made.uses
            .iter()
            .map(|(name, kind)| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] }))
            .collect()
    };
    let ours: Vec<_> = packages
        .iter()
        .filter(|made| !made.room.is_empty())
        .map(|made| made.name)
        .collect();
    serde_json::from_value(json!({
        "workspace_root": "/ws",
        "target_directory": "/ws/target",
        "workspace_members": ours,
        "packages": packages.iter().map(|made| json!({
            "id": made.name,
            "name": made.name,
            "manifest_path": format!("{}/Cargo.toml", folder(made)),
            "dependencies": declared(made),
        })).collect::<Vec<_>>(),
        "resolve": { "nodes": packages.iter().map(|made| json!({
            "id": made.name,
            "deps": resolved(made),
        })).collect::<Vec<_>>() },
    }))
    .unwrap()
}

fn found(packages: &[Made]) -> Vec<String> {
    check(&workspace(packages))
        .iter()
        .map(ToString::to_string)
        .collect()
}

const MODEL: Made = Made {
    name: "cueline-model",
    room: "core/model",
    uses: &[],
};
const FAKES: Made = Made {
    name: "cueline-fake-devices",
    room: "testing/fake-devices",
    uses: &[],
};
const TOKIO: Made = Made {
    name: "tokio",
    room: "",
    uses: &[],
};

#[test]
fn a_sound_workspace_passes() {
    let sound = [
        MODEL,
        FAKES,
        TOKIO,
        Made {
            name: "cueline-agent-core",
            room: "core/agent-core",
            uses: &[("cueline-model", None), ("tokio", Some("dev"))],
        },
        Made {
            name: "cueline-journal",
            room: "io/journal",
            uses: &[
                ("cueline-agent-core", None),
                ("cueline-fake-devices", Some("dev")),
                ("tokio", None),
            ],
        },
        Made {
            name: "cueline-agent",
            room: "apps/agent",
            uses: &[("cueline-journal", None), ("cueline-agent-core", None)],
        },
    ];
    assert_eq!(found(&sound), Vec::<String>::new());
}

#[test]
fn an_edge_into_an_app_is_reported_with_its_reason() {
    let app = Made {
        name: "cueline-hub",
        room: "apps/hub",
        uses: &[],
    };
    let tests = Made {
        name: "cueline-system",
        room: "testing/system",
        uses: &[("cueline-hub", None)],
    };
    assert_eq!(
        found(&[app, tests]),
        ["testing/system -> apps/hub: tests drive an app as a program; nothing depends on an app"]
    );
}

#[test]
fn the_closest_rule_decides() {
    let core = Made {
        name: "cueline-agent-core",
        room: "core/agent-core",
        uses: &[],
    };
    let ports = Made {
        name: "cueline-ports",
        room: "io/ports",
        uses: &[("cueline-agent-core", None)],
    };
    let reported = found(&[core, ports]);
    assert_eq!(reported.len(), 1);
    assert!(
        reported[0].starts_with("io/ports -> core/agent-core: a port carries"),
        "{reported:?}"
    );
}

#[test]
fn a_core_that_reaches_a_runtime_is_reported_with_the_way_there() {
    let between = Made {
        name: "innocent",
        room: "",
        uses: &[("tokio", None)],
    };
    let core = Made {
        name: "cueline-hub-core",
        room: "core/hub-core",
        uses: &[("innocent", None)],
    };
    let reported = found(&[TOKIO, between, core]);
    assert_eq!(reported.len(), 1);
    assert!(
        reported[0]
            .starts_with("core/hub-core -> innocent -> tokio: a core is stepped by its shell"),
        "{reported:?}"
    );
}

#[test]
fn fakes_are_for_tests_alone() {
    let shipped = Made {
        name: "cueline-cli",
        room: "apps/cli",
        uses: &[("cueline-fake-devices", None)],
    };
    assert_eq!(
        found(&[FAKES, shipped]),
        [
            "apps/cli -> testing/fake-devices: what is shipped must not contain fakes; make it a dev-dependency"
        ]
    );
}

#[test]
fn a_room_without_a_rule_is_reported() {
    let stray = Made {
        name: "stray",
        room: "misplaced/stray",
        uses: &[],
    };
    assert_eq!(
        found(&[stray]),
        ["misplaced/stray: no rule says what it may depend on; add one with its reason"]
    );
}
