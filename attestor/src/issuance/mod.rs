//! One request for a claim, from the asking to the handing over: a pure state machine.
//!
//! ```text
//! asked -> presented -> at the provider -> confirming -> confirmed -> signing -> done
//!                            \________________\______________\________ refused
//! ```
//!
//! Time and randomness are arguments. Each step is allowed in one state only, so that no answer
//! counts twice; the browser is bound when it first comes, and the claim is handed over only to who
//! has the code the browser carried (or the person typed) *and* the verifier the request began with.
//!
//! - Standards: RFC 8252, section 7.3 (loopback redirect of a native app); RFC 7636 (the verifier).

pub mod desk;
pub mod no;

use crate::evidence::{Pending, Seen};
use core::fmt;
use core::net::IpAddr;
use countersign_protocol::did::Did;
use countersign_protocol::encoding::{base64url, multihash};
use countersign_protocol::key::PublicKey;
use countersign_protocol::time::Timestamp;
use no::{Cause, No};
use subtle::ConstantTimeEq as _;
use url::{Host, Url};

/// What a request begins with.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The source of evidence, by its slug.
    pub source: String,
    /// What the subject's presentation must answer.
    pub challenge: String,
    /// Until when all of it must be done.
    pub expires: Timestamp,
    /// The SHA-256 of the verifier that collects the claim.
    pub verifier: [u8; 32],
    /// How the code gets back to the node that asked.
    pub delivery: Delivery,
}

/// How the one-time code gets back to the node that asked.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// The browser is redirected to a loopback port of that node.
    Loopback(Loopback),
    /// The person types what only that node shows.
    Typed(Code),
}

/// An address on the computer the browser runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loopback(Url);

impl Loopback {
    /// Takes an address a native app may be reached at.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError::NotLoopback`] unless it is `http`, an IP literal of the loopback
    /// interface, a port and a path, and nothing else: RFC 8252, sections 7.3 and 8.3.
    pub fn parse(text: &str) -> Result<Self, IssuanceError> {
        let url = Url::parse(text).map_err(|_| IssuanceError::NotLoopback)?;
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            Some(Host::Domain(_)) | None => false,
        };
        let bare = url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let fits = text.len() <= MAX_REDIRECT && url.port().is_some();
        if url.scheme() == "http" && loopback && bare && anonymous && fits {
            Ok(Self(url))
        } else {
            Err(IssuanceError::NotLoopback)
        }
    }

    /// Gives the origin, for a content security policy.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    fn with(&self, name: &str, value: &str) -> Url {
        let mut url = self.0.clone();
        url.query_pairs_mut().append_pair(name, value);
        url
    }
}

/// What hands a claim over, once. It prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Makes a code that a browser carries.
    #[must_use]
    pub fn carried(random: [u8; 32]) -> Self {
        Self(base64url::encode(&random))
    }

    /// Makes a code that a person types: eight of 32 letters and digits that do not look alike.
    #[must_use]
    pub fn typed(random: [u8; 8]) -> Self {
        let letter = |byte: u8| ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied();
        Self(random.into_iter().filter_map(letter).map(char::from).collect())
    }

    /// Gives the code, in two groups if it is to be typed.
    #[must_use]
    pub fn reveal(&self) -> String {
        match self.0.split_at_checked(4) {
            Some((one, two)) if self.0.len() == 8 => format!("{one}-{two}"),
            Some(_) | None => self.0.clone(),
        }
    }

    /// Compares in constant time; what a person types is read generously.
    fn is(&self, shown: &str) -> bool {
        let plain: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
        let plain =
            if self.0.len() == 8 { plain.replace('-', "").to_ascii_uppercase() } else { plain };
        self.0.as_bytes().ct_eq(plain.as_bytes()).into()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Code(..)")
    }
}

/// A browser, by the hash of its cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Browser([u8; 32]);

impl Browser {
    /// Takes the value of a browser's cookie.
    #[must_use]
    pub fn of(cookie: &str) -> Self {
        Self(multihash::sha256(cookie.as_bytes()))
    }
}

/// One request for a claim.
#[derive(Debug)]
pub struct Issuance {
    terms: Terms,
    state: State,
    key: Option<PublicKey>,
    wrong: u32,
}

