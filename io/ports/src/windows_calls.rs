//! Every call of Windows that Rust cannot check, each behind a function that it can: overlapped handles,
//! the print spooler (winspool), drawing on a printer (GDI).
//!
//! The only file of this crate with `unsafe` in it: the spooler has no safe wrapper that is maintained.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::mem::size_of;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::IntoRawHandle;
use std::path::Path;
use std::ptr;

use cueline_documents::Bits;
use tokio::net::windows::named_pipe::NamedPipeClient;
use windows::Win32::Graphics::Gdi::{
    BI_RGB, BITMAPINFO, BITMAPINFOHEADER, CreateDCW, DIB_RGB_COLORS, DeleteDC, GetDeviceCaps, HDC,
    HORZRES, LOGPIXELSX, RGBQUAD, SRCCOPY, StretchDIBits, VERTRES,
};
use windows::Win32::Graphics::Printing::{
    ClosePrinter, DOC_INFO_1W, EndDocPrinter, EndPagePrinter, EnumPrintersW, GetJobW, GetPrinterW,
    JOB_CONTROL_DELETE, JOB_INFO_1W, OpenPrinterW, PRINTER_ENUM_CONNECTIONS, PRINTER_ENUM_LOCAL,
    PRINTER_HANDLE, PRINTER_INFO_1W, PRINTER_INFO_6, SetJobW, StartDocPrinterW, StartPagePrinter,
    WritePrinter,
};
use windows::Win32::Storage::Xps::{AbortDoc, DOCINFOW, EndDoc, EndPage, StartDocW, StartPage};
use windows::core::{PCWSTR, PWSTR};

const FILE_FLAG_OVERLAPPED: u32 = 0x4000_0000;
/// More than any answer of the spooler that is asked for here.
const ANSWER_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// Opens a device so that it is read and written at once, for this program alone.
pub(crate) fn open_overlapped(path: &Path, read: bool) -> io::Result<NamedPipeClient> {
    let file = std::fs::OpenOptions::new()
        .read(read)
        .write(true)
        .share_mode(0)
        .custom_flags(FILE_FLAG_OVERLAPPED)
        .open(path)?;
    // SAFETY: the handle is open, overlapped, and given away: nobody else closes it. Of a pipe's handle
    // tokio asks no more than ReadFile and WriteFile with completion ports, which every device has.
    unsafe { NamedPipeClient::from_raw_handle(file.into_raw_handle()) }
}

/// A text as Windows takes it: UTF-16 with a zero at its end.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16()
        .filter(|unit| *unit != 0)
        .chain([0])
        .collect()
}

/// Memory for an answer of the spooler, aligned as its structures need it.
fn aligned(bytes: u32) -> Vec<u64> {
    vec![0; (bytes as usize).div_ceil(size_of::<u64>())]
}

/// The same as bytes, as the spooler's functions take it.
fn as_bytes(memory: &mut [u64]) -> &mut [u8] {
    let length = size_of_val(memory);
    // SAFETY: the memory is ours, initialized, as long as said, and any byte is a valid u8 and u64 part.
    unsafe { std::slice::from_raw_parts_mut(memory.as_mut_ptr().cast::<u8>(), length) }
}

/// # Safety
/// `text` is null or points to UTF-16 with a zero at its end that lives during the call.
unsafe fn text(text: PWSTR) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    String::from_utf16_lossy(unsafe { text.as_wide() })
}

/// Name and description (which has the driver's name) of each queue that this computer prints to.
pub(crate) fn queues() -> io::Result<Vec<(String, String)>> {
    let flags = PRINTER_ENUM_LOCAL | PRINTER_ENUM_CONNECTIONS;
    let (mut needed, mut count) = (0, 0);
    // SAFETY: without memory the call only says how much it needs.
    let _says_too_small =
        unsafe { EnumPrintersW(flags, PCWSTR::null(), 1, None, &mut needed, &mut count) };
    if needed == 0 {
        return Ok(Vec::new());
    }
    let mut memory = aligned(needed.min(ANSWER_BYTES_MAX));
    // SAFETY: the memory is as long as is said, and aligned for PRINTER_INFO_1W.
    unsafe {
        EnumPrintersW(
            flags,
            PCWSTR::null(),
            1,
            Some(as_bytes(&mut memory)),
            &mut needed,
            &mut count,
        )
    }
    .map_err(io::Error::other)?;
    // SAFETY: the call was successful, so that `count` structures stand at the memory's start, with
    // pointers into the memory behind them, all of which lives until the end of this function.
    let infos = unsafe {
        std::slice::from_raw_parts(memory.as_ptr().cast::<PRINTER_INFO_1W>(), count as usize)
    };
    Ok(infos
        .iter()
        // SAFETY: see above.
        .map(|info| unsafe { (text(info.pName), text(info.pDescription)) })
        .collect())
}

