//! What a node has to do, in this order, and what it may ask its disk.

use super::command::Outcome;
use super::config::Highest;
use super::directory::Listing;
use super::traffic::Book;
use crate::did::Scid;
use crate::did::log::entry::VersionId;
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::wire::peer::Peer;

/// Something to do. Effects are performed in order; see the [module](super) for what a
/// [`Save`](Self::Save) promises to those after it.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Tell the mesh what to do with a message.
    Judge {
        /// The token of the message.
        token: u64,
        /// What to do.
        verdict: Verdict,
    },
    /// Take part in a topic.
    Subscribe {
        /// The topic's full name.
        topic: String,
    },
    /// Send a message of our own to a topic.
    Publish {
        /// The topic's full name.
        topic: String,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Ask a peer, and dial it if it is not connected; the answer is an [`Event::Response`](super::event::Event::Response).
    Request {
        /// What the response has to repeat.
        id: u64,
        /// Whom to ask.
        peer: Peer,
        /// A request of the exchange protocol.
        bytes: Vec<u8>,
    },
    /// Answer a peer's request.
    Respond {
        /// The token of the request.
        token: u64,
        /// A response of the exchange protocol.
        bytes: Vec<u8>,
    },
    /// Keep this; it is on the disk before the next effect is performed.
    Save(Change),
    /// Read this; the answer is an [`Event::Loaded`](super::event::Event::Loaded).
    Load {
        /// What the answer has to repeat.
        id: u64,
        /// What to read.
        what: Load,
    },
    /// Look in the DHT; the answer is an [`Event::Located`](super::event::Event::Located).
    Locate {
        /// What the answer has to repeat.
        id: u64,
        /// Whose head.
        scid: Scid,
    },
    /// Put a head into the DHT.
    Put {
        /// Whose head.
        scid: Scid,
        /// The sealed head, verified.
        head: Vec<u8>,
    },
    /// Hold a head for the DHT that a peer offered; it is verified, and in the directory.
    Hold {
        /// Whose head.
        scid: Scid,
        /// The sealed head.
        head: Vec<u8>,
    },
    /// Answer a command.
    Answer {
        /// The id of the command.
        id: u64,
        /// What came of it.
        outcome: Outcome,
    },
    /// Tell the user something nobody asked for just now.
    Notify(Notice),
    /// Lower what the mesh thinks of a peer.
    Penalise {
        /// Whose fault it is.
        peer: Peer,
        /// What the peer did.
        fault: Fault,
        /// What all of its faults cost now, with this one.
        cost: u32,
    },
    /// Raise what the mesh thinks of a peer: time forgave some of what it did.
    Forgive {
        /// Whom.
        peer: Peer,
        /// What its faults still cost.
        cost: u32,
    },
    /// Close the connections to a peer.
    Disconnect {
        /// Whom.
        peer: Peer,
    },
    /// Refuse a peer for a while, and close the connections to it.
    Ban {
        /// Whom.
        peer: Peer,
        /// For how long.
        seconds: u64,
    },
    /// Carry connections between others and serve the DHT, or leave that until further notice. A
    /// network that starts does.
    Lend {
        /// Whether to.
        on: bool,
    },
    /// Find and dial this many more peers.
    Seek {
        /// How many.
        peers: usize,
    },
}

/// How hard a thing must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Must not be lost: our own, and what we promised to keep.
    Kept,
    /// The network can give it back.
    Cached,
}

