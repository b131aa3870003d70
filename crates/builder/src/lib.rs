//! Builds, signs, verifies and publishes zone generations.