enum State {
    Asked,
    Presented { subject: Did },
    AtProvider { subject: Did, browser: Browser, pending: Option<Pending> },
    Confirming { subject: Did, browser: Browser, seen: Box<Seen>, form: String },
    Confirmed { subject: Did, seen: Box<Seen>, code: Code },
    Signing { subject: Did, seen: Box<Seen>, code: Code },
    Done,
    Refused(No),
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl State {
    const fn name(&self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Presented { .. } => "presented",
            Self::AtProvider { .. } => "at the provider",
            Self::Confirming { .. } => "confirming",
            Self::Confirmed { .. } => "confirmed",
            Self::Signing { .. } => "signing",
            Self::Done => "done",
            Self::Refused(_) => "refused",
        }
    }
}

/// Where the browser goes after a confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// To the node that asked, with the code.
    Redirect(Url),
    /// Nowhere: that node shows the code already and is asking.
    Stay,
}

/// What is to be signed.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// Whom it is about.
    pub subject: Did,
    /// The key that answered the challenge: it must still be theirs.
    pub key: PublicKey,
    /// What was seen.
    pub seen: Seen,
}

impl Issuance {
    /// Begins a request.
    #[must_use]
    pub const fn new(terms: Terms) -> Self {
        Self { terms, state: State::Asked, key: None, wrong: 0 }
    }

    /// Gives what the request began with.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Gives whose it is, while the claim was not collected: who shows who they are may have a few such.
    #[must_use]
    pub const fn unfinished(&self) -> Option<&Did> {
        match &self.state {
            State::Presented { subject }
            | State::AtProvider { subject, .. }
            | State::Confirming { subject, .. }
            | State::Confirmed { subject, .. } => Some(subject),
            // What is being signed is not stopped.
            State::Asked | State::Signing { .. } | State::Done | State::Refused(_) => None,
        }
    }

    /// Tells when this request makes room for a new one, the lowest first; nothing if it never does.
    ///
    /// What has ended is missed by nobody. Whoever only asked comes before a no that is still to be fetched, and
    /// before whoever showed who they are and opened no browser yet.
    #[must_use]
    pub const fn gives_way(&self) -> Option<u8> {
        match &self.state {
            State::Done => Some(0),
            State::Asked => Some(1),
            State::Refused(_) => Some(2),
            State::Presented { .. } => Some(3),
            State::AtProvider { .. }
            | State::Confirming { .. }
            | State::Confirmed { .. }
            | State::Signing { .. } => None,
        }
    }

    /// Checks that it is time for somebody to show who asks.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError`] if it is late, or somebody did.
    pub fn awaits_anybody(&self, now: Timestamp) -> Result<(), IssuanceError> {
        self.in_time(now)?;
        match self.state {
            State::Asked => Ok(()),
            _ => Err(self.out_of_order()),
        }
    }