/// A job, as the spooler sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JobState {
    /// `JOB_STATUS_…`.
    pub(crate) status: u32,
    pub(crate) pages_printed: u32,
}

/// An open queue.
#[derive(Debug)]
pub(crate) struct Queue(PRINTER_HANDLE);

// SAFETY: a handle of the spooler is used from any thread, one call at a time, which `&mut self` and the
// owner's one task see to.
unsafe impl Send for Queue {}

impl Queue {
    /// Opens a queue by its name.
    pub(crate) fn open(name: &str) -> io::Result<Self> {
        let name = wide(name);
        let mut handle = PRINTER_HANDLE::default();
        // SAFETY: the name ends with a zero and lives during the call; the handle is written on success.
        unsafe { OpenPrinterW(PCWSTR(name.as_ptr()), &mut handle, None) }
            .map_err(io::Error::other)?;
        Ok(Self(handle))
    }

    /// Bits of what is wrong: `PRINTER_STATUS_…`.
    pub(crate) fn status(&mut self) -> io::Result<u32> {
        let mut memory = [0_u64; 1];
        let mut needed = 0;
        // SAFETY: the memory is as long as is said, and longer than PRINTER_INFO_6.
        unsafe { GetPrinterW(self.0, 6, Some(as_bytes(&mut memory)), &mut needed) }
            .map_err(io::Error::other)?;
        // SAFETY: the call was successful, so the structure, a number, stands there.
        Ok(unsafe { ptr::read(memory.as_ptr().cast::<PRINTER_INFO_6>()) }.dwStatus)
    }

