//! Looks at the texts people hand over: invitations and challenges. Neither is signed.

use super::Report;
use super::known::Known;
use super::report::{FORM, Finding, PERIOD, SIGNATURE};
use countersign_protocol::key::did_key;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::challenge::{Challenge, ChallengeError};
use countersign_protocol::wire::invite::Invite;

pub(super) fn look_at_invitation(mut report: Report, bytes: &[u8]) -> Report {
    let invite: Invite = match String::from_utf8_lossy(bytes).parse() {
        Ok(invite) => invite,
        Err(error) => return report.malformed(error),
    };
    let parameters = invite.parameters();
    report.says = format!(
        "join the network {} and ask {} peers first",
        parameters.id(),
        invite.peers().len()
    );
    report.fact("network", parameters.id().as_str());
    report.fact("shards", parameters.shards().count());
    report.fact("difficulty", parameters.difficulty());
    report.fact("heartbeatSeconds", parameters.heartbeat());
    report.fact("epochSeconds", parameters.epoch());
    report.fact("peers", invite.peers().to_vec());
    report.fact("witnesses", invite.witnesses().iter().map(did_key::to_did).collect::<Vec<_>>());
    report.check(FORM, Finding::holds("a whole invitation"));
    let unsigned = "an invitation is not signed: whoever handed it over is trusted for the start";
    report.check(SIGNATURE, Finding::not_asked(unsigned));
    report
}

pub(super) fn look_at_challenge(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let text = String::from_utf8_lossy(bytes);
    let challenge = match read(&text, known.now) {
        Ok((challenge, period)) => {
            report.check(FORM, Finding::holds("a whole challenge"));
            report.check(PERIOD, period);
            challenge
        }
        Err(error) => return report.malformed(error),
    };
    let wanted = challenge.claims.join(", ");
    report.says = format!(
        "{} asks for {wanted}, to decide by its policy {}: {}",
        challenge.domain, challenge.policy, challenge.purpose
    );
    report.fact("domain", challenge.domain.as_str());
    report.fact("nonce", challenge.nonce.as_str());
    report.fact("expires", challenge.expires.to_string());
    report.fact("claims", challenge.claims.clone());
    report.fact("policy", challenge.policy.as_str());
    report.fact("purpose", challenge.purpose.as_str());
    report.fact("deliver", challenge.deliver.clone());
    let unsigned = "a challenge is not signed: a changed one only spoils the answer to it";
    report.check(SIGNATURE, Finding::not_asked(unsigned));
    report
}

/// Reads a challenge that may be over, and says whether it is.
fn read(text: &str, now: Timestamp) -> Result<(Challenge, Finding), ChallengeError> {
    match Challenge::parse(text, now) {
        Ok(challenge) => {
            let counts = format!("it can be answered until {}", challenge.expires);
            Ok((challenge, Finding::holds(counts)))
        }
        // A second before its end, every challenge that is over was not.
        Err(error @ ChallengeError::Expired { expires }) => {
            Ok((Challenge::parse(text, expires.minus(1))?, Finding::broken(error)))
        }
        Err(error) => Err(error),
    }
}
