//! Keys: what they are, what they are called, which state they are in. Pure; no operation is known here.

mod id;
mod import;
mod managed;
mod material;
mod metadata;
mod policy;
mod record;
mod reference;
mod rotation;
mod source;
mod spec;
mod state;
mod tags;

pub(crate) use id::{KeyArn, KeyId};
pub(crate) use import::{ImportKind, ImportRefusal, Incoming};
pub(crate) use managed::ManagedService;
pub(crate) use material::{Backing, ClusterKey, Material, MaterialState};
pub(crate) use metadata::{KeyAlgorithms, expiration_model, metadata, relatives};
pub(crate) use metadata::{shown, shown_material, shown_source_material, shown_spec};
pub(crate) use policy::{POLICY_BYTES_MAX, POLICY_NAME, RESOURCE_SHARE_POLICY_NAME, default_policy};
pub(crate) use record::{KeyRecord, KeyRow, MultiRegion};
pub(crate) use reference::{Forms, Named, Place, Reference};
pub(crate) use rotation::{
    Automatic, Cause, ON_DEMAND_MAX, PERIOD_DAYS_DEFAULT, Rotation, RotationRecord, RotationRow,
};
pub(crate) use source::{CustomKeyStoreId, Source};
pub(crate) use spec::{KeyKind, KeyManager, check_region};
pub(crate) use state::{Lifecycle, Profile, Refusal};
pub(crate) use tags::Tags;
