//! A credential that its issuer signed: what only verification makes.

use super::{Credential, CredentialError, Keys};
use crate::did;
use crate::key::PublicKey;
use crate::proof::{Proof, Purpose, eddsa_jcs_2022};
use core::ops::Deref;
use serde_json::{Map, Value};

/// A credential whose proof holds under a key that its issuer's newest known document lists for
/// assertions. Whether that document is still the newest, whether the claim is in its period, and
/// whether it was taken back, is asked anew at every check.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    credential: Credential,
    key: PublicKey,
}

impl Claim {
    /// Verifies that the issuer named in `credential` signed it.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] if the proof has another purpose, names a key of somebody else
    /// or an unknown one, or does not hold.
    pub fn verify(credential: Credential, keys: &Keys<'_>) -> Result<Self, CredentialError> {
        let signer = Signer { purpose: Purpose::AssertionMethod, named: &credential.issuer };
        let key = signer.verify(&credential.unsecured, &credential.proof, keys)?;
        Ok(Self { credential, key })
    }

    /// Gives the key that signed it.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Gives the credential.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }
}

impl Deref for Claim {
    type Target = Credential;

    fn deref(&self) -> &Credential {
        &self.credential
    }
}

/// Who must have signed a document, and for what.
pub(super) struct Signer<'a> {
    pub(super) purpose: Purpose,
    pub(super) named: &'a did::Did,
}

impl Signer<'_> {
    /// Verifies a proof and gives the key that made it.
    pub(super) fn verify(
        &self,
        unsecured: &Map<String, Value>,
        proof: &Proof,
        keys: &Keys<'_>,
    ) -> Result<PublicKey, CredentialError> {
        if proof.purpose() != self.purpose.as_str() {
            return Err(CredentialError::WrongPurpose { expected: self.purpose.as_str() });
        }
        proof.check_alone()?;
        let method = proof.verification_method();
        let (did, fragment) =
            did::split_fragment(method).map_err(|_| CredentialError::NotTheirKey)?;
        // Identities are compared by SCID: the DID may have moved since.
        if did.scid() != self.named.scid() {
            return Err(CredentialError::NotTheirKey);
        }
        let unknown = crate::proof::ProofError::UnknownKey;
        let key = keys(self.purpose, method).ok_or(unknown)?;
        // The DID that is named must be one the identity has had, as the method's must.
        if did != *self.named
            && keys(self.purpose, &self.named.with_fragment(fragment)) != Some(key)
        {
            return Err(CredentialError::NotTheirKey);
        }
        eddsa_jcs_2022::verify(unsecured, proof.raw(), &key)?;
        Ok(key)
    }
}