    /// Tells whether somebody known is on the way, and has not arrived.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        !matches!(self.state, State::Asked | State::Done | State::Refused(_))
    }

    /// Notes that `subject` answered the challenge with `key`. Whoever calls it has verified that.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError`] if it is late or was answered before.
    pub fn present(
        &mut self,
        subject: Did,
        key: PublicKey,
        now: Timestamp,
    ) -> Result<(), IssuanceError> {
        self.awaits_anybody(now)?;
        self.state = State::Presented { subject };
        self.key = Some(key);
        Ok(())
    }

    /// Binds the browser that came first. The same browser may come again and begin anew.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError::OtherBrowser`] for another one.
    pub fn enter(&mut self, browser: Browser, now: Timestamp) -> Result<(), IssuanceError> {
        self.in_time(now)?;
        let subject = match &self.state {
            State::Presented { subject } => subject.clone(),
            State::AtProvider { subject, browser: bound, .. }
            | State::Confirming { subject, browser: bound, .. } => {
                if *bound != browser {
                    return Err(IssuanceError::OtherBrowser);
                }
                subject.clone()
            }
            State::Asked
            | State::Confirmed { .. }
            | State::Signing { .. }
            | State::Done
            | State::Refused(_) => return Err(self.out_of_order()),
        };
        self.state = State::AtProvider { subject, browser, pending: None };
        Ok(())
    }

    /// Notes what must be remembered while the person is at the provider.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError::OutOfOrder`] if no browser was bound.
    pub fn leave(&mut self, remembered: Pending) -> Result<(), IssuanceError> {
        match &mut self.state {
            State::AtProvider { pending, .. } => {
                *pending = Some(remembered);
                Ok(())
            }
            _ => Err(self.out_of_order()),
        }
    }

    /// Takes back what was remembered, once: a second answer finds nothing.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError::OtherBrowser`] if the answer came with another browser.
    pub fn come_back(&mut self, with: Browser, now: Timestamp) -> Result<Pending, IssuanceError> {
        self.in_time(now)?;
        match &mut self.state {
            State::AtProvider { browser, .. } if *browser != with => {
                Err(IssuanceError::OtherBrowser)
            }
            State::AtProvider { pending, .. } => {
                pending.take().ok_or(IssuanceError::OutOfOrder { state: "at the provider" })
            }
            _ => Err(self.out_of_order()),
        }
    }

    /// Notes what was seen; `form` is what the confirmation must repeat.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError::OutOfOrder`] if nobody was at the provider.
    pub fn see(&mut self, seen: Seen, form: String) -> Result<(), IssuanceError> {
        let State::AtProvider { subject, browser, .. } = &self.state else {
            return Err(self.out_of_order());
        };
        let (subject, browser) = (subject.clone(), *browser);
        self.state = State::Confirming { subject, browser, seen: Box::new(seen), form };
        Ok(())
    }

    /// Gives what the confirmation page shows.
    #[must_use]
    pub fn to_confirm(&self) -> Option<(&Did, &Seen, &str)> {
        match &self.state {
            State::Confirming { subject, seen, form, .. } => Some((subject, seen, form)),
            _ => None,
        }
    }

    /// Confirms *account X → identity Y*, with the typed code where the request wants one.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError::WrongCode`] for a wrong code, and refuses the request for good after
    /// a few of them.
    pub fn confirm(
        &mut self,
        with: Browser,
        form: &str,
        typed: Option<&str>,
        random: [u8; 32],
        now: Timestamp,
    ) -> Result<Next, IssuanceError> {
        self.in_time(now)?;
        self.check_form(with, form)?;
        let (code, next) = match &self.terms.delivery {
            Delivery::Typed(code) if code.is(typed.unwrap_or_default()) => {
                (code.clone(), Next::Stay)
            }
            Delivery::Typed(_) => return Err(self.wrong_code()),
            Delivery::Loopback(loopback) => {
                let code = Code::carried(random);
                let next = Next::Redirect(loopback.with("code", &code.0));
                (code, next)
            }
        };
        match core::mem::replace(&mut self.state, State::Done) {
            State::Confirming { subject, seen, .. } => {
                self.state = State::Confirmed { subject, seen, code };
                Ok(next)
            }
            other => {
                self.state = other;
                Err(self.out_of_order())
            }
        }
    }

    /// Ends the request because the person, or a rule, said no.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError::OtherBrowser`] if another browser than the bound one says so.
    pub fn decline(&mut self, with: Browser, form: &str) -> Result<Option<Url>, IssuanceError> {
        self.check_form(with, form)?;
        let why = "the person did not confirm it".to_owned();
        Ok(self.refuse(No { cause: Cause::Declined, why }))
    }

    /// Ends the request, and gives where the browser may go to tell the node that asked.
    pub fn refuse(&mut self, no: No) -> Option<Url> {
        self.state = State::Refused(no);
        match &self.terms.delivery {
            Delivery::Loopback(loopback) => Some(loopback.with("error", "refused")),
            Delivery::Typed(_) => None,
        }
    }

    /// Takes the code and the verifier, and gives what is to be signed.
    ///
    /// Until [`Self::handed_over`] or [`Self::not_yet`] nobody else gets it.
    ///
    /// # Errors
    ///
    /// Returns [`IssuanceError::NotConfirmed`] while the person is still busy, and
    /// [`IssuanceError::WrongCode`] for anything that is not the pair, a few times at most.
    pub fn collect(
        &mut self,
        code: &str,
        verifier: &str,
        now: Timestamp,
    ) -> Result<Confirmed, IssuanceError> {
        self.in_time(now)?;
        let verifies = multihash::sha256(verifier.as_bytes()).ct_eq(&self.terms.verifier);
        if !bool::from(verifies) {
            return Err(self.wrong_code());
        }
        match (&self.state, self.key) {
            // Who has no code only asks how it stands.
            (State::Confirmed { .. }, _) if code.is_empty() => Err(IssuanceError::NotConfirmed),
            (State::Confirmed { subject, seen, code: expected }, Some(key)) => {
                if !expected.is(code) {
                    return Err(self.wrong_code());
                }
                let (subject, seen, code) = (subject.clone(), seen.clone(), expected.clone());
                let confirmed = Confirmed { subject: subject.clone(), key, seen: (*seen).clone() };
                self.state = State::Signing { subject, seen, code };
                Ok(confirmed)
            }
            (State::Refused(no), _) => Err(IssuanceError::Refused { no: no.clone() }),
            (State::Done | State::Confirmed { .. }, _) => Err(self.out_of_order()),
            (
                State::Asked
                | State::Presented { .. }
                | State::AtProvider { .. }
                | State::Confirming { .. }
                | State::Signing { .. },
                _,
            ) => Err(IssuanceError::NotConfirmed),
        }
    }

    /// Notes that the claim was handed over: the code is used up.
    pub fn handed_over(&mut self) {
        self.state = State::Done;
    }

    /// Notes that the claim could not be signed yet: the same code may come again.
    pub fn not_yet(&mut self, now: Timestamp, until: Timestamp) {
        if let State::Signing { subject, seen, code } = &self.state {
            let (subject, seen, code) = (subject.clone(), seen.clone(), code.clone());
            self.state = State::Confirmed { subject, seen, code };
            self.terms.expires = self.terms.expires.max(until.max(now).plus(COLLECTING));
        }
    }

    fn in_time(&self, now: Timestamp) -> Result<(), IssuanceError> {
        if now < self.terms.expires { Ok(()) } else { Err(IssuanceError::Expired) }
    }

    fn check_form(&self, with: Browser, given: &str) -> Result<(), IssuanceError> {
        match &self.state {
            State::Confirming { browser, .. } if *browser != with => {
                Err(IssuanceError::OtherBrowser)
            }
            State::Confirming { form, .. }
                if !bool::from(form.as_bytes().ct_eq(given.as_bytes())) =>
            {
                Err(IssuanceError::OtherBrowser)
            }
            State::Confirming { .. } => Ok(()),
            _ => Err(self.out_of_order()),
        }
    }

    fn wrong_code(&mut self) -> IssuanceError {
        self.wrong = self.wrong.saturating_add(1);
        if self.wrong >= MOST_WRONG {
            let why = "too many wrong codes".to_owned();
            self.state = State::Refused(No { cause: Cause::Guessed, why });
        }
        IssuanceError::WrongCode
    }

    const fn out_of_order(&self) -> IssuanceError {
        IssuanceError::OutOfOrder { state: self.state.name() }
    }
}

/// A step was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum IssuanceError {
    /// It took too long. Nobody's fault.
    #[error("the request has ended; ask again")]
    Expired,
    /// A repeat, or a step before the one it needs. Fault of whoever sent it, or a reload.
    #[error("this step is not next: the request is {state}")]
    OutOfOrder { state: &'static str },
    /// Somebody opened another person's link. Fault of whoever sent the link.
    #[error("the request belongs to another browser")]
    OtherBrowser,
    /// Not the code, or not the verifier. Fault of whoever sent it.
    #[error("that is not the code of this request")]
    WrongCode,
    /// The person has not confirmed yet. Nobody's fault.
    #[error("the person has not confirmed it yet")]
    NotConfirmed,
    /// It ended without a claim.
    #[error("{no}")]
    Refused { no: No },
    /// Fault of the node that asked.
    #[error("the address is not http on a loopback IP address with a port")]
    NotLoopback,
}

/// Letters and digits nobody mistakes for another.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Guesses at a code or a verifier: five of 2^40.
const MOST_WRONG: u32 = 5;

/// Seconds to come back and collect, once an account has moved.
const COLLECTING: u64 = 600;

/// A port and a random path.
const MAX_REDIRECT: usize = 200;

#[cfg(test)]
mod tests;
