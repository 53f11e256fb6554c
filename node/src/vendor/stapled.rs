//! What a staple shows: each of its parts is verified exactly as if a peer had sent it.

use crate::joined::Joined;
use crate::problem::{Kind, Problem};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::did::Scid;
use countersign_protocol::did::log::{History, witness};
use countersign_protocol::encoding::base64url;
use countersign_protocol::engine::command::Publication;
use countersign_protocol::status::ledger::{Ledger, State};
use countersign_protocol::status::list::List;
use countersign_protocol::status::statement::Signed;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::staple::{Identity, Staple};

/// A staple that came with a question, and the time it is judged at.
#[derive(Debug)]
pub(super) struct Stapled {
    staple: Staple,
    now: Timestamp,
}

impl Stapled {
    /// Reads a staple in base64url.
    pub(super) fn read(
        text: &str,
        joined: Option<&Joined>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let bytes = base64url::decode(text).unwrap_or_default();
        let staple = Staple::parse(&bytes).map_err(|error| {
            Problem::new(Kind::Invalid, "this is no staple")
                .because(error)
                .hint("`countersign inspect FILE` says what a file is")
        })?;
        let network = staple.parameters.id();
        match joined.map(|joined| joined.parameters.id()) {
            Some(ours) if ours != network => {
                Err(Problem::new(Kind::Invalid, "this staple is from another network")
                    .because(format!("it is from `{network}`, and this node is in `{ours}`"))
                    .hint("ask for one from the network of this node"))
            }
            _ => Ok(Self { staple, now }),
        }
    }

    /// Gives what it holds about an identity, and the history of it that its witnesses approved.
    pub(super) fn identity(&self, scid: Scid) -> Option<(&Identity, History)> {
        let identity = self.staple.identity(&scid)?;
        let history = History::read(&identity.log, self.now).ok()?;
        let file = match &identity.witness {
            Some(bytes) => witness::File::parse(bytes).ok()?,
            None => witness::File::default(),
        };
        let standing = history.witnessed(&file)?;
        (standing.scid() == scid).then_some((identity, standing))
    }

    /// Gives what it holds about an identity in the shape in which identities are published; nothing if
    /// it has no head of it.
    pub(super) fn publication(&self, scid: Scid) -> Option<Publication> {
        let Identity { scid, log, witness, head, .. } = self.staple.identity(&scid)?.clone();
        Some(Publication { scid, log, witnesses: witness, head: head?, showcase: None })
    }

    /// Gives how a status list stands, by the keys of its attestor as the newest known log has them.
    pub(super) fn status(&self, issuer: &History, number: u64) -> Option<State> {
        let scid = issuer.scid();
        let stapled = self.staple.list(&scid, number)?;
        let credential = Credential::parse_within(&stapled.credential, bounds::STATUS_LIST).ok()?;
        let keys = |purpose, method: &str| issuer.key_for(purpose, method);
        let list = List::read(&Claim::verify(credential, &keys).ok()?).ok()?;
        if list.issuer() != scid || list.number() != number {
            return None;
        }
        let mut ledger = Ledger::start(&list);
        for sealed in &stapled.statements {
            let signed = Signed::parse(sealed, self.staple.parameters.id().as_str()).ok()?;
            let listed = |whose: &Scid, key: &_| {
                *whose == scid && issuer.document().assertion_keys().any(|one| one == key)
            };
            let statement = signed.authorize(listed).ok()?;
            // A heartbeat that is older than the list says nothing new.
            if let Ok(next) = ledger.append(&statement, self.now) {
                ledger = next;
            }
        }
        Some(ledger.state().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_protocol::did::log::draft::{Keys, Place, Signing, create};
    use countersign_protocol::key::SecretKey;
    use countersign_protocol::status::bits::Bits;
    use countersign_protocol::status::statement::{Body, Flip};
    use countersign_protocol::status::why::Code;
    use countersign_protocol::status::{Purpose, list};
    use countersign_protocol::wire::network::Parameters;
    use countersign_protocol::wire::staple;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const INDEX: u64 = 4711;

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed([seed; 32])
    }

    fn attestor() -> History {
        let (first, next, recovery) = (key(1), key(2), key(3));
        let signing = Signing { key: &first, next: &next.public(), recovery: &recovery.public() };
        let keys = Keys { authentication: vec![key(4).public()], assertion: vec![key(5).public()] };
        create(Place::Home, &keys, None, signing, NOW.minus(1000)).unwrap().history
    }

    /// Makes a staple in which bit [`INDEX`] of list 1 is set, by a statement `signer` signed.
    fn staple(signer: &SecretKey) -> Staple {
        let north = attestor();
        let mut bits = Bits::new(131_072);
        let issued = NOW.minus(500);
        let list = list::Draft {
            issuer: north.did(),
            url: "https://north.example/status/1",
            purpose: Purpose::Revocation,
            bits: &bits,
            sequence: 0,
            statement: None,
            issued,
            valid_until: NOW.plus(1000),
        };
        let credential = countersign_protocol::credential::draft::to_bytes(&list.sign(&key(5)));
        bits.flip(INDEX);
        let statement = Body {
            issuer: north.scid(),
            list: 1,
            purpose: Purpose::Revocation,
            from: 0,
            to: 1,
            bits: bits.hash(),
            previous: None,
            issued: NOW.minus(400),
            valid_until: NOW.plus(1000),
            effective_at: NOW.minus(450),
            flips: vec![Flip { index: INDEX, code: Code::default() }],
        };
        let statements = vec![statement.seal("one", signer)];
        let log = north.to_log();
        let scid = north.scid();
        Staple {
            parameters: Parameters::testnet("one".parse().unwrap()),
            identities: vec![Identity {
                scid,
                log,
                witness: None,
                head: None,
                freshness: Vec::new(),
            }],
            lists: vec![staple::List { issuer: scid, number: 1, credential, statements }],
        }
    }

    fn read(staple: Staple, network: &str) -> Result<Stapled, Problem> {
        let text = base64url::encode(&staple.to_bytes().unwrap());
        let joined = Joined::founded(Parameters::testnet(network.parse().unwrap()));
        Stapled::read(&text, Some(&joined), NOW)
    }

    #[test]
    fn a_staple_shows_what_was_taken_back() {
        let stapled = read(staple(&key(5)), "one").unwrap();
        let (_, history) = stapled.identity(attestor().scid()).unwrap();
        let state = stapled.status(&history, 1).unwrap();
        assert_eq!((state.sequence(), state.is_set(INDEX)), (1, Some(true)));
        assert_eq!(state.effective_at(), Some(NOW.minus(450)));
        assert!(stapled.status(&history, 2).is_none());
    }

    #[test]
    fn what_does_not_hold_shows_nothing() {
        let forged = read(staple(&key(6)), "one").unwrap();
        assert!(forged.status(&attestor(), 1).is_none(), "a statement of somebody else");
        assert_eq!(read(staple(&key(5)), "two").unwrap_err().slug(), "invalid");
        assert_eq!(Stapled::read("AAAA", None, NOW).unwrap_err().slug(), "invalid");
        let mut other = staple(&key(5));
        let foreign = Scid::from_digest([1; 32]);
        other.identities[0].scid = foreign;
        assert!(read(other, "one").unwrap().identity(foreign).is_none(), "the log of another");
        let mut changed = staple(&key(5));
        let at = changed.identities[0].log.len() / 2;
        changed.identities[0].log[at] ^= 1;
        let scid = changed.identities[0].scid;
        assert!(read(changed, "one").unwrap().identity(scid).is_none(), "a changed log");
    }
}
