//! The names an owner gave to others. They are private: sealed in the vault, on no wire.

use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::vault::Kind;
use crate::verb::contacts::Contact;
use countersign_protocol::did::Did;
use secrecy::ExposeSecret as _;

impl Node {
    /// Gives a name to an identity. Whoever meant another one by it until now has to say so: who is asked
    /// for a claim, or shown one, hangs on a name.
    pub(crate) async fn add_contact(
        &self,
        name: &str,
        did: &str,
        replace: bool,
    ) -> Result<Contact, Problem> {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
        if name.is_empty() || name.chars().count() > 40 || !name.chars().all(plain) {
            return Err(Problem::new(Wrong::Invalid, format!("`{name}` cannot be a name"))
                .hint("a name has letters, digits, dashes, dots and underscores"));
        }
        let did = self.whole(did).await?;
        let vault = self.vault()?;
        let before = self.contacts()?.into_iter().find(|contact| contact.name == name);
        let other = |contact: &Contact| contact.fingerprint != did.scid().fingerprint();
        if let Some(before) = before.filter(other).filter(|_| !replace) {
            return Err(Problem::new(
                Wrong::Conflict,
                format!("`{name}` is somebody else already"),
            )
            .because(format!("it means {}, fingerprint {}", before.did, before.fingerprint))
            .hint("choose another name; if that one is over, add --replace"));
        }
        vault.put(Kind::Contact, name.as_bytes(), did.as_str().as_bytes())?;
        Ok(contact(name, &did))
    }

    /// Gives the DID of whoever is meant: as it is written if it is whole, or else the one they are known
    /// under here, or where nobody is known the one of somebody without a domain.
    async fn whole(&self, name: &str) -> Result<Did, Problem> {
        let scid = self.scid_called(name).await?;
        let home = scid.to_did();
        let cut = home.as_str() != name && home.as_str().starts_with(name);
        if let Some(did) = name.parse::<Did>().ok().filter(|_| !cut) {
            return Ok(did);
        }
        let known = self.at_once().known(scid, false).await;
        Ok(known.map_or(home, |known| known.did().clone()))
    }

    /// Gives all names, in their order; nobody but the owner learns one.
    pub(crate) fn contacts(&self) -> Result<Vec<Contact>, Problem> {
        if !self.is_asked_by_owner() {
            return Ok(Vec::new());
        }
        let vault = self.vault()?;
        let mut contacts = Vec::new();
        for name in vault.list(Kind::Contact)? {
            let Some(did) = vault.get(Kind::Contact, &name)? else {
                continue;
            };
            let did = String::from_utf8_lossy(did.expose_secret()).parse::<Did>();
            if let (Ok(name), Ok(did)) = (String::from_utf8(name), did) {
                contacts.push(contact(&name, &did));
            }
        }
        Ok(contacts)
    }

    /// Gives the name somebody has here, or their DID.
    pub(crate) fn name_of(&self, did: &Did) -> String {
        self.name_given(did).unwrap_or_else(|| did.to_string())
    }

    /// Gives the name that whoever is called `domain` elsewhere has here, if they are an identity and
    /// have one.
    pub(super) fn given_name(&self, domain: &str) -> Option<String> {
        self.name_given(&domain.parse::<Did>().ok()?)
    }

    fn name_given(&self, did: &Did) -> Option<String> {
        let given = self.contacts().unwrap_or_default().into_iter().find_map(|contact| {
            let known = contact.did.parse::<Did>().ok()?;
            (known.scid() == did.scid()).then_some(contact.name)
        });
        let trusted = || {
            let mut trusted = self.config().trust.attestors.iter();
            trusted.find(|(_, known)| known.scid() == did.scid()).map(|(name, _)| name.clone())
        };
        given.or_else(trusted)
    }
}

fn contact(name: &str, did: &Did) -> Contact {
    Contact { name: name.to_owned(), did: did.to_string(), fingerprint: did.scid().fingerprint() }
}