/// Something to keep.
#[derive(Debug, Clone)]
pub enum Change {
    /// The log of `scid` is now its first `keep` entries, then `lines`.
    Log {
        /// Whose log.
        scid: Scid,
        /// How many of the entries held stay; 0 replaces the log.
        keep: u64,
        /// The entries after them, one line each, without the line end.
        lines: Vec<Vec<u8>>,
        /// How hard to keep it.
        class: Class,
    },
    /// The witness file of `scid`, as `did-witness.json`.
    Witnesses {
        /// Whose log is witnessed.
        scid: Scid,
        /// The whole file.
        bytes: Vec<u8>,
        /// How hard to keep it.
        class: Class,
    },
    /// The highest seen of an identity; always [`Class::Kept`].
    Highest(Highest),
    /// What is held of an identity.
    Listing(Box<Listing>, Class),
    /// A showcase, profile or status list, found again by its hash. It belongs to its owner and goes
    /// with its owner; a new showcase or profile takes the place of the one before.
    Body {
        /// Whose it is.
        owner: Scid,
        /// What it is.
        kind: BodyKind,
        /// SHA-256 of the bytes.
        hash: [u8; 32],
        /// The bytes.
        bytes: Vec<u8>,
        /// How hard to keep it.
        class: Class,
    },
    /// A status statement.
    Statement {
        /// Whose list.
        issuer: Scid,
        /// The list's number.
        list: u64,
        /// The sequence it leads to.
        sequence: u64,
        /// It changes nothing: it replaces the heartbeat before it, and no statement that does.
        heartbeat: bool,
        /// The sealed statement.
        bytes: Vec<u8>,
        /// How hard to keep it.
        class: Class,
    },
    /// The whole list that the statements kept of it follow; the bytes are a [`Change::Body`]. The
    /// statements up to its sequence are in it.
    List {
        /// Whose list.
        issuer: Scid,
        /// The list's number.
        list: u64,
        /// How many changes are in it.
        sequence: u64,
        /// SHA-256 of the list.
        hash: [u8; 32],
        /// SHA-256 of the one it takes the place of.
        before: Option<[u8; 32]>,
        /// How hard to keep it.
        class: Class,
    },
    /// A list is followed no more: what is kept of it can go.
    DropList {
        /// Whose list.
        issuer: Scid,
        /// The list's number.
        list: u64,
        /// SHA-256 of the whole list that was held.
        hash: Option<[u8; 32]>,
    },
    /// The newest profile of an attestor; the bytes are a [`Change::Body`].
    Profile {
        /// The attestor.
        scid: Scid,
        /// SHA-256 of the profile.
        hash: [u8; 32],
        /// When it was made, as it says.
        issued: Timestamp,
    },
    /// A fork proof; always [`Class::Kept`], for ever.
    Fork {
        /// The identity it is about.
        scid: Scid,
        /// SHA-256 of the bytes.
        hash: [u8; 32],
        /// The proof.
        bytes: Vec<u8>,
    },
    /// The newest freshness of an identity, with its inclusion proof.
    Freshness {
        /// Whose head it covers.
        scid: Scid,
        /// The statement and its proof.
        bytes: Vec<u8>,
    },
    /// Everything of `scid` is promised to somebody: all that is held of it, and all that follows,
    /// is [`Class::Kept`] until then.
    Promise {
        /// Whose objects.
        scid: Scid,
        /// Until when.
        until: Timestamp,
    },
    /// What was promised of `scid` is over: it is like any other again.
    Release {
        /// Whose objects.
        scid: Scid,
    },
    /// A receipt we got for our own objects.
    Receipt {
        /// Whose objects.
        scid: Scid,
        /// Who promised to keep them.
        keeper: Peer,
        /// The sealed receipt.
        bytes: Vec<u8>,
    },
    /// As a witness, we are about to cosign an entry of this log; always [`Class::Kept`].
    Cosigned(Scid, Cosigned),
    /// We are about to sign something at this time; always [`Class::Kept`].
    Signed(Timestamp),
    /// What was spent on the network; always [`Class::Kept`].
    Traffic(Book),
    /// Nothing of `scid` is held any more, but its [`Change::Highest`] and fork proofs stay.
    Forget {
        /// Whose objects.
        scid: Scid,
        /// Which status lists of it were followed.
        lists: Vec<u64>,
    },
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BodyKind {
    /// What somebody chose to show the world.
    Showcase,
    /// What an attestor says of itself.
    Profile,
    /// A whole status list.
    StatusList,
}

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load {
    /// The log and witness file of an identity.
    Log(Scid),
    /// A body or a fork proof by its SHA-256.
    Body([u8; 32]),
    /// The statements of a list, from this sequence on.
    Statements {
        /// Whose list.
        issuer: Scid,
        /// The list's number.
        list: u64,
        /// The first sequence wanted.
        from: u64,
    },
    /// The newest freshness of an identity.
    Freshness(Scid),
    /// Everything we cosigned, as a witness, of one log.
    Cosigned(Scid),
}

/// What the disk holds; the variants are those of [`Load`].
#[derive(Debug, Clone)]
pub enum Loaded {
    /// A log, or nothing.
    Log(Option<StoredLog>),
    /// A body or a fork proof, or nothing.
    Body(Option<Vec<u8>>),
    /// Sealed statements: those that change something, in order, then the newest heartbeat.
    Statements(Vec<Vec<u8>>),
    /// A freshness statement with its proof, or nothing.
    Freshness(Option<Vec<u8>>),
    /// What we cosigned of a log, perhaps nothing.
    Cosigned(Vec<Cosigned>),
    /// It is there and cannot be read: the disk is damaged. Treated as not held, never as absent.
    Damaged,
}

/// A log as it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLog {
    /// JSON Lines, one entry a line.
    pub log: Vec<u8>,
    /// `did-witness.json`, if there is one.
    pub witnesses: Option<Vec<u8>>,
}

