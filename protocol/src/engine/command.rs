//! What a node's owner can ask of it, and what the answers are.

use super::config::PeerRange;
use super::identity::Identity;
use crate::did::Scid;
use crate::key::PublicKey;
use crate::policy::standing::Fork;
use crate::status::ledger::State;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Something the owner wants.
#[derive(Debug, Clone)]
pub enum Command {
    /// Find an identity. Answered by [`Outcome::Found`] or [`Outcome::NotFound`].
    Find {
        /// Which.
        scid: Scid,
        /// How sure to be that it is the newest.
        freshness: Freshness,
    },
    /// Publish one of our own identities. Answered by [`Outcome::Published`].
    Publish(Box<Publication>),
    /// Hold what somebody brought along about an identity against what is held, as if a peer had given it:
    /// what is newer is taken in, and nothing lower is believed afterwards. Answered by
    /// [`Outcome::Done`], whatever became of it.
    TakeIn(Box<Publication>),
    /// Have the newest entry of one of our own logs cosigned. Answered by [`Outcome::Cosigned`].
    Cosign {
        /// The log as JSON Lines, the entry to cosign last.
        log: Vec<u8>,
        /// The witness file as it is so far.
        file: Option<Vec<u8>>,
        /// The witnesses to ask.
        witnesses: BTreeSet<PublicKey>,
    },
    /// Publish a status statement. Answered by [`Outcome::Published`].
    PublishStatement {
        /// The sealed statement.
        statement: Vec<u8>,
        /// The whole list it leads to, as a credential, if peers may start from it.
        list: Option<Vec<u8>>,
    },
    /// Publish an attestor's profile. Answered by [`Outcome::Published`].
    PublishProfile {
        /// The attestor.
        scid: Scid,
        /// The profile.
        profile: Vec<u8>,
    },
    /// Give a status list as it is known. Answered by [`Outcome::Status`].
    Status {
        /// Whose list.
        issuer: Scid,
        /// The list's number.
        list: u64,
        /// Ask peers first if the newest statement is older than this many seconds.
        max_age: u64,
    },
    /// Give a status list as it is known here, and ask nobody before there is an answer. A list that
    /// is not known is fetched behind the answer. Answered by [`Outcome::Status`].
    StatusHere {
        /// Whose list.
        issuer: Scid,
        /// The list's number.
        list: u64,
    },
    /// Give a body by its SHA-256, asking peers if it is not held. Answered by [`Outcome::Body`].
    Body {
        /// SHA-256 of the body.
        hash: [u8; 32],
    },
    /// Give a body by its SHA-256 if it is held. Answered by [`Outcome::Body`].
    BodyHere {
        /// SHA-256 of the body.
        hash: [u8; 32],
    },
    /// Give the profiles that are known. Answered by [`Outcome::Profiles`].
    Profiles,
    /// Ask some peers which profiles they know; what is new comes behind the answer. Answered by
    /// [`Outcome::Done`].
    AskAround,
    /// Tell what happens to these identities, and come back to them first. Answered by
    /// [`Outcome::Done`].
    Watch {
        /// Which.
        scids: BTreeSet<Scid>,
    },
    /// Stop telling. Answered by [`Outcome::Done`].
    Unwatch {
        /// Which.
        scids: BTreeSet<Scid>,
    },
    /// Replace the attestors whose word counts when there is not room for all. Answered by
    /// [`Outcome::Done`].
    Trust {
        /// Whom.
        attestors: BTreeSet<Scid>,
    },
    /// Replace what this node may use for others. Answered by [`Outcome::Done`].
    Limit {
        /// How many bytes of heads are held.
        head_budget: u64,
        /// How many bytes a day are enough; none for as many as it takes.
        traffic: Option<u64>,
        /// How many peers are sought, and how many are let in.
        peers: PeerRange,
    },
    /// These identities are this node's own. Answered by [`Outcome::Done`].
    Own {
        /// Which.
        scids: BTreeSet<Scid>,
    },
    /// Compare our clock with those of peers, before signing. Answered by [`Outcome::Clock`].
    ClockStatus,
    /// The owner's keys are about to sign at this time. Answered by [`Outcome::Clock`], after the
    /// time was saved.
    Signing {
        /// The time that will be written.
        at: Timestamp,
    },
    /// Tell who is connected. Answered by [`Outcome::Peers`].
    Peers,
    /// Tell how much is held. Answered by [`Outcome::Statistics`].
    Statistics,
}

/// How sure to be that an identity found is the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// What is held, and nobody is asked before there is an answer. What is not held is looked for
    /// behind the answer, so that the next one has it.
    Here,
    /// What is held is enough; peers are asked only if nothing is.
    Held,
    /// Ask three peers of different prefixes and take the highest.
    Peers,
    /// As [`Self::Peers`], and bring a witness's statement no older than this many seconds.
    Witnessed {
        /// Seconds.
        max_age: u64,
    },
}

