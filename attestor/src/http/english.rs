//! Every text on an attestor's pages, in English. Another language is another file of these names.

use crate::evidence::EvidenceError;
use crate::evidence::oidc::userinfo::UserinfoError;
use crate::ground::GroundError;
use crate::issuance::IssuanceError;
use crate::ledger::audit::By;
use crate::ledger::{Became, LedgerError};
use crate::office::OfficeError;
use countersign_node::page::parts;
use countersign_node::page::session::EnterError;
use countersign_protocol::status::why::Why;

/// The language, as `lang` names it.
pub(super) const LANGUAGE: &str = "en";
pub(super) const SKIP: &str = "Skip to the content";

// The public page.
pub(super) const FRONT: &str = "What we sign";
pub(super) const FRONT_LEAD: &str = "We look at what an account says, and sign what we saw. You keep the \
     signed claim in your own node and decide who sees it. We stand between nobody.";
pub(super) const WHO: &str = "Who we are";
pub(super) const WHO_UNSAID: &str = "Whoever runs this attestor has not said who they are.";
pub(super) const IDENTITY: &str = "Our identity";
pub(super) const FINGERPRINT: &str = "Its fingerprint";
pub(super) const FINGERPRINT_HINT: &str =
    "Your own node shows these eight characters beside every claim we sign. Compare them.";
pub(super) const WHAT: &str = "What we check";
pub(super) const CLAIM: &str = "The claim";
pub(super) const EVIDENCE: &str = "What it rests on";
pub(super) const RULE: &str = "By the rule";
pub(super) const VALID: &str = "Valid for";
pub(super) const AGAIN: &str = "Asked again";
pub(super) const AGAIN_NO: &str = "When you renew it.";
pub(super) const KEEP: &str = "What we keep, and for how long";
pub(super) const KEEP_UNSAID: &str = "Whoever runs this attestor has not said for how long.";
pub(super) const NOT_KEPT: &str = "Nothing else that the provider shows us is kept: it is forgotten once \
     the claim is signed. Your password we never see.";
pub(super) const SECOND: &str = "One account, one identity";
pub(super) const SECOND_REJECT: &str = "An account backs one identity. Whoever signs in for a second one is told so and gets no claim.";
pub(super) const SECOND_MOVE: &str = "An account backs one identity. Whoever signs in for another one \
     moves it: the old claims are taken back first.";
pub(super) const SECOND_ALLOW: &str = "An account may back several identities.";
pub(super) const COMPLAIN: &str = "How to complain";
pub(super) const COMPLAIN_UNSAID: &str =
    "Whoever runs this attestor has not said where. Think before you sign in here.";
pub(super) const ASK: &str = "Get a claim";
pub(super) const ASK_TEXT: &str = "Ask with your own node, on its page “Get a claim” or by this command. \
     It begins there, so that nobody else can send you here in their own name.";
pub(super) const FOR_MACHINES: &str = "For nodes and auditors";
pub(super) const PROFILE: &str = "Our profile, signed";
pub(super) const STATUS: &str = "Our status lists, signed, are at /status/ and their number";

// The way to a claim.
pub(super) const STEPS: [&str; 4] = ["Begin", "Sign in", "Confirm", "Done"];
pub(super) const START: &str = "Before you sign in";
pub(super) const START_CHECKS: &str = "We ask";
pub(super) const START_SAYS: &str = "We will claim";
pub(super) const START_VALID: &str = "The claim is valid for";
pub(super) const START_KEEPS: &str = "We keep";
pub(super) const START_GO: &str = "Sign in at";
pub(super) const START_WARNING: &str = "Did your own node bring you here?";
pub(super) const START_WARNING_TEXT: &str = "If a message, a mail or a stranger did, close this page. \
     Nothing has happened yet.";