/// What a witness signed of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The entry's number.
    pub number: u64,
    /// The entry's hash.
    pub digest: [u8; 32],
    /// The proof that was, or is about to be, given out.
    pub proof: Vec<u8>,
}

impl Cosigned {
    /// Gives the name of the entry.
    #[must_use]
    pub const fn version(&self) -> VersionId {
        VersionId { number: self.number, digest: self.digest }
    }
}

/// Something a watcher wants to know at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A watched identity has a newer head.
    Changed {
        /// Whose.
        scid: Scid,
        /// The number of its newest entry.
        number: u64,
        /// The sequence of its head.
        sequence: u64,
    },
    /// A watched identity is no more.
    Deactivated {
        /// Whose.
        scid: Scid,
    },
    /// There are two of what there may be one of.
    Forked {
        /// Whose.
        scid: Scid,
        /// SHA-256 of the proof.
        proof: [u8; 32],
    },
    /// Something was signed in the name of one of our own identities that we did not publish here.
    NotByUs {
        /// Which of ours.
        scid: Scid,
        /// The number of the entry.
        number: u64,
        /// The sequence of the head.
        sequence: u64,
    },
    /// A status list changed.
    Status {
        /// Whose list.
        issuer: Scid,
        /// The list's number.
        list: u64,
        /// The sequence of the newest statement.
        sequence: u64,
        /// Which entries it flipped.
        flipped: Vec<u64>,
    },
    /// An attestor has a new profile.
    Profile {
        /// Whose.
        scid: Scid,
        /// SHA-256 of the profile.
        hash: [u8; 32],
    },
    /// Our clock differs from what peers sign; nothing is signed until it agrees.
    Clock(super::clock::Report),
}

/// What a peer can do wrong. What each costs stands in [`peers`](super::peers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Sent bytes that are not what they should be.
    Malformed,
    /// Sent something whose signature does not hold.
    BadSignature,
    /// Sent a head without the work its stamp asks for.
    NoStamp,
    /// Announced something and did not have it when asked.
    Withheld,
    /// Answered with another thing than was asked for.
    WrongAnswer,
    /// Delivered more new identities than its share.
    Flood,
    /// Asked for more than its share.
    Greedy,
    /// Left a request without an answer.
    Silent,
}
