//! ES256: ECDSA with P-256 and SHA-256 (RFC 7518 §3.4). Signatures are deterministic (RFC 6979): no entropy is needed.

use alloc::vec::Vec;

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

use super::{Algorithm, Signed, Unsigned};

/// A text or number that is no key of P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key of P-256")]
pub struct NotAKey;

/// A private key. Never shown by `Debug`.
#[derive(Clone)]
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// Takes the 32 bytes of the secret number, the most significant one first.
    pub fn from_bytes(secret: &[u8; 32]) -> Result<Self, NotAKey> {
        SigningKey::from_bytes(secret.into()).map(Self).map_err(|_| NotAKey)
    }

    /// The public key that verifies what this one signs.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }

    /// The signature, for [`Unsigned::finish`].
    pub fn sign(&self, message: &Unsigned) -> Vec<u8> {
        let signature: Signature = self.0.sign(message.signing_input());
        signature.to_bytes().to_vec()
    }
}

impl core::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PrivateKey(***)")
    }
}

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes a point as SEC 1 encodes it: 33 bytes compressed, 65 otherwise.
    pub fn from_sec1(point: &[u8]) -> Result<Self, NotAKey> {
        VerifyingKey::from_sec1_bytes(point).map(Self).map_err(|_| NotAKey)
    }

    /// Whether `message` bears a signature of this key. A message of another algorithm does not.
    pub fn verify(&self, message: &Signed) -> bool {
        message.header().algorithm == Algorithm::Es256
            && self.verify_bytes(message.signing_input(), message.signature())
    }

    pub(super) fn verify_bytes(&self, input: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify(input, &signature).is_ok())
    }
}
