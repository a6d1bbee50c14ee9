//! Every kind of address, read, written and refused.

use super::*;

#[test]
fn an_address_reads_back_as_written() {
    for text in [
        "tcp://192.0.2.7:9100",
        "tcp://printer-1.local:65535",
        "tcp://[2001:db8::7]:9100",
        "file:///dev/usb/lp0",
        "file:///var/spool/with space.bin",
        r"file:///C:\tickets\out.bin",
        r"file:///\\.\COM3",
        "serial:///dev/ttyUSB0?baud=9600&flow=rtscts",
        "serial://COM13?baud=115200&flow=xonxoff&parity=even",
        "usb://",
        "usb://04b8:0e15",
        "usb://04b8:0e15/X5TR 001",
        "ipp://printer.local/ipp/print",
        "ipp://192.0.2.7:8631/printers/Box%20office",
        "ipps://[2001:db8::7]/ipp/print/2",
        "ipps://h/ipp/print?pin=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "spool://Box office",
        r"spool://\\server\EPSON TM-T88V Receipt",
    ] {
        let address: PortAddress = text.parse().unwrap();
        assert_eq!(address.to_string(), text);
        assert_eq!(address.to_string().parse::<PortAddress>(), Ok(address));
    }
}

#[test]
fn what_is_left_out_is_filled_in() {
    for (text, whole) in [
        (
            "serial:///dev/ttyS0",
            "serial:///dev/ttyS0?baud=9600&flow=none",
        ),
        (
            "serial://COM3?flow=rtscts",
            "serial://COM3?baud=9600&flow=rtscts",
        ),
        ("ipp://printer", "ipp://printer/ipp/print"),
        ("ipp://printer:631/", "ipp://printer/ipp/print"),
        ("ipps://[::1]", "ipps://[::1]/ipp/print"),
        ("usb://04B8:0E15/", "usb://04b8:0e15"),
    ] {
        assert_eq!(text.parse::<PortAddress>().unwrap().to_string(), whole);
    }
}

#[test]
fn paths_are_what_the_system_opens() {
    for (text, wanted) in [
        ("file:///dev/usb/lp0", "/dev/usb/lp0"),
        (r"file:///C:\out.bin", r"C:\out.bin"),
        ("file:///C:/out.bin", "C:/out.bin"),
        (r"file:///\\.\LPT1", r"\\.\LPT1"),
    ] {
        let wanted = PortAddress::File {
            path: PathBuf::from(wanted),
        };
        assert_eq!(text.parse(), Ok(wanted));
    }
}

#[test]
fn what_is_wrong_is_said_by_kind() {
    let kind = |text: &str| match text.parse::<PortAddress>().unwrap_err() {
        AddressError::Scheme { .. } => "scheme",
        AddressError::Host { .. } => "host",
        AddressError::Port { .. } => "port",
        AddressError::Path { .. } => "path",
        AddressError::Serial { .. } => "serial",
        AddressError::Usb { .. } => "usb",
        AddressError::Queue { .. } => "queue",
    };
    let long = format!("spool://{}", "q".repeat(221));
    let table: [(&str, &[&str]); 7] = [
        (
            "scheme",
            &["", "192.0.2.7:9100", "lpd://x", "TCP://h:1", "usb:"],
        ),
        (
            "host",
            &[
                "tcp://",
                "tcp://:9100",
                "tcp://a b:9100",
                "tcp://a:b:9100",
                "tcp://[]:1",
                "tcp://u@h:1",
                "ipp://",
                "ipp:///ipp/print",
                "ipps://u@h/ipp/print",
            ],
        ),
        (
            "port",
            &[
                "tcp://h",
                "tcp://h:",
                "tcp://h:0",
                "tcp://h:65536",
                "tcp://h:-1",
                "tcp://h:+1",
                "tcp://[::1]",
                "tcp://[::1]9100",
                "ipp://h:/ipp/print",
                "ipp://h:0/ipp/print",
                "ipps://h:x/ipp/print",
            ],
        ),
        (
            "path",
            &[
                "file://",
                "file:///",
                "file://host/x",
                "file://relative",
                "file:///a\0b",
                "ipp://h/a b",
                "ipp://h/a?b",
                "ipps://h/a?pin=12",
                "ipp://h/a?pin=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ],
        ),
        (
            "serial",
            &[
                "serial://",
                "serial:///",
                "serial://../x",
                "serial://COM3?baud=",
                "serial://COM3?baud=0",
                "serial://COM3?speed=9600",
                "serial://COM3?flow=hardware",
                "serial://COM3?parity=mark",
            ],
        ),
        (
            "usb",
            &[
                "usb://x",
                "usb://04b8",
                "usb://4b8:0e15",
                "usb://04b8:+e15",
                "usb://04b8:0e15/a\tb",
            ],
        ),
        ("queue", &["spool://", "spool://a\nb", &long]),
    ];
    for (wanted, texts) in table {
        for text in texts {
            assert_eq!(kind(text), wanted, "{text:?}");
        }
    }
}
