//! What a vendor asks a customer to show, and for whom.
//!
//! A [`Challenge`] is handed over as a text, a QR code or JSON, and is not signed. It need not be: the
//! customer's presentation is made for its nonce and its domain, so what another one changed in a
//! challenge only spoils it. Two rules keep a changed one from being useful: the domain is an
//! identity or an origin and never the word that showcases are made for, and an answer goes to no other
//! origin than the one it is for.

use super::bounds;
use crate::did::Did;
use crate::encoding::{base64url, jcs, json};
use crate::time::{TimeError, Timestamp};
use core::fmt;
use serde_json::{Map, Value, json};

/// Asks for a presentation of some claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Random bytes in base64url; the presentation repeats them, and they count once.
    pub nonce: String,
    /// Whom the presentation is for: the vendor's DID or the origin of its site.
    pub domain: String,
    /// Until when an answer counts.
    pub expires: Timestamp,
    /// The types of the claims that are wanted.
    pub claims: Vec<String>,
    /// The name of the vendor's policy that will decide.
    pub policy: String,
    /// What it is for, in the vendor's words, for a person to read.
    pub purpose: String,
    /// Where to send the answer, if the customer is not standing in front of the vendor.
    pub deliver: Option<String>,
}

impl Challenge {
    /// Reads a challenge as text or as JSON; white space around it does not matter.
    ///
    /// # Errors
    ///
    /// Returns [`ChallengeError`] for what is no challenge, breaks a rule of this module, or cannot be
    /// answered at `now`.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, ChallengeError> {
        let text = text.trim();
        if text.len() > bounds::CHALLENGE {
            return Err(ChallengeError::TooLong { length: text.len() });
        }
        let value = match text.strip_prefix(PREFIX) {
            Some(body) => {
                let bytes = base64url::decode(body).ok_or(ChallengeError::Damaged)?;
                json::parse(&bytes, bounds::CHALLENGE)
            }
            None if text.starts_with('{') => json::parse(text.as_bytes(), bounds::CHALLENGE),
            None => return Err(ChallengeError::NotAChallenge),
        };
        let value = value.map_err(|_| ChallengeError::Damaged)?;
        let challenge = Self::read(value.as_object().ok_or(ChallengeError::NotAChallenge)?)?;
        challenge.check(now)?;
        Ok(challenge)
    }

    /// Writes the challenge as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut value = json!({
            "type": TYPE,
            "nonce": self.nonce,
            "domain": self.domain,
            "expires": self.expires,
            "claims": self.claims,
            "policy": self.policy,
            "purpose": self.purpose,
        });
        if let (Some(object), Some(url)) = (value.as_object_mut(), &self.deliver) {
            object.insert("deliver".to_owned(), Value::from(url.as_str()));
        }
        value
    }

    /// Reads the members; those of later versions mean nothing here.
    fn read(members: &Map<String, Value>) -> Result<Self, ChallengeError> {
        if members.get("type").and_then(Value::as_str) != Some(TYPE) {
            return Err(ChallengeError::NotAChallenge);
        }
        let text = |name: &'static str| {
            let member = members.get(name).and_then(Value::as_str);
            member.map(str::to_owned).ok_or(ChallengeError::Member { name })
        };
        let claims = members.get("claims").and_then(Value::as_array);
        let claims = claims.ok_or(ChallengeError::Member { name: "claims" })?;
        let claims = claims.iter().map(|claim| claim.as_str().map(str::to_owned));
        let deliver = members.contains_key("deliver").then(|| text("deliver")).transpose()?;
        Ok(Self {
            nonce: text("nonce")?,
            domain: text("domain")?,
            expires: Timestamp::parse(&text("expires")?)?,
            claims: claims
                .collect::<Option<_>>()
                .ok_or(ChallengeError::Member { name: "claims" })?,
            policy: text("policy")?,
            purpose: text("purpose")?,
            deliver,
        })
    }

    fn check(&self, now: Timestamp) -> Result<(), ChallengeError> {
        let nonce = base64url::decode(&self.nonce).map_or(0, |bytes| bytes.len());
        if !(MIN_NONCE..=MAX_NONCE).contains(&nonce) {
            return Err(ChallengeError::Member { name: "nonce" });
        }
        let origin = origin(&self.domain).filter(|origin| *origin == self.domain);
        if origin.is_none() && self.domain.parse::<Did>().is_err() {
            return Err(ChallengeError::Member { name: "domain" });
        }
        let claims = (1..=MAX_CLAIMS).contains(&self.claims.len());
        if !claims || !self.claims.iter().all(|claim| is_readable(claim, 1..=MAX_NAME)) {
            return Err(ChallengeError::Member { name: "claims" });
        }
        if !is_readable(&self.policy, 1..=MAX_NAME) {
            return Err(ChallengeError::Member { name: "policy" });
        }
        if !is_readable(&self.purpose, 0..=MAX_PURPOSE) {
            return Err(ChallengeError::Member { name: "purpose" });
        }
        if let Some(url) = &self.deliver {
            let target = self::origin(url).ok_or(ChallengeError::Member { name: "deliver" })?;
            // Else somebody could pass a site's challenge on as their own and collect the answers.
            if origin.is_some_and(|origin| origin != target) {
                return Err(ChallengeError::DeliveredElsewhere);
            }
        }
        if self.expires <= now {
            return Err(ChallengeError::Expired { expires: self.expires });
        }
        if self.expires > now.plus(MAX_LIFE) {
            return Err(ChallengeError::TooLate { expires: self.expires });
        }
        Ok(())
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}{}", base64url::encode(&jcs::to_vec(&self.to_json())))
    }
}

