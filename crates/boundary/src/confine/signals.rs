//! Signals that are meant for the house are not the child's: it ends when its session ends.
//!
//! A terminal sends SIGINT, and a service manager SIGTERM, to all processes at once. The house drains its
//! requests then, and needs the child for that.

/// Ignores the signals that ask to end, before there is a second thread.
pub(crate) fn leave_the_end_to_the_session() -> std::io::Result<()> {
    [libc::SIGINT, libc::SIGTERM, libc::SIGHUP].into_iter().try_for_each(ignore)
}

#[expect(unsafe_code, reason = "no safe wrapper in our dependencies sets a signal to be ignored")]
fn ignore(signal: libc::c_int) -> std::io::Result<()> {
    // SAFETY: SIG_IGN is no handler, so that no code of ours runs in signal context; the signal's number is
    // one of the three constants above.
    let before = unsafe { libc::signal(signal, libc::SIG_IGN) };
    if before == libc::SIG_ERR { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}
