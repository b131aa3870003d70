//! A whole house for tests: a simulated store, the gate, and clients that sign their requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use keyward_base::{AccountId, Clock, SeededRandom, SimulatedClock, Timestamp};
use keyward_gate::signing::Signer;
use keyward_gate::{Gate, GateHandle, GateParts, LogSink, PageTokens, Router};
use keyward_store::{SimulatedStore, Store};

use keyward_vault::VaultClient;

use crate::{Accounts, Iam, Secrets};

pub(crate) struct House {
    pub(crate) iam: Arc<Iam>,
    pub(crate) accounts: Accounts,
    pub(crate) secrets: Secrets,
    pub(crate) account: AccountId,
    pub(crate) root: Client,
    pub(crate) store: Arc<dyn Store>,
    gate: Arc<Gate>,
    clock: Arc<SimulatedClock>,
}

/// An access key.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

/// An answer: status and body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// The text of the first element of that name.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.texts(name).next().unwrap_or_else(|| panic!("no {name} in {}", self.body))
    }

    /// The texts of all elements of that name.
    pub(crate) fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let parts = self.body.split(open.as_str()).skip(1).collect::<Vec<_>>();
        parts.into_iter().filter_map(move |part| Some(part.split_once(close.as_str())?.0))
    }

    /// Demands an error, and gives its code and message.
    pub(crate) fn error(&self) -> (&str, &str) {
        assert!(self.status >= 400, "{}", self.body);
        (self.text("Code"), self.text("Message"))
    }

    /// Demands a success.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(SimulatedClock::new(Timestamp::parse_basic("20260102T120000Z").unwrap()));
        let store: Arc<dyn Store> = Arc::new(SimulatedStore::new(clock.clone()));
        let random = Arc::new(SeededRandom::new(11));
        let partition: keyward_base::Partition = "aws".parse().unwrap();
        let secrets = Secrets::new(store.clone(), VaultClient::in_process(), random.clone());
        let accounts = Accounts::new(store.clone(), random.clone(), clock.clone(), secrets.clone());
        let (account, root) = accounts.ensure_first(Some("111122223333".parse().unwrap())).await.unwrap();
        let tokens = PageTokens::under(&[7; 32]).unwrap();
        let iam = Iam::new(store.clone(), random.clone(), partition.clone(), secrets.clone(), tokens);
        let mut router = Router::new();
        crate::register(&mut router, &iam);
        let parts = GateParts {
            store: store.clone(),
            identities: iam.clone(),
            audit: Arc::new(LogSink),
            clock: clock.clone(),
            random,
            partition,
            regions: vec!["us-east-1".parse().unwrap()],
            throttle: None,
        };
        let gate = Gate::new(parts, router, &GateHandle::new());
        let root = Client::of(root.unwrap());
        Self { iam, accounts, secrets, account: account.id, root, store, gate, clock }
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// Sends a signed form to IAM.
    pub(crate) async fn iam(&self, client: &Client, form: &str) -> Answer {
        self.send(client, "iam", &format!("{form}&Version=2010-05-08")).await
    }

    /// Sends a signed form to STS.
    pub(crate) async fn sts(&self, client: &Client, form: &str) -> Answer {
        self.send(client, "sts", &format!("{form}&Version=2011-06-15")).await
    }

    /// Makes a user with an access key and, if given, a policy.
    pub(crate) async fn user(&self, name: &str, policy: Option<&str>) -> Client {
        self.iam(&self.root, &format!("Action=CreateUser&UserName={name}")).await.ok();
        if let Some(policy) = policy {
            let form =
                format!("Action=PutUserPolicy&UserName={name}&PolicyName=p&PolicyDocument={}", form(policy));
            self.iam(&self.root, &form).await.ok();
        }
        let key = self.iam(&self.root, &format!("Action=CreateAccessKey&UserName={name}")).await.ok();
        Client { id: key.text("AccessKeyId").into(), secret: key.text("SecretAccessKey").into(), token: None }
    }

    async fn send(&self, client: &Client, service: &str, body: &str) -> Answer {
        let request = Request::post("/")
            .header("host", "127.0.0.1:4566")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        let signer = Signer {
            access_key_id: &client.id,
            secret: &client.secret,
            session_token: client.token.as_deref(),
            region: "us-east-1",
            service,
            time: self.clock.now(),
        };
        let response = self.gate.handle(signer.sign(request), [127, 0, 0, 1].into()).await;
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        let body = body.replace("&apos;", "'").replace("&quot;", "\"");
        Answer { status: response.status().as_u16(), body }
    }
}

impl Client {
    pub(crate) fn of(root: crate::RootCredentials) -> Self {
        Self { id: root.access_key_id, secret: root.secret_access_key.to_string(), token: None }
    }

    /// The credentials in an answer of AssumeRole.
    pub(crate) fn session(answer: &Answer) -> Self {
        Self {
            id: answer.text("AccessKeyId").into(),
            secret: answer.text("SecretAccessKey").into(),
            token: Some(answer.text("SessionToken").into()),
        }
    }
}

/// A value in a form.
pub(crate) fn form(value: &str) -> String {
    crate::document::encoded(value)
}

/// A policy with one statement.
pub(crate) fn policy(effect: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}}}"#
    )
}
