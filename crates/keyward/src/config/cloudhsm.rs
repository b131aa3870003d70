//! CloudHSM: where the keys of its HSMs live, where subnets are, and what an account may have.

use keyward_cloudhsm::{CloudHsmConfig, Quotas};
use keyward_hsm::Pkcs11Settings;

use crate::config::file::CloudHsmFile;
use crate::config::regions::Regions;
use crate::refusal::Refusal;

/// What the service works with.
pub(crate) fn service(file: &CloudHsmFile, regions: &Regions) -> Result<CloudHsmConfig, Refusal> {
    let (zones, subnets, given) = (regions.zones(), file.subnets.clone().unwrap_or_default(), &file.quotas);
    for (subnet, zone) in &subnets {
        if !zones.values().flatten().any(|known| known == zone) {
            return Err(Refusal::new(format!(
                "cloudhsm.subnets: {subnet} is in {zone}, which no region has"
            )));
        }
        if !is_subnet(subnet) {
            return Err(Refusal::new(format!(
                "cloudhsm.subnets: '{subnet}' is no subnet id such as subnet-a6b10bd1"
            )));
        }
    }
    let aws = Quotas::default();
    let quotas = Quotas {
        clusters: given.clusters.unwrap_or(aws.clusters),
        hsms: given.hsms.unwrap_or(aws.hsms),
        hsms_per_cluster: given.hsms_per_cluster.unwrap_or(aws.hsms_per_cluster),
    };
    Ok(CloudHsmConfig { zones, subnets, quotas })
}

fn is_subnet(text: &str) -> bool {
    let hex = text.strip_prefix("subnet-");
    hex.is_some_and(|hex| (8..=17).contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Where the keys of new HSMs live; `None` for software.
pub(crate) fn module(file: CloudHsmFile) -> Result<Option<Pkcs11Settings>, Refusal> {
    match (file.hsm.as_deref().unwrap_or("software"), file.pkcs11) {
        ("software", _) => Ok(None),
        ("pkcs11", Some(settings)) => {
            settings.check().map_err(|error| Refusal::new(format!("cloudhsm.pkcs11: {error}")))?;
            Ok(Some(settings))
        }
        ("pkcs11", None) => Err(Refusal::new(
            "cloudhsm.hsm is 'pkcs11' but [cloudhsm.pkcs11] names no module; write for example \
             module = '/usr/lib/softhsm/libsofthsm2.so'",
        )),
        (other, _) => {
            Err(Refusal::new(format!("cloudhsm.hsm: '{other}' is neither 'software' nor 'pkcs11'")))
        }
    }
}
