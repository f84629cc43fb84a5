//! Certificates and keys out of PEM files, with what is wrong with them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::NodeError;

/// The certificates of a file, in its order. Never empty.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, NodeError> {
    let bytes = read(path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(path, format!("it is not PEM ({error}); convert it with openssl x509")))?;
    if certificates.is_empty() {
        return Err(wrong(path, "there is no certificate in it; give the file that has BEGIN CERTIFICATE"));
    }
    Ok(certificates)
}

/// The certificates of a file as those that we trust.
pub(super) fn roots(path: &Path) -> Result<RootCertStore, NodeError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| wrong(path, format!("a certificate in it is no CA's: {error}")))?;
    }
    Ok(roots)
}

/// The first key of a file that strangers cannot read.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, NodeError> {
    let mode = fs::metadata(path).map_err(|error| wrong(path, error.to_string()))?.mode() & 0o7777;
    if mode & 0o007 != 0 {
        let problem = format!("everybody may read this key (mode is {mode:04o}); run: chmod 400 {path:?}");
        return Err(wrong(path, problem));
    }
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            wrong(path, "there is no key in it that can be read; give one in PEM, and not encrypted")
        }
        error => wrong(path, format!("it is not PEM: {error}")),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, NodeError> {
    fs::read(path).map_err(|error| wrong(path, error.to_string()))
}

fn wrong(path: &Path, problem: impl Into<String>) -> NodeError {
    NodeError::TlsFile { path: path.into(), problem: problem.into() }
}
