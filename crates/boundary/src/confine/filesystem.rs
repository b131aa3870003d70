//! Few folders and no network, by landlock.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use crate::confine::Needs;

/// The newest rules that we know; an older kernel enforces what it has.
const RULES: ABI = ABI::V6;

/// Leaves the process what it needs and nothing else: no other file, no TCP (unless it needs it), no signal to others.
pub(crate) fn confine(needs: &Needs) -> Result<(), String> {
    match restrict(needs).map_err(|error| error.to_string())? {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err("this kernel has no landlock, or it is turned off".to_owned()),
    }
}

fn restrict(needs: &Needs) -> Result<RulesetStatus, RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RULES))?
        .scope(Scope::from_all(RULES))?;
    if !needs.network {
        rules = rules.handle_access(AccessNet::from_all(RULES))?;
    }
    let status = rules
        .create()?
        .add_rules(path_beneath_rules(&needs.folders, folder_access()))?
        .add_rules(path_beneath_rules(&needs.readable, AccessFs::ReadFile | AccessFs::ReadDir))?
        .add_rules(path_beneath_rules(&needs.devices, device_access()))?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// What replacing a file by a new one takes; never to execute, never special files.
fn folder_access() -> landlock::BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveDir
        | AccessFs::RemoveFile
        | AccessFs::Truncate
}

fn device_access() -> landlock::BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev
}
