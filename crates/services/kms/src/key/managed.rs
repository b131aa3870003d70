//! AWS managed keys (developer guide, "AWS managed keys"): which services have one, and what it is like. Pure.
//!
//! Such a key is made for one service in an account and Region. Its policy lets every principal of the account
//! use it, but only through the service, and lets the account look at it. It lets nobody change it, so that the
//! gate refuses that by the policy: no operation asks who manages a key.

use keyward_base::{AccountId, Partition, Region, Timestamp};
use keyward_vault::{KeySpec, KeyUsage};

use super::record::{KeyRecord, MultiRegion};
use super::source::Source;
use super::spec::KeyManager;
use super::state::Lifecycle;
use super::tags::Tags;
use crate::alias::{AliasName, RESERVED_PREFIX};

/// A service that has an AWS managed key in each account and Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ManagedService {
    /// Its alias without `alias/aws/`.
    alias: &'static str,
    /// The policy's `Id`.
    policy_id: &'static str,
    /// The first label of its host name, which `kms:ViaService` shows.
    host: &'static str,
    /// What the policy calls it.
    name: &'static str,
    /// What the description says that the key protects.
    protects: &'static str,
    /// What it may do for its callers.
    actions: &'static [&'static str],
}

/// What most services may do.
const USUAL: &[&str] = &[
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    CREATE_GRANT,
    "kms:DescribeKey",
];
/// What services do that work without grants.
const WITHOUT_GRANTS: &[&str] =
    &["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];
/// What services do that look at their grants too.
const WITH_LISTS: &[&str] = &[
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    CREATE_GRANT,
    "kms:ListGrants",
    "kms:DescribeKey",
];
/// What SNS does: it encrypts with data keys only.
const DATA_KEYS: &[&str] =
    &["kms:Decrypt", "kms:GenerateDataKey*", CREATE_GRANT, "kms:ListGrants", "kms:DescribeKey"];
const CREATE_GRANT: &str = "kms:CreateGrant";

/// Those whose alias, description and policy AWS publishes or shows to everyone who has such a key, by alias.
const SERVICES: [ManagedService; 20] = [
    service("acm", "auto-acm-4", "ACM", "ACM private keys"),
    service("backup", "auto-backup-1", "Backup", "Backup data"),
    service("codecommit", "auto-codecommit-1", "CodeCommit", "CodeCommit repositories"),
    service("dms", "auto-dms-1", "DMS", "DMS replication instance volumes"),
    service("dynamodb", "auto-dynamodb-3", "Amazon DynamoDB", "DynamoDB data"),
    service("ebs", "auto-ebs-2", "EBS", "EBS volumes").at("ec2"),
    service("elasticfilesystem", "auto-elasticfilesystem-1", "EFS", "EFS filesystems"),
    service("es", "auto-es-2", "OpenSearch Service", OPENSEARCH),
    service("glue", "auto-glue-1", "Glue", "Glue data"),
    service("kafka", "auto-kafka-1", "Kafka", "Kafka data").may(WITH_LISTS),
    service("kinesis", "auto-kinesis-1", "Kinesis", "Kinesis data"),
    service("kinesisvideo", "auto-kinesisvideo-1", "Kinesis Video Streams", "kinesis video data"),
    service("lambda", "auto-awslambda", "AWS Lambda", "Lambda functions"),
    service("rds", "auto-rds-2", "RDS", "RDS database volumes").may(WITH_LISTS),
    service("redshift", "auto-redshift-3", "Redshift", "Redshift clusters"),
    service("s3", "auto-s3-2", "S3", "S3 objects").may(WITHOUT_GRANTS),
    service("secretsmanager", "auto-secretsmanager-2", "AWS Secrets Manager", "Secrets Manager data"),
    service("sns", "auto-sns-1", "SNS", "SNS data").may(DATA_KEYS),
    service("sqs", "auto-sqs-1", "SQS", "SQS messages"),
    service("ssm", "auto-ssm-1", "SSM", "SSM parameters").may(WITHOUT_GRANTS),
];

const OPENSEARCH: &str = "Amazon OpenSearch Service (successor to Amazon Elasticsearch Service) data";

const fn service(
    alias: &'static str,
    policy_id: &'static str,
    name: &'static str,
    protects: &'static str,
) -> ManagedService {
    ManagedService { alias, policy_id, host: alias, name, protects, actions: USUAL }
}

impl ManagedService {
    /// All of them, in order of their aliases.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        SERVICES.iter()
    }

    /// The one whose key has the alias `name`.
    pub(crate) fn of_alias(name: &AliasName) -> Option<&'static Self> {
        let alias = name.as_str().strip_prefix(RESERVED_PREFIX)?;
        Self::all().find(|service| service.alias == alias)
    }

    const fn at(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    const fn may(self, actions: &'static [&'static str]) -> Self {
        Self { actions, ..self }
    }

    /// The alias of its key.
    pub(crate) fn alias(&self) -> AliasName {
        AliasName::of_service(self.alias)
    }

    /// Its key in `account` and `region`, without material.
    pub(crate) fn key(
        &self,
        (partition, region, account): (&Partition, &Region, AccountId),
        now: Timestamp,
    ) -> KeyRecord {
        KeyRecord {
            spec: KeySpec::SymmetricDefault,
            usage: KeyUsage::EncryptDecrypt,
            source: Source::Vault,
            manager: KeyManager::Aws,
            created: now,
            description: format!(
                "Default key that protects my {} when no other key is defined",
                self.protects
            ),
            lifecycle: Lifecycle::Enabled,
            multi_region: MultiRegion::No,
            policy: self.policy(partition, region, account),
            bound_principals: Vec::new(),
            tags: Tags::default(),
            aliases: vec![self.alias()],
            materials: Vec::new(),
        }
    }

    /// The key's policy, in the form in which AWS prints it.
    fn policy(&self, partition: &Partition, region: &Region, account: AccountId) -> String {
        let Self { policy_id, host, name, .. } = self;
        let actions = self.actions.join(r#"", ""#);
        let revoke = if self.actions.contains(&CREATE_GRANT) { r#", "kms:RevokeGrant""# } else { "" };
        format!(
            r#"{{
  "Version" : "2012-10-17",
  "Id" : "{policy_id}",
  "Statement" : [ {{
    "Sid" : "Allow access through {name} for all principals in the account that are authorized to use {name}",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "*"
    }},
    "Action" : [ "{actions}" ],
    "Resource" : "*",
    "Condition" : {{
      "StringEquals" : {{
        "kms:CallerAccount" : "{account}",
        "kms:ViaService" : "{host}.{region}.amazonaws.com"
      }}
    }}
  }}, {{
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*"{revoke} ],
    "Resource" : "*"
  }} ]
}}"#
        )
    }
}

#[cfg(test)]
mod tests;
