//! Looks at status lists and at the statements by which they change.

use super::Report;
use super::claims::{self, newest};
use super::known::Known;
use super::report::{FORM, Finding, PERIOD, SIGNATURE};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::did::log::MAX_CLOCK_SKEW;
use countersign_protocol::status::ledger::LedgerError;
use countersign_protocol::status::list::List;
use countersign_protocol::status::statement::{self, Body, Signed};
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;

pub(super) fn look_at_list(report: Report, bytes: &[u8], known: &Known) -> Report {
    let mut report = look_at_signed_list(report, bytes, known);
    if let Ok(credential) = Credential::parse_within(bytes, bounds::STATUS_LIST) {
        report.check(PERIOD, claims::period(&credential, known.now));
        report.check("newest", newest());
    }
    report
}

/// Looks at a list whenever it was to be relied on.
pub(super) fn look_at_signed_list(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let credential = match Credential::parse_within(bytes, bounds::STATUS_LIST) {
        Ok(credential) => credential,
        Err(error) => return report.malformed(error),
    };
    claims::describe(&mut report, &credential);
    report.check(FORM, Finding::holds("one credential with one proof, and nothing to fetch"));
    let keys = |purpose, url: &str| known.key(purpose, url);
    let claim = Claim::verify(credential.clone(), &keys);
    match claim.as_ref().map(List::read) {
        Ok(Ok(list)) => describe_list(&mut report, &list),
        Ok(Err(error)) => report.check("list", Finding::broken(error)),
        Err(_) => {}
    }
    let verified = claim.map(|claim| *claim.key());
    report.check(SIGNATURE, claims::signature(&credential, verified, known));
    report
}

fn describe_list(report: &mut Report, list: &List) {
    let bits = list.bits();
    let set = (0..bits.count()).filter(|index| bits.is_set(*index) == Some(true)).count();
    report.says = format!(
        "{} keeps {} bits in list {}, of which {set} are set, after {} changes",
        list.issuer().fingerprint(),
        bits.count(),
        list.number(),
        list.sequence()
    );
    report.fact("list", list.number());
    report.fact("sequence", list.sequence());
    report.fact("bits", bits.count());
    report.fact("set", set);
    report.check(
        "list",
        Finding::holds("enough bits to hide who is who, and they say after which change"),
    );
}

pub(super) fn look_at_statement(report: Report, bytes: &[u8], known: &Known) -> Report {
    let (mut report, signed) = look_at_signature(report, bytes, known);
    if let Some(signed) = signed {
        report.check(PERIOD, period(signed.unauthorized(), known.now));
        report.check("list", follows(signed, known));
    }
    report
}

/// Looks at a statement whatever list it follows, and whenever it was to be relied on.
pub(super) fn look_at_signature(
    mut report: Report,
    bytes: &[u8],
    known: &Known,
) -> (Report, Option<Signed>) {
    let (body, key) = match statement::peek(bytes) {
        Ok(said) => said,
        Err(error) => return (report.malformed(error), None),
    };
    report.says = in_words(&body);
    report.signed(format!("{} with key {key}", body.issuer), Some(body.issued));
    describe_statement(&mut report, &body);
    let signed = match &known.network {
        None => Err(Known::no_network()),
        Some(network) => Signed::parse(bytes, network.id.as_str())
            .map_err(|error| Finding::broken(format!("{error}, for the network {}", network.id))),
    };
    match signed {
        Ok(signed) => {
            let why = "the key it carries signed it for this network";
            report.check(SIGNATURE, Finding::holds(why));
            report.check("key", known.statement_key(body.issuer, &key));
            (report, Some(signed))
        }
        Err(finding) => {
            report.check(SIGNATURE, finding);
            (report, None)
        }
    }
}

fn in_words(body: &Body) -> String {
    let (whose, list) = (body.issuer.fingerprint(), body.list);
    if body.is_heartbeat() {
        return format!("{whose} says that list {list} still stands as after change {}", body.to);
    }
    let bits = body.flips.iter().map(|flip| match flip.code.why() {
        Why::Unspecified => flip.index.to_string(),
        why => format!("{} (\"{}\")", flip.index, why.text()),
    });
    let bits: Vec<String> = bits.collect();
    format!(
        "{whose} turns {} bits of list {list} for {} by change {}: {}",
        bits.len(),
        body.purpose.as_str(),
        body.to,
        bits.join(", ")
    )
}

fn describe_statement(report: &mut Report, body: &Body) {
    report.fact("issuer", body.issuer.to_string());
    report.fact("list", body.list);
    report.fact("purpose", body.purpose.as_str());
    report.fact("from", body.from);
    report.fact("to", body.to);
    report.fact("flips", body.flips.iter().map(|flip| flip.index).collect::<Vec<_>>());
    report.fact("why", body.flips.iter().map(|flip| flip.code.why().word()).collect::<Vec<_>>());
    report.fact("effectiveAt", body.effective_at.to_string());
    report.fact("validUntil", body.valid_until.to_string());
}

fn period(body: &Body, now: Timestamp) -> Finding {
    if body.issued > now.plus(MAX_CLOCK_SKEW) {
        return Finding::broken(format!(
            "it was signed at {}, which is still to come",
            body.issued
        ));
    }
    if body.valid_until <= now {
        return Finding::broken(format!(
            "it can be relied on until {} and no longer",
            body.valid_until
        ));
    }
    Finding::holds(format!("it can be relied on until {}", body.valid_until))
}

/// Whether it leads from the list that was given, over the other statements, to the bits it names.
fn follows(signed: Signed, known: &Known) -> Finding {
    let body = signed.unauthorized().clone();
    let (issuer, number) = (body.issuer, body.list);
    let Some(ledger) = known.ledger(issuer, number) else {
        return Finding::not_asked(format!(
            "list {number} was not given, so what it leads to cannot be compared"
        ));
    };
    let state = ledger.state();
    if state.sequence() == body.to && state.tip() == body.tip() && state.bits().hash() == body.bits
    {
        return Finding::holds(format!(
            "it leads to the bits of list {number} after change {}",
            body.to
        ));
    }
    let Ok(statement) = signed.authorize(|scid, key| known.attests(*scid, key)) else {
        return Finding::not_asked("only what its issuer signed can follow");
    };
    match ledger.append(&statement, known.now) {
        Ok(_) => Finding::holds(format!("it follows list {number} as it was given")),
        Err(error @ LedgerError::Gap { .. }) => Finding::unknown(error),
        Err(error @ (LedgerError::Old { .. } | LedgerError::Early { .. })) => {
            Finding::not_asked(error)
        }
        Err(error) => Finding::broken(error),
    }
}
