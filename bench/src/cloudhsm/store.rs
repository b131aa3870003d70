//! `keyward serve` with a custom key store: a CloudHSM cluster, claimed and activated as a customer does it, and one KMS key in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::keyward::{Api, Call};
use crate::server::{Server, binary};
use crate::sign::{Service, Signer};
use crate::{Failure, cpu};

const SUBNETS: [&str; 2] = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
const ZONES: [&str; 2] = ["us-east-1a", "us-east-1b"];
const PASSWORD: &str = "password1";
/// What does not come about in this time never will.
const STEP_MAX: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(20);

/// A server with a key store.
pub(crate) struct Store {
    pub(crate) server: Server,
    pub(crate) signer: Signer,
    cluster: String,
    data: PathBuf,
    hsms: Vec<String>,
    key: Value,
}

impl Store {
    /// Starts one whose cluster has so many HSMs.
    pub(crate) async fn start(folder: &Path, configuration: &str, hsms: usize) -> Result<Self, Failure> {
        let file = folder.join("keyward.toml");
        std::fs::write(&file, configuration)?;
        let (server, signer) = Server::keyward_with(folder, &["--config", &file.to_string_lossy()])?;
        let subnets = json!({ "HsmType": "hsm1.medium", "SubnetIds": SUBNETS });
        let mut api = Api::connect(&server.address, &signer).await?;
        let made = api.ask(Service::CloudHsm, "CreateCluster", &subnets).await?;
        let cluster = made["Cluster"]["ClusterId"].as_str().ok_or("no cluster id")?.to_owned();
        let data = folder.join("data");
        let mut store = Self { server, signer, cluster, data, hsms: Vec::new(), key: Value::Null };
        store.until("the cluster is there", |cluster| cluster["State"] == "UNINITIALIZED").await?;
        store.add_hsm().await?;
        let anchor = store.claim(folder).await?;
        store.command(&["cluster", "activate", "--password", PASSWORD], false)?;
        store.until("the cluster is active", |cluster| cluster["State"] == "ACTIVE").await?;
        for _ in 1..hsms {
            store.add_hsm().await?;
        }
        let user = ["--username", "kmsuser", "--role", "crypto-user", "--password", PASSWORD];
        store.command(&[&["user", "create"], &user[..]].concat(), true)?;
        store.key = store.connect(&anchor).await?;
        Ok(store)
    }

