//! The whole table of profiles and states, and the moves.

use super::*;

const D: Result<(), Refusal> = Err(Refusal::Disabled);
const OK: Result<(), Refusal> = Ok(());

const fn refused(state: KeyState) -> Result<(), Refusal> {
    Err(Refusal::InvalidState(state))
}

const PD: Result<(), Refusal> = refused(KeyState::PendingDeletion);
const PR: Result<(), Refusal> = refused(KeyState::PendingReplicaDeletion);
const PI: Result<(), Refusal> = refused(KeyState::PendingImport);
const UN: Result<(), Refusal> = refused(KeyState::Unavailable);
const CR: Result<(), Refusal> = refused(KeyState::Creating);
const UP: Result<(), Refusal> = refused(KeyState::Updating);
const ND: Result<(), Refusal> = Err(Refusal::NotPendingDeletion);

/// Columns: Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, PendingImport, Unavailable,
/// Creating, Updating; as the developer guide's table has them.
const COLUMNS: [KeyState; 8] = [
    KeyState::Enabled,
    KeyState::Disabled,
    KeyState::PendingDeletion,
    KeyState::PendingReplicaDeletion,
    KeyState::PendingImport,
    KeyState::Unavailable,
    KeyState::Creating,
    KeyState::Updating,
];

const TABLE: [(Profile, [Result<(), Refusal>; 8]); 11] = [
    (Profile::Cryptographic, [OK, D, PD, PR, PI, UN, CR, OK]),
    (Profile::Alias, [OK, OK, PD, PR, OK, OK, OK, OK]),
    (Profile::Edit, [OK, OK, PD, PR, OK, OK, OK, OK]),
    (Profile::Manage, [OK, OK, PD, PR, PI, OK, CR, UP]),
    (Profile::CancelDeletion, [ND, ND, OK, OK, ND, ND, ND, ND]),
    (Profile::ScheduleDeletion, [OK, OK, PD, PR, OK, OK, OK, UP]),
    (Profile::Grant, [OK, D, PD, PR, PI, OK, CR, OK]),
    (Profile::Rotation, [OK, D, PD, PR, PI, UN, CR, OK]),
    (Profile::RotationOnDemand, [OK, D, PD, PR, PI, UN, CR, UP]),
    (Profile::Replicate, [OK, D, PD, PR, PI, UN, CR, UP]),
    (Profile::UpdatePrimary, [OK, D, PD, PR, PI, UN, CR, OK]),
];

#[test]
fn every_operation_behaves_in_every_state_as_the_table_says() {
    for (profile, row) in TABLE {
        for (state, expected) in COLUMNS.into_iter().zip(row) {
            assert_eq!(profile.admit(state), expected, "{profile:?} in {state}");
        }
    }
}

const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);
const PENDING: Lifecycle = Lifecycle::PendingDeletion { deletion_at: NOW };

#[test]
fn enabling_and_disabling_can_be_repeated() {
    for state in [Lifecycle::Enabled, Lifecycle::Disabled] {
        assert_eq!(state.enable(), Ok(Lifecycle::Enabled));
        assert_eq!(state.disable(), Ok(Lifecycle::Disabled));
    }
    for state in [PENDING, Lifecycle::PendingImport, Lifecycle::Creating, Lifecycle::Updating] {
        assert_eq!(state.enable(), Err(Refusal::InvalidState(state.shown())));
        assert_eq!(state.disable(), Err(Refusal::InvalidState(state.shown())));
    }
}

#[test]
fn the_waiting_period_begins_now() {
    let expected = Timestamp::from_unix_seconds(1_000_000 + 7 * 86_400);
    for state in [Lifecycle::Enabled, Lifecycle::Disabled, Lifecycle::PendingImport] {
        let next = state.schedule_deletion(NOW, 7, false).unwrap();
        assert_eq!(next.deletion_at(), Some(expected));
    }
    assert_eq!(
        PENDING.schedule_deletion(NOW, 7, false),
        Err(Refusal::InvalidState(KeyState::PendingDeletion))
    );
}

#[test]
fn a_cancelled_deletion_leaves_the_key_disabled() {
    assert_eq!(PENDING.cancel_deletion(true), Ok(Lifecycle::Disabled));
    assert_eq!(PENDING.cancel_deletion(false), Ok(Lifecycle::PendingImport));
    assert_eq!(Lifecycle::Enabled.cancel_deletion(true), Err(Refusal::NotPendingDeletion));
}

#[test]
fn the_waiting_period_of_a_primary_begins_when_its_last_replica_is_gone() {
    let waiting = Lifecycle::Enabled.schedule_deletion(NOW, 9, true).unwrap();
    assert_eq!((waiting.shown(), waiting.deletion_at()), (KeyState::PendingReplicaDeletion, None));
    assert_eq!(waiting.pending_window_days(), Some(9));
    let later = Timestamp::from_unix_seconds(2_000_000);
    let pending = waiting.replicas_gone(later);
    assert_eq!(pending.deletion_at(), Some(Timestamp::from_unix_seconds(2_000_000 + 9 * 86_400)));
    assert_eq!(Lifecycle::Enabled.replicas_gone(later), Lifecycle::Enabled);
    assert_eq!(waiting.cancel_deletion(true), Ok(Lifecycle::Disabled));
}

#[test]
fn replicas_and_changed_primaries_settle_and_nothing_else_does() {
    assert_eq!(Lifecycle::Creating.settle(true), Some(Lifecycle::Enabled));
    assert_eq!(Lifecycle::Creating.settle(false), Some(Lifecycle::PendingImport));
    assert_eq!(Lifecycle::Updating.settle(true), Some(Lifecycle::Enabled));
    for state in [Lifecycle::Enabled, Lifecycle::Disabled, PENDING, Lifecycle::PendingImport] {
        assert_eq!(state.settle(true), None);
    }
}
