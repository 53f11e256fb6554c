//! Looks at the small sealed records: heads, freshness proofs, receipts.

use super::Report;
use super::claims::newest;
use super::known::{Known, named};
use super::report::{Finding, PERIOD, SIGNATURE};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::base64url;
use countersign_protocol::encoding::cbor::Sealed;
use countersign_protocol::key::did_key;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::freshness::{self, FreshnessError};
use countersign_protocol::wire::head::{Head, HeadError, HeadHash, Signed, Stamp};
use countersign_protocol::wire::network::NetworkId;
use countersign_protocol::wire::peer::Peer;
use countersign_protocol::wire::receipt::Receipt;

pub(super) fn look_at_head(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let sealed = match Head::parse(bytes) {
        Ok(sealed) => sealed,
        Err(error) => return report.malformed(error),
    };
    let head = sealed.unverified();
    describe_head(&mut report, head, bytes);
    let (Some(parameters), Some(network)) = (known.parameters(), &known.network) else {
        report.check(SIGNATURE, Known::no_network());
        report.check(KEY, head_key(head, known));
        return report;
    };
    let worth = zero_bits(head.stamp, &head.scid, &network.id);
    report.check(
        "stamp",
        match network.difficulty {
            None => Finding::not_asked(format!(
                "it has {worth} zero bits; how many the network asks was not given"
            )),
            Some(asked) if worth < asked => {
                Finding::broken(format!("it has {worth} zero bits, and the network asks {asked}"))
            }
            Some(asked) => {
                Finding::holds(format!("it has {worth} zero bits, and the network asks {asked}"))
            }
        },
    );
    report.check(
        SIGNATURE,
        match Signed::open(bytes, &parameters) {
            Ok(_) => Finding::holds("the key it names signed it for this network"),
            Err(HeadError::TooLittleWork { .. }) => {
                Finding::not_asked("a head whose stamp is not paid is looked at no further")
            }
            Err(error) => Finding::broken(format!("{error}, for the network {}", network.id)),
        },
    );
    report.check(KEY, head_key(head, known));
    if let Some(showcase) = &head.showcase {
        report.check(
            "showcase",
            match known.showcases.contains(&showcase.hash) {
                true => Finding::holds("it names the showcase that was given"),
                false => Finding::not_asked("the showcase it names was not given"),
            },
        );
    }
    report.check("newest", newest());
    report
}

fn describe_head(report: &mut Report, head: &Head, bytes: &[u8]) {
    let showcase = match &head.showcase {
        Some(showcase) => format!("its showcase is version {}", showcase.version),
        None => "it shows nothing to the world".to_owned(),
    };
    report.says = format!(
        "the log of {} ends with entry {}, and {showcase}; head {} of that entry",
        head.scid.fingerprint(),
        head.version,
        head.sequence
    );
    report.signed(format!("{} with key {}", head.scid, head.key), None);
    report.fact("scid", head.scid.to_string());
    report.fact("versionId", head.version_id().to_string());
    report.fact("logLength", head.log_length);
    report.fact("sequence", head.sequence);
    report.fact("stamp", head.stamp.nonce());
    if let Some(showcase) = &head.showcase {
        report.fact("showcaseVersion", showcase.version);
        report.fact("showcaseHash", base64url::encode(&showcase.hash));
    }
    report.fact("hash", HeadHash::of(bytes).to_string());
}

/// Whether the key that is named may speak for the identity at the entry that is named.
fn head_key(head: &Head, known: &Known) -> Finding {
    let history = match known.standing(head.scid) {
        Ok(history) => history,
        Err(doubt) => return Finding::unknown(doubt),
    };
    let (name, number) = (named(&history), head.version);
    let Some(at) = history.at_number(number) else {
        return Finding::unknown(format!(
            "it names entry {number} of {name}, and the log that was given ends with entry {}",
            history.number()
        ));
    };
    if at.version_id() != head.version_id() {
        return Finding::broken(format!("entry {number} of {name} is another one than it names"));
    }
    if u64::try_from(at.length()) != Ok(head.log_length) {
        return Finding::broken(format!(
            "the log of {name} has {} bytes up to entry {number}",
            at.length()
        ));
    }
    if at.document().authentication_keys().any(|key| *key == head.key) {
        Finding::holds(format!("entry {number} of {name} lists it for authentication"))
    } else {
        Finding::broken(format!("entry {number} of {name} does not list it for authentication"))
    }
}