pub(super) const CONFIRM: &str = "Is this you?";
pub(super) const CONFIRM_LEAD: &str = "This is the last step. Nothing is signed before you say so.";
pub(super) const ACCOUNT_AT: &str = "The account at";
pub(super) const BACKS: &str = "will back the identity";
pub(super) const WORD_FOR_WORD: &str = "Word for word, it will say";
pub(super) const COMPARE: &str = "Compare the eight characters";
pub(super) const COMPARE_TEXT: &str = "Your own node shows the same eight. If it shows others, or if you \
     did not ask for this on your own node, say no.";
pub(super) const CODE: &str = "The code your own node shows";
pub(super) const CODE_HINT: &str =
    "Nobody else may give you this code. If somebody sent you here, leave.";
pub(super) const WRONG_CODE: &str = "That is not the code";
pub(super) const WRONG_CODE_TEXT: &str = "Look at your own node, and type what it shows.";
pub(super) const YES: &str = "Yes, sign it";
pub(super) const NO: &str = "No";
pub(super) const DONE: &str = "Done";
pub(super) const DONE_TEXT: &str = "Your node is collecting the claim. You can close this page.";
pub(super) const TELL_NODE: &str = "Tell your node";
pub(super) const NOTHING_SIGNED: &str = "Nothing was signed";
pub(super) const TRY_AGAIN: &str = "To try again, ask with your own node.";
pub(super) const NOT_SIGNED: &str = "Not signed";
pub(super) const DECLINED: &str = "you did not confirm it";
pub(super) const NO_CLAIM: &str = "No claim";
pub(super) const TAKEN: &str = "Already attested";
pub(super) const NO_CLAIM_TEXT: &str = "So the claim would not be true. Look at your account at the \
     provider for what is missing there, such as a confirmed address; then ask again.";
pub(super) const TAKEN_WHY: &str =
    "this account backs another identity already, and an account backs one";
pub(super) const TAKEN_TEXT: &str = "If that identity is yours, show it instead, or have its claim taken back. If it is not, \
     somebody else signed in with your account: change its password at the provider, then complain.";
pub(super) const NOTHING_HERE: &str = "Nothing here";
pub(super) const NOT_POSSIBLE: &str = "Not possible";
pub(super) const PROVIDER_REFUSED: &str = "The provider's answer was refused";
pub(super) const BROKEN: &str = "This did not work";
pub(super) const OWN_CLOCK: &str = "the clock of this attestor is in doubt, and it signs nothing until that is over. \
     Try again later";
pub(super) const OWN_PROBLEM: &str = "the attestor has a problem of its own";

// The operator's pages.
pub(super) const OPERATOR: &str = "Attestor";
pub(super) const LOOK_AFTER: &str = "Look after";
pub(super) const BOOKS: &str = "The books";
pub(super) const OVERVIEW: &str = "Overview";
pub(super) const CLAIMS: &str = "Claims";
pub(super) const RENEWALS: &str = "Renewals";
pub(super) const REVOKE: &str = "Revoke";
pub(super) const TWICE: &str = "Duplicates";
pub(super) const LOG: &str = "Audit log";
pub(super) const LEAVE: &str = "Sign out";
pub(super) const ENTER: &str = "Sign in";
pub(super) const ENTER_LEAD: &str = "The operator's pages of an attestor. They let in whoever can type \
     this on the attestor's own computer:";
pub(super) const ENTER_CODE: &str = "The code it prints";
pub(super) const ENTER_HINT: &str = "It counts once, for ten minutes.";
pub(super) const LEFT: &str = "You are signed out";
pub(super) const LEFT_TEXT: &str = "This browser cannot see the books any more.";
pub(super) const ALL_WELL: &str = "The attestor works";
pub(super) const ALL_WELL_TEXT: &str = "Its lists were said to stand at";
pub(super) const SILENT: &str = "The attestor is silent";
pub(super) const SILENT_TEXT: &str = "Look at its log. Vendors answer unknown once its word is older than \
     their policy allows. Its lists were last said to stand at";
pub(super) const CLOCK: &str = "The attestor signs nothing: its clock is in doubt";
pub(super) const CLOCK_TEXT: &str = "Set the clock of its computer; countersign-attestor doctor says what is wrong \
     with it. Its lists were last said to stand at";
