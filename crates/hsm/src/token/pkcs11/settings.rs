//! Which module holds the HSMs' keys, where its tokens come from, and what it needs of the system: `[cloudhsm.pkcs11]` in `keyward.toml`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use keyward_boundary::confine::Needs;
use serde::{Deserialize, Serialize};

/// A PKCS#11 module and its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11Settings {
    /// The module's shared library.
    pub module: PathBuf,
    /// The tokens that an operator has set up for Keyward, an HSM each. Without any, a new HSM initialises a token that is
    /// free, with PINs of its own.
    #[serde(default)]
    pub tokens: Vec<LabelledToken>,
    /// Variables that the module needs in its environment, such as `SOFTHSM2_CONF`.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Files and folders that it reads while it works. What it reads while it is loaded need not be here.
    #[serde(default)]
    pub readable: Vec<PathBuf>,
    /// Folders in which it writes, such as SoftHSM's `directories.tokendir`.
    #[serde(default)]
    pub writable: Vec<PathBuf>,
    /// Device files by which it reaches its hardware.
    #[serde(default)]
    pub devices: Vec<PathBuf>,
    /// Whether it reaches its hardware over the network. The HSM's process is less confined then.
    #[serde(default)]
    pub network: bool,
}

/// A token that is initialised, has a user PIN, and is Keyward's alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledToken {
    /// Its label (`CK_TOKEN_INFO.label`).
    pub label: String,
    /// A file with its user PIN, read when an HSM starts. White space around the PIN is not part of it.
    pub pin_file: PathBuf,
}

/// The settings make no sense: why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(String);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

impl Pkcs11Settings {
    /// Checks what can be checked before a module is loaded.
    pub fn check(&self) -> Result<(), SettingsError> {
        let paths = [&self.readable, &self.writable, &self.devices].into_iter().flatten();
        let pin_files = self.tokens.iter().map(|token| &token.pin_file);
        if let Some(path) = paths.chain(pin_files).chain([&self.module]).find(|path| !path.is_absolute()) {
            return Err(SettingsError(format!("'{}' is not an absolute path", path.display())));
        }
        if !self.module.is_file() {
            return Err(SettingsError(format!("there is no PKCS#11 module at '{}'", self.module.display())));
        }
        let mut labels: Vec<&str> = self.tokens.iter().map(|token| token.label.as_str()).collect();
        labels.sort_unstable();
        let twice = labels.windows(2).find(|pair| pair.first() == pair.last());
        match twice.and_then(<[&str]>::first) {
            Some(label) => Err(SettingsError(format!("two tokens have the label '{label}'"))),
            None => Ok(()),
        }
    }

    /// The settings as the value of an HSM process' option `--token`.
    pub fn to_option(&self) -> OsString {
        // Maps, lists, strings and a truth value: JSON takes them all.
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// What [`Self::to_option`] wrote.
    pub(crate) fn from_option(text: &OsString) -> Option<Self> {
        serde_json::from_str(text.to_str()?).ok()
    }

    /// What an HSM's process keeps for its module when it is confined.
    pub(crate) fn needs(&self) -> Needs {
        let mut calls = MODULE_CALLS.to_vec();
        if !self.devices.is_empty() {
            calls.extend(DEVICE_CALLS);
        }
        let mut refused = Vec::new();
        if self.network {
            calls.extend(NETWORK_CALLS);
        } else {
            refused.extend(LOG_CALLS);
        }
        Needs {
            folders: self.writable.clone(),
            readable: self.readable.clone(),
            devices: self.devices.clone(),
            network: self.network,
            calls,
            refused,
        }
    }
}

/// What a module does that keeps its tokens in files, as SoftHSM does.
const MODULE_CALLS: &[libc::c_long] = &[
    libc::SYS_ftruncate,
    libc::SYS_fdatasync,
    libc::SYS_syncfs,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_getdents64,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_mkdirat,
    libc::SYS_flock,
    libc::SYS_umask,
    libc::SYS_dup,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getppid,
    libc::SYS_uname,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
];

const DEVICE_CALLS: &[libc::c_long] = &[libc::SYS_ioctl];

const NETWORK_CALLS: &[libc::c_long] = &[
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    libc::SYS_ioctl,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_pselect6,
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
];

/// A module that logs to syslog tries these; without an answer it goes on.
const LOG_CALLS: &[libc::c_long] = &[libc::SYS_socket, libc::SYS_connect];

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Pkcs11Settings {
        Pkcs11Settings {
            module: "/bin/sh".into(),
            tokens: vec![],
            environment: [("SOFTHSM2_CONF".to_owned(), "/etc/softhsm2.conf".to_owned())].into(),
            readable: vec![],
            writable: vec!["/var/lib/softhsm/tokens".into()],
            devices: vec![],
            network: false,
        }
    }

    fn token(label: &str) -> LabelledToken {
        LabelledToken { label: label.to_owned(), pin_file: "/etc/pin".into() }
    }

    #[test]
    fn settings_reach_the_process_as_they_are() {
        let mut settings = settings();
        settings.tokens = vec![token("a \"quoted\" label")];
        assert_eq!(Pkcs11Settings::from_option(&settings.to_option()), Some(settings));
    }

    #[test]
    fn what_can_not_work_is_refused_before_a_module_is_loaded() {
        assert_eq!(settings().check(), Ok(()));
        let refused = |change: fn(&mut Pkcs11Settings)| {
            let mut settings = settings();
            change(&mut settings);
            settings.check().unwrap_err().to_string()
        };
        assert_eq!(
            refused(|settings| settings.module = "/nowhere.so".into()),
            "there is no PKCS#11 module at '/nowhere.so'"
        );
        assert_eq!(
            refused(|settings| settings.writable = vec!["tokens".into()]),
            "'tokens' is not an absolute path"
        );
        assert_eq!(
            refused(|settings| settings.tokens = vec![token("a"), token("b"), token("a")]),
            "two tokens have the label 'a'"
        );
    }

    #[test]
    fn sockets_are_for_modules_that_need_the_network() {
        let mut settings = settings();
        let needs = settings.needs();
        assert!(!needs.calls.contains(&libc::SYS_socket) && needs.refused.contains(&libc::SYS_socket));
        assert!(!needs.network);
        settings.network = true;
        let needs = settings.needs();
        assert!(needs.calls.contains(&libc::SYS_socket) && !needs.refused.contains(&libc::SYS_socket));
        assert!(needs.network);
    }
}
