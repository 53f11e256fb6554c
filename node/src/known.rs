//! An identity as this node knows it: verified once, then remembered.

use crate::node::{Node, unexpected};
use crate::problem::{Kind, Problem};
use countersign_protocol::did::document::Document;
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::resolution::{self, Query};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::engine::command::{Found, Freshness};
use countersign_protocol::policy::standing::Fork;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// A verified identity that stands, at least in its first entry.
#[derive(Debug, Clone)]
pub struct Known {
    found: Arc<Found>,
    standing: History,
}

impl Known {
    /// Takes what was found, if any of it stands.
    pub(crate) fn new(found: Found) -> Result<Self, Problem> {
        let standing = found.identity.standing().cloned();
        let standing = standing.ok_or_else(|| {
            unexpected().because("no entry of the log is cosigned by as many witnesses as it names")
        })?;
        Ok(Self { found: Arc::new(found), standing })
    }

    /// Gives its name for ever.
    #[must_use]
    pub fn scid(&self) -> Scid {
        self.standing.scid()
    }

    /// Gives its DID, as its newest standing entry says.
    #[must_use]
    pub fn did(&self) -> &Did {
        self.standing.did()
    }

    /// Gives its newest standing document.
    #[must_use]
    pub fn document(&self) -> &Document {
        self.standing.document()
    }

    /// Gives its verified log, up to the newest entry that stands.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.standing
    }

    /// Gives what was found.
    #[must_use]
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Checks that `name`, if it is a DID, is one this identity has or had.
    pub(crate) fn check_name(&self, name: &str) -> Result<(), Problem> {
        called(&self.standing, name)
    }

    /// Gives DID document metadata as did:webvh 1.0 lists it.
    #[must_use]
    pub fn metadata(&self) -> Value {
        resolution::resolve(&self.standing, Query::Newest)
            .map_or(Value::Null, |resolution| Value::Object(resolution.metadata))
    }

    /// Tells whether its owner ended it.
    #[must_use]
    pub fn is_deactivated(&self) -> bool {
        self.standing.is_deactivated()
    }

    /// Tells whether a fork proof about it is held.
    #[must_use]
    pub fn is_forked(&self) -> bool {
        !self.found.forks.is_empty()
    }

    /// Tells whether somebody signed a second history, or head, and nothing says which stands: as a
    /// check is told it.
    #[must_use]
    pub fn is_open_fork(&self) -> bool {
        self.found.fork == Fork::Open
    }

    /// Counts the peers that knew nothing newer just now.
    #[must_use]
    pub fn confirmed(&self) -> u32 {
        self.found.confirmed
    }
}

impl Node {
    /// Finds out which identity a person means.
    ///
    /// # Errors
    ///
    /// Returns a problem if the name means nobody, or several.
    pub(crate) async fn scid_of(&self, name: &str) -> Result<Scid, Problem> {
        if name.is_empty() {
            // Every name begins with nothing, so it would mean whoever is alone.
            return Err(too_short(name));
        }
        // The beginning of a DID, cut behind its SCID, says whose it is, also of somebody nobody here knows.
        let first = name.strip_prefix(METHOD).and_then(|rest| rest.split(':').next());
        let begun = first.and_then(|first| first.parse::<Scid>().ok());
        if let Some(scid) = begun.filter(|scid| scid.to_did().as_str().starts_with(name)) {
            return Ok(scid);
        }
        if let Ok(did) = name.parse::<Did>() {
            if did.is_of_two() {
                return Err(of_two(&did));
            }
            return Ok(did.scid());
        }
        // On paper a SCID stands in groups.
        if let Ok(scid) = name.split_whitespace().collect::<String>().parse::<Scid>() {
            return Ok(scid);
        }
        let meant = match name.strip_prefix(METHOD) {
            Some(rest) => self.begun(rest).await?,
            None if name.starts_with("did:") => {
                return Err(Problem::new(Kind::Invalid, format!("`{name}` is no did:webvh"))
                    .hint("an identity of this network begins with did:webvh:Qm"));
            }
            None => self.named(name).await?,
        };
        match meant.as_slice() {
            [(_, scid)] => Ok(*scid),
            [] if name.trim_start_matches(METHOD).len() < SHORTEST_PREFIX => Err(too_short(name)),
            [] => Err(Problem::new(Kind::NotFound, format!("`{name}` is nobody known here"))
                .hint("`countersign contact list` prints the names you gave; a DID always works")),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
                Err(Problem::new(Kind::Invalid, format!("`{name}` means several"))
                    .because(names.join(", "))
                    .hint("type more of it"))
            }
        }
    }

    /// Finds out which identity a person means, and refuses a DID that it never had, as far as it is known
    /// here: who names somebody nobody here has heard of is not asked about on the network.
    ///
    /// # Errors
    ///
    /// Returns a problem if the name means nobody, or several.
    pub(crate) async fn scid_called(&self, name: &str) -> Result<Scid, Problem> {
        let scid = self.scid_of(name).await?;
        if self.own_scid().await? == Some(scid) {
            called(&self.own().await?.history, name)?;
            return Ok(scid);
        }
        let listed = self.read(move |store| crate::records::listing(store, &scid)).await?;
        // Whoever is listed and cannot be read now is told of when they are asked for.
        if listed.is_some_and(|listing| listing.is_usable())
            && let Ok(known) = self.known(scid, false).await
        {
            known.check_name(name)?;
        }
        Ok(scid)
    }

    /// Gives everybody a name, a beginning of one, or the beginning of a SCID or fingerprint can
    /// mean; a whole name means nobody else.
    async fn named(&self, name: &str) -> Result<Vec<(String, Scid)>, Problem> {
        let mut names: Vec<(String, Scid)> = Vec::new();
        for contact in self.contacts().unwrap_or_default() {
            if let Ok(did) = contact.did.parse::<Did>() {
                names.push((contact.name, did.scid()));
            }
        }
        let trusted = self.config().trust.attestors.iter();
        names.extend(trusted.map(|(name, did)| (name.clone(), did.scid())));
        if let Some(whole) = names.iter().find(|(known, _)| known == name) {
            return Ok(vec![whole.clone()]);
        }
        let mut meant: Vec<(String, Scid)> =
            names.into_iter().filter(|(known, _)| known.starts_with(name)).collect();
        if meant.is_empty() {
            meant = self.begun(name).await?;
        }
        meant.sort_by_key(|(_, scid)| *scid);
        meant.dedup_by_key(|(_, scid)| *scid);
        Ok(meant)
    }

    /// Gives everybody known here whose SCID, fingerprint, or DID behind `did:webvh:` begins like this.
    async fn begun(&self, text: &str) -> Result<Vec<(String, Scid)>, Problem> {
        if text.len() < SHORTEST_PREFIX {
            return Ok(Vec::new());
        }
        let mut scids = self.read(crate::records::known_scids).await?;
        scids.extend(self.own_scid().await?);
        let contacts = self.contacts().unwrap_or_default().into_iter();
        let mut given: Vec<Did> = contacts.filter_map(|one| one.did.parse().ok()).collect();
        given.extend(self.config().trust.attestors.values().cloned());
        scids.extend(given.iter().map(Did::scid));
        scids.sort_unstable();
        scids.dedup();
        let begins =
            |did: &Did| did.as_str().get(METHOD.len()..).is_some_and(|rest| rest.starts_with(text));
        let meant = scids.into_iter().filter(|scid| {
            scid.fingerprint().starts_with(text)
                || begins(&scid.to_did())
                || given.iter().any(|did| did.scid() == *scid && begins(did))
        });
        Ok(meant.map(|scid| (scid.to_string(), scid)).collect())
    }

    /// Gives a verified identity, from here or the network.
    ///
    /// # Errors
    ///
    /// Returns a problem of kind not-found if nobody asked knew it.
    pub async fn known(&self, scid: Scid, fresh: bool) -> Result<Known, Problem> {
        let freshness = if fresh { Freshness::Peers } else { Freshness::Held };
        Known::new(self.find(scid, freshness).await?)
    }
}