pub(super) const STANDING: &str = "stand";
pub(super) const DUE_SOON: &str = "end within 30 days";
pub(super) const TODAY: &str = "signed in the last 24 hours";
pub(super) const REVOKED: &str = "revoked";
pub(super) const ENDED: &str = "ended";
pub(super) const RENEWED: &str = "renewed";
pub(super) const UNDER_WAY: &str = "sign-ins under way";
pub(super) const REFUSED_TWICE: &str = "refused as a second identity";
pub(super) const FIGURES: &str = "Figures";
pub(super) const ROOM: &str = "Room in the status lists";
pub(super) const LIST: &str = "List";
pub(super) const LIST_OPEN: &str = "gets new claims";
pub(super) const LIST_SHUT: &str = "full enough, no new claims";
pub(super) const ROOM_HINT: &str =
    "A list gets new claims until three quarters of it are used; the next one opens by itself.";
pub(super) const SEARCH_TEXT: &str = "Claim or identity";
pub(super) const SEARCH_TEXT_HINT: &str =
    "The beginning of a claim's name, or a part of the identity";
pub(super) const SEARCH_RULE: &str = "Rule";
pub(super) const SEARCH_RULE_HINT: &str =
    "A name, or a name and version: paypal-verified-account/1";
pub(super) const SEARCH_STATE: &str = "State";
pub(super) const ANY: &str = "any";
pub(super) const SINCE: &str = "Signed from";
pub(super) const BEFORE: &str = "and before";
pub(super) const SHOW: &str = "Show";
pub(super) const NO_CLAIMS: &str = "No claim is meant by this.";
pub(super) const NO_CLAIMS_YET: &str = "No claim was signed yet.";
pub(super) const HEAD_CLAIM: &str = "Claim";
pub(super) const HEAD_SUBJECT: &str = "About";
pub(super) const HEAD_RULE: &str = "Rule";
pub(super) const HEAD_SIGNED: &str = "Signed";
pub(super) const HEAD_UNTIL: &str = "Until";
pub(super) const HEAD_STATE: &str = "State";
pub(super) const HEAD_WHEN: &str = "When";
pub(super) const HEAD_WHAT: &str = "What";
pub(super) const HEAD_NUMBER: &str = "Number";
pub(super) const NEWER: &str = "Newer";
pub(super) const OLDER: &str = "Older";
pub(super) const REVOKE_THESE: &str = "Revoke these";
pub(super) const EVIDENCE_TITLE: &str = "Evidence";
pub(super) const ORGANIZATION: &str = "Who was asked";
pub(super) const METHOD: &str = "How";
pub(super) const ASKED_AT: &str = "When";
pub(super) const HISTORY: &str = "History";
pub(super) const SAYS: &str = "It says";
pub(super) const SIGNED_FORM: &str = "The claim as it is signed now";
pub(super) const TOGETHER: &str = "Taken back together with";
pub(super) const BIT: &str = "Its bit";
pub(super) const KEY: &str = "Signed with";
pub(super) const RENEW: &str = "Ask the provider and renew";
pub(super) const RENEW_TEXT: &str =
    "The provider is asked now. If it says no, the claim is revoked.";
pub(super) const CANNOT_RENEW: &str =
    "The provider gave no token to ask again with: the customer signs in anew.";
pub(super) const REVOKE_ONE: &str = "Revoke this claim";
pub(super) const REVOKE_TEXT: &str = "It goes with every other claim for the same account and identity. \
     Vendors know within seconds, and it cannot be undone.";
pub(super) const WHY: &str = "Why";
pub(super) const WHY_HINT: &str = "Vendors read this one word";
pub(super) const NOTE: &str = "Note";
pub(super) const NOTE_HINT: &str = "It stays in the books here";
pub(super) const EFFECTIVE: &str = "Not true since";
pub(super) const EFFECTIVE_HINT: &str = "Left empty: now";
pub(super) const DID_REVOKE: &str = "Revoked";
pub(super) const DID_RENEW: &str = "A new claim took its place";
pub(super) const DID_NOT_RENEW: &str = "The provider says no, and the claim was revoked";
pub(super) const LOOK_AGAIN: &str =
    "A person of yours looked at it. Look again; then a new one takes its place.";
