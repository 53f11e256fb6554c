//! The certificate a listener shows: from files, or made here.
//!
//! A certificate that is made here is vouched for by nobody. Whoever comes again knows it by the hash of
//! its key, or, where a person told a browser to trust exactly this one, by its own: so a key stays, and
//! a certificate stays as long as it can.

use crate::private;
use countersign_protocol::encoding::multihash;
use countersign_protocol::time::Timestamp;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// A certificate and what it is known by.
pub struct Identity {
    /// Accepts connections with it.
    pub acceptor: TlsAcceptor,
    /// The SHA-256 of its public key (SPKI).
    pub spki_sha256: [u8; 32],
    /// The SHA-256 of the certificate itself: what browsers show as its fingerprint.
    pub sha256: [u8; 32],
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
        let secret = own_key(&key)?;
        let params = CertificateParams::new(names).map_err(not_made)?;
        let made = params.self_signed(&secret).map_err(not_made)?;
        write_private(&certificate, &made.pem())?;
    }
    from_files(&certificate, &key)
}

/// Makes a certificate for people's browsers at `names`, or reads the one that was made here before.
///
/// The key lies in `<stem>.key` and stays for ever. The certificate lies beside it and is made anew
/// when it is about to end, or names none of `names`: a browser knows no exception for it there.
///
/// # Errors
///
/// Returns [`TlsError`] if it cannot be made, kept or read.
pub fn for_browsers(
    folder: &Path,
    stem: &str,
    names: &[String],
    now: Timestamp,
) -> Result<Identity, TlsError> {
    let path = |ending: &str| folder.join(format!("{stem}.{ending}"));
    let (certificate, key) = (path("crt"), path("key"));
    let secret = own_key(&key)?;
    if !still_holds(&certificate, names, now) {
        let until = now.plus(LIFE);
        let mut params = CertificateParams::new(names).map_err(not_made)?;
        params.distinguished_name.push(DnType::CommonName, "Countersign");
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        let (from, to) = (date(now.minus(DAY)), date(until));
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(to.0, to.1, to.2);
        let made = params.self_signed(&secret).map_err(not_made)?;
        write_private(&certificate, &format!("{UNTIL}{until}\n{}", made.pem()))?;
    }
    from_files(&certificate, &key)
}

/// Reads the key in a file, or makes it.
fn own_key(path: &Path) -> Result<KeyPair, TlsError> {
    let unwritable = |cause| TlsError::Unwritable { path: path.to_owned(), cause };
    if path.exists() {
        let text = std::fs::read_to_string(path).map_err(unwritable)?;
        return KeyPair::from_pem(&text).map_err(not_made);
    }
    let made = KeyPair::generate().map_err(not_made)?;
    write_private(path, &made.serialize_pem())?;
    Ok(made)
}

/// Tells whether the certificate in a file counts for a while yet, and names one of `names`.
fn still_holds(path: &Path, names: &[String], now: Timestamp) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else { return false };
    let until = text.lines().next().and_then(|line| line.strip_prefix(UNTIL));
    let Some(Ok(until)) = until.map(Timestamp::parse) else { return false };
    let Ok(first) = CertificateDer::from_pem_slice(text.as_bytes()) else { return false };
    let Ok(parsed) = ParsedCertificate::try_from(&first) else { return false };
    let named = |name: &String| {
        let name = ServerName::try_from(name.as_str());
        name.is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
    };
    until > now.plus(SPARE) && names.iter().any(named)
}

/// Gives the year, month and day of a moment, in UTC.
fn date(moment: Timestamp) -> (i32, u8, u8) {
    let text = moment.to_string();
    let part = |range: core::ops::Range<usize>| text.get(range).unwrap_or_default();
    let small = |text: &str| text.parse::<u8>().unwrap_or(1);
    (part(0..4).parse().unwrap_or(1970), small(part(5..7)), small(part(8..10)))
}

fn identity(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Identity, TlsError> {
    let first = chain.first().ok_or(TlsError::Empty)?;
    let (spki_sha256, sha256) = (spki_sha256(first)?, multihash::sha256(first));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|cause| TlsError::Refused { cause })?;
    Ok(Identity { acceptor: TlsAcceptor::from(Arc::new(config)), spki_sha256, sha256 })
}

fn spki_sha256(certificate: &CertificateDer<'_>) -> Result<[u8; 32], TlsError> {
    let parsed =
        ParsedCertificate::try_from(certificate).map_err(|cause| TlsError::Refused { cause })?;
    Ok(multihash::sha256(&parsed.subject_public_key_info()))
}

/// Writes a file nobody else may read, all at once.
fn write_private(path: &Path, text: &str) -> Result<(), TlsError> {
    let unwritable = |cause| TlsError::Unwritable { path: path.to_owned(), cause };
    private::write(path, text.as_bytes()).map_err(unwritable)
}

fn not_made(cause: rcgen::Error) -> TlsError {
    TlsError::NotMade { cause }
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

/// Before the certificate in its file: until when it counts.
const UNTIL: &str = "until ";
const DAY: u64 = 86_400;
/// Some phones take no certificate for more than 825 days, whoever vouches for it.
const LIFE: u64 = 800 * DAY;
/// So long before its end a certificate is made anew.
const SPARE: u64 = 30 * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn made(folder: &Path, names: &[&str], now: Timestamp) -> Identity {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        for_browsers(folder, "phone", &names, now).unwrap()
    }

    #[test]
    fn a_certificate_stays_until_it_ends_or_names_nothing_that_is_there_and_its_key_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let first = made(folder.path(), &["192.168.1.5", "10.0.0.5"], NOW);
        let again = made(folder.path(), &["10.0.0.5", "10.9.9.9"], NOW.plus(LIFE - SPARE - 1));
        assert_eq!(again.sha256, first.sha256, "one of its addresses is still there");
        let elsewhere = made(folder.path(), &["172.16.0.1"], NOW);
        assert_ne!(elsewhere.sha256, first.sha256, "it names none of them");
        let late = made(folder.path(), &["172.16.0.1"], NOW.plus(LIFE - SPARE));
        assert_ne!(late.sha256, elsewhere.sha256, "it is about to end");
        for one in [again, elsewhere, late] {
            assert_eq!(one.spki_sha256, first.spki_sha256);
        }
    }

    #[test]
    fn what_was_made_for_nodes_stays() {
        let folder = tempfile::tempdir().unwrap();
        let made = self_signed(folder.path(), vec!["127.0.0.1".to_owned()]).unwrap();
        let again = self_signed(folder.path(), vec!["north.example".to_owned()]).unwrap();
        assert_eq!(again.sha256, made.sha256);
        assert_eq!(key_of(&folder.path().join("tls.crt")).unwrap(), made.spki_sha256);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        made(folder.path(), &["192.168.1.5"], NOW);
        let mode = std::fs::metadata(folder.path().join("phone.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
