//! The vault's process: what it does with what every child of the house is told.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use keyward_boundary::confine::{self, Needs};
use keyward_boundary::seal::Folder;
use keyward_boundary::server::process::{self, Arguments, Command, Failure};
use keyward_boundary::session::credentials::Credentials;

use crate::domain::{Domain, stored};
use crate::mechanism::selftest;
use crate::protocol::KIND;
use crate::server::connection;
use crate::server::enrol::{EnrolError, enrol};
use crate::server::vault::Vault;

/// The vault's process (see [`process::main`]): `run --folder F`, or `enrol --folder F --client KEY`.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    process::main(&KIND, &[], arguments, |Arguments { command, folder, .. }| match command {
        Command::Run => run(&folder),
        Command::Enrol { client } => enrol_client(&folder, client),
    })
}

fn run(folder: &Path) -> Result<(), Failure> {
    selftest::run()?;
    process::require_folder(&KIND, folder)?;
    let _lock = process::lock(&KIND, folder)?;
    let sealed = Folder::open(folder)?;
    if !stored::exists(&sealed) {
        return Err(EnrolError::DomainLost.to_string().into());
    }
    let credentials = Credentials::read_child(&sealed)?;
    let domain = Domain::open(sealed)?;
    let socket = process::inherited_socket(&KIND)?;
    confine::require_one_thread()?;
    let protections =
        confine::confine(&KIND, &Needs { folders: vec![folder.to_owned()], ..Needs::default() });
    connection::serve(Vault::new(domain, protections), socket, &credentials)?;
    Ok(())
}

fn enrol_client(folder: &Path, client: [u8; 32]) -> Result<(), Failure> {
    selftest::run()?;
    let sealed = Folder::create(folder)?;
    let _lock = process::lock(&KIND, folder)?;
    let public = enrol(&sealed, client, process::pre_shared_key()?).map_err(|error| error.to_string())?;
    process::say_who(&public);
    Ok(())
}
