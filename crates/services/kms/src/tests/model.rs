//! Random sequences of operations on keys and aliases, against a plain model.

use std::collections::BTreeMap;
use std::time::Duration;

use keyward_schema::kms::*;
use proptest::prelude::*;

use crate::testing::{House, encrypt, root};

/// One step. Keys and aliases are named by small numbers.
#[derive(Clone, Debug)]
enum Step {
    Create,
    Enable(usize),
    Disable(usize),
    Schedule(usize),
    Cancel(usize),
    CreateAlias(usize, usize),
    UpdateAlias(usize, usize),
    DeleteAlias(usize),
    Encrypt(usize),
    PassDays(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let (key, alias) = (0..4usize, 0..3usize);
    prop_oneof![
        2 => Just(Step::Create),
        1 => key.clone().prop_map(Step::Enable),
        1 => key.clone().prop_map(Step::Disable),
        1 => key.clone().prop_map(Step::Schedule),
        1 => key.clone().prop_map(Step::Cancel),
        2 => (alias.clone(), key.clone()).prop_map(|(alias, key)| Step::CreateAlias(alias, key)),
        1 => (alias.clone(), key).prop_map(|(alias, key)| Step::UpdateAlias(alias, key)),
        1 => alias.clone().prop_map(Step::DeleteAlias),
        2 => alias.prop_map(Step::Encrypt),
        1 => (1..6u64).prop_map(Step::PassDays),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Enabled,
    Disabled,
    Pending { day: u64 },
    Gone,
}

/// What a careful reader of the documentation would keep in a notebook.
#[derive(Debug, Default)]
struct Model {
    day: u64,
    keys: Vec<State>,
    aliases: BTreeMap<usize, usize>,
}

impl Model {
    /// The error code that the step gives, `""` for none.
    fn apply(&mut self, step: &Step) -> &'static str {
        match *step {
            Step::Create => self.keys.push(State::Enabled),
            Step::Enable(key) => return self.manage(key, State::Enabled),
            Step::Disable(key) => return self.manage(key, State::Disabled),
            Step::Schedule(key) => return self.manage(key, State::Pending { day: self.day + 7 }),
            Step::Cancel(key) => match self.state(key) {
                State::Pending { .. } => self.keys[key] = State::Disabled,
                State::Gone => return "NotFoundException",
                _ => return "KMSInvalidStateException",
            },
            Step::CreateAlias(alias, key) => return self.point(alias, key, false),
            Step::UpdateAlias(alias, key) => return self.point(alias, key, true),
            Step::DeleteAlias(alias) => {
                return if self.aliases.remove(&alias).is_some() { "" } else { "NotFoundException" };
            }
            Step::Encrypt(alias) => {
                return match self.aliases.get(&alias).map(|key| self.state(*key)) {
                    None | Some(State::Gone) => "NotFoundException",
                    Some(State::Enabled) => "",
                    Some(State::Disabled) => "DisabledException",
                    Some(State::Pending { .. }) => "KMSInvalidStateException",
                };
            }
            Step::PassDays(days) => self.pass(days),
        }
        ""
    }

    fn state(&self, key: usize) -> State {
        self.keys.get(key).copied().unwrap_or(State::Gone)
    }

    fn manage(&mut self, key: usize, next: State) -> &'static str {
        match self.state(key) {
            State::Gone => "NotFoundException",
            State::Pending { .. } => "KMSInvalidStateException",
            _ => {
                self.keys[key] = next;
                ""
            }
        }
    }

    fn point(&mut self, alias: usize, key: usize, update: bool) -> &'static str {
        let exists = self.aliases.contains_key(&alias);
        match self.state(key) {
            _ if update && !exists => "NotFoundException",
            State::Gone => "NotFoundException",
            _ if !update && exists => "AlreadyExistsException",
            State::Pending { .. } => "KMSInvalidStateException",
            _ => {
                self.aliases.insert(alias, key);
                ""
            }
        }
    }

    fn pass(&mut self, days: u64) {
        self.day += days;
        for state in &mut self.keys {
            if matches!(state, State::Pending { day } if *day <= self.day) {
                *state = State::Gone;
            }
        }
        let keys = &self.keys;
        self.aliases.retain(|_, key| keys[*key] != State::Gone);
    }
}