pub(super) const ACCREDIT: &str = "Accredit";
pub(super) const ACCREDIT_LEAD: &str = "Stand behind another attestor: vendors that trust you with \
     accredited_by believe its word then. Look at it first: who runs it, by which rules it signs.";
pub(super) const ACCREDIT_WHOM: &str = "The attestor";
pub(super) const ACCREDIT_WHOM_HINT: &str =
    "Its DID, or the name under which countersign attestors lists it";
pub(super) const ACCREDIT_FOR: &str = "For which types of claims";
pub(super) const ACCREDIT_FOR_HINT: &str =
    "Such as PaymentAccountVerified; several with a space between";
pub(super) const STEPS_AFTER: &str = "It may stand behind others";
pub(super) const LOOKED_AT: &str = "What you looked at";
pub(super) const ACCREDITED: &str = "Accredited";
pub(super) const NONE_ACCREDITED: &str = "You stand behind nobody yet.";
pub(super) const DID_ACCREDIT: &str = "Signed. Now the other attestor has to show it.";
pub(super) const HAND_OVER: &str = "Give the claim to the other attestor. Its operator shows it to the world \
     on the attestor's own computer; until then no vendor sees it:";
pub(super) const SAVE: &str = "Save the claim";
pub(super) const RENEWALS_LEAD: &str = "Standing claims that end within 30 days, the next one first. Where the provider can be asked without the \
     customer, a claim is renewed by itself once half of its time is over.";
pub(super) const NONE_DUE: &str = "No claim ends within 30 days.";
pub(super) const REVOKE_LEAD: &str = "Say which claims are meant. They are counted first; nothing is taken back before you confirm the count.";
pub(super) const COUNT: &str = "Count them";
pub(super) const FIRST_OF: &str = "The first of them";
pub(super) const SURE: &str = "I mean exactly these claims";
pub(super) const REVOKE_ALL: &str = "Revoke them all";
pub(super) const NOT_SURE: &str = "Tick the box to confirm";
pub(super) const COUNT_CHANGED: &str = "Claims came or went meanwhile. Look at the new count.";
pub(super) const TWICE_LEAD: &str = "Accounts that were seen with more than one identity.";
pub(super) const TWICE_REFUSED: &str = "Refused: the account backs another identity";
pub(super) const TWICE_SHARED: &str = "Accounts that backed more than one identity";
pub(super) const NEVER_TWICE: &str = "No account came for a second identity.";
pub(super) const NEVER_SHARED: &str = "No account ever backed a second identity.";
pub(super) const ASKED_FOR: &str = "Asked for";
pub(super) const HOLDS: &str = "Claims that stood in the way";
pub(super) const IDENTITIES: &str = "Identities";
pub(super) const LOG_HOLDS: &str = "The books hold";
pub(super) const LOG_BROKEN: &str = "The books do not hold";
pub(super) const LOG_BROKEN_TEXT: &str = "Somebody or something changed them. Stop the attestor, keep the \
     folder as it is, and compare it with your backups: countersign-attestor audit names the link.";
pub(super) const LOG_LEAD: &str =
    "Everything the attestor did, each line sealed by the hash of the one before.";
pub(super) const EMPTY_LOG: &str = "The attestor has done nothing yet.";
pub(super) const REFUSED_HOST: &str = "This page is asked for by another name";
pub(super) const REFUSED_HOST_TEXT: &str = "Open it by the address the command prints.";
pub(super) const REFUSED_PAGE: &str = "Another page sent you here";
pub(super) const REFUSED_PAGE_TEXT: &str = "Open it by the address the command prints.";
pub(super) const REFUSED_FORM: &str = "This form is too old";
pub(super) const REFUSED_FORM_TEXT: &str = "Go back, load the page again, and send it from there.";

