//! The one number that a machine's randomness grows from.

use thiserror::Error;
use tokio_rustls::rustls::crypto::ring::default_provider;

/// The operating system has no entropy to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the operating system gives no entropy")]
pub struct NoEntropy;

/// A seed from the operating system.
///
/// # Errors
/// When the system has no entropy to give.
pub fn seed() -> Result<u64, NoEntropy> {
    let mut bytes = [0; 8];
    default_provider().secure_random.fill(&mut bytes).map_err(|_| NoEntropy)?;
    Ok(u64::from_le_bytes(bytes))
}