    /// The operations that are measured, by name.
    pub(crate) fn calls(&self, data: &str) -> [(&'static str, Call); 2] {
        let encrypt = json!({ "KeyId": self.key, "Plaintext": data });
        let data_key = json!({ "KeyId": self.key, "KeySpec": "AES_256" });
        [
            ("Encrypt 1 KiB", Call::new("Encrypt", encrypt, "\"CiphertextBlob\":\"")),
            ("GenerateDataKey", Call::new("GenerateDataKey", data_key, "\"Plaintext\":\"")),
        ]
    }

    /// Kills an HSM and waits until all serve again; blocks.
    pub(crate) fn kill_one(&self, number: usize) -> Result<(), Failure> {
        let hsm = self.hsms.get(number % self.hsms.len().max(1)).ok_or("no HSM")?;
        let before = *cpu::children(self.server.id(), hsm)?.first().ok_or("the HSM does not run")?;
        Command::new("kill").args(["-9", &before.to_string()]).status()?;
        let is_another =
            || cpu::children(self.server.id(), hsm).is_ok_and(|ids| ids.iter().any(|id| *id != before));
        wait(is_another, "a killed HSM is started again")?;
        wait(|| self.serving().is_ok_and(|serving| serving == self.hsms.len()), "a killed HSM serves again")
    }

    fn serving(&self) -> Result<usize, Failure> {
        let shown = self.command(&["cluster", "hsm-info"], false)?;
        let hsms = shown["data"]["hsms"].as_array().ok_or("no HSMs")?;
        Ok(hsms.iter().filter(|hsm| hsm["state"] == "active").count())
    }

    async fn add_hsm(&mut self) -> Result<(), Failure> {
        let zone = ZONES[self.hsms.len() % ZONES.len()];
        let members = json!({ "ClusterId": self.cluster, "AvailabilityZone": zone });
        let made = self.api().await?.ask(Service::CloudHsm, "CreateHsm", &members).await?;
        let hsm = made["Hsm"]["HsmId"].as_str().ok_or("no HSM id")?.to_owned();
        let is_active = |cluster: &Value| {
            let hsms = cluster["Hsms"].as_array();
            hsms.is_some_and(|hsms| {
                hsms.iter().any(|one| one["HsmId"] == hsm.as_str() && one["State"] == "ACTIVE")
            })
        };
        self.until("the HSM is active", is_active).await?;
        self.hsms.push(hsm);
        Ok(())
    }

    /// With a CA made by openssl, whose certificate is the answer.
    async fn claim(&self, folder: &Path) -> Result<String, Failure> {
        let cluster =
            self.until("there is a CSR", |cluster| cluster["Certificates"]["ClusterCsr"].is_string()).await?;
        std::fs::write(
            folder.join("cluster.csr"),
            cluster["Certificates"]["ClusterCsr"].as_str().unwrap_or_default(),
        )?;
        for words in [
            "req -new -x509 -newkey rsa:2048 -nodes -days 3652 -keyout ca.key -out ca.crt -subj /CN=ca",
            "x509 -req -in cluster.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out cluster.crt -days 3652",
        ] {
            let done = Command::new("openssl").args(words.split(' ')).current_dir(folder).output()?;
            if !done.status.success() {
                return Err(format!("openssl: {}", String::from_utf8_lossy(&done.stderr)).into());
            }
        }
        let anchor = std::fs::read_to_string(folder.join("ca.crt"))?;
        let signed = std::fs::read_to_string(folder.join("cluster.crt"))?;
        let members = json!({ "ClusterId": self.cluster, "SignedCert": signed, "TrustAnchor": anchor });
        self.api().await?.ask(Service::CloudHsm, "InitializeCluster", &members).await?;
        self.until("the cluster is claimed", |cluster| cluster["State"] == "INITIALIZED").await?;
        Ok(anchor)
    }

    /// Makes the key store and connects it; a key in it.
    async fn connect(&self, anchor: &str) -> Result<Value, Failure> {
        let mut api = self.api().await?;
        let members = json!({
            "CustomKeyStoreName": "bench",
            "CloudHsmClusterId": self.cluster,
            "TrustAnchorCertificate": anchor,
            "KeyStorePassword": PASSWORD,
        });
        let id = api.call("CreateCustomKeyStore", &members).await?["CustomKeyStoreId"].clone();
        let store = json!({ "CustomKeyStoreId": id });
        api.call("ConnectCustomKeyStore", &store).await?;
        let begin = std::time::Instant::now();
        loop {
            let shown = api.call("DescribeCustomKeyStores", &store).await?;
            let shown = &shown["CustomKeyStores"][0];
            if shown["ConnectionState"] == "CONNECTED" {
                break;
            }
            if begin.elapsed() > STEP_MAX || shown["ConnectionState"] == "FAILED" {
                return Err(format!("the key store does not connect: {shown}").into());
            }
            tokio::time::sleep(PAUSE).await;
        }
        api.make_key(json!({ "Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": id })).await
    }

    async fn api(&self) -> Result<Api<'_>, Failure> {
        Api::connect(&self.server.address, &self.signer).await
    }

    async fn until(&self, what: &str, so: impl Fn(&Value) -> bool) -> Result<Value, Failure> {
        let (mut api, begin) = (self.api().await?, std::time::Instant::now());
        let filters = json!({ "Filters": { "clusterIds": [self.cluster] } });
        loop {
            let shown = api.ask(Service::CloudHsm, "DescribeClusters", &filters).await?;
            let cluster = &shown["Clusters"][0];
            if so(cluster) {
                return Ok(cluster.clone());
            }
            if begin.elapsed() > STEP_MAX {
                return Err(format!("did not happen: {what}: {cluster}").into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// `keyward cloudhsm`, as the admin or as nobody.
    fn command(&self, words: &[&str], as_admin: bool) -> Result<Value, Failure> {
        let mut command = Command::new(binary()?);
        command
            .args(["cloudhsm", "--data-dir"])
            .arg(&self.data)
            .args(["--cluster-id", &self.cluster])
            .args(words);
        if as_admin {
            command.env("CLOUDHSM_ROLE", "admin").env("CLOUDHSM_PIN", format!("admin:{PASSWORD}"));
        }
        let done = command.output()?;
        if !done.status.success() {
            return Err(format!("{words:?}: {}", String::from_utf8_lossy(&done.stdout)).into());
        }
        Ok(serde_json::from_slice(&done.stdout)?)
    }
}

fn wait(so: impl Fn() -> bool, what: &str) -> Result<(), Failure> {
    let begin = std::time::Instant::now();
    while !so() {
        if begin.elapsed() > STEP_MAX {
            return Err(format!("did not happen: {what}").into());
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
