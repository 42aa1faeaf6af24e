//! TLS configurations, 1.2 and 1.3, out of PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ocpp_rpc::handshake::SecurityProfile;
use thiserror::Error;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{ClientConfig, Error as RustlsError, RootCertStore, ServerConfig};

use crate::pki::OwnCertificate;

/// Why there is no TLS configuration.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file cannot be read, or holds no PEM of the kind wanted.
    #[error("{}: {source}", file.display())]
    Pem {
        /// The file.
        file: PathBuf,
        /// What was wrong.
        source: PemError,
    },
    /// The file holds no certificate.
    #[error("{}: no certificate in it", .0.display())]
    Empty(PathBuf),
    /// The certificates or the key are of no use.
    #[error("{0}")]
    Unusable(#[from] RustlsError),
    /// The roots that stations' certificates should lead to are of no use.
    #[error("{0}")]
    Verifier(#[from] VerifierBuilderError),
}

impl TlsError {
    /// The file that is of no use, if it is known.
    pub fn file(&self) -> Option<&Path> {
        match self {
            TlsError::Pem { file, .. } | TlsError::Empty(file) => Some(file),
            TlsError::Unusable(_) | TlsError::Verifier(_) => None,
        }
    }
}

/// What a station connects by.
#[derive(Clone, Debug)]
pub struct StationTls {
    plain: Arc<ClientConfig>,
    with_certificate: Option<Arc<ClientConfig>>,
}

impl StationTls {
    /// The configuration for a security profile: the station's certificate is shown with profile 3 alone.
    pub(super) fn of(&self, profile: Option<SecurityProfile>) -> Arc<ClientConfig> {
        let with_certificate = match profile {
            Some(SecurityProfile::TlsWithClientCertificate) => self.with_certificate.as_ref(),
            Some(SecurityProfile::BasicAuth | SecurityProfile::TlsWithBasicAuth) | None => None,
        };
        Arc::clone(with_certificate.unwrap_or(&self.plain))
    }

    /// What trusts these roots, and besides them the public ones of the web if `trusts_web`. The station's own certificate is a
    /// chain, leaf first, and the leaf's private key.
    ///
    /// # Errors
    /// When a root is none, or the key is not the certificate's.
    pub fn new(
        roots: &[CertificateDer<'static>],
        trusts_web: bool,
        own: Option<OwnCertificate>,
    ) -> Result<Self, TlsError> {
        let with_certificate = own.map(|own| client_config(trusted(roots, trusts_web)?, Some(own))).transpose()?;
        Ok(StationTls { plain: client_config(trusted(roots, trusts_web)?, None)?, with_certificate })
    }
}

impl From<Arc<ClientConfig>> for StationTls {
    fn from(plain: Arc<ClientConfig>) -> Self {
        StationTls { plain, with_certificate: None }
    }
}

/// For a station: trusts the certificates in `ca`, or without it the public roots of the web.
///
/// # Errors
/// When the file has no usable certificate.
pub fn client(ca: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let roots = ca.map(certificates).transpose()?.unwrap_or_default();
    client_config(trusted(&roots, ca.is_none())?, None)
}

fn trusted(certificates: &[CertificateDer<'static>], trusts_web: bool) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.clone())?;
    }
    if trusts_web {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(roots)
}

fn client_config(roots: RootCertStore, own: Option<OwnCertificate>) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = builder.with_root_certificates(roots);
    Ok(Arc::new(match own {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    }))
}

/// For a server: its certificate chain, leaf first, and the leaf's private key. With a file of roots, stations may show
/// certificates that lead to these (security profile 3), and those that show any other are refused.
///
/// # Errors
/// When a file has no usable content, or the key is not the certificate's.
pub fn server(chain: &Path, key: &Path, stations: Option<&Path>) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(chain)?;
    let key = private_key(key)?;
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match stations {
        Some(file) => {
            let roots = Arc::new(trusted(&certificates(file)?, false)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
            builder.with_client_cert_verifier(verifier.allow_unauthenticated().build()?)
        }
        None => builder.with_no_client_auth(),
    };
    Ok(Arc::new(builder.with_single_cert(chain, key)?))
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file).map_err(|source| TlsError::Pem { file: file.to_owned(), source })
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |source| TlsError::Pem { file: file.to_owned(), source };
    let list: Vec<_> =
        CertificateDer::pem_file_iter(file).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    if list.is_empty() { Err(TlsError::Empty(file.to_owned())) } else { Ok(list) }
}

/// Named, because a process may link several.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}