/// All that belongs to one version of an identity.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Whose.
    pub scid: Scid,
    /// The whole log, JSON Lines.
    pub log: Vec<u8>,
    /// The witness file, if there is one.
    pub witnesses: Option<Vec<u8>>,
    /// The sealed head.
    pub head: Vec<u8>,
    /// The showcase the head names, if it names one.
    pub showcase: Option<Vec<u8>>,
}

/// What came of a command.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The identity was found, verified.
    Found(Box<Found>),
    /// Nobody asked knew the identity; that is not proof that there is none.
    NotFound {
        /// How many peers and disjoint paths through the DHT were asked.
        paths: u32,
    },
    /// It is durable here and on its way.
    Published {
        /// The keepers that promised to keep it so far, each with its sealed receipt. Further ones
        /// are asked, also after this answer, until there are three.
        receipts: Vec<Vec<u8>>,
        /// Whether it was announced by gossip from here.
        announced: bool,
    },
    /// What witnesses answered.
    Cosigned(Cosigning),
    /// A status list as it is known.
    Status(Box<State>),
    /// A body, or nothing.
    Body(Option<Vec<u8>>),
    /// Attestors and the hashes of their profiles; the bodies are asked for by hash.
    Profiles(Vec<(Scid, [u8; 32])>),
    /// Our clock against those of peers.
    Clock(super::clock::Report),
    /// Who is connected.
    Peers(Vec<super::peers::Report>),
    /// How much is held.
    Statistics(Statistics),
    /// It is done; there is nothing to tell.
    Done,
    /// It was not done.
    Refused(Refusal),
}

/// An identity as this node knows it now.
#[derive(Debug, Clone)]
pub struct Found {
    /// Which.
    pub scid: Scid,
    /// The verified log and its witness file.
    pub identity: Arc<Identity>,
    /// The sealed head; none if a fork is undecided and only what both sides share stands.
    pub head: Option<Vec<u8>>,
    /// The showcase the head names, if it is held.
    pub showcase: Option<Vec<u8>>,
    /// Freshness statements of witnesses with their proofs, each verified, for this very head.
    pub freshness: Vec<Vec<u8>>,
    /// How many peers of different prefixes were asked just now and knew nothing higher.
    pub confirmed: u32,
    /// Whether somebody signed a second history, or head, under its name.
    pub fork: Fork,
    /// The hashes of the fork proofs about it.
    pub forks: Vec<[u8; 32]>,
}

/// What witnesses answered to a wish for cosigning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cosigning {
    /// One Data Integrity proof of each witness that signed, as JSON; each verified.
    pub proofs: Vec<Vec<u8>>,
    /// Who signed.
    pub signed: BTreeSet<PublicKey>,
    /// Witnesses that were wanted and did not sign.
    pub silent: BTreeSet<PublicKey>,
    /// How many refused: because they cosigned a sibling before, or for now.
    pub refused: u32,
}

/// How much a node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Connected peers.
    pub peers: u64,
    /// Identities of which a head is held.
    pub heads: u64,
    /// What they cost of [`Config::head_budget`](super::config::Config::head_budget).
    pub head_bytes: u64,
    /// What the logs, witness files and showcases they name take on the disk, of [`DISK`](super::directory::DISK)
    /// times that budget.
    pub disk_bytes: u64,
    /// Status lists followed.
    pub lists: u64,
    /// Fork proofs held.
    pub forks: u64,
    /// Identities being pulled now.
    pub pulling: u64,
    /// What was spent on the network.
    pub traffic: super::traffic::Report,
}

/// Why a command was not done.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum Refusal {
    /// What was to be published does not hold. Fault of the caller.
    #[error("what was to be published does not verify: {cause}")]
    DoesNotVerify { cause: super::intake::IntakeError },
    /// Something as new or newer is known. Fault of the caller, or somebody else has the keys.
    #[error("entry {number}, head {sequence} or a newer one is already known")]
    NotNewer { number: u64, sequence: u64 },
    /// It is no status statement, not signed by its attestor, or it does not follow what is known.
    /// Fault of the caller.
    #[error("not a status statement that follows what is known")]
    NotAStatement,
    /// It is no profile, or not signed by the attestor it is about. Fault of the caller.
    #[error("not a profile that this attestor signed")]
    NotAProfile,
    /// The status list is not known here and no peer gave it.
    #[error("nothing is known of this status list")]
    UnknownList,
    /// Our clock is not to be trusted.
    #[error("the clock is not to be trusted: {report}")]
    Clock { report: super::clock::Report },
    /// Too many commands wait already.
    #[error("too much is being done already")]
    Busy,
}
