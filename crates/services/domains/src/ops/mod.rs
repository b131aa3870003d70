//! The API: one operation, one file.

mod associate_delegation_signer_to_domain;
mod check_domain_availability;
mod disassociate_delegation_signer_from_domain;
mod get_domain_detail;
mod get_operation_detail;
mod list_domains;
mod list_operations;
mod register_domain;
#[cfg(test)]
mod tests;
mod update_domain_nameservers;

use std::sync::Arc;

use keyward_gate::Router;

use crate::service::Domains;

/// Serves every operation of the service.
pub fn register(router: &mut Router, service: &Arc<Domains>) {
    macro_rules! serve {
        ($($operation:path,)*) => {
            $(router.register::<$operation>(Arc::clone(service));)*
        };
    }
    serve! {
        associate_delegation_signer_to_domain::AssociateDelegationSignerToDomain,
        check_domain_availability::CheckDomainAvailability,
        disassociate_delegation_signer_from_domain::DisassociateDelegationSignerFromDomain,
        get_domain_detail::GetDomainDetail,
        get_operation_detail::GetOperationDetail,
        list_domains::ListDomains,
        list_operations::ListOperations,
        register_domain::RegisterDomain,
        update_domain_nameservers::UpdateDomainNameservers,
    }
}
