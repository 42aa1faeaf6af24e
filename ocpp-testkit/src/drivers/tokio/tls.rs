//! TLS configurations, 1.2 and 1.3, out of PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ocpp_rpc::handshake::SecurityProfile;
use thiserror::Error;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, Error as RustlsError, RootCertStore, ServerConfig};

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
}

impl TlsError {
    /// The file that is of no use, if it is known.
    pub fn file(&self) -> Option<&Path> {
        match self {
            TlsError::Pem { file, .. } | TlsError::Empty(file) => Some(file),
            TlsError::Unusable(_) => None,
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

    /// With the station's own certificate: a chain, leaf first, and the leaf's private key. It trusts as [`client`] does.
    ///
    /// # Errors
    /// When a file has no usable content, or the key is not the certificate's.
    pub fn with_certificate(ca: Option<&Path>, chain: &Path, key: &Path) -> Result<Self, TlsError> {
        let own = (certificates(chain)?, private_key(key)?);
        let with_certificate = Some(client_config(ca, Some(own))?);
        Ok(StationTls { plain: client(ca)?, with_certificate })
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
    client_config(ca, None)
}

type OwnCertificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn client_config(ca: Option<&Path>, own: Option<OwnCertificate>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(file) => {
            for certificate in certificates(file)? {
                roots.add(certificate)?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = builder.with_root_certificates(roots);
    Ok(Arc::new(match own {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    }))
}

/// For a server: its certificate chain, leaf first, and the leaf's private key.
///
/// # Errors
/// When a file has no usable content, or the key is not the certificate's.
pub fn server(chain: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(chain)?;
    let key = private_key(key)?;
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    Ok(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key)?))
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
