//! Few system calls, by seccomp: a list of what a child needs; what only an intruder would try ends it.
//!
//! Two filters. The first kills the process for calls that the child never makes and that would lead out of
//! it (programs, sockets, tracing). The second answers `EPERM` to all that is not on the list. `clone3` hides
//! its flags from filters, so that it is reported as missing and the C library falls back to `clone`, which
//! may only make threads.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use crate::confine::Needs;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Puts the filters in place for this thread and all that it makes.
pub(crate) fn confine(needs: &Needs) -> Result<(), String> {
    let eperm = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let enosys = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    // Compiled before the first takes hold: compiling allocates.
    let filters = [
        filter(forbidden(needs), SeccompAction::Allow, SeccompAction::KillProcess)?,
        filter(unconditional(&[libc::SYS_clone3]), SeccompAction::Allow, enosys)?,
        filter(allowed(&needs.calls).map_err(told)?, eperm, SeccompAction::Allow)?,
    ];
    filters.iter().try_for_each(|filter| seccompiler::apply_filter(filter).map_err(told))
}

fn filter(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<BpfProgram, String> {
    let architecture: TargetArch = std::env::consts::ARCH.try_into().map_err(told)?;
    let filter = SeccompFilter::new(rules, otherwise, matched, architecture).map_err(told)?;
    filter.try_into().map_err(told)
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn unconditional(calls: &[c_long]) -> Rules {
    calls.iter().map(|call| (*call, vec![])).collect()
}

fn forbidden(needs: &Needs) -> Rules {
    let is_spared = |call: &c_long| needs.calls.contains(call) || needs.refused.contains(call);
    FORBIDDEN.iter().filter(|call| !is_spared(call)).map(|call| (*call, vec![])).collect()
}

/// What a child does once it serves: read and write its socket and its log, make threads and wait, get memory,
/// and keep files in its folder.
fn allowed(besides: &[c_long]) -> Result<Rules, seccompiler::BackendError> {
    let mut rules = unconditional(ALLOWED);
    rules.extend(unconditional(besides));
    let no_execution = || bits_are(2, libc::PROT_EXEC, 0);
    let threads_only = bits_are(0, libc::CLONE_THREAD, libc::CLONE_THREAD)?;
    rules.insert(libc::SYS_mmap, vec![no_execution()?]);
    rules.insert(libc::SYS_mprotect, vec![no_execution()?]);
    rules.insert(libc::SYS_clone, vec![threads_only]);
    rules.insert(libc::SYS_prctl, vec![argument_is(0, libc::PR_SET_NAME)?, argument_is(0, PR_SET_VMA)?]);
    Ok(rules)
}

/// `PR_SET_VMA`: the allocator names its memory with it.
const PR_SET_VMA: i32 = 0x5356_4d41;

fn bits_are(argument: u8, mask: i32, value: i32) -> Result<SeccompRule, seccompiler::BackendError> {
    let operation = SeccompCmpOp::MaskedEq(u64::from(mask.unsigned_abs()));
    condition(argument, operation, value)
}

fn argument_is(argument: u8, value: i32) -> Result<SeccompRule, seccompiler::BackendError> {
    condition(argument, SeccompCmpOp::Eq, value)
}

fn condition(
    argument: u8,
    operation: SeccompCmpOp,
    value: i32,
) -> Result<SeccompRule, seccompiler::BackendError> {
    let value = u64::from(value.unsigned_abs());
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operation, value)?;
    SeccompRule::new(vec![condition])
}

const ALLOWED: &[c_long] = &[
    // The socket and the log.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_shutdown,
    libc::SYS_setsockopt,
    libc::SYS_getsockopt,
    libc::SYS_fcntl,
    libc::SYS_close,
    libc::SYS_ppoll,
    // Threads and time.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_clone3,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    // Signals: a panic's stack check, an abort.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    // Memory and randomness.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_getrandom,
    // Files, in the one folder that landlock leaves.
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_lseek,
    libc::SYS_fsync,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

const FORBIDDEN: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_mount,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_open_by_handle_at,
    libc::SYS_keyctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];
