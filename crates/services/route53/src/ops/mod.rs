//! Route 53's operations, one a file.

mod activate_key_signing_key;
mod associate_vpc_with_hosted_zone;
mod change_resource_record_sets;
mod change_tags_for_resource;
mod create_hosted_zone;
mod create_key_signing_key;
mod deactivate_key_signing_key;
mod delete_hosted_zone;
mod delete_key_signing_key;
mod disable_hosted_zone_dnssec;
mod disassociate_vpc_from_hosted_zone;
mod enable_hosted_zone_dnssec;
mod get_change;
mod get_dnssec;
mod get_hosted_zone;
mod get_hosted_zone_count;
mod list_hosted_zones;
mod list_hosted_zones_by_name;
mod list_hosted_zones_by_vpc;
mod list_resource_record_sets;
mod list_tags_for_resource;
mod list_tags_for_resources;
mod shown;
mod update_hosted_zone_comment;

use std::sync::Arc;

use keyward_gate::Router;

use crate::Route53;

/// Serves every operation of the service.
pub fn register(router: &mut Router, service: &Arc<Route53>) {
    macro_rules! serve {
        ($($operation:path,)*) => {
            $(router.register::<$operation>(Arc::clone(service));)*
        };
    }
    serve! {
        activate_key_signing_key::ActivateKeySigningKey,
        associate_vpc_with_hosted_zone::AssociateVpcWithHostedZone,
        change_resource_record_sets::ChangeResourceRecordSets,
        change_tags_for_resource::ChangeTagsForResource,
        create_hosted_zone::CreateHostedZone,
        create_key_signing_key::CreateKeySigningKey,
        deactivate_key_signing_key::DeactivateKeySigningKey,
        delete_hosted_zone::DeleteHostedZone,
        delete_key_signing_key::DeleteKeySigningKey,
        disable_hosted_zone_dnssec::DisableHostedZoneDnssec,
        disassociate_vpc_from_hosted_zone::DisassociateVpcFromHostedZone,
        enable_hosted_zone_dnssec::EnableHostedZoneDnssec,
        get_change::GetChange,
        get_dnssec::GetDnssec,
        get_hosted_zone::GetHostedZone,
        get_hosted_zone_count::GetHostedZoneCount,
        list_hosted_zones::ListHostedZones,
        list_hosted_zones_by_name::ListHostedZonesByName,
        list_hosted_zones_by_vpc::ListHostedZonesByVpc,
        list_resource_record_sets::ListResourceRecordSets,
        list_tags_for_resource::ListTagsForResource,
        list_tags_for_resources::ListTagsForResources,
        update_hosted_zone_comment::UpdateHostedZoneComment,
    }
}

#[cfg(test)]
mod tests;
