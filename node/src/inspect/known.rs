//! What the given files know of identities, heads, lists and the network.

use super::recognise::Recognised;
use super::report::Finding;
use super::{Kind, LookError, Network, Options};
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::{Credential, CredentialError};
use countersign_protocol::did::document::Document;
use countersign_protocol::did::fork::{self, Fork, Standing};
use countersign_protocol::did::log::{History, witness};
use countersign_protocol::did::{self, Did, Scid};
use countersign_protocol::encoding::multihash;
use countersign_protocol::engine::forks::Evidence;
use countersign_protocol::key::PublicKey;
use countersign_protocol::proof::{Proof, ProofError, Purpose};
use countersign_protocol::status::ledger::Ledger;
use countersign_protocol::status::list::List;
use countersign_protocol::status::statement::Signed;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::staple::Staple;
use countersign_protocol::wire::{
    bounds, challenge::Challenge, network::Parameters, topic::Shards,
};
use std::collections::BTreeMap;

/// Everything that can be used to judge a file.
pub(super) struct Known {
    pub(super) now: Timestamp,
    pub(super) network: Option<Network>,
    branches: BTreeMap<Scid, Vec<History>>,
    pub(super) witnesses: witness::File,
    /// Sealed heads.
    pub(super) heads: Vec<Vec<u8>>,
    /// The hashes of showcases.
    pub(super) showcases: Vec<[u8; 32]>,
    lists: Vec<Credential>,
    statements: Vec<Vec<u8>>,
    pub(super) challenges: Vec<Challenge>,
}

/// Why an identity is of no use to judge by.
#[derive(Debug, thiserror::Error)]
pub(super) enum Doubt {
    #[error("the log of {0} was not given: add it with --log FILE")]
    NoLog(Scid),
    #[error(
        "the log of {0} asks for witnesses, and no file with enough of them was given: add it with --witness FILE"
    )]
    Unwitnessed(Scid),
    #[error("{0} has several histories, and its witnesses do not settle which one stands")]
    Forked(Scid),
}

