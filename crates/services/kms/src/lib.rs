//! AWS KMS: one operation, one file.
