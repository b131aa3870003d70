//! `keyward hsm run` and `keyward hsm enrol`: what every child of the house is told, and an HSM's own options.
//!
//! ```text
//! --fleet FOLDER   where the fleet key is; read at the enrolment only
//! --token TOKEN    `software`, or the settings of a PKCS#11 module
//! ```

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use keyward_base::SystemClock;
use keyward_boundary::confine::{self, Needs};
use keyward_boundary::seal::Folder;
use keyward_boundary::server::process::{self, Arguments, Command, Failure};
use keyward_boundary::session::credentials::Credentials;

use crate::api::ids::HsmSerial;
use crate::instance::{Identity, Instance};
use crate::protocol::KIND;
use crate::records::{Records, RecordsError};
use crate::server::enrol::enrol;
use crate::server::lane::Speed;
use crate::server::session;
use crate::token::Token;
use crate::token::pkcs11::{self, settings::Pkcs11Settings};
use crate::token::software::SoftwareToken;

const FLEET: &str = "--fleet";
const TOKEN: &str = "--token";
const SOFTWARE: &str = "software";
const RECORDS: &str = "records.redb";

/// What redb does with its file.
const RECORDS_CALLS: &[libc::c_long] =
    &[libc::SYS_pread64, libc::SYS_pwrite64, libc::SYS_fdatasync, libc::SYS_ftruncate, libc::SYS_flock];

/// Where an HSM's keys are.
pub(crate) enum Place {
    Software,
    Pkcs11(Box<Pkcs11Settings>),
}

/// An HSM's process (see [`process::main`]): `run --folder F --fleet F --token T`, or
/// `enrol --folder F --client KEY --fleet F --token T`.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    process::main(&KIND, &[FLEET, TOKEN], arguments, |Arguments { command, folder, options }| {
        let place = place(options.get(TOKEN))?;
        match command {
            Command::Run => run(&folder, &place),
            Command::Enrol { client } => {
                let fleet = options.get(FLEET).map(PathBuf::from);
                enrol(&folder, &fleet.ok_or("the option --fleet is missing")?, &place, client)
            }
        }
    })
}

fn place(option: Option<&OsString>) -> Result<Place, Failure> {
    let option = option.ok_or("the option --token is missing")?;
    if option == SOFTWARE {
        return Ok(Place::Software);
    }
    let settings = Pkcs11Settings::from_option(option);
    Ok(Place::Pkcs11(Box::new(settings.ok_or("the option --token can not be read")?)))
}

fn run(folder: &Path, place: &Place) -> Result<(), Failure> {
    process::require_folder(&KIND, folder)?;
    let _lock = process::lock(&KIND, folder)?;
    let sealed = Folder::open(folder)?;
    if !Identity::exists(&sealed) {
        return Err("the HSM's identity is gone from its folder: destroy the HSM and create another".into());
    }
    let credentials = Credentials::read_child(&sealed)?;
    let identity = Arc::new(Identity::read(Folder::open(folder)?)?);
    let place = at(place, &sealed, folder)?;
    let (token, speed) = token(place, sealed, identity.serial)?;
    let socket = process::inherited_socket(&KIND)?;
    if matches!(place, Place::Software) {
        confine::require_one_thread()?;
    }
    let protections = confine::confine(&KIND, &needs(folder, place));
    let kept = Records::open(&folder.join(RECORDS)).map_err(told)?;
    let instance = Instance::new(token, identity, kept, Arc::new(SystemClock), protections)?;
    session::serve(instance, speed, socket, &credentials)?;
    Ok(())
}

/// Where the enrolment put the keys: an HSM stays what it was made as, whatever is configured for new ones.
fn at<'a>(place: &'a Place, sealed: &Folder, folder: &Path) -> Result<&'a Place, Failure> {
    match (place, pkcs11::is_claimed(sealed)) {
        (Place::Software, true) => Err(format!(
            "the keys of {} are in a PKCS#11 token, and the configuration names no module",
            folder.display()
        )
        .into()),
        (Place::Pkcs11(_), false) => Ok(&Place::Software),
        _ => Ok(place),
    }
}

fn token(place: &Place, sealed: Folder, serial: HsmSerial) -> Result<(Arc<dyn Token>, Speed), Failure> {
    match place {
        Place::Software => Ok((Arc::new(SoftwareToken::open(sealed)?), Speed::Memory)),
        Place::Pkcs11(settings) => {
            let token = pkcs11::start(settings, &sealed, serial);
            let token = token.map_err(|error| format!("the PKCS#11 token: {error}"))?;
            Ok((Arc::new(token), Speed::Device))
        }
    }
}

fn needs(folder: &Path, place: &Place) -> Needs {
    let mut needs = match place {
        Place::Software => Needs::default(),
        Place::Pkcs11(settings) => settings.needs(),
    };
    needs.folders.push(folder.to_owned());
    for call in RECORDS_CALLS {
        if !needs.calls.contains(call) {
            needs.calls.push(*call);
        }
    }
    needs
}

fn told(error: RecordsError) -> String {
    match error {
        RecordsError::Full => "the disk is full".to_owned(),
        RecordsError::Failed(cause) => format!("{RECORDS}: {cause}"),
    }
}
