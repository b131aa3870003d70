//! A cluster of HSM processes with one key, and a crypto user who is logged in.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keyward_base::SystemRandom;
use keyward_hsm::{
    Change, Cluster, ClusterSession, Flag, Fleet, FleetConfig, HsmClient, HsmId, HsmMode, HsmType, KeyHandle,
    KeySpec, KeyTemplate, Membership, NewMember, Password, Role, Tokens, UserName,
};

use crate::Failure;
use crate::cloudhsm::slow::SlowLink;

/// An HSM that is not in step by then never will be.
const JOIN_SECONDS_MAX: u64 = 60;

pub(crate) struct Rig {
    fleet: Arc<Fleet>,
    _cluster: Cluster,
    pub(crate) session: ClusterSession,
    pub(crate) key: KeyHandle,
}

impl Rig {
    /// Starts so many software HSMs, each of which takes so long for a request.
    pub(crate) async fn start(folder: &Path, count: usize, service: Duration) -> Result<Self, Failure> {
        let config = FleetConfig {
            program: crate::server::binary()?,
            arguments: vec!["hsm".into()],
            folder: folder.to_owned(),
            tokens: Tokens::software(),
        };
        let fleet = Fleet::new(config);
        let mut hsms = Vec::new();
        for letter in ["a", "b", "c", "d"].into_iter().take(count) {
            let id: HsmId = format!("hsm-{}", letter.repeat(11)).parse()?;
            hsms.push((id.clone(), fleet.start(&id).await?));
        }
        let (_cluster, session) = found(&hsms, service).await?;
        let key = make_key(&session, count.min(2)).await?;
        Ok(Self { fleet, _cluster, session, key })
    }

    /// Ends the HSMs.
    pub(crate) async fn stop(&self) {
        self.fleet.stop_all().await;
    }
}

async fn found(hsms: &[(HsmId, HsmClient)], service: Duration) -> Result<(Cluster, ClusterSession), Failure> {
    let membership = Membership {
        cluster: "cluster-aaaaaaaaaaa".parse()?,
        mode: HsmMode::Fips,
        hsm_type: HsmType::Hsm1Medium,
        certificate_sha256: Some([7; 32]),
    };
    let (_, first) = hsms.first().ok_or("a cluster has an HSM")?;
    first.found(&membership).await?;
    let members = hsms.iter().enumerate().map(|(number, (hsm, client))| NewMember {
        hsm: hsm.clone(),
        zone: format!("eu-central-1{}", ['a', 'b'].get(number % 2).unwrap_or(&'a')),
        client: HsmClient::new(Arc::new(SlowLink::new(Arc::clone(client.link()), service))),
    });
    let cluster =
        Cluster::start(membership.cluster.clone(), members.collect(), Arc::new(SystemRandom::default()));
    for (hsm, _) in hsms {
        if !cluster.until_active(hsm, Duration::from_secs(JOIN_SECONDS_MAX)).await {
            return Err(format!("{hsm} did not join").into());
        }
    }
    let password = Password::new("password1").map_err(|error| error.to_string())?;
    cluster.activate(&password).await?;
    let admin = cluster.login(&UserName::admin(), &password).await?;
    let user: UserName = "kmsuser".parse()?;
    admin.create_user(&user, Role::CryptoUser, &password, &[]).await?;
    admin.close().await;
    let session = cluster.login(&user, &password).await?;
    Ok((cluster, session))
}

async fn make_key(session: &ClusterSession, copies_min: usize) -> Result<KeyHandle, Failure> {
    let template = KeyTemplate {
        spec: KeySpec::Aes { bytes: 32 },
        label: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
        changes: vec![
            Change::Flag(Flag::Encrypt, true),
            Change::Flag(Flag::Decrypt, true),
            Change::Flag(Flag::Extractable, false),
        ],
        share_with: vec![],
    };
    Ok(session.generate_key(&template, copies_min).await?.handle)
}