/// Checks that `name`, if it is a DID, is one the identity of `history` has or had: a SCID behind somebody
/// else's domain is nobody. One that was cut short behind its SCID is taken as it is meant.
///
/// did:webvh 1.0, "Read (Resolve)": a log is rejected if no entry's `state.id` is the DID resolved.
pub(crate) fn called(history: &History, name: &str) -> Result<(), Problem> {
    let Ok(did) = name.parse::<Did>() else { return Ok(()) };
    let home = history.scid().to_did();
    let cut = home.as_str().strip_prefix(name).is_some_and(|rest| !rest.is_empty());
    if cut || history.knows(&did) {
        return Ok(());
    }
    Err(Problem::new(Kind::NotFound, format!("`{did}` is nobody"))
        .because("the identity of its SCID never had this name")
        .hint(format!("ask for {}", history.did())))
}

/// Writes the line by which an identity is found again: its SCID, in groups for writing it down. A fingerprint
/// is too short for that: nobody in a network can be asked for one.
pub(crate) fn on_paper(did: &str) -> String {
    let Ok(did) = did.parse::<Did>() else { return did.to_owned() };
    let scid: Vec<char> = did.scid().to_string().chars().collect();
    let groups: Vec<String> = scid.chunks(4).map(|four| four.iter().collect()).collect();
    groups.join(" ")
}

/// Gives a name so that a person can read it: of a DID, which nobody reads, the fingerprint. That means the
/// same identity wherever a name is asked for.
pub(crate) fn brief(name: &str) -> Cow<'_, str> {
    match name.parse::<Did>() {
        Ok(did) => Cow::Owned(did.scid().fingerprint()),
        Err(_) => Cow::Borrowed(name),
    }
}

/// Writes the name somebody gives itself: in quotes, which no name an owner gives has, and with nothing in
/// it that ends them or moves a cursor.
pub(crate) fn quoted(name: &str) -> String {
    format!("{name:?}")
}

fn too_short(name: &str) -> Problem {
    Problem::new(Kind::Invalid, format!("`{name}` is too short to mean somebody"))
        .hint(format!("type at least {SHORTEST_PREFIX} characters of a SCID or a fingerprint"))
}

/// Tells that a DID names two identities.
pub(crate) fn of_two(did: &Did) -> Problem {
    Problem::new(Kind::Invalid, format!("`{did}` is no identity"))
        .because("the SCID at its end is another than the one in it")
        .hint("ask for it once more, and copy it whole")
}

/// What every DID of this network begins with.
const METHOD: &str = "did:webvh:";
/// Fewer characters of a SCID mean too many identities.
const SHORTEST_PREFIX: usize = 4;