/// Counts what a stamp is worth.
fn zero_bits(stamp: Stamp, scid: &Scid, network: &NetworkId) -> u8 {
    let worth = (0..=u8::MAX).take_while(|bits| stamp.check(scid, network, *bits)).last();
    worth.unwrap_or(0)
}

pub(super) fn look_at_freshness(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let word = match freshness::peek(bytes) {
        Ok(word) => word,
        Err(error) => return report.malformed(error),
    };
    report.says = format!(
        "a witness held {} heads at {}, and this is the way to one of them",
        word.size, word.time
    );
    report.signed(did_key::to_did(&word.witness), Some(word.time));
    report.fact("witness", did_key::to_did(&word.witness));
    report.fact("time", word.time.to_string());
    report.fact("ageSeconds", known.now.since(word.time));
    report.fact("heads", word.size);
    report.fact("index", word.index);
    let finding = match &known.network {
        None => Known::no_network(),
        Some(network) => fresh(bytes, &network.id, known),
    };
    report.check(SIGNATURE, finding);
    report.check(
        "age",
        Finding::not_asked("how old is too old, and which witness counts, a policy says"),
    );
    report
}

/// Whether the witness signed, and held a head that was given.
fn fresh(bytes: &[u8], network: &NetworkId, known: &Known) -> Finding {
    let mut other = false;
    for sealed in &known.heads {
        let Ok(head) = Head::parse(sealed) else { continue };
        let head = head.unverified();
        match freshness::open(bytes, network, &head.scid, &HeadHash::of(sealed), known.now) {
            Ok(_) => {
                return Finding::holds(format!(
                    "the witness signed it, and held head {} of entry {} of {}",
                    head.sequence,
                    head.version,
                    head.scid.fingerprint()
                ));
            }
            Err(FreshnessError::OtherHead) => other = true,
            Err(error) => return Finding::broken(format!("{error}, for the network {network}")),
        }
    }
    if other {
        Finding::broken("the witness signed for another head than the one that was given")
    } else {
        Finding::unknown("which head it is about was not given: name the head's file too")
    }
}

pub(super) fn look_at_receipt(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let sealed = match Sealed::<Receipt>::parse(bytes, bounds::RECEIPT) {
        Ok(sealed) => sealed,
        Err(error) => return report.malformed(error),
    };
    let Receipt { scid, head, until, keeper } = *sealed.unverified();
    let keeper = Peer::of(&keeper);
    report.says = format!(
        "node {keeper} keeps head {head} of {}, its log and its showcase until {until}",
        scid.fingerprint()
    );
    report.signed(format!("node {keeper}"), None);
    report.fact("scid", scid.to_string());
    report.fact("head", head.to_string());
    report.fact("until", until.to_string());
    report.fact("keeper", keeper.to_string());
    report.check(
        SIGNATURE,
        match &known.network {
            None => Known::no_network(),
            Some(network) => match Receipt::open(bytes, &network.id, &keeper, &scid, &head) {
                Ok(_) => Finding::holds("the keeper signed it for this network"),
                Err(error) => Finding::broken(format!("{error}, for the network {}", network.id)),
            },
        },
    );
    report.check(
        "head",
        match known.heads.iter().any(|bytes| HeadHash::of(bytes) == head) {
            true => Finding::holds("it is about the head that was given"),
            false if known.heads.is_empty() => {
                Finding::not_asked("which head that is was not given")
            }
            false => Finding::broken("it is about another head than the one that was given"),
        },
    );
    report.check(
        PERIOD,
        if until <= known.now {
            Finding::broken(format!("the promise ended at {until}"))
        } else {
            Finding::holds(format!("the promise counts until {until}"))
        },
    );
    report
}

const KEY: &str = "key";
