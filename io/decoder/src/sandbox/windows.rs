//! A job object with this process in it: memory, processor time, and no second process.
//!
//! The one place of this crate with `unsafe`, on Windows alone: the crates that wrap job objects
//! (`win32job`, `process-wrap`) do not let the memory of a process be limited, and these calls are
//! three. Each is given values of this function that outlive it.

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
    JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION, JOB_OBJECT_LIMIT_PROCESS_MEMORY,
    JOB_OBJECT_LIMIT_PROCESS_TIME, JOBOBJECT_BASIC_LIMIT_INFORMATION,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
    SetInformationJobObject,
};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::{ChildLimits, SandboxError};

/// A job object counts time in these.
const HUNDREDS_OF_NANOSECONDS_PER_S: u64 = 10_000_000;

/// Memory, processor time and no second process.
pub fn limit(limits: ChildLimits) -> Result<(), SandboxError> {
    confine(&as_job_limits(limits)).map_err(SandboxError::at("limit the decoder with a job object"))
}

fn as_job_limits(limits: ChildLimits) -> JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
    let time = limits.cpu_s.saturating_mul(HUNDREDS_OF_NANOSECONDS_PER_S);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
        BasicLimitInformation: JOBOBJECT_BASIC_LIMIT_INFORMATION {
            LimitFlags: JOB_OBJECT_LIMIT_ACTIVE_PROCESS
                | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
                | JOB_OBJECT_LIMIT_PROCESS_MEMORY
                | JOB_OBJECT_LIMIT_PROCESS_TIME,
            PerProcessUserTimeLimit: i64::try_from(time).unwrap_or(i64::MAX),
            ActiveProcessLimit: 1,
            ..Default::default()
        },
        ProcessMemoryLimit: usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX),
        ..Default::default()
    }
}

#[allow(unsafe_code)]
fn confine(limits: &JOBOBJECT_EXTENDED_LIMIT_INFORMATION) -> io::Result<()> {
    // SAFETY: no attributes and no name are allowed to be null.
    let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
    if job.is_null() {
        return Err(io::Error::last_os_error());
    }
    let job = Job(job);
    let length = u32::try_from(size_of_val(limits)).map_err(io::Error::other)?;
    // SAFETY: `limits` is of the type that belongs to this class and has `length` bytes.
    let set = unsafe {
        SetInformationJobObject(
            job.0,
            JobObjectExtendedLimitInformation,
            ptr::from_ref(limits).cast(),
            length,
        )
    };
    if set == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the job is open, and a process always has a handle of itself.
    let assigned = unsafe { AssignProcessToJobObject(job.0, GetCurrentProcess()) };
    if assigned == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// An open job object. One that is closed goes on to hold the processes in it.
struct Job(HANDLE);

impl Drop for Job {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: opened by whoever made this, and closed here alone.
        unsafe { CloseHandle(self.0) };
    }
}
