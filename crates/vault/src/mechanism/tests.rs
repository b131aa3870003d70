//! Mechanisms against known answers.
