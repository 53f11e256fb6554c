//! The attestor's certificate: from files, or made here for a testnet.

use countersign_protocol::encoding::multihash;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// A certificate and what it is known by.
pub struct Identity {
    /// Accepts connections with it.
    pub acceptor: TlsAcceptor,
    /// The SHA-256 of its public key (SPKI).
    pub spki_sha256: [u8; 32],
}

impl core::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Identity(..)")
    }
}

/// Reads a certificate chain and its key from PEM files.
///
/// # Errors
///
/// Returns [`TlsError`] if a file cannot be read or the two do not belong together.
pub fn from_files(certificates: &Path, key: &Path) -> Result<Identity, TlsError> {
    let unreadable = |path: &Path, cause: rustls::pki_types::pem::Error| TlsError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| unreadable(certificates, cause))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|cause| unreadable(key, cause))?;
    identity(chain, secret)
}

/// Gives the SHA-256 of the key (SPKI) that the first certificate in a PEM file is for.
///
/// # Errors
///
/// Returns [`TlsError`] if the file cannot be read.
pub fn key_of(certificates: &Path) -> Result<[u8; 32], TlsError> {
    let first = CertificateDer::from_pem_file(certificates)
        .map_err(|cause| TlsError::Unreadable { path: certificates.to_owned(), cause })?;
    spki_sha256(&first)
}

/// Makes a certificate nobody vouches for, or reads the one that was made here before: its key is
/// what nodes know the attestor by, so it stays the same.
///
/// # Errors
///
/// Returns [`TlsError`] if it cannot be made, kept or read.
pub fn self_signed(folder: &Path, names: Vec<String>) -> Result<Identity, TlsError> {
    let (certificate, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    if !key.exists() {
        let made = rcgen::generate_simple_self_signed(names)
            .map_err(|cause| TlsError::NotMade { cause })?;
        write_private(&key, made.signing_key.serialize_pem().as_bytes())?;
        write_private(&certificate, made.cert.pem().as_bytes())?;
    }
    from_files(&certificate, &key)
}

fn identity(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Identity, TlsError> {
    let first = chain.first().ok_or(TlsError::Empty)?;
    let spki_sha256 = spki_sha256(first)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|cause| TlsError::Refused { cause })?;
    Ok(Identity { acceptor: TlsAcceptor::from(Arc::new(config)), spki_sha256 })
}

fn spki_sha256(certificate: &CertificateDer<'_>) -> Result<[u8; 32], TlsError> {
    let parsed = rustls::server::ParsedCertificate::try_from(certificate)
        .map_err(|cause| TlsError::Refused { cause })?;
    Ok(multihash::sha256(&parsed.subject_public_key_info()))
}

/// Writes a file nobody else may read, all at once.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), TlsError> {
    let unwritable = |cause| TlsError::Unwritable { path: path.to_owned(), cause };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    use std::io::Write as _;
    let temporary = path.with_extension("new");
    drop(std::fs::remove_file(&temporary));
    let mut file = options.open(&temporary).map_err(unwritable)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(unwritable)?;
    std::fs::rename(&temporary, path).map_err(unwritable)
}

/// The certificate cannot be used. Fault of this machine or of its owner.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum TlsError {
    /// Not there, or not PEM.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: rustls::pki_types::pem::Error },
    /// A full or foreign disk.
    #[error("{} cannot be written: {cause}", path.display())]
    Unwritable { path: PathBuf, cause: std::io::Error },
    /// No certificate in the file.
    #[error("there is no certificate in the file")]
    Empty,
    /// Certificate and key do not fit, or are of a kind nobody accepts.
    #[error("the certificate is refused: {cause}")]
    Refused { cause: rustls::Error },
    /// A name that cannot stand in a certificate.
    #[error("no certificate could be made: {cause}")]
    NotMade { cause: rcgen::Error },
}
