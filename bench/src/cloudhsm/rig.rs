//! A cluster of HSM processes with one key, and a crypto user who is logged in.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keyward_base::SystemRandom;
use keyward_hsm::{
    Change, Cluster, ClusterSession, Flag, Fleet, FleetConfig, HsmClient, HsmId, HsmMode, HsmType, KeyHandle,
    KeySpec, KeyTemplate, Membership, NewMember, Password, Role, Tokens, UserName,
};

use crate::cloudhsm::slow::SlowLink;
use crate::{Failure, cpu};

/// An HSM that is not in step by then never will be.
const JOIN_SECONDS_MAX: u64 = 60;

pub(crate) struct Rig {
    fleet: Arc<Fleet>,
    cluster: Cluster,
    hsms: Vec<(HsmId, HsmClient)>,
    pub(crate) session: ClusterSession,
    pub(crate) key: KeyHandle,
    pids: std::sync::Mutex<Vec<u32>>,
}

impl Rig {
    /// Starts so many HSMs; with `service`, each takes so long for a request.
    pub(crate) async fn start(
        program: &Path,
        folder: &Path,
        tokens: Tokens,
        count: usize,
        service: Option<Duration>,
    ) -> Result<Self, Failure> {
        let config = FleetConfig {
            program: program.to_owned(),
            arguments: vec!["hsm".into()],
            folder: folder.to_owned(),
            tokens,
        };
        let fleet = Fleet::new(config);
        let mut hsms = Vec::new();
        for letter in ["a", "b", "c", "d"].into_iter().take(count) {
            let id: HsmId = format!("hsm-{}", letter.repeat(11)).parse()?;
            hsms.push((id.clone(), fleet.start(&id).await?));
        }
        let (cluster, session) = found(&hsms, service).await?;
        let key = make_key(&session, count.min(2)).await?;
        let rig = Self { fleet, cluster, hsms, session, key, pids: std::sync::Mutex::default() };
        rig.look_for_pids().await?;
        Ok(rig)
    }

    async fn look_for_pids(&self) -> Result<(), Failure> {
        let mut pids = Vec::new();
        for (_, client) in &self.hsms {
            pids.push(client.status().await?.pid);
        }
        *self.pids.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = pids;
        Ok(())
    }

    /// The CPU time that the HSMs have used.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        let pids = self.pids.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        pids.into_iter().map(cpu::of).sum()
    }

    /// Kills an HSM and waits until it serves again.
    pub(crate) async fn kill(&self, number: usize) -> Result<(), Failure> {
        let (id, client) = self.hsms.get(number).ok_or("no such HSM")?;
        let pid = client.status().await?.pid;
        std::process::Command::new("kill").args(["-9", &pid.to_string()]).status()?;
        // It may be away for a few milliseconds only, and then we may not see it.
        for _ in 0..200 {
            if self.cluster.active_count() < self.hsms.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if !self.cluster.until_active(id, Duration::from_secs(JOIN_SECONDS_MAX)).await {
            return Err("a killed HSM did not come back".into());
        }
        Ok(())
    }

    /// Ends the HSMs.
    pub(crate) async fn stop(&self) {
        self.fleet.stop_all().await;
    }
}

async fn found(
    hsms: &[(HsmId, HsmClient)],
    service: Option<Duration>,
) -> Result<(Cluster, ClusterSession), Failure> {
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
        client: match service {
            Some(service) => HsmClient::new(Arc::new(SlowLink::new(Arc::clone(client.link()), service))),
            None => client.clone(),
        },
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
