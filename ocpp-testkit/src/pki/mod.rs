//! Certificates with real keys, for programs that speak with real peers: what a station keeps ([`Vault`]), and the
//! authority of a server ([`Authority`]). In virtual time the texts of [`jobs`](crate::jobs) stand for them.

mod authority;
mod certificate;
mod vault;

pub use authority::{Authority, AuthorityError};
pub use certificate::{Certificate, PathUse, Unfit, check_path, has_signed};
pub use vault::{OwnCertificate, Vault, VaultError};

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file: written beside and then moved into place, so that a crash leaves the old content or the new one. Nobody
/// else may read it.
///
/// # Errors
/// When it cannot be written.
pub fn replace_file(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&beside)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    fs::rename(&beside, file)
}

#[cfg(test)]
mod tests;
