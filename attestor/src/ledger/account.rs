//! How an account is named in the books: so that it is found again, and not by anybody else.
//!
//! The name is an HMAC under a key that nothing else uses. Whoever steals the books without the keys
//! cannot try out account ids. Keys have versions: a new one names new accounts, the old ones still
//! find theirs.

use crate::evidence::Account;
use core::fmt;
use countersign_protocol::encoding::base64url;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The keys that name accounts, the newest first.
pub struct AccountKeys(Vec<(u64, Zeroizing<[u8; 32]>)>);

impl AccountKeys {
    /// Takes keys with their versions.
    #[must_use]
    pub fn new(mut keys: Vec<(u64, Zeroizing<[u8; 32]>)>) -> Self {
        keys.sort_by_key(|(version, _)| core::cmp::Reverse(*version));
        Self(keys)
    }

    /// Gives the names of `account`, the newest key's first.
    #[must_use]
    pub fn names(&self, account: &Account) -> Vec<AccountName> {
        self.0.iter().filter_map(|(version, key)| name(*version, key, account)).collect()
    }
}

impl fmt::Debug for AccountKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccountKeys({} versions)", self.0.len())
    }
}

/// The name of an account in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountName(String);

impl AccountName {
    /// Gives the name as the books write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn name(version: u64, key: &[u8; 32], account: &Account) -> Option<AccountName> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    // Lengths first: ("ab", "c") and ("a", "bc") are two accounts.
    for part in [account.issuer.as_bytes(), account.id.as_bytes()] {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    let digest = mac.finalize().into_bytes();
    Some(AccountName(format!("{version}.{}", base64url::encode(&digest))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(issuer: &str, id: &str) -> Account {
        Account { issuer: issuer.to_owned(), id: Zeroizing::new(id.to_owned()) }
    }

    #[test]
    fn one_account_has_one_name_a_key() {
        let keys =
            AccountKeys::new(vec![(1, Zeroizing::new([1; 32])), (2, Zeroizing::new([2; 32]))]);
        let names = keys.names(&account("https://id.example", "7"));
        assert!(names[0].as_str().starts_with("2."), "the newest key comes first");
        assert_eq!(names, keys.names(&account("https://id.example", "7")));
        assert_ne!(names, keys.names(&account("https://id.example", "8")));
        assert_ne!(names, keys.names(&account("https://id.example7", "")));
        assert_eq!(format!("{keys:?}"), "AccountKeys(2 versions)");
    }
}
