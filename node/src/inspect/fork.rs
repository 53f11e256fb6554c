//! Looks at fork proofs.

use super::Report;
use super::known::{Known, named};
use super::report::{FORM, Finding};
use countersign_protocol::did::fork::{Fork, ForkError, ForkProof, Siblings};
use countersign_protocol::key::did_key;

pub(super) fn look(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let proof = match ForkProof::parse(bytes) {
        Ok(proof) => proof,
        Err(error) => return report.malformed(error),
    };
    match &proof {
        ForkProof::Log(siblings) => {
            describe(&mut report, &proof, siblings);
            report.check(FORM, Finding::holds("both entries name the same entry before them"));
            report.check("fork", verify(siblings, known));
        }
    }
    report
}

fn describe(report: &mut Report, proof: &ForkProof, siblings: &Siblings) {
    let (scid, number) = (proof.scid(), siblings.parent().number);
    report.says = format!(
        "somebody signed two histories of {}: they part after entry {number}",
        scid.fingerprint()
    );
    for child in siblings.children() {
        for signer in child.signers() {
            report.signed(
                format!("{} for {}", did_key::to_did(signer), child.version_id()),
                Some(child.time()),
            );
        }
    }
    report.fact("scid", scid.to_string());
    report.fact("parent", siblings.parent().to_string());
    let children = siblings.children().iter().map(|child| child.version_id().to_string());
    report.fact("children", children.collect::<Vec<_>>());
}

fn verify(siblings: &Siblings, known: &Known) -> Finding {
    let scid = siblings.children().first().map(|child| child.scid());
    let histories = scid.map_or(&[][..], |scid| known.histories(scid));
    let mut worst = Finding::unknown(
        "the log up to the entry before the fork was not given: add it with --log FILE",
    );
    for history in histories {
        match siblings.verify(history) {
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
