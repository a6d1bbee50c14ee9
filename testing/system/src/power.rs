//! A disk whose power can be cut: ext4 in a file, shut down without writing back what it still holds.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// Large enough for both journals with room to spare.
const SIZE_MIB: u64 = 64;

/// A file system that forgets all that was not synced when its power is cut.
pub struct PoweredDisk {
    image: PathBuf,
    folder: PathBuf,
}

fn run(program: &str, arguments: &[&std::ffi::OsStr]) -> anyhow::Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("run {program}; `cargo xtask test` installs it"))?;
    ensure!(
        output.status.success(),
        "{program} failed; tests that cut the power need root: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

impl PoweredDisk {
    /// Makes a disk in `folder` and mounts it there.
    ///
    /// # Errors
    /// When this user may not mount, or ext4's tools are missing.
    pub fn mount(folder: &Path) -> anyhow::Result<Self> {
        let disk = Self {
            image: folder.join("disk.img"),
            folder: folder.join("disk"),
        };
        std::fs::create_dir_all(&disk.folder)?;
        std::fs::File::create(&disk.image)?.set_len(SIZE_MIB << 20)?;
        run(
            "/sbin/mkfs.ext4",
            &["-q".as_ref(), "-F".as_ref(), disk.image.as_ref()],
        )?;
        disk.power_on()?;
        Ok(disk)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Cuts the power: nothing more reaches the disk, and what was not synced is gone. Whoever wrote to
    /// it must have been stopped before, and is to be killed before [`PoweredDisk::power_on`].
    ///
    /// # Errors
    /// When the file system cannot be shut down.
    pub fn cut(&self) -> anyhow::Result<()> {
        run(
            "/usr/sbin/xfs_io",
            &[
                "-F".as_ref(),
                "-x".as_ref(),
                "-c".as_ref(),
                "shutdown".as_ref(),
                self.folder.as_ref(),
            ],
        )
    }

    /// Unmounts what the cut has left and mounts it anew; the file system recovers by its own journal.
    ///
    /// # Errors
    /// When somebody still uses it.
    pub fn restore(&self) -> anyhow::Result<()> {
        run("umount", &[self.folder.as_ref()])?;
        self.power_on()
    }

    fn power_on(&self) -> anyhow::Result<()> {
        run(
            "mount",
            &[
                "-o".as_ref(),
                "loop".as_ref(),
                self.image.as_ref(),
                self.folder.as_ref(),
            ],
        )
    }
}

impl Drop for PoweredDisk {
    fn drop(&mut self) {
        // Lazily: a process of the test may still be on its way out.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}
