//! The default key policy (developer guide, "Default key policy").

use keyward_base::{AccountId, Partition};

/// The only name that a key policy of the customer can have.
pub(crate) const POLICY_NAME: &str = "default";

/// The policy that another service manages; read-only.
pub(crate) const RESOURCE_SHARE_POLICY_NAME: &str = "AWS_RAM";

/// A key policy's size in bytes.
pub(crate) const POLICY_BYTES_MAX: usize = 32_768;

/// The policy of a key for which the request gives none, in the form in which AWS prints it.
pub(crate) fn default_policy(partition: &Partition, account: AccountId) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_policy_is_the_documented_one() {
        let text = default_policy(&"aws".parse().unwrap(), "111122223333".parse().unwrap());
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [{
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "kms:*",
                "Resource": "*",
            }],
        });
        assert_eq!(value, expected);
    }
}
