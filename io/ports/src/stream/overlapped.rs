//! Devices of Windows that are read and written at once: serial ports, USB printers (`usbprint`), `LPT1`.
//!
//! A handle that is not overlapped would hold a write up while a read waits, so all are overlapped;
//! tokio waits for them as it does for a named pipe, which asks no more of a handle than this.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serial2_tokio::SerialPort;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::windows::named_pipe::NamedPipeClient;

use super::Stream;
use super::pause::Pause;
use crate::windows_calls;

/// An open device.
#[derive(Debug)]
pub(super) struct Overlapped {
    device: Device,
    hears: bool,
    pause: Pause,
}

#[derive(Debug)]
enum Device {
    File(NamedPipeClient),
    Serial(SerialPort),
}

impl Overlapped {
    /// Opens a device for this program alone, with its way back where it has one.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let (pipe, hears) = match windows_calls::open_overlapped(path, true) {
            Ok(pipe) => (pipe, true),
            Err(_) => (windows_calls::open_overlapped(path, false)?, false),
        };
        Ok(Self {
            device: Device::File(pipe),
            hears,
            pause: Pause::default(),
        })
    }

    pub(super) fn serial(port: SerialPort) -> Self {
        Self {
            device: Device::Serial(port),
            hears: true,
            pause: Pause::default(),
        }
    }

    fn poll_write_some(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.device {
            Device::File(pipe) => Pin::new(pipe).poll_write(context, bytes),
            Device::Serial(port) => Pin::new(port).poll_write(context, bytes),
        }
    }
}

impl Stream for Overlapped {
    fn poll_read(&mut self, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.pause.poll(context));
            let mut buffer = ReadBuf::new(&mut *into);
            let read = match &mut self.device {
                Device::File(pipe) => Pin::new(pipe).poll_read(context, &mut buffer),
                Device::Serial(port) => Pin::new(port).poll_read(context, &mut buffer),
            };
            ready!(read)?;
            match buffer.filled().len() {
                // A device answers a read that found nothing with no bytes; that is not its end.
                0 => self.pause.begin(),
                count => return Poll::Ready(Ok(count)),
            }
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_some(context, bytes)
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The write before is through once the next one, of nothing, is taken.
        self.poll_write_some(context, &[]).map_ok(|_| ())
    }

    fn hears(&self) -> bool {
        self.hears
    }

    fn abandon(&mut self) {
        if let Device::Serial(port) = &self.device {
            let _gone_anyway = port.discard_buffers();
        }
    }
}