/// The service under test, with the ARNs of its keys.
struct Real {
    house: House,
    arns: Vec<String>,
}

impl Real {
    /// A key's ARN; one that never existed for a number without a key.
    fn arn(&self, key: usize) -> String {
        let unknown = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000";
        self.arns.get(key).cloned().unwrap_or_else(|| unknown.to_owned())
    }

    async fn apply(&mut self, step: &Step) -> String {
        let (house, root) = (&self.house, &root());
        let alias_name = |alias: usize| format!("alias/{alias}");
        let answer = match *step {
            Step::Create => {
                let arn = house.symmetric().await;
                self.arns.push(arn);
                Ok(())
            }
            Step::Enable(key) => {
                house.call::<EnableKey>(root, EnableKeyRequest { key_id: self.arn(key) }).await.map(drop)
            }
            Step::Disable(key) => {
                house.call::<DisableKey>(root, DisableKeyRequest { key_id: self.arn(key) }).await.map(drop)
            }
            Step::Schedule(key) => {
                let input =
                    ScheduleKeyDeletionRequest { key_id: self.arn(key), pending_window_in_days: Some(7) };
                house.call::<ScheduleKeyDeletion>(root, input).await.map(drop)
            }
            Step::Cancel(key) => {
                let input = CancelKeyDeletionRequest { key_id: self.arn(key) };
                house.call::<CancelKeyDeletion>(root, input).await.map(drop)
            }
            Step::CreateAlias(alias, key) => {
                let input =
                    CreateAliasRequest { alias_name: alias_name(alias), target_key_id: self.arn(key) };
                house.call::<CreateAlias>(root, input).await.map(drop)
            }
            Step::UpdateAlias(alias, key) => {
                let input =
                    UpdateAliasRequest { alias_name: alias_name(alias), target_key_id: self.arn(key) };
                house.call::<UpdateAlias>(root, input).await.map(drop)
            }
            Step::DeleteAlias(alias) => {
                let input = DeleteAliasRequest { alias_name: alias_name(alias) };
                house.call::<DeleteAlias>(root, input).await.map(drop)
            }
            Step::Encrypt(alias) => {
                house.call::<Encrypt>(root, encrypt(&alias_name(alias), b"x")).await.map(drop)
            }
            Step::PassDays(days) => {
                house.clock.advance(Duration::from_secs(days * 86_400));
                house.kms.destroy_due(None).await.map(drop)
            }
        };
        answer.err().map(|fault| fault.code().to_owned()).unwrap_or_default()
    }

    /// The keys with their states and the aliases with their keys, as the lists show them.
    async fn shown(&self) -> (Vec<Option<KeyState>>, BTreeMap<String, String>) {
        let mut states = Vec::new();
        for arn in &self.arns {
            let input = DescribeKeyRequest { key_id: arn.clone(), grant_tokens: None };
            let described = self.house.call::<DescribeKey>(&root(), input).await;
            states.push(described.ok().and_then(|described| described.key_metadata?.key_state));
        }
        let aliases = self.house.call::<ListAliases>(&root(), Default::default()).await.unwrap().aliases;
        let pair = |entry: AliasListEntry| Some((entry.alias_name?, entry.target_key_id?));
        (states, aliases.into_iter().flatten().filter_map(pair).collect())
    }
}

async fn compare(steps: Vec<Step>) {
    let mut real = Real { house: House::new().await, arns: Vec::new() };
    let mut model = Model::default();
    for step in &steps {
        assert_eq!(real.apply(step).await, model.apply(step), "{step:?} of {steps:?}");
    }
    real.house.check_rows();
    let (states, aliases) = real.shown().await;
    let expected = model.keys.iter().map(|state| match state {
        State::Enabled => Some(KeyState::Enabled),
        State::Disabled => Some(KeyState::Disabled),
        State::Pending { .. } => Some(KeyState::PendingDeletion),
        State::Gone => None,
    });
    assert_eq!(states, expected.collect::<Vec<_>>(), "{steps:?}");
    let pair = |(alias, key): (&usize, &usize)| {
        (format!("alias/{alias}"), real.arns[*key].rsplit('/').next().unwrap_or_default().to_owned())
    };
    assert_eq!(aliases, model.aliases.iter().map(pair).collect(), "{steps:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn keys_and_aliases_behave_as_the_plain_model(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(compare(steps));
    }
}
