//! Looks at fork proofs.

use super::known::{Known, named};
use super::report::{FORM, Finding};
use super::{Kind, Report, sealed, status};
use countersign_protocol::did::fork::{Fork, ForkError, ForkProof};
use countersign_protocol::engine::forks::Evidence;
use countersign_protocol::key::did_key;
use countersign_protocol::status::{statement, word};
use countersign_protocol::wire::head::Head;

pub(super) fn look(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let proof = match Evidence::parse(bytes) {
        Ok(proof) => proof,
        // Only a proof about a log says what is wrong with it.
        Err(error) => {
            return match ForkProof::parse(bytes) {
                Err(cause) => report.malformed(cause),
                Ok(_) => report.malformed(error),
            };
        }
    };
    match &proof {
        Evidence::Log(proof) => {
            describe(&mut report, proof);
            report.check(FORM, Finding::holds("both entries name the same entry before them"));
            report.check("fork", verify(proof, known));
        }
        Evidence::Heads(sides) => {
            report.says = "somebody signed two heads for one place".to_owned();
            let look = |side: &[u8]| sealed::look_at_head(Report::new("", Kind::Head), side, known);
            take_sides(&mut report, sides, look);
            report.check("fork", heads(sides));
        }
        Evidence::Status(sides) => {
            report.says = "an attestor signed two histories of one list".to_owned();
            // What was signed is a contradiction for ever, whatever it followed and however old it is.
            let look = |side: &[u8]| {
                if statement::peek(side).is_ok() {
                    let alone = Report::new("", Kind::StatusStatement);
                    status::look_at_signature(alone, side, known).0
                } else {
                    status::look_at_signed_list(Report::new("", Kind::StatusList), side, known)
                }
            };
            take_sides(&mut report, sides, look);
            report.check("fork", status(sides));
        }
    }
    report
}

/// Looks at both sides, each as it would be looked at alone.
fn take_sides(report: &mut Report, sides: &[Vec<u8>; 2], look: impl Fn(&[u8]) -> Report) {
    for (name, side) in ["one", "other"].into_iter().zip(sides) {
        let side = look(side);
        report.says = format!("{}; {name}: {}", report.says, side.says);
        report.signed_by.extend(side.signed_by.iter().cloned());
        report.take(name, side);
    }
}

/// Whether two heads are of one identity, in one place, and different.
fn heads(sides: &[Vec<u8>; 2]) -> Finding {
    let [Ok(one), Ok(other)] = sides.each_ref().map(|side| Head::parse(side)) else {
        return Finding::broken("one side is no head");
    };
    let (one, other) = (one.unverified(), other.unverified());
    if one.scid == other.scid && one.position() == other.position() && one != other {
        Finding::holds(format!(
            "both are head {} of entry {} of {}, and differ",
            one.sequence,
            one.version,
            one.scid.fingerprint()
        ))
    } else {
        Finding::broken("the two heads do not contradict each other")
    }
}

/// Whether two words on a status list are of one history, and cannot be.
fn status(sides: &[Vec<u8>; 2]) -> Finding {
    let [Ok((one, _)), Ok((other, _))] = sides.each_ref().map(|side| word::peek(side)) else {
        return Finding::broken("one side is neither a statement nor a status list");
    };
    match one.contradicts(&other) {
        Some(sequence) => Finding::holds(format!(
            "both are about change {sequence} of list {} of {}, and differ",
            one.list(),
            one.issuer().fingerprint()
        )),
        None => Finding::broken("the two do not contradict each other"),
    }
}

fn describe(report: &mut Report, proof: &ForkProof) {
    let (scid, number) = (proof.scid(), proof.parent().number);
    report.says = format!(
        "somebody signed two histories of {}: they part after entry {number}",
        scid.fingerprint()
    );
    for child in proof.children() {
        for signer in child.signers() {
            report.signed(
                format!("{} for {}", did_key::to_did(signer), child.version_id()),
                Some(child.time()),
            );
        }
    }
    report.fact("scid", scid.to_string());
    report.fact("parent", proof.parent().to_string());
    let children = proof.children().iter().map(|child| child.version_id().to_string());
    report.fact("children", children.collect::<Vec<_>>());
}

fn verify(proof: &ForkProof, known: &Known) -> Finding {
    let mut worst = Finding::unknown(
        "the log up to the entry before the fork was not given: add it with --log FILE",
    );
    for history in known.histories(proof.scid()) {
        match proof.verify(history) {
            Ok(fork) => return standing(&fork, known),
            Err(error @ ForkError::UnknownParent) => worst = Finding::unknown(error),
            Err(error) => return Finding::broken(error),
        }
    }
    worst
}

/// Says which side stands, so that nobody takes a proof for more than it is.
fn standing(fork: &Fork, known: &Known) -> Finding {
    let name = named(fork.parent());
    let both = format!("keys that {name} allowed or promised signed both");
    Finding::holds(match known.standing(fork.parent().scid()) {
        Ok(history) => {
            let stands = fork.branches().iter().find(|branch| branch.is_prefix_of(&history));
            match stands {
                Some(branch) => {
                    format!("{both}; the witnesses stand by {}", branch.version_id())
                }
                None => both,
            }
        }
        Err(_) => format!("{both}; its witnesses do not settle which one stands"),
    })
}
