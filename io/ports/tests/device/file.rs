//! Files and device files.

use std::path::Path;

use cueline_model::{FaultCode, Language, Proof};
use cueline_ports::{Device, Extent, PortAddress};
use cueline_printers::Profile;

use crate::peer::{PATIENT, no_fault};

fn file_device(path: &Path) -> Device {
    let address = PortAddress::File {
        path: path.to_owned(),
    };
    Device::new(address, Profile::new(Language::Escpos), PATIENT)
}

#[tokio::test]
async fn a_plain_file_gets_one_print_after_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tickets.bin");
    let mut device = file_device(&path);
    device.open().await.unwrap();
    let long = vec![b'x'; 100_000];
    assert_eq!(device.print(b"one\n", no_fault).await, Ok(Proof::Spooled));
    assert_eq!(device.print(&long, no_fault).await, Ok(Proof::Spooled));
    device.close().await;
    assert_eq!(
        device.print(b"lost", no_fault).await.unwrap_err().extent,
        Extent::NothingSent
    );
    device.open().await.unwrap();
    assert_eq!(device.print(b"two\n", no_fault).await, Ok(Proof::Spooled));
    assert_eq!(
        std::fs::read(&path).unwrap(),
        [b"one\n".as_slice(), &long, b"two\n"].concat()
    );
}

#[tokio::test]
async fn what_cannot_be_opened_is_a_port_error() {
    let directory = tempfile::tempdir().unwrap();
    for path in [
        directory.path().to_owned(),
        directory.path().join("none/here"),
    ] {
        let fault = file_device(&path).open().await.unwrap_err();
        assert_eq!(fault.code, FaultCode::PortError, "{fault}");
    }
}

#[cfg(unix)]
mod devices {
    use std::path::PathBuf;
    use std::process::Command;
    use std::time::Duration;

    use cueline_ports::DeviceTimeouts;

    use super::*;
    use crate::peer::SHORT;

    #[tokio::test]
    async fn a_device_file_is_sent_and_a_missing_one_is_not_made() {
        let mut device = file_device(Path::new("/dev/null"));
        device.open().await.unwrap();
        assert_eq!(device.print(b"ticket", no_fault).await, Ok(Proof::Sent));

        let missing = PathBuf::from("/dev/no-such-printer");
        let fault = file_device(&missing).open().await.unwrap_err();
        assert_eq!(fault.code, FaultCode::PortError);
        assert!(!missing.exists());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_device_that_fails_the_first_write_got_nothing() {
        let mut device = file_device(Path::new("/dev/full"));
        device.open().await.unwrap();
        let error = device.print(b"ticket", no_fault).await.unwrap_err();
        assert_eq!(
            (error.extent, error.fault.code),
            (Extent::NothingSent, FaultCode::PortError)
        );
    }

    #[tokio::test]
    async fn a_device_that_blocks_is_in_doubt_and_takes_nothing_until_it_is_free() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        // Open for both directions, so that opening does not block and writing does.
        let mut reader = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        let timeouts = DeviceTimeouts {
            stall: SHORT,
            ..PATIENT
        };
        let address = PortAddress::File { path };
        let mut device = Device::new(address, Profile::new(Language::Raw), timeouts);
        device.open().await.unwrap();
        let error = device.print(&[7; 1_000_000], no_fault).await.unwrap_err();
        assert_eq!(
            (error.extent, error.fault.code),
            (Extent::InDoubt, FaultCode::NoAnswer)
        );
        let busy = device.open().await.unwrap_err();
        assert_eq!(busy.code, FaultCode::NoAnswer);

        let mut buffer = vec![0; 1_000_000];
        let _freed = std::io::Read::read(&mut reader, &mut buffer).unwrap();
        let free = async {
            while device.open().await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), free)
            .await
            .expect("still busy although the write went through");
    }
}
