//! Confinement, tried from the inside: each test confines a thread of its own, or a process where the
//! answer is death. On a kernel without the protection the test says so and has nothing to check.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;
use std::thread;

use super::*;

const INTRUDER: &str = "KEYWARD_TEST_INTRUDER";

#[test]
fn landlock_leaves_the_folder_and_nothing_else() {
    let (ours, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(other.path().join("secret"), "x").unwrap();
    let (ours, other) = (ours.path().to_owned(), other.path().join("secret"));
    let confined = thread::spawn(move || {
        if let Err(reason) = filesystem::confine(&Needs { folders: vec![ours.clone()], ..Needs::default() }) {
            return println!("landlock is missing: {reason}");
        }
        crate::seal::write_private(&ours, "file", b"x").unwrap();
        crate::seal::write_private(&ours, "file", b"y").unwrap();
        assert_eq!(fs::read(ours.join("file")).unwrap(), b"y");
        let denied = fs::read(&other).unwrap_err();
        assert_eq!(denied.kind(), io::ErrorKind::PermissionDenied);
        assert!(fs::write(&other, "z").is_err() && fs::remove_file(&other).is_err());
    });
    confined.join().unwrap();
}

#[test]
fn seccomp_denies_what_is_not_on_the_list_and_still_lets_threads_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new");
    let confined = thread::spawn(move || {
        rustix::thread::set_no_new_privs(true).unwrap();
        if let Err(reason) = syscalls::confine(&Needs::default()) {
            return println!("seccomp is missing: {reason}");
        }
        assert_eq!(fs::create_dir(&path).unwrap_err().raw_os_error(), Some(libc::EPERM));
        assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
    });
    confined.join().unwrap();
}

#[test]
fn seccomp_ends_a_process_that_opens_a_socket_or_starts_a_program() {
    for deed in ["socket", "program"] {
        let intruder = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "confine::tests::an_intruder", "--nocapture"])
            .env(INTRUDER, deed)
            .output()
            .unwrap();
        assert_eq!(intruder.status.signal(), Some(libc::SIGSYS), "{deed}: {intruder:?}");
    }
}

#[test]
fn seccomp_refuses_what_a_library_may_try_and_allows_what_one_needs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new");
    let confined = thread::spawn(move || {
        rustix::thread::set_no_new_privs(true).unwrap();
        let needs = Needs {
            calls: vec![libc::SYS_mkdir, libc::SYS_mkdirat],
            refused: vec![libc::SYS_socket],
            ..Needs::default()
        };
        if let Err(reason) = syscalls::confine(&needs) {
            return println!("seccomp is missing: {reason}");
        }
        fs::create_dir(&path).unwrap();
        let refused = std::net::UdpSocket::bind("127.0.0.1:0").unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EPERM));
    });
    confined.join().unwrap();
}

/// Not a test by itself: what the test above starts.
#[test]
fn an_intruder() {
    let Ok(deed) = std::env::var(INTRUDER) else { return };
    protect_process().unwrap();
    syscalls::confine(&Needs::default()).unwrap();
    match deed.as_str() {
        "socket" => drop(std::net::UdpSocket::bind("127.0.0.1:0")),
        _ => drop(Command::new("/bin/true").exec()),
    }
}

#[test]
fn a_process_with_threads_is_not_confined_by_halves() {
    // The test runs beside the harness's own thread.
    assert!(require_one_thread().is_err());
}

#[test]
fn privileges_are_gone_for_good() {
    let dropped = thread::spawn(|| {
        privileges::drop_all_but(CapabilitySet::empty()).unwrap();
        let held = rustix::thread::capabilities(None).unwrap();
        assert!(held.permitted.is_empty() && held.effective.is_empty() && held.inheritable.is_empty());
    });
    dropped.join().unwrap();
}
