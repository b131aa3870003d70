//! The API: one operation, one file.

use std::sync::Arc;

use keyward_gate::Router;

use crate::service::Domains;

macro_rules! operations {
    ($($module:ident :: $operation:ident,)+) => {
        $(mod $module;)+

        /// Serves every operation of the service.
        pub fn register(router: &mut Router, service: &Arc<Domains>) {
            $(router.register::<$module::$operation>(Arc::clone(service));)+
        }
    };
}

operations! {
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

#[cfg(test)]
mod tests;
