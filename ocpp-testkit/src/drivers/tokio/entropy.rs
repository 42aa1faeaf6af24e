//! The one number that a machine's randomness grows from.

use tokio_rustls::rustls::crypto::GetRandomFailed;
use tokio_rustls::rustls::crypto::ring::default_provider;

/// A seed from the operating system.
///
/// # Errors
/// When the system has no entropy to give.
pub fn seed() -> Result<u64, GetRandomFailed> {
    let mut bytes = [0; 8];
    default_provider().secure_random.fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