impl Known {
    pub(super) fn gather(files: &[Recognised<'_>], options: &Options) -> Result<Self, LookError> {
        let mut known = Self::nothing(options.at, options.network.clone());
        for file in &options.logs {
            let history = History::read(&file.bytes, options.at)
                .map_err(|cause| LookError::Log { name: file.name.clone(), cause })?;
            known.add_history(history);
        }
        for file in &options.witnesses {
            let witnesses = witness::File::parse(&file.bytes)
                .map_err(|cause| LookError::Witnesses { name: file.name.clone(), cause })?;
            known.witnesses = core::mem::take(&mut known.witnesses).merge(&witnesses);
        }
        for file in files {
            known.add(file.kind, &file.bytes);
        }
        for file in files.iter().filter(|file| file.kind == Kind::ForkProof) {
            known.add_fork(&file.bytes);
        }
        Ok(known)
    }

    pub(super) fn nothing(now: Timestamp, network: Option<Network>) -> Self {
        Self {
            now,
            network,
            branches: BTreeMap::new(),
            witnesses: witness::File::default(),
            heads: Vec::new(),
            showcases: Vec::new(),
            lists: Vec::new(),
            statements: Vec::new(),
            challenges: Vec::new(),
        }
    }

    /// Takes in what one of the files that are looked at says; what is wrong with it, its report says.
    fn add(&mut self, kind: Kind, bytes: &[u8]) {
        match kind {
            Kind::Log => {
                if let Ok(history) = History::read(bytes, self.now) {
                    self.add_history(history);
                }
            }
            Kind::WitnessFile => {
                if let Ok(file) = witness::File::parse(bytes) {
                    self.witnesses = core::mem::take(&mut self.witnesses).merge(&file);
                }
            }
            Kind::Head => self.heads.push(bytes.to_vec()),
            Kind::Showcase => self.showcases.push(multihash::sha256(bytes)),
            Kind::StatusStatement => self.statements.push(bytes.to_vec()),
            Kind::StatusList => {
                self.lists.extend(Credential::parse_within(bytes, bounds::STATUS_LIST));
            }
            Kind::Staple => {
                if let Ok(staple) = Staple::parse(bytes) {
                    self.add_staple(&staple);
                }
            }
            Kind::Challenge => {
                let text = String::from_utf8_lossy(bytes);
                self.challenges.extend(Challenge::parse(&text, self.now));
            }
            Kind::Credential
            | Kind::AttestorProfile
            | Kind::Presentation
            | Kind::Freshness
            | Kind::Receipt
            | Kind::ForkProof
            | Kind::Invitation
            | Kind::Record
            | Kind::Document
            | Kind::Unrecognised => {}
        }
    }

    /// Takes in all that stands in a staple.
    pub(super) fn add_staple(&mut self, staple: &Staple) {
        self.network.get_or_insert_with(|| (&staple.parameters).into());
        for identity in &staple.identities {
            self.add(Kind::Log, &identity.log);
            if let Some(file) = &identity.witness {
                self.add(Kind::WitnessFile, file);
            }
            self.heads.extend(identity.head.clone());
        }
        for list in &staple.lists {
            self.add(Kind::StatusList, &list.credential);
            self.statements.extend(list.statements.iter().cloned());
        }
    }

    fn add_history(&mut self, history: History) {
        self.branches.entry(history.scid()).or_default().push(history);
    }

    /// Adds the sides of a fork whose parent is known.
    fn add_fork(&mut self, bytes: &[u8]) {
        if let Some(fork) = self.fork(bytes) {
            fork.branches().iter().cloned().for_each(|branch| self.add_history(branch));
        }
    }

    fn fork(&self, bytes: &[u8]) -> Option<Fork> {
        // Two heads or statements say nothing about which history of a log stands.
        let Ok(Evidence::Log(proof)) = Evidence::parse(bytes) else { return None };
        self.histories(proof.scid()).iter().find_map(|history| proof.verify(history).ok())
    }

    /// Gives every history of an identity that was given.
    pub(super) fn histories(&self, scid: Scid) -> &[History] {
        self.branches.get(&scid).map_or(&[], Vec::as_slice)
    }

    /// Gives every history that was given.
    pub(super) fn all_histories(&self) -> impl Iterator<Item = &History> {
        self.branches.values().flatten()
    }

    /// Gives the history of an identity that stands.
    pub(super) fn standing(&self, scid: Scid) -> Result<History, Doubt> {
        let branches = self.branches.get(&scid).ok_or(Doubt::NoLog(scid))?;
        match fork::standing(branches, &self.witnesses) {
            Some(Standing::Branch(history)) => Ok(history),
            Some(Standing::Prefix(_)) => Err(Doubt::Forked(scid)),
            None => Err(Doubt::Unwitnessed(scid)),
        }
    }

    /// Finds the key that a proof names, in the newest document of its identity that stands.
    pub(super) fn key(&self, purpose: Purpose, url: &str) -> Option<PublicKey> {
        let (did, _) = did::split_fragment(url).ok()?;
        let history = self.standing(did.scid()).ok()?;
        history.knows(&did).then(|| history.document().key_for(purpose, url))?
    }

    /// Says how the signature of `signer` came out, where verifying it ended like this.
    pub(super) fn judge(
        &self,
        signer: &Did,
        purpose: Purpose,
        proof: &Proof,
        verified: Result<PublicKey, CredentialError>,
    ) -> Finding {
        let unknown = CredentialError::Proof(ProofError::UnknownKey).to_string();
        let history = match (self.standing(signer.scid()), &verified) {
            (Ok(history), _) => history,
            // What is wrong whoever the signer is, is wrong without a log.
            (Err(_), Err(error)) if error.to_string() != unknown => return Finding::broken(error),
            (Err(doubt), _) => return Finding::unknown(doubt),
        };
        let name = named(&history);
        match verified {
            Ok(_) if history.is_deactivated() => {
                Finding::broken(format!("{name} was ended by its owner at {}", history.updated()))
            }
            Ok(key) => Finding::holds(format!(
                "key {key} signed it, which entry {} of {name} lists for {}",
                history.number(),
                purpose.as_str()
            )),
            Err(CredentialError::Proof(ProofError::UnknownKey)) => {
                Finding::broken(not_listed(&history, purpose, proof.verification_method()))
            }
            Err(error) => Finding::broken(error),
        }
    }

    /// Gives list `number` of `issuer` with all statements about it that were given, if it was given too.
    pub(super) fn ledger(&self, issuer: Scid, number: u64) -> Option<Ledger> {
        let mut lists: Vec<List> = self
            .lists
            .iter()
            .filter(|list| list.issuer().scid() == issuer)
            .filter_map(|list| self.list(list.clone()))
            .filter(|list| list.number() == number)
            .collect();
        lists.sort_by_key(List::sequence);
        let mut ledger = Ledger::start(lists.last()?);
        for statement in self.statements_about(issuer, number) {
            let statement = statement.authorize(|scid, key| self.attests(*scid, key));
            if let Some(next) = statement.ok().and_then(|one| ledger.append(&one, self.now).ok()) {
                ledger = next;
            }
        }
        Some(ledger)
    }

    /// Gives what was signed about a list, in the order in which it was.
    fn statements_about(&self, issuer: Scid, number: u64) -> Vec<Signed> {
        let Some(network) = &self.network else { return Vec::new() };
        let mut statements: Vec<Signed> = self
            .statements
            .iter()
            .filter_map(|sealed| Signed::parse(sealed, network.id.as_str()).ok())
            .filter(|one| (one.unauthorized().issuer, one.unauthorized().list) == (issuer, number))
            .collect();
        statements.sort_by_key(|one| (one.unauthorized().to, one.unauthorized().issued));
        statements
    }

    fn list(&self, credential: Credential) -> Option<List> {
        let keys = |purpose, url: &str| self.key(purpose, url);
        List::read(&Claim::verify(credential, &keys).ok()?).ok()
    }

    /// Tells whether `key` may sign statements for `issuer`.
    pub(super) fn attests(&self, issuer: Scid, key: &PublicKey) -> bool {
        let standing = self.standing(issuer);
        standing.is_ok_and(|history| history.document().assertion_keys().any(|one| one == key))
    }

    /// Says who signed a record, and whether the key may, given the document that should list it.
    pub(super) fn statement_key(&self, issuer: Scid, key: &PublicKey) -> Finding {
        let history = match self.standing(issuer) {
            Ok(history) => history,
            Err(doubt) => return Finding::unknown(doubt),
        };
        let name = named(&history);
        if self.attests(issuer, key) {
            let number = history.number();
            return Finding::holds(format!(
                "entry {number} of {name} lists it for assertionMethod"
            ));
        }
        let lists = |document: &Document| document.assertion_keys().any(|one| one == key);
        Finding::broken(match last_that(&history, lists) {
            Some(at) => {
                format!(
                    "{name} listed it for assertionMethod until entry {} and no longer",
                    at.number()
                )
            }
            None => format!("{name} never listed it for assertionMethod in the log that was given"),
        })
    }

    /// Gives the parameters to open a head with; without a known difficulty, any stamp will do.
    pub(super) fn parameters(&self) -> Option<Parameters> {
        let network = self.network.as_ref()?;
        let difficulty = network.difficulty.unwrap_or(0);
        Parameters::new(network.id.clone(), Shards::FOUR, difficulty, 1, 1).ok()
    }

    /// Says that a record cannot be checked without knowing its network.
    pub(super) fn no_network() -> Finding {
        Finding::unknown(
            "its signature is for one network, and which one was not given: add --network ID",
        )
    }
}

/// Names an identity so that a person can compare it.
pub(super) fn named(history: &History) -> String {
    format!("{} ({})", history.scid().fingerprint(), history.did())
}

/// Says why a key that is named is not found.
fn not_listed(history: &History, purpose: Purpose, url: &str) -> String {
    let name = named(history);
    let lists = |document: &Document| document.key_for(purpose, url).is_some();
    let word = purpose.as_str();
    match last_that(history, lists) {
        Some(at) if at.number() == history.number() => {
            format!("it names {name} by a DID that identity never had")
        }
        Some(at) => format!(
            "{name} listed its key for {word} until entry {} and no longer: what it signed no longer counts",
            at.number()
        ),
        None => format!(
            "{name} never listed its key for {word} in the log that was given, which ends with entry {} of {}",
            history.number(),
            history.updated()
        ),
    }
}

/// Gives the newest part of a history whose document fits.
fn last_that(history: &History, fits: impl Fn(&Document) -> bool) -> Option<History> {
    let mut parts = core::iter::successors(Some(history.clone()), History::parent);
    parts.find(|history| fits(history.document()))
}
