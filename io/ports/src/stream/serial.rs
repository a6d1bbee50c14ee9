//! Serial lines.

use std::io;

use serial2_tokio::{FlowControl, Settings};

use crate::address::{Flow, Parity, SerialLine};

/// Opens a serial port as it is set. Its output is raw: eight bits, one stop bit, nothing changed.
#[cfg(unix)]
pub(super) fn open(port: &str, line: SerialLine) -> io::Result<super::device_file::DeviceFile> {
    use std::os::fd::AsFd;

    let opened = serial2::SerialPort::open(port, |settings: Settings| set(settings, line))?;
    // Bytes that came before belong to nobody's question.
    opened.discard_input_buffer()?;
    let file = std::fs::File::from(opened.as_fd().try_clone_to_owned()?);
    super::device_file::DeviceFile::new(file, true)
}

/// Opens a serial port as it is set. Its output is raw: eight bits, one stop bit, nothing changed.
#[cfg(windows)]
pub(super) fn open(port: &str, line: SerialLine) -> io::Result<super::overlapped::Overlapped> {
    let opened = serial2_tokio::SerialPort::open(port, |settings: Settings| set(settings, line))?;
    opened.discard_input_buffer()?;
    Ok(super::overlapped::Overlapped::serial(opened))
}

fn set(mut settings: Settings, line: SerialLine) -> io::Result<Settings> {
    settings.set_raw();
    settings.set_baud_rate(line.baud)?;
    settings.set_parity(match line.parity {
        Parity::None => serial2_tokio::Parity::None,
        Parity::Even => serial2_tokio::Parity::Even,
        Parity::Odd => serial2_tokio::Parity::Odd,
    });
    settings.set_flow_control(match line.flow {
        Flow::None => FlowControl::None,
        Flow::RtsCts => FlowControl::RtsCts,
        Flow::XonXoff => FlowControl::XonXoff,
    });
    Ok(settings)
}