/// Gives `https://host[:port]` of a URL; plain HTTP counts on this computer alone.
fn origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        Some(_) => return None,
        None => authority,
    };
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    let here = matches!(host, "localhost" | "127.0.0.1");
    let scheme_fits = scheme == "https" || (scheme == "http" && here);
    let readable = url.len() <= MAX_URL && url.bytes().all(|byte| byte.is_ascii_graphic());
    if host.is_empty() || !host.bytes().all(plain) || !scheme_fits || !readable {
        return None;
    }
    url.get(..scheme.len().saturating_add(3).saturating_add(authority.len()))
}

/// Tells whether a text can be shown to a person without moving or hiding what stands beside it.
fn is_readable(text: &str, length: core::ops::RangeInclusive<usize>) -> bool {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    length.contains(&text.chars().count()) && !text.contains(hides)
}

/// The text is not a challenge that can be answered. Fault of whoever wrote or copied it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum ChallengeError {
    /// It begins with something else, or says it is something else.
    #[error("not a challenge: it begins with {PREFIX}, or is JSON of type {TYPE}")]
    NotAChallenge,
    /// A character is missing or was changed on the way.
    #[error("the challenge was cut short or changed on the way; copy it once more, whole")]
    Damaged,
    /// Longer than a QR code holds.
    #[error("{length} characters are more than the {bound} of a challenge", bound = bounds::CHALLENGE)]
    TooLong { length: usize },
    /// A member is missing or is nothing it may be.
    #[error("its member {name} is missing or not what it may be")]
    Member { name: &'static str },
    /// Its time is none.
    #[error("its member expires: {0}")]
    Time(#[from] TimeError),
    /// The answer would go to another site than the one it is for.
    #[error("the answer would be delivered to another site than the one it is for")]
    DeliveredElsewhere,
    /// Too late to answer.
    #[error("it was to be answered before {expires}; ask for a new one")]
    Expired { expires: Timestamp },
    /// It would count for longer than a day, or our clock is far behind.
    #[error("it can be answered until {expires}, which is more than a day ahead")]
    TooLate { expires: Timestamp },
}

/// What a challenge begins with, as text.
pub const PREFIX: &str = "countersign:challenge:";

/// What a challenge says it is, as JSON.
pub const TYPE: &str = "CountersignChallenge";

/// The fewest random bytes: nobody guesses 16.
const MIN_NONCE: usize = 16;

/// The most random bytes.
const MAX_NONCE: usize = 64;

/// The most claims one presentation is asked for.
const MAX_CLAIMS: usize = 16;

/// The longest name of a policy or of a type of claim.
const MAX_NAME: usize = 64;

/// The longest purpose: what a person reads before they agree.
const MAX_PURPOSE: usize = 280;

/// The longest URL.
const MAX_URL: usize = 512;

/// The longest life in seconds: whoever answers a day later should be asked again.
const MAX_LIFE: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, assert_documented};
    use super::*;
    use proptest::prelude::*;

    fn challenge() -> Challenge {
        Challenge {
            nonce: base64url::encode(&[0x55; 32]),
            domain: "https://shop.example".to_owned(),
            expires: NOW.plus(300),
            claims: vec!["PaymentAccountVerified".to_owned()],
            policy: "new-customer".to_owned(),
            purpose: "Open an account at Shop Berlin".to_owned(),
            deliver: Some("https://shop.example/answers/7".to_owned()),
        }
    }

    fn parse(challenge: &Challenge) -> Result<Challenge, ChallengeError> {
        Challenge::parse(&challenge.to_string(), NOW)
    }

    #[test]
    fn a_challenge_reads_back_and_never_changes_its_form() {
        let (text, json) = (challenge().to_string(), jcs::to_string(&challenge().to_json()));
        assert_eq!(Challenge::parse(&text, NOW), Ok(challenge()));
        assert_eq!(Challenge::parse(&json, NOW), Ok(challenge()));
        assert_eq!(Challenge::parse(&format!("\n{text} "), NOW), Ok(challenge()));
        assert_documented("challenge", &format!("{json}\n{text}"));
        let face_to_face = Challenge { deliver: None, ..challenge() };
        assert_eq!(parse(&face_to_face), Ok(face_to_face));
    }

    #[test]
    fn each_member_is_what_it_may_be() {
        let good = challenge();
        let did = "did:webvh:QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ:shop.example";
        let vendor = Challenge { domain: did.to_owned(), ..good.clone() };
        assert_eq!(parse(&vendor), Ok(vendor));
        let owned = |text: &str| text.to_owned();
        let bad_domain =
            |text: &str| Challenge { domain: owned(text), deliver: None, ..challenge() };
        for (name, bad) in [
            ("nonce", Challenge { nonce: base64url::encode(&[1; 15]), ..good.clone() }),
            ("nonce", Challenge { nonce: base64url::encode(&[1; 65]), ..good.clone() }),
            ("nonce", Challenge { nonce: owned("not base64url, but long enough"), ..good.clone() }),
            ("domain", bad_domain("countersign:public")),
            ("domain", bad_domain("https://shop.example/")),
            ("domain", bad_domain("http://shop.example")),
            ("domain", bad_domain("https://user@shop.example")),
            ("domain", bad_domain("https://SHOP.example")),
            ("domain", bad_domain("https://shop.example:99999")),
            ("domain", bad_domain("shop.example")),
            ("domain", bad_domain("")),
            ("claims", Challenge { claims: vec![], ..good.clone() }),
            ("claims", Challenge { claims: vec![owned("A"); 17], ..good.clone() }),
            ("claims", Challenge { claims: vec![owned("")], ..good.clone() }),
            ("policy", Challenge { policy: owned(""), ..good.clone() }),
            ("policy", Challenge { policy: "a".repeat(65), ..good.clone() }),
            ("purpose", Challenge { purpose: "a".repeat(281), ..good.clone() }),
            ("purpose", Challenge { purpose: owned("\u{1b}[2J"), ..good.clone() }),
            ("purpose", Challenge { purpose: owned("a\u{202e}b"), ..good.clone() }),
            ("deliver", Challenge { deliver: Some(owned("ftp://shop.example")), ..good.clone() }),
            ("deliver", Challenge { deliver: Some(owned("/answers")), ..good.clone() }),
        ] {
            assert_eq!(parse(&bad), Err(ChallengeError::Member { name }), "{bad:?}");
        }
    }

    #[test]
    fn an_answer_goes_to_no_other_site() {
        let elsewhere = |url: &str| Challenge { deliver: Some(url.to_owned()), ..challenge() };
        for url in ["https://thief.example/", "https://shop.example:444/", "http://localhost/"] {
            assert_eq!(parse(&elsewhere(url)), Err(ChallengeError::DeliveredElsewhere), "{url}");
        }
        let here = "http://127.0.0.1:8080".to_owned();
        let deliver = Some(format!("{here}/answers"));
        let testnet = Challenge { domain: here, deliver, ..challenge() };
        assert_eq!(parse(&testnet), Ok(testnet));
    }

    #[test]
    fn a_challenge_is_answered_in_its_time() {
        let expires = |expires| parse(&Challenge { expires, ..challenge() });
        assert_eq!(expires(NOW), Err(ChallengeError::Expired { expires: NOW }));
        assert!(expires(NOW.plus(1)).is_ok() && expires(NOW.plus(86_400)).is_ok());
        let late = NOW.plus(86_401);
        assert_eq!(expires(late), Err(ChallengeError::TooLate { expires: late }));
    }

    #[test]
    fn the_error_says_what_went_wrong() {
        let parse = |text: &str| Challenge::parse(text, NOW).unwrap_err();
        for text in ["", "hello", "{\"type\":\"Other\"}", "{}", "[]", "countersign:invite:gw"] {
            assert_eq!(parse(text), ChallengeError::NotAChallenge, "{text}");
        }
        assert_eq!(parse("{"), ChallengeError::Damaged);
        assert_eq!(parse("countersign:challenge:e3"), ChallengeError::Damaged);
        assert_eq!(parse(&" x".repeat(2000)), ChallengeError::TooLong { length: 3999 });
        for name in ["nonce", "domain", "expires", "claims", "policy", "purpose", "deliver"] {
            let mut value = challenge().to_json();
            value[name] = json!(7);
            assert_eq!(parse(&value.to_string()), ChallengeError::Member { name });
        }
        let mut value = challenge().to_json();
        value["expires"] = json!("soon");
        assert!(matches!(parse(&value.to_string()), ChallengeError::Time(_)));
    }

    #[test]
    fn a_member_of_later_means_nothing() {
        let mut value = challenge().to_json();
        value["later"] = json!({"a": 1});
        assert_eq!(Challenge::parse(&value.to_string(), NOW), Ok(challenge()));
    }

    proptest! {
        /// Whatever a vendor writes for people comes back as it was.
        #[test]
        fn every_purpose_reads_back(purpose in "[^\\p{C}\\p{Z}]{0,200}") {
            let challenge = Challenge { purpose, ..challenge() };
            if challenge.to_string().len() <= bounds::CHALLENGE {
                prop_assert_eq!(parse(&challenge), Ok(challenge));
            }
        }

        /// Whatever is pasted, reading it ends and does not panic.
        #[test]
        fn noise_never_harms(text in "\\PC{0,300}") {
            let _challenge = Challenge::parse(&text, NOW);
        }
    }
}
