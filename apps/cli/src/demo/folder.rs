//! Where the demo works, and what is left of it afterwards.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::arguments::DemoArguments;

/// The demo's folder. Dropped, it is tidied as the arguments ask.
pub struct Folder {
    path: PathBuf,
    tickets: PathBuf,
    /// A folder of our own making, removed at the end.
    temporary: Option<TempDir>,
    /// Whether the tickets stay when the rest goes.
    tickets_stay: bool,
}

impl Folder {
    /// Makes it.
    pub fn open(arguments: &DemoArguments) -> anyhow::Result<Self> {
        let temporary = match &arguments.data {
            Some(_) => None,
            None => {
                let made = tempfile::Builder::new().prefix("cueline-demo-").tempdir();
                Some(made.context("make a folder for the demo")?)
            }
        };
        let path = match (&arguments.data, &temporary) {
            (Some(data), _) => {
                fs::create_dir_all(data).with_context(|| format!("make {}", data.display()))?;
                absolute(data)?
            }
            (None, Some(temporary)) => absolute(temporary.path())?,
            (None, None) => bail!("make a folder for the demo: there is neither kind of folder"),
        };
        refuse_used(&path)?;
        let tickets = match &arguments.keep {
            Some(keep) => absolute(keep)?,
            None => path.join("tickets"),
        };
        fs::create_dir_all(&tickets).with_context(|| format!("make {}", tickets.display()))?;
        Ok(Self {
            path,
            tickets,
            temporary,
            tickets_stay: arguments.once,
        })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The hub's data.
    pub fn hub(&self) -> PathBuf {
        self.path.join("hub")
    }

    /// The agent's data.
    pub fn agent(&self) -> PathBuf {
        self.path.join("agent")
    }

    /// Where pictures of tickets come out.
    pub fn tickets(&self) -> PathBuf {
        self.tickets.clone()
    }

    /// Whether the tickets' pictures are removed at the end.
    pub fn pictures_go(&self) -> bool {
        let removed = self.temporary.is_some() && !self.tickets_stay;
        removed && self.tickets.starts_with(&self.path)
    }

    /// The sample ticket, for printing it again.
    pub fn sample(&self) -> PathBuf {
        self.path.join("sample-ticket.json")
    }

    /// The log of a program.
    pub fn log(&self, program: &str) -> PathBuf {
        self.path.join(format!("{program}.log"))
    }

    /// Removes nothing at the end: somebody will want to read the logs.
    pub fn leave_everything(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            self.path = temporary.keep();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // With --once the picture is all there is to see, so it outlives the rest.
        if !self.tickets_stay || !self.tickets.starts_with(&self.path) {
            return;
        }
        let Some(temporary) = self.temporary.take() else {
            return;
        };
        let path = temporary.keep();
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            let entry = entry.path();
            if entry == self.tickets {
                continue;
            }
            // What cannot be removed stays in the system's folder for temporary files.
            let _ = if entry.is_dir() {
                fs::remove_dir_all(&entry)
            } else {
                fs::remove_file(&entry)
            };
        }
    }
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("find {}", path.display()))
}

fn refuse_used(path: &Path) -> anyhow::Result<()> {
    let mut entries =
        fs::read_dir(path).with_context(|| format!("look into {}", path.display()))?;
    if entries.next().is_some() {
        bail!(
            "work in {}: expected a new or empty folder, got one with files in it",
            path.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(once: bool, keep: Option<&Path>, data: Option<&Path>) -> DemoArguments {
        DemoArguments {
            printer: crate::demo::Kind::default(),
            once,
            keep: keep.map(Path::to_owned),
            data: data.map(Path::to_owned),
        }
    }

    fn used(folder: &Folder) -> (PathBuf, PathBuf) {
        fs::create_dir_all(folder.hub()).unwrap();
        fs::write(folder.log("hub"), "log").unwrap();
        let picture = folder.tickets().join("0001.png");
        fs::write(&picture, "picture").unwrap();
        (folder.path().to_owned(), picture)
    }

    #[test]
    fn nothing_is_left_of_a_demo_that_ran_on() {
        let folder = Folder::open(&arguments(false, None, None)).unwrap();
        let (path, _) = used(&folder);
        assert!(folder.pictures_go());
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn the_one_ticket_of_once_stays() {
        let folder = Folder::open(&arguments(true, None, None)).unwrap();
        let (path, picture) = used(&folder);
        assert!(!folder.pictures_go());
        drop(folder);
        assert!(picture.exists());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn kept_tickets_stay_and_the_rest_goes() {
        let keep = tempfile::tempdir().unwrap();
        let folder = Folder::open(&arguments(false, Some(keep.path()), None)).unwrap();
        let (path, picture) = used(&folder);
        assert!(!folder.pictures_go());
        drop(folder);
        assert!(picture.exists() && picture.starts_with(keep.path()));
        assert!(!path.exists());
    }

    #[test]
    fn a_named_folder_stays_whole_and_must_be_empty() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::open(&arguments(false, None, Some(data.path()))).unwrap();
        let (_, picture) = used(&folder);
        assert!(!folder.pictures_go());
        drop(folder);
        assert!(picture.exists() && data.path().join("hub.log").exists());
        let again = Folder::open(&arguments(true, None, Some(data.path())));
        assert!(again.is_err_and(|error| error.to_string().contains("new or empty folder")));
    }

    #[test]
    fn after_a_failure_everything_stays() {
        let mut folder = Folder::open(&arguments(false, None, None)).unwrap();
        let (path, picture) = used(&folder);
        folder.leave_everything();
        drop(folder);
        assert!(picture.exists());
        fs::remove_dir_all(path).unwrap();
    }
}