/// Says where the account's owner signs in.
pub(super) fn sign_in_at(provider: &str) -> String {
    format!("A sign-in at {provider}")
}

/// Says how often a provider is asked again.
pub(super) fn again_every(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let fits = |(length, _): &(u64, &str)| seconds >= *length && seconds.is_multiple_of(*length);
    let (length, unit) = units.into_iter().find(fits).unwrap_or((1, "second"));
    let every = match seconds / length {
        1 => format!("Every {unit}"),
        count => format!("Every {count} {unit}s"),
    };
    format!("{every}, without you; what no longer holds is taken back.")
}

/// Says a number of days in words.
pub(super) fn days(seconds: u64) -> String {
    match seconds / 86_400 {
        0 => "less than a day".to_owned(),
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Says a number of days in words.
pub(super) fn days_of(days: u64) -> String {
    match days {
        365 => "a year".to_owned(),
        730 => "two years".to_owned(),
        days => format!("{days} days"),
    }
}

/// Says how far an accreditation reaches.
pub(super) fn steps(steps: u64) -> String {
    match steps {
        0 => "no, nobody".to_owned(),
        1 => "yes, who stand behind nobody".to_owned(),
        steps => format!("yes, over {steps} steps"),
    }
}

/// Says how many claims a query means.
pub(super) fn meant(count: u64) -> String {
    match count {
        1 => "1 claim is meant, and stands".to_owned(),
        count => format!("{count} claims are meant, and stand"),
    }
}

/// Says what a check of the evidence was: the words of OpenID Connect for Identity Assurance.
pub(super) fn method(word: &str) -> &str {
    match word {
        "auth" => "the account's owner signed in",
        "data" => "the provider was asked for what it knows",
        "vdig" => "a person of yours looked at it",
        other => other,
    }
}

/// Says what became of a claim.
pub(super) fn state(word: &str) -> &str {
    match word {
        "standing" => "stands",
        "renewed" => RENEWED,
        "ended" => ENDED,
        "revoked" => REVOKED,
        other => other,
    }
}

/// Says why a claim was taken back, in the words vendors read.
pub(super) const fn why(why: Why) -> &'static str {
    why.text()
}

/// Says what the attestor did.
pub(super) fn deed(word: &str) -> &str {
    match word {
        "opened" => "Opened a status list",
        "defined" => "Noted what a rule demands from now on",
        "issued" => "Signed a claim",
        "renewed" => "Signed a claim in the place of another",
        "revoked" => "Took claims back",
        "reissued" => "Signed a claim again with another key",
        "moving" => "Began to move an account to another identity",
        "refused" => "Refused a second identity",
        other => other,
    }
}

/// Says who had it done.
pub(super) const fn by(who: By) -> &'static str {
    match who {
        By::Command => "By the command line",
        By::Page => "By these pages",
        By::Schedule => "By the schedule",
    }
}

/// Says what a part of a deed is.
pub(super) fn member(name: &str) -> &str {
    match name {
        "id" => "claim",
        "ids" | "revoked" => "claims",
        "old" => "in the place of",
        "index" => "place",
        "subject" => "about",
        "effective" => "not true since",
        "holds" => "because of",
        other => other,
    }
}

/// Says how many there are of how many.
pub(super) fn used(used: u64, size: u64) -> String {
    format!("{used} of {size} places used")
}

/// Says which part of a list is shown.
pub(super) fn part([from, to, total]: [usize; 3]) -> String {
    format!("{from} to {to} of {total}")
}

/// Says how many there are beside those that are named.
pub(super) fn more(count: usize) -> String {
    format!("and {count} more")
}

/// Says what the audit found.
pub(super) fn audited(links: u64, claims: u64, revoked: u64) -> String {
    format!(
        "{links} links, each follows the one before. Claims signed: {claims}, revoked: {revoked}. No \
         place in a list was used twice."
    )
}

