//! Who may depend on whom, checked against what cargo says of the manifests.

mod rules;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use anyhow::bail;

use crate::metadata::{self, Kind, Metadata, Node, Package};
use rules::{CORE, FORBIDDEN_IN_CORE, ROOMS, Room, TESTING};

/// An edge that should not be, and why.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    edge: String,
    reason: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.edge, self.reason)
    }
}

/// Checks the workspace as it lies here.
pub fn run() -> anyhow::Result<()> {
    let metadata = metadata::read()?;
    let found = check(&metadata);
    if !found.is_empty() {
        let lines: Vec<_> = found.iter().map(Violation::to_string).collect();
        bail!(
            "{} forbidden edges (the rules are in xtask/src/layers/rules.rs):\n  {}",
            lines.len(),
            lines.join("\n  ")
        );
    }
    println!(
        "{} packages keep to the layers",
        metadata.workspace_members.len()
    );
    Ok(())
}

/// Every forbidden edge between packages of ours, and from the cores to what they must not reach.
fn check(metadata: &Metadata) -> Vec<Violation> {
    let packages: HashMap<&str, &Package> = metadata
        .packages
        .iter()
        .map(|package| (package.id.as_str(), package))
        .collect();
    let ours: Vec<&Package> = metadata
        .workspace_members
        .iter()
        .filter_map(|id| packages.get(id.as_str()).copied())
        .collect();
    let nodes: HashMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();

    let mut found = Vec::new();
    for package in ours {
        let room = room_path(&metadata.workspace_root, &package.manifest_path);
        found.extend(edges_between_rooms(metadata, package, &room));
        if is_within(&room, CORE) {
            found.extend(reached_by_core(&packages, &nodes, package, &room));
        }
    }
    found
}

fn edges_between_rooms(metadata: &Metadata, package: &Package, from: &str) -> Vec<Violation> {
    let Some(rule) = rule_of(from) else {
        return vec![Violation {
            edge: from.to_owned(),
            reason: "no rule says what it may depend on; add one with its reason".to_owned(),
        }];
    };
    let mut found = Vec::new();
    for dependency in &package.dependencies {
        let Some(path) = &dependency.path else {
            continue;
        };
        let to = room_path(&metadata.workspace_root, &path.join("Cargo.toml"));
        let for_tests = dependency.kind == Some(Kind::Dev) && is_within(&to, TESTING);
        if for_tests || rule.may_use.iter().any(|allowed| is_within(&to, allowed)) {
            continue;
        }
        let kind = match dependency.kind {
            None => "",
            Some(Kind::Dev) => " (for tests)",
            Some(Kind::Build) => " (for the build)",
        };
        let reason = if is_within(&to, TESTING) {
            rules::WHY_TESTING_STAYS_OUT
        } else {
            rule.reason
        };
        found.push(Violation {
            edge: format!("{from} -> {to}{kind}"),
            reason: reason.to_owned(),
        });
    }
    found
}

/// Follows normal dependencies from a core. Cargo gives the features which the whole workspace
/// asks for, so this errs on the strict side.
fn reached_by_core(
    packages: &HashMap<&str, &Package>,
    nodes: &HashMap<&str, &Node>,
    core: &Package,
    room: &str,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([core.id.as_str()]);
    let mut open = vec![(core.id.as_str(), room.to_owned())];
    while let Some((id, way)) = open.pop() {
        let Some(node) = nodes.get(id) else { continue };
        for edge in &node.deps {
            let normal = edge.dep_kinds.iter().any(|purpose| purpose.kind.is_none());
            let next = packages.get(edge.pkg.as_str());
            let (Some(next), true) = (next, normal && seen.insert(&edge.pkg)) else {
                continue;
            };
            let way = format!("{way} -> {}", next.name);
            match FORBIDDEN_IN_CORE
                .iter()
                .find(|(name, _)| *name == next.name)
            {
                Some((_, reason)) => found.push(Violation {
                    edge: way,
                    reason: (*reason).to_owned(),
                }),
                None => open.push((&edge.pkg, way)),
            }
        }
    }
    found
}

/// The rule for the closest room: `io/journal` before `io`.
fn rule_of(room: &str) -> Option<&'static Room> {
    ROOMS
        .iter()
        .filter(|rule| is_within(room, rule.path))
        .max_by_key(|rule| rule.path.len())
}

fn is_within(room: &str, of: &str) -> bool {
    room.strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `core/wire` from the path of its manifest, with the same separator on every platform.
fn room_path(root: &Path, manifest: &Path) -> String {
    let folder = manifest.parent().unwrap_or(manifest);
    let parts: Vec<_> = folder
        .strip_prefix(root)
        .unwrap_or(folder)
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}
