//! IAM and STS: users, access keys, roles, inline policies.
