//! The programs of others that the tests run, and how a Debian-like system comes by them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// A Debian package, the program that shows it is there (by name, or by path where it is on
/// nobody's search path), and what the tests want it for.
struct Need {
    package: &'static str,
    program: &'static str,
    why: &'static str,
}

const NEEDS: [Need; 16] = [
    Need {
        // Not plain `squid`, which cannot play the proxy that looks into TLS.
        package: "squid-openssl",
        program: "/usr/lib/squid/security_file_certgen",
        why: "the line goes through a real proxy",
    },
    Need {
        package: "haproxy",
        program: "haproxy",
        why: "balances the line over two proxies",
    },
    Need {
        package: "openssl",
        program: "openssl",
        why: "makes the certificates of a proxy that looks into TLS",
    },
    Need {
        package: "faketime",
        program: "faketime",
        why: "starts programs with a wrong clock",
    },
    Need {
        package: "zbar-tools",
        program: "zbarimg",
        why: "reads the codes on printed tickets back",
    },
    Need {
        package: "e2fsprogs",
        program: "mkfs.ext4",
        why: "makes disks whose power is cut",
    },
    Need {
        package: "eatmydata",
        program: "eatmydata",
        why: "takes the syncs away, to show that power cuts find it",
    },
    Need {
        package: "xfsprogs",
        program: "xfs_io",
        why: "cuts the power of a disk",
    },
    Need {
        // Not plain `cups-daemon`, whose queues reach no TCP port.
        package: "cups",
        program: "/usr/lib/cups/backend/socket",
        why: "queues that the agent prints to",
    },
    Need {
        package: "cups-client",
        program: "lpadmin",
        why: "makes those queues",
    },
    Need {
        package: "cups-ipp-utils",
        program: "ippeveprinter",
        why: "a driverless printer that is not ours",
    },
    Need {
        // Which does not start without a message bus.
        package: "dbus",
        program: "dbus-daemon",
        why: "lets that driverless printer start",
    },
    Need {
        package: "lprint",
        program: "lprint",
        why: "turns IPP jobs into ZPL",
    },
    Need {
        package: "poppler-utils",
        program: "pdftoppm",
        why: "rasters the PDF that our raster is held against",
    },
    Need {
        package: "qpdf",
        program: "qpdf",
        why: "makes encrypted and damaged PDF",
    },
    Need {
        package: "curl",
        program: "curl",
        why: "runs the lines the documentation and the demo show",
    },
];

/// Installs what is missing when it may, else says what is missing and how to get it.
///
/// Missing packages are no failure by themselves: the tests that need them say so.
pub fn ensure() -> anyhow::Result<()> {
    let missing: Vec<&Need> = NEEDS
        .iter()
        .filter(|need| find(need.program).is_none())
        .collect();
    if missing.is_empty() {
        println!("all there: {}", names(&NEEDS.iter().collect::<Vec<_>>()));
        return Ok(());
    }
    for need in &missing {
        println!("missing: {} ({})", need.package, need.why);
    }
    if find("apt-get").is_none() {
        println!(
            "this system has no apt-get; install them by its own means, or the tests that need them fail"
        );
        return Ok(());
    }
    if !is_root() {
        println!(
            "only root may install them: sudo apt-get install --no-install-recommends {}",
            names(&missing)
        );
        return Ok(());
    }
    apt_get(&["update", "-q"])?;
    let mut install = vec!["install", "-q", "-y", "--no-install-recommends"];
    install.extend(missing.iter().map(|need| need.package));
    apt_get(&install)
}

fn names(needs: &[&Need]) -> String {
    let packages: Vec<_> = needs.iter().map(|need| need.package).collect();
    packages.join(" ")
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .context("start apt-get")?;
    if !status.success() {
        bail!("apt-get {} failed with {status}", arguments.join(" "));
    }
    Ok(())
}

/// Where a program lies: on the search path, or where Debian keeps those meant for administrators.
/// Joining a whole path to a folder gives that path.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| Path::is_file(file))
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
