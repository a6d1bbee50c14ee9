//! The part of `cargo metadata --format-version 1` that the checks read.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::cargo::cargo;

/// The workspace and everything it depends on.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    /// Ours and third parties'.
    pub packages: Vec<Package>,
    /// The ids of ours.
    pub workspace_members: Vec<String>,
    /// Which package was chosen for which dependency.
    pub resolve: Resolve,
    /// The folder of the workspace's manifest.
    pub workspace_root: PathBuf,
    /// Where cargo builds.
    pub target_directory: PathBuf,
}

/// One package.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Unique among all packages.
    pub id: String,
    /// As in its manifest.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// As its manifest declares them, whatever the target or feature.
    pub dependencies: Vec<Dependency>,
}

/// One declared dependency.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// `None` is a normal one.
    pub kind: Option<Kind>,
    /// The folder of one of ours.
    pub path: Option<PathBuf>,
}

/// What a dependency is for, where it is not part of the library or program itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// For tests, examples and benchmarks.
    Dev,
    /// For the build script.
    Build,
}

/// The resolved graph.
#[derive(Debug, Deserialize)]
pub struct Resolve {
    /// One per package.
    pub nodes: Vec<Node>,
}

/// A package and what it uses.
#[derive(Debug, Deserialize)]
pub struct Node {
    /// The package.
    pub id: String,
    /// Its edges, with the features that the whole workspace together asks for.
    pub deps: Vec<Edge>,
}

/// One edge of the graph.
#[derive(Debug, Deserialize)]
pub struct Edge {
    /// The package depended on.
    pub pkg: String,
    /// What for; often more than one thing.
    pub dep_kinds: Vec<EdgeKind>,
}

/// One purpose of an edge.
#[derive(Debug, Deserialize)]
pub struct EdgeKind {
    /// `None` is normal.
    pub kind: Option<Kind>,
}

/// Asks cargo.
pub fn read() -> anyhow::Result<Metadata> {
    let output = cargo(&["metadata", "--format-version", "1"])
        .output()
        .context("start cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).context("read what cargo metadata wrote")
}
