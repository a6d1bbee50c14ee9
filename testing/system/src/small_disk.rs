//! A disk of a few megabytes that can be filled: a tmpfs, mounted for one test.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// A small file system, unmounted at the end.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts `size_mib` mebibytes at `folder`, which is made.
    ///
    /// # Errors
    /// When this user may not mount; tests on full disks need root.
    pub fn mount(folder: PathBuf, size_mib: u32) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size_mib}m"), "tmpfs"])
            .arg(&folder)
            .status()
            .context("run mount")?;
        ensure!(
            status.success(),
            "mounting a tmpfs failed; tests on full disks need root"
        );
        Ok(Self { folder })
    }

    /// Where it is mounted.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }

    /// Leaves not one byte free.
    ///
    /// # Errors
    /// When writing fails for another reason than a full disk.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(self.filler())?;
        for size in [1 << 20, 4096, 1] {
            let block = vec![0; size];
            loop {
                match file.write_all(&block) {
                    Ok(()) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Makes room again.
    ///
    /// # Errors
    /// When the filler cannot be removed.
    pub fn free(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.filler())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process of the test may still be on its way out.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}
