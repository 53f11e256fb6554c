//! Looks at staples: each part as it would be looked at alone, with the others beside it.

use super::known::Known;
use super::report::{FORM, Finding};
use super::{Kind, Report, log, sealed, status};
use countersign_protocol::wire::staple::{Identity, List, Staple};

pub(super) fn look(mut report: Report, bytes: &[u8], given: &Known) -> Report {
    let staple = match Staple::parse(bytes) {
        Ok(staple) => staple,
        Err(error) => return report.malformed(error),
    };
    let parameters = &staple.parameters;
    // A staple says of itself which network it is from, and is believed by nothing but what is in it.
    let mut known = Known::nothing(given.now, Some(parameters.into()));
    known.add_staple(&staple);
    report.says = format!(
        "how {} identities and {} status lists of the network {} stood",
        staple.identities.len(),
        staple.lists.len(),
        parameters.id()
    );
    report.fact("network", parameters.id().as_str());
    let identities = staple.identities.iter().map(|identity| identity.scid.to_string());
    report.fact("identities", identities.collect::<Vec<_>>());
    let lists = staple.lists.iter().map(|list| format!("{}/{}", list.issuer, list.number));
    report.fact("lists", lists.collect::<Vec<_>>());
    report.check(FORM, Finding::holds("each identity and each list once, in order"));
    if let Some(network) = given.network.as_ref().filter(|network| network.id != *parameters.id()) {
        let why = format!("it is from the network {}, not from {}", parameters.id(), network.id);
        report.check("network", Finding::broken(why));
    }
    for identity in &staple.identities {
        look_at_identity(&mut report, identity, &known);
    }
    for list in &staple.lists {
        look_at_list(&mut report, list, &known);
    }
    report
}

fn look_at_identity(report: &mut Report, identity: &Identity, known: &Known) {
    let name = identity.scid.fingerprint();
    let part = |kind| Report::new("", kind);
    let log = log::look(part(Kind::Log), &identity.log, known);
    if log.facts.get("scid").and_then(|scid| scid.as_str()) != Some(&identity.scid.to_string()) {
        report.check(name.clone(), Finding::broken("its log is another identity's"));
    }
    report.take(&name, log);
    if let Some(head) = &identity.head {
        report.take(&format!("{name} head"), sealed::look_at_head(part(Kind::Head), head, known));
    }
    for proof in &identity.freshness {
        let fresh = sealed::look_at_freshness(part(Kind::Freshness), proof, known);
        report.take(&format!("{name} freshness"), fresh);
    }
}

fn look_at_list(report: &mut Report, list: &List, known: &Known) {
    let name = format!("{} list {}", list.issuer.fingerprint(), list.number);
    let part = |kind| Report::new("", kind);
    let credential = status::look_at_list(part(Kind::StatusList), &list.credential, known);
    report.take(&name, credential);
    for sealed in &list.statements {
        let statement = status::look_at_statement(part(Kind::StatusStatement), sealed, known);
        report.take(&format!("{name} statement"), statement);
    }
}
