//! What a careful reader of the documentation would keep in a notebook.

use std::collections::{BTreeMap, BTreeSet};

use keyward_schema::kms::{ImportState, KeyMaterialState, KeyState};

use super::{Import, SERVICES, Step};

const NOT_FOUND: &str = "NotFoundException";
const INVALID_STATE: &str = "KMSInvalidStateException";

/// What both sides show of themselves in the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) keys: Vec<Option<ShownKey>>,
    pub(super) aliases: BTreeMap<String, usize>,
    /// The services that have their AWS managed key.
    pub(super) managed: BTreeSet<String>,
}

/// What is shown of one key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShownKey {
    pub(super) state: KeyState,
    /// The day on which its material expires.
    pub(super) valid_to: Option<u64>,
    pub(super) materials: Vec<(KeyMaterialState, Option<ImportState>)>,
    pub(super) grants: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Enabled,
    Disabled,
    Waiting,
    Deleting { day: u64 },
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    No,
    Forever,
    Until(u64),
}

#[derive(Clone, Debug)]
struct Material {
    name: u32,
    role: KeyMaterialState,
    held: Held,
}

#[derive(Clone, Debug)]
struct Key {
    external: bool,
    life: Life,
    materials: Vec<Material>,
}

/// The notebook.
#[derive(Clone, Debug, Default)]
pub(super) struct Plain {
    day: u64,
    keys: Vec<Key>,
    aliases: BTreeMap<usize, usize>,
    /// The keys that are granted; `None` once a grant is revoked.
    grants: Vec<Option<usize>>,
    /// Key and material of each ciphertext.
    ciphertexts: Vec<(usize, u32)>,
    managed: BTreeSet<String>,
}

impl Key {
    fn new(external: bool) -> Self {
        let own = Material { name: 100, role: KeyMaterialState::Current, held: Held::Forever };
        if external {
            Self { external, life: Life::Waiting, materials: Vec::new() }
        } else {
            Self { external, life: Life::Enabled, materials: vec![own] }
        }
    }

    fn use_it(&self) -> &'static str {
        match self.life {
            Life::Enabled => "",
            Life::Disabled => "DisabledException",
            Life::Gone => NOT_FOUND,
            Life::Waiting | Life::Deleting { .. } => INVALID_STATE,
        }
    }

    fn needed(&self) -> impl Iterator<Item = &Material> {
        self.materials.iter().filter(|one| one.role != KeyMaterialState::PendingRotation)
    }

    fn is_whole(&self) -> bool {
        self.needed().next().is_some() && self.needed().all(|one| one.held != Held::No)
    }

    fn lost_something(&mut self) {
        if matches!(self.life, Life::Enabled | Life::Disabled) && !self.is_whole() {
            self.life = Life::Waiting;
        }
    }

    fn rotate(&mut self, name: u32) {
        for one in &mut self.materials {
            one.role = match one.role {
                _ if one.name == name => KeyMaterialState::Current,
                KeyMaterialState::Current => KeyMaterialState::NonCurrent,
                role => role,
            };
        }
    }

    fn import(&mut self, import: Import, held: Held) -> &'static str {
        let name = u32::from(import.byte);
        let known = self.materials.iter().position(|one| one.name == name);
        if !import.new.unwrap_or(self.materials.is_empty()) {
            let Some(known) = known else { return "IncorrectKeyMaterialException" };
            self.materials[known].held = held;
        } else if self.materials.is_empty() {
            self.materials.push(Material { name, role: KeyMaterialState::Current, held });
        } else {
            let is_waiting = |one: &&Material| one.role == KeyMaterialState::PendingRotation;
            let waiting = self.materials.iter().find(is_waiting).filter(|one| one.held != Held::No);
            let waiting = waiting.map(|one| one.name);
            if waiting == Some(name) || self.needed().any(|one| one.name == name) {
                return "IncorrectKeyMaterialException";
            }
            if waiting.is_some() {
                return INVALID_STATE;
            }
            self.materials.retain(|one| one.role != KeyMaterialState::PendingRotation);
            self.materials.push(Material { name, role: KeyMaterialState::PendingRotation, held });
        }
        if self.life == Life::Waiting && self.is_whole() {
            self.life = Life::Enabled;
        }
        ""
    }

    fn delete(&mut self, byte: Option<u8>) -> &'static str {
        let current = self.materials.iter().find(|one| one.role == KeyMaterialState::Current);
        let name = match byte {
            Some(byte) => u32::from(byte),
            None => match current {
                Some(current) => current.name,
                None => return "",
            },
        };
        let Some(place) = self.materials.iter().position(|one| one.name == name) else { return NOT_FOUND };
        if self.materials[place].role == KeyMaterialState::PendingRotation {
            self.materials.remove(place);
        } else {
            self.materials[place].held = Held::No;
        }
        self.lost_something();
        ""
    }

    fn pass(&mut self, day: u64) {
        for one in &mut self.materials {
            if matches!(one.held, Held::Until(until) if until <= day) {
                one.held = Held::No;
            }
        }
        self.lost_something();
        if matches!(self.life, Life::Deleting { day: end } if end <= day) {
            self.life = Life::Gone;
        }
    }
}