/// Says why somebody was not let in.
pub(super) const fn not_in(error: &EnterError) -> &'static str {
    match error {
        EnterError::Wrong => "This code does not count, or no longer.",
        EnterError::TooOften => "Too many wrong codes came; wait a minute.",
    }
}

/// Says to the operator why something was not done. What programs and providers said stands behind it as they
/// said it.
pub(super) fn not_done(error: &OfficeError) -> String {
    match error {
        OfficeError::NotOffered { claim } => format!("No claim `{claim}` is offered here."),
        OfficeError::Ambiguous { id } => {
            format!("Several claims begin with `{id}`; type more of it.")
        }
        OfficeError::TooShort { least } => {
            format!("At least {least} characters of a claim's name are needed here.")
        }
        OfficeError::NoDay { text } => {
            format!("`{text}` is no day; write it like 2026-11-22, or 2026-11-22T07:30:00Z.")
        }
        OfficeError::Alone => "The books were put back, and nobody was asked yet what they lack. \
             It is tried again by itself once a peer is there."
            .to_owned(),
        OfficeError::NoQuery => {
            "The query says nothing, and not every claim can be meant.".to_owned()
        }
        OfficeError::NotYet { at } => format!(
            "{at} is still to come, and a revocation counts at once. Say now, or a time that has passed."
        ),
        OfficeError::OtherCount { confirmed, found } => {
            format!("The query means {found} claims now, and {confirmed} were confirmed.")
        }
        OfficeError::NoRequest => "There is no such request here, or it has ended.".to_owned(),
        OfficeError::Full => "Too many requests are under way.".to_owned(),
        OfficeError::Malformed { member } => format!("`{member}` cannot be used."),
        OfficeError::Issuance(error) => request(error),
        OfficeError::Presentation(cause) => format!("The presentation is not accepted: {cause}."),
        OfficeError::Changed { scid } => {
            format!("`{scid}` is not what it was when the request began.")
        }
        OfficeError::Evidence(error) => provider(error),
        OfficeError::Itself => "An attestor does not accredit itself.".to_owned(),
        OfficeError::Ended { attestor } => {
            format!("The identity of `{attestor}` was ended by its owner.")
        }
        OfficeError::TooFar { most } => {
            format!("At most {most} steps may follow an accreditation: no policy follows more.")
        }
        OfficeError::OffersNot { attestor, claim, offers } => {
            format!("`{attestor}` does not sign `{claim}`: its profile offers {offers}.")
        }
        OfficeError::SaysMore { id, until } => format!(
            "Accreditation `{id}` stands until {until} and says more. Take it back first, then accredit \
             anew."
        ),
        OfficeError::Taken => "This account already backs another identity.".to_owned(),
        OfficeError::RuleChanged { rule, file } => {
            format!("{} It is in {}.", rule_changed(rule), file.display())
        }
        OfficeError::Stale => "The evidence is older than the rule allows.".to_owned(),
        OfficeError::Ledger(error) => books(error),
        OfficeError::Ground(error) => node(error),
        OfficeError::Stopping => "The attestor is stopping.".to_owned(),
    }
}

/// Says to whoever signed in why there is no claim. What a provider said stands in it as it said it; what failed
/// inside the attestor is for its log.
pub(super) fn no_claim(error: &OfficeError) -> String {
    match error {
        OfficeError::Evidence(error) => sign_in(error),
        OfficeError::Taken => TAKEN_WHY.to_owned(),
        OfficeError::Ground(GroundError::Clock { .. }) => OWN_CLOCK.to_owned(),
        OfficeError::Ledger(_) | OfficeError::Ground(_) => OWN_PROBLEM.to_owned(),
        other => not_done(other),
    }
}

