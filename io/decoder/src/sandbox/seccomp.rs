//! Which system calls a child may make (seccomp(2)): those that allocate, read its pipe, write its
//! pipes and end it. Everything else is answered with `EPERM`.

#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64"
)))]
pub fn confine() -> Result<Option<String>, super::SandboxError> {
    Ok(Some(
        "no seccomp filter is known for this kind of processor".to_owned(),
    ))
}

#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64"
))]
pub use filter::confine;

#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64"
))]
mod filter {
    use std::collections::BTreeMap;
    use std::env::consts::ARCH;

    use seccompiler::{
        BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
        SeccompFilter, SeccompRule, TargetArch, apply_filter,
    };

    use crate::sandbox::SandboxError;

    /// Let through whatever their arguments: memory, locks, chance, the clock, signals of its own, the end.
    const FREE: [libc::c_long; 17] = [
        libc::SYS_brk,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];

    /// Confines this thread, wholly or not at all.
    pub fn confine() -> Result<Option<String>, SandboxError> {
        let at = "confine the decoder with seccomp";
        let program = program().map_err(SandboxError::at(at))?;
        // Sets no_new_privs as well.
        apply_filter(&program).map_err(SandboxError::at(at))?;
        Ok(None)
    }

    fn program() -> Result<BpfProgram, BackendError> {
        let mut rules: BTreeMap<libc::c_long, Vec<SeccompRule>> =
            FREE.into_iter().map(|call| (call, Vec::new())).collect();
        let (stdin, stdout, stderr) = (0, 1, 2);
        for call in [libc::SYS_read, libc::SYS_readv] {
            rules.insert(call, vec![first_is(stdin)?]);
        }
        for call in [libc::SYS_write, libc::SYS_writev] {
            rules.insert(call, vec![first_is(stdout)?, first_is(stderr)?]);
        }
        // An abort sends a signal, to this process and no other.
        rules.insert(libc::SYS_tgkill, vec![first_is(std::process::id().into())?]);
        // Memory for data, not for code.
        for call in [libc::SYS_mmap, libc::SYS_mprotect] {
            let executable = libc::PROT_EXEC.unsigned_abs().into();
            let none = SeccompCondition::new(
                2,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::MaskedEq(executable),
                0,
            )?;
            rules.insert(call, vec![SeccompRule::new(vec![none])?]);
        }
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Errno(libc::EPERM.unsigned_abs()),
            SeccompAction::Allow,
            TargetArch::try_from(ARCH)?,
        )?;
        BpfProgram::try_from(filter)
    }

    /// Its first argument is this number.
    fn first_is(number: u64) -> Result<SeccompRule, BackendError> {
        let equal = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, number)?;
        SeccompRule::new(vec![equal])
    }
}