    /// Begins a job of bytes that go to the printer as they are; its number.
    pub(crate) fn begin_raw(&mut self, title: &str) -> io::Result<u32> {
        let (mut title, mut data_type) = (wide(title), wide("RAW"));
        let info = DOC_INFO_1W {
            pDocName: PWSTR(title.as_mut_ptr()),
            pOutputFile: PWSTR::null(),
            pDatatype: PWSTR(data_type.as_mut_ptr()),
        };
        // SAFETY: level 1 is DOC_INFO_1W; its texts end with a zero and live during the call.
        let job = unsafe { StartDocPrinterW(self.0, 1, &info) };
        if job == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is open.
        if unsafe { StartPagePrinter(self.0) }.as_bool() {
            Ok(job)
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Writes bytes of the job; how many were taken.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // SAFETY: the bytes are at least as long as is said and live during the call.
        let done = unsafe { WritePrinter(self.0, bytes.as_ptr().cast(), length, &mut written) };
        if done.as_bool() {
            Ok(written as usize)
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Ends the job: the spooler may print it now.
    pub(crate) fn end_raw(&mut self) -> io::Result<()> {
        // SAFETY: the handle is open.
        let done = unsafe { EndPagePrinter(self.0).as_bool() && EndDocPrinter(self.0).as_bool() };
        if done {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// A job's state; `None` once the queue does not know it any more.
    pub(crate) fn job(&mut self, job: u32) -> io::Result<Option<JobState>> {
        /// `ERROR_INVALID_PARAMETER`: there is no such job.
        const NO_SUCH_JOB: i32 = 87;
        let mut needed = 0;
        // SAFETY: without memory the call only says how much it needs.
        let _says_too_small = unsafe { GetJobW(self.0, job, 1, None, &mut needed) };
        if needed == 0 {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(NO_SUCH_JOB) => Ok(None),
                _ => Err(error),
            };
        }
        let mut memory = aligned(needed.min(ANSWER_BYTES_MAX));
        // SAFETY: the memory is as long as is said, and aligned for JOB_INFO_1W.
        let done = unsafe { GetJobW(self.0, job, 1, Some(as_bytes(&mut memory)), &mut needed) };
        if !done.as_bool() {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(NO_SUCH_JOB) => Ok(None),
                _ => Err(error),
            };
        }
        // SAFETY: the call was successful, so the structure stands at the memory's start.
        let info = unsafe { ptr::read(memory.as_ptr().cast::<JOB_INFO_1W>()) };
        Ok(Some(JobState {
            status: info.Status,
            pages_printed: info.PagesPrinted,
        }))
    }

    /// Takes a job out of the queue, printing or not.
    pub(crate) fn delete(&mut self, job: u32) -> io::Result<()> {
        // SAFETY: level 0 takes no structure.
        if unsafe { SetJobW(self.0, job, 0, None, JOB_CONTROL_DELETE) }.as_bool() {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: the handle is open and this is its end.
        let _gone_anyway = unsafe { ClosePrinter(self.0) };
    }
}

/// A printer to draw on, through its driver.
#[derive(Debug)]
pub(crate) struct Canvas(HDC);

// SAFETY: a device context belongs to no thread as long as one at a time uses it, which `&mut self` and
// the owner's one task see to.
unsafe impl Send for Canvas {}

impl Canvas {
    /// Opens a queue to draw on.
    pub(crate) fn open(name: &str) -> io::Result<Self> {
        let (driver, name) = (wide("WINSPOOL"), wide(name));
        // SAFETY: the names end with a zero and live during the call; the driver's settings are its own.
        let context = unsafe {
            CreateDCW(
                PCWSTR(driver.as_ptr()),
                PCWSTR(name.as_ptr()),
                PCWSTR::null(),
                None,
            )
        };
        if context.is_invalid() {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(context))
    }

    /// Dots to the inch, dots across and down the part of the paper that can be printed.
    pub(crate) fn measure(&self) -> (u16, u16, u16) {
        let caps = |index| {
            // SAFETY: the context is open.
            let value = unsafe { GetDeviceCaps(Some(self.0), index) };
            u16::try_from(value).unwrap_or(0)
        };
        (caps(LOGPIXELSX), caps(HORZRES), caps(VERTRES))
    }

    /// Begins a job; its number.
    pub(crate) fn begin(&mut self, title: &str) -> io::Result<u32> {
        let title = wide(title);
        let info = DOCINFOW {
            cbSize: size_of::<DOCINFOW>() as i32,
            lpszDocName: PCWSTR(title.as_ptr()),
            ..DOCINFOW::default()
        };
        // SAFETY: the structure says its size; the title ends with a zero and lives during the call.
        let job = unsafe { StartDocW(self.0, &info) };
        match u32::try_from(job) {
            Ok(job) if job > 0 => Ok(job),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Draws a page, its upper left corner in that of the paper, one dot on one dot of the printer.
    pub(crate) fn page(&mut self, page: &Bits) -> io::Result<()> {
        let (width, height) = (page.width_dots(), page.height_dots());
        // Rows of a bitmap are filled up to four bytes.
        let row_bytes = width.div_ceil(32) * 4;
        let mut rows = vec![0_u8; row_bytes * height];
        for (from, to) in page.rows().zip(rows.chunks_exact_mut(row_bytes.max(1))) {
            to[..from.len()].copy_from_slice(from);
        }
        let size = |dots: usize| i32::try_from(dots).map_err(io::Error::other);
        let (width, height) = (size(width)?, size(height)?);
        let paper = RGBQUAD {
            rgbBlue: 255,
            rgbGreen: 255,
            rgbRed: 255,
            rgbReserved: 0,
        };
        /// A bitmap's description with both its colours; BITMAPINFO has room for one.
        #[repr(C)]
        struct TwoColours {
            header: BITMAPINFOHEADER,
            colours: [RGBQUAD; 2],
        }
        let info = TwoColours {
            header: BITMAPINFOHEADER {
                biSize: size_of::<BITMAPINFOHEADER>() as u32,
                biWidth: width,
                // Negative: the first row is the upper one.
                biHeight: -height,
                biPlanes: 1,
                biBitCount: 1,
                biCompression: BI_RGB.0,
                ..BITMAPINFOHEADER::default()
            },
            colours: [paper, RGBQUAD::default()],
        };
        // SAFETY: the context is open.
        if unsafe { StartPage(self.0) } <= 0 {
            return Err(io::Error::last_os_error());
        }
        let drawn = if width == 0 || height == 0 {
            1
        } else {
            // SAFETY: the rows are as long as the description says (one bit a dot, filled up to four
            // bytes), the description begins as BITMAPINFO does and has the two colours that one bit
            // needs, and both live during the call.
            unsafe {
                StretchDIBits(
                    self.0,
                    0,
                    0,
                    width,
                    height,
                    0,
                    0,
                    width,
                    height,
                    Some(rows.as_ptr().cast::<c_void>()),
                    ptr::from_ref(&info).cast::<BITMAPINFO>(),
                    DIB_RGB_COLORS,
                    SRCCOPY,
                )
            }
        };
        // SAFETY: the context is open and a page is begun.
        if drawn <= 0 || unsafe { EndPage(self.0) } <= 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Ends the job: the spooler may print it now.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        // SAFETY: the context is open.
        if unsafe { EndDoc(self.0) } > 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Takes the job back; nothing of it is printed.
    pub(crate) fn abort(&mut self) {
        // SAFETY: the context is open.
        let _gone_anyway = unsafe { AbortDoc(self.0) };
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        // SAFETY: the context is open and this is its end.
        let _gone_anyway = unsafe { DeleteDC(self.0) };
    }
}