fn sign_in(error: &EvidenceError) -> String {
    match error {
        EvidenceError::Refused => "The sign-in was refused by the person who was asked.".to_owned(),
        EvidenceError::WrongState => "The answer belongs to another sign-in.".to_owned(),
        EvidenceError::WrongIssuer => {
            "The answer comes from another provider than the one that was asked.".to_owned()
        }
        EvidenceError::NoIssuer => {
            "The answer does not say which provider it comes from.".to_owned()
        }
        EvidenceError::NoCode => "The answer has no code.".to_owned(),
        EvidenceError::Declined { code } => format!("The provider answered `{code}`."),
        EvidenceError::Userinfo(error @ UserinfoError::NotMet { .. }) => {
            parts::sentence(&error.to_string())
        }
        EvidenceError::Discovery { .. }
        | EvidenceError::Token(_)
        | EvidenceError::IdToken(_)
        | EvidenceError::Userinfo(_) => format!("The provider's answer breaks a rule: {error}."),
        EvidenceError::Outbound(_) | EvidenceError::NotRefreshable | EvidenceError::ByHand => {
            provider(error)
        }
    }
}

fn request(error: &IssuanceError) -> String {
    match error {
        IssuanceError::Expired => "The request has ended.".to_owned(),
        IssuanceError::OutOfOrder { state } => {
            format!("This step is not next: the request is {state}.")
        }
        IssuanceError::OtherBrowser => "The request belongs to another browser.".to_owned(),
        IssuanceError::WrongCode => "That is not the code of this request.".to_owned(),
        IssuanceError::NotConfirmed => "The person has not confirmed it yet.".to_owned(),
        IssuanceError::Refused { no } => format!("It ended without a claim: {no}."),
        IssuanceError::NotLoopback => "The address is not one on its own computer.".to_owned(),
    }
}

fn provider(error: &EvidenceError) -> String {
    match error {
        EvidenceError::NotRefreshable => CANNOT_RENEW.to_owned(),
        EvidenceError::ByHand => LOOK_AGAIN.to_owned(),
        EvidenceError::Outbound(cause) => {
            format!("The provider was not reached, and said nothing: {cause}.")
        }
        EvidenceError::Refused
        | EvidenceError::WrongState
        | EvidenceError::WrongIssuer
        | EvidenceError::NoIssuer
        | EvidenceError::NoCode
        | EvidenceError::Declined { .. }
        | EvidenceError::Discovery { .. }
        | EvidenceError::Token(_)
        | EvidenceError::IdToken(_)
        | EvidenceError::Userinfo(_) => {
            format!("The provider's answer shows no such thing: {error}.")
        }
    }
}

fn books(error: &LedgerError) -> String {
    match error {
        LedgerError::Unknown { id } => format!("No claim called `{id}` was signed here."),
        LedgerError::NotLive { id, became } => match became {
            Became::Revoked { at } => format!("Claim `{id}` was taken back at {at}."),
            Became::Renewed { by } => {
                format!("Claim `{id}` was renewed before: `{by}` took its place.")
            }
            Became::Ended { until } => format!("Claim `{id}` ended at {until}."),
        },
        LedgerError::RuleChanged { rule } => rule_changed(rule),
        LedgerError::Broken { number } => {
            format!("Link {number} of the audit chain does not follow the one before it.")
        }
        LedgerError::Books(_)
        | LedgerError::Damaged { .. }
        | LedgerError::Unreadable { .. }
        | LedgerError::NoIndex { .. } => format!("The books could not be used: {error}."),
    }
}

fn node(error: &GroundError) -> String {
    match error {
        GroundError::NotFound { scid } => format!("Nobody who was asked knows `{scid}`."),
        GroundError::Forked { scid } => {
            format!("The log of `{scid}` is forked; its owner has to recover it.")
        }
        GroundError::Clock { .. } => {
            "This attestor's clock is not to be trusted, and it signs nothing until it is set."
                .to_owned()
        }
        GroundError::Locked => "The keys are locked; the passphrase opens them.".to_owned(),
        GroundError::Failed { cause } => format!("The node failed: {cause}."),
    }
}

fn rule_changed(rule: &str) -> String {
    format!(
        "The rule `{rule}` signed claims before, and the file of its source demands something else by now. \
         Raise its version, or put back what it demanded."
    )
}
