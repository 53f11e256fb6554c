//! The one table of sizes: how large a thing from outside may be, and why that large.
//!
//! All sizes are bytes as they travel. Whatever is larger is refused before it is parsed. How many of
//! something an object may hold stands beside that object. How long an answer may take follows from its
//! size: see [`ANSWER_MS`] and [`SLOWEST_LINE`].

/// An entry of an identity's log that we write: three keys (an attestor's planned rotation lists the
/// old one too), two promises and five witnesses fit. A person's has about 1.5 KiB.
pub const ENTRY_WRITTEN: usize = 2560;
/// An entry of an identity's log that we accept: other did:webvh controllers write more services.
pub const ENTRY: usize = 8 * 1024;
/// A whole log: at 2 KiB an entry, a rotation a week for ten years.
pub const LOG: usize = 1024 * 1024;
/// Entries of one log in one day: more is a fault or a flood.
pub const ENTRIES_A_DAY: u64 = 10;
/// A did:webvh witness file: the newest proof of each of 32 witnesses.
pub const WITNESS_FILE: usize = 32 * 1024;
/// A head, envelope included: everything in it is a hash or a number.
pub const HEAD: usize = 512;
/// A freshness statement with one inclusion proof: 24 hashes reach sixteen million heads.
pub const FRESHNESS: usize = 1024;
/// A credential: a claim, its evidence and its proof; no pictures.
pub const CREDENTIAL: usize = 16 * 1024;
/// A presentation: a few credentials under one proof.
pub const PRESENTATION: usize = 64 * 1024;
/// A showcase: what somebody wants the world to see, fetched by every vendor that checks it.
pub const SHOWCASE: usize = 48 * 1024;
/// A status list as a credential, compressed.
pub const STATUS_LIST: usize = 32 * 1024;
/// A status list's bits, expanded: stops a small body that inflates without end.
pub const STATUS_BITS: usize = 1024 * 1024;
/// The fewest entries of a status list: Bitstring Status List v1.0, section 6.1, herd privacy.
pub const STATUS_ENTRIES: u64 = 131_072;
/// A status statement: 120 revocations in one message of gossip, each with its cause.
pub const STATEMENT: usize = 1024;
/// An attestor's profile: it is read by people.
pub const PROFILE: usize = 16 * 1024;
/// A fork proof of entries or heads: two entries and what ties them to one parent.
pub const FORK_PROOF: usize = 20 * 1024;
/// A fork proof of an attestor's status: two whole lists, where no statement came after either.
pub const STATUS_FORK_PROOF: usize = 2 * STATUS_LIST + 64;
/// A staple: a log, its witness file, head, freshness and status, to check with no network.
pub const STAPLE: usize = 512 * 1024;
/// A message of gossip: gossip announces and exchange delivers, because gossip costs about seven
/// times the bytes.
pub const GOSSIP: usize = 1024;
/// A request of the exchange protocol: the largest is a deposit of one log with all beside it.
pub const REQUEST: usize = 1200 * 1024;
/// A response of the exchange protocol: the largest is one log with its witness file.
pub const RESPONSE: usize = 1200 * 1024;
/// A keeper's receipt.
pub const RECEIPT: usize = 512;
/// An invitation to a network, as text or QR code.
pub const INVITE: usize = 2 * 1024;
/// A vendor's challenge, as text or QR code.
pub const CHALLENGE: usize = 2 * 1024;
/// The document a node gives out by its hash: the largest of showcase, profile, list and fork proof.
pub const BODY: usize = STATUS_FORK_PROOF;
/// What a node says about itself and its clock.
pub const HELLO: usize = 512;
/// A witness's Data Integrity proof of one entry: names, a time, a signature.
pub const WITNESS_PROOF: usize = 2 * 1024;
/// How long a peer may take for an answer of no size: a disk that sleeps, two hundred milliseconds of
/// line and a busy machine, with much to spare.
pub const ANSWER_MS: u64 = 5_000;
/// Bytes a second of the slowest line that is waited for: one megabit, an old home's way up. What is
/// larger than nothing may take longer by so much.
pub const SLOWEST_LINE: u64 = 128 * 1024;
/// How long the largest question with the largest answer may take; the network waits no longer.
pub const LONGEST_ANSWER_MS: u64 = ANSWER_MS + 2 * 1200 * 1024 * 1000 / SLOWEST_LINE;