impl Plain {
    /// The error code that the step gives, `""` for none.
    pub(super) fn apply(&mut self, step: &Step) -> &'static str {
        match *step {
            Step::Create => self.keys.push(Key::new(false)),
            Step::CreateExternal => self.keys.push(Key::new(true)),
            Step::CreateAlias(alias, key) => return self.point(alias, key, false),
            Step::UpdateAlias(alias, key) => return self.point(alias, key, true),
            Step::DeleteAlias(alias) => {
                return if self.aliases.remove(&alias).is_some() { "" } else { NOT_FOUND };
            }
            Step::Encrypt(alias) => return self.encrypt(alias),
            Step::Decrypt(number) => return self.decrypt(number),
            Step::Grant(key) => return self.grant(key),
            Step::Revoke(number) => {
                let granted = self.grants.get_mut(number).and_then(Option::take);
                return if granted.is_some() { "" } else { NOT_FOUND };
            }
            Step::EncryptGranted(key) => return self.encrypt_granted(key),
            Step::Managed(service) => drop(self.managed.insert(SERVICES[service].to_owned())),
            Step::PassDays(days) => self.pass(days),
            Step::Expire | Step::Restart | Step::Crash(..) => {}
            _ => return self.on_key(step),
        }
        ""
    }

    fn on_key(&mut self, step: &Step) -> &'static str {
        let day = self.day;
        let number = match *step {
            Step::Enable(key) | Step::Disable(key) | Step::Schedule(key) | Step::Cancel(key) => key,
            Step::Rotate(key) | Step::DeleteMaterial(key, _) => key,
            Step::Import(import) => import.key,
            _ => return "",
        };
        let Some(key) = self.keys.get_mut(number).filter(|key| key.life != Life::Gone) else {
            return NOT_FOUND;
        };
        let deleting = matches!(key.life, Life::Deleting { .. });
        match *step {
            Step::Enable(_) | Step::Disable(_) => {
                if deleting || key.life == Life::Waiting {
                    return INVALID_STATE;
                }
                key.life = if matches!(step, Step::Enable(_)) { Life::Enabled } else { Life::Disabled };
            }
            Step::Schedule(_) | Step::Cancel(_) if deleting == matches!(step, Step::Schedule(_)) => {
                return INVALID_STATE;
            }
            Step::Schedule(_) => key.life = Life::Deleting { day: day + 7 },
            Step::Cancel(_) => key.life = if key.is_whole() { Life::Disabled } else { Life::Waiting },
            Step::Import(_) | Step::DeleteMaterial(..) if !key.external => {
                return "UnsupportedOperationException";
            }
            Step::Import(_) if deleting => return INVALID_STATE,
            Step::Import(import) => {
                let held = import.valid_days.map_or(Held::Forever, |days| Held::Until(day + days));
                return key.import(import, held);
            }
            Step::DeleteMaterial(_, byte) => return key.delete(byte),
            _ => return rotate(key),
        }
        ""
    }

    fn state(&self, key: usize) -> Life {
        self.keys.get(key).map_or(Life::Gone, |key| key.life)
    }

    fn use_key(&self, key: usize) -> &'static str {
        self.keys.get(key).map_or(NOT_FOUND, Key::use_it)
    }

    fn point(&mut self, alias: usize, key: usize, update: bool) -> &'static str {
        let exists = self.aliases.contains_key(&alias);
        match self.state(key) {
            _ if update && !exists => NOT_FOUND,
            Life::Gone => NOT_FOUND,
            _ if !update && exists => "AlreadyExistsException",
            Life::Deleting { .. } => INVALID_STATE,
            _ => {
                self.aliases.insert(alias, key);
                ""
            }
        }
    }

    fn encrypt(&mut self, alias: usize) -> &'static str {
        let Some(number) = self.aliases.get(&alias).copied() else { return NOT_FOUND };
        let answer = self.use_key(number);
        if answer.is_empty() {
            let materials = &self.keys[number].materials;
            let current = materials.iter().find(|one| one.role == KeyMaterialState::Current).unwrap();
            self.ciphertexts.push((number, current.name));
        }
        answer
    }

    fn decrypt(&self, number: usize) -> &'static str {
        let Some((key, material)) = self.ciphertexts.get(number) else { return "" };
        let key = &self.keys[*key];
        assert!(key.materials.iter().any(|one| one.name == *material), "what has encrypted stays known");
        // A ciphertext of a key that is gone tells nothing about who had it.
        if key.life == Life::Gone { "AccessDeniedException" } else { key.use_it() }
    }

    fn grant(&mut self, key: usize) -> &'static str {
        let answer = self.use_key(key);
        if answer.is_empty() {
            self.grants.push(Some(key));
        }
        answer
    }

    fn encrypt_granted(&self, key: usize) -> &'static str {
        let granted = self.grants.contains(&Some(key));
        match self.state(key) {
            Life::Gone => NOT_FOUND,
            _ if !granted => "AccessDeniedException",
            _ => self.use_key(key),
        }
    }

    fn pass(&mut self, days: u64) {
        self.day += days;
        self.keys.iter_mut().for_each(|key| key.pass(self.day));
        let keys = &self.keys;
        let gone = |key: usize| keys[key].life == Life::Gone;
        self.aliases.retain(|_, key| !gone(*key));
        for grant in &mut self.grants {
            *grant = grant.filter(|key| !gone(*key));
        }
    }

    /// What the lists and descriptions are to show.
    pub(super) fn shown(&self) -> Shown {
        let keys = self.keys.iter().enumerate().map(|(number, key)| self.shown_key(number, key)).collect();
        let aliases = self.aliases.iter().map(|(alias, key)| (format!("alias/{alias}"), *key)).collect();
        Shown { keys, aliases, managed: self.managed.clone() }
    }

    fn shown_key(&self, number: usize, key: &Key) -> Option<ShownKey> {
        let state = match key.life {
            Life::Enabled => KeyState::Enabled,
            Life::Disabled => KeyState::Disabled,
            Life::Waiting => KeyState::PendingImport,
            Life::Deleting { .. } => KeyState::PendingDeletion,
            Life::Gone => return None,
        };
        let until = |one: &Material| if let Held::Until(day) = one.held { Some(day) } else { None };
        let imported =
            |held| if held == Held::No { ImportState::PendingImport } else { ImportState::Imported };
        let material = |one: &Material| (one.role, key.external.then(|| imported(one.held)));
        Some(ShownKey {
            state,
            valid_to: key.needed().filter_map(until).min().filter(|_| key.is_whole()),
            materials: key.materials.iter().map(material).collect(),
            grants: self.grants.iter().filter(|grant| **grant == Some(number)).count(),
        })
    }
}

fn rotate(key: &mut Key) -> &'static str {
    let answer = key.use_it();
    if !answer.is_empty() {
        return answer;
    }
    let name = if key.external {
        let is_waiting =
            |one: &&Material| one.role == KeyMaterialState::PendingRotation && one.held != Held::No;
        match key.materials.iter().find(is_waiting) {
            Some(waiting) => waiting.name,
            None => return INVALID_STATE,
        }
    } else {
        let name = 100 + u32::try_from(key.materials.len()).unwrap();
        key.materials.push(Material { name, role: KeyMaterialState::NonCurrent, held: Held::Forever });
        name
    };
    key.rotate(name);
    ""
}
