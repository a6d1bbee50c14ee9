//! Files and device files.

use std::path::Path;

use cueline_model::{FaultCode, Language, Proof};
use cueline_ports::{Device, Extent, PortAddress};
use cueline_printers::Profile;

use crate::peer::{PATIENT, no_fault, ticket};

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
    assert_eq!(
        device.print(&ticket(b"one\n"), no_fault).await,
        Ok(Proof::Spooled)
    );
    assert_eq!(
        device.print(&ticket(&long), no_fault).await,
        Ok(Proof::Spooled)
    );
    device.close().await;
    assert_eq!(
        device
            .print(&ticket(b"lost"), no_fault)
            .await
            .unwrap_err()
            .extent,
        Extent::NothingSent
    );
    device.open().await.unwrap();
    assert_eq!(
        device.print(&ticket(b"two\n"), no_fault).await,
        Ok(Proof::Spooled)
    );
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

    use cueline_ports::DeviceTimeouts;

    use super::*;
    use crate::peer::SHORT;

    #[tokio::test]
    async fn a_device_file_is_sent_and_a_missing_one_is_not_made() {
        let mut device = file_device(Path::new("/dev/null"));
        device.open().await.unwrap();
        assert_eq!(
            device.print(&ticket(b"ticket"), no_fault).await,
            Ok(Proof::Sent)
        );

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
        let error = device
            .print(&ticket(b"ticket"), no_fault)
            .await
            .unwrap_err();
        assert_eq!(
            (error.extent, error.fault.code),
            (Extent::NothingSent, FaultCode::ConnectionLost)
        );
    }

    #[tokio::test]
    async fn a_device_that_blocks_is_in_doubt_and_goes_on_when_it_is_free() {
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
        let error = device
            .print(&ticket(&[7; 1_000_000]), no_fault)
            .await
            .unwrap_err();
        assert_eq!(
            (error.extent, error.fault.code),
            (Extent::InDoubt, FaultCode::NoAnswer)
        );
        // It is not stuck: as soon as somebody reads, it takes bytes again.
        let mut buffer = vec![0; 1_000_000];
        let _freed = std::io::Read::read(&mut reader, &mut buffer).unwrap();
        device.open().await.unwrap();
        let taken = device.print(&ticket(b"next"), no_fault).await;
        assert_eq!(taken, Ok(Proof::Sent));
    }

    #[tokio::test]
    async fn two_programs_never_share_a_device_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let _reader = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        let (mut one, mut other) = (file_device(&path), file_device(&path));
        one.open().await.unwrap();
        let fault = other.open().await.unwrap_err();
        assert_eq!(fault.code, FaultCode::InUse, "{fault}");
        one.close().await;
        other.open().await.unwrap();
    }
}
