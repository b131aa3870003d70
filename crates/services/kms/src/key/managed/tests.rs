//! What the managed keys of services are like.

use keyward_policy::{Flavour, Policy};
use serde_json::{Value, json};

use super::*;

fn key(alias: &str) -> KeyRecord {
    let service = ManagedService::of_alias(&AliasName::parse(alias).unwrap()).unwrap();
    let (partition, region) = ("aws".parse().unwrap(), "eu-west-1".parse().unwrap());
    service.key((&partition, &region, "111122223333".parse().unwrap()), Timestamp::EPOCH)
}

/// The policy of `aws/ebs` as AWS shows it (its service's host is EC2's).
#[test]
fn the_policy_is_the_one_that_aws_shows() {
    let shown: Value = serde_json::from_str(&key("alias/aws/ebs").policy).unwrap();
    let expected = json!({
        "Version": "2012-10-17",
        "Id": "auto-ebs-2",
        "Statement": [
            {
                "Sid": "Allow access through EBS for all principals in the account that are authorized to use EBS",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [
                    "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant",
                    "kms:DescribeKey",
                ],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "kms:CallerAccount": "111122223333",
                        "kms:ViaService": "ec2.eu-west-1.amazonaws.com",
                    }
                },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    });
    assert_eq!(shown, expected);
    // S3 works without grants, and SNS does not encrypt directly.
    let actions = |alias: &str| {
        let shown: Value = serde_json::from_str(&key(alias).policy).unwrap();
        [0, 1].map(|number| shown["Statement"][number]["Action"].clone())
    };
    let [uses, looks] = actions("alias/aws/s3");
    let expected =
        json!(["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]);
    assert_eq!((uses, looks), (expected, json!(["kms:Describe*", "kms:Get*", "kms:List*"])));
    let [uses, _] = actions("alias/aws/sns");
    let expected = json!([
        "kms:Decrypt",
        "kms:GenerateDataKey*",
        "kms:CreateGrant",
        "kms:ListGrants",
        "kms:DescribeKey"
    ]);
    assert_eq!(uses, expected);
}

#[test]
fn every_service_has_an_alias_of_its_own_and_a_sound_policy() {
    let aliases: Vec<_> = ManagedService::all().map(ManagedService::alias).collect();
    assert!(aliases.is_sorted_by(|one, next| one < next), "in order, each once");
    for alias in &aliases {
        assert_eq!(AliasName::parse(alias.as_str()).as_ref(), Some(alias));
        let record = key(alias.as_str());
        Policy::parse(&record.policy, Flavour::Resource).unwrap();
        assert_eq!((record.manager, &record.aliases), (KeyManager::Aws, &vec![alias.clone()]));
    }
    let described = "Default key that protects my S3 objects when no other key is defined";
    assert_eq!(key("alias/aws/s3").description, described);
}

#[test]
fn other_aliases_have_no_managed_key() {
    for name in ["alias/s3", "alias/aws/", "alias/aws/s3/x", "alias/aws/none", "alias/AWS/s3"] {
        let service = AliasName::parse(name).and_then(|name| ManagedService::of_alias(&name));
        assert_eq!(service, None, "{name}");
    }
}
