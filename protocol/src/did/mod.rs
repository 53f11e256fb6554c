//! What an identity is called.
//!
//! A [`Scid`] is the hash of the first entry of an identity's log, and the only name this network
//! compares, stores and routes by. A [`Did`] is the same name with a place to find the log, which may
//! change in the identity's life.
//!
//! - Standards: DID Core 1.0, section 3; did:webvh 1.0, "Method-Specific Identifier".

pub mod document;
pub mod fork;
pub mod log;
mod punycode;

use crate::encoding::multihash;
use core::{fmt, str::FromStr};

/// Names an identity for ever: the SHA-256 hash its log begins with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scid([u8; 32]);

impl Scid {
    /// Takes the digest inside the multihash.
    #[must_use]
    pub const fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Gives the digest inside the multihash.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.0
    }

    /// Gives the DID of somebody without a domain.
    ///
    /// `.alt` is never in the DNS (RFC 9476), and a static gateway can serve the path.
    #[must_use]
    pub fn to_did(&self) -> Did {
        Did { text: format!("{METHOD}{self}:{HOME}:{self}"), scid: *self }
    }

    /// Gives eight characters that a person can compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        // Every SCID begins with `Qm`, the multihash of SHA-256: no information.
        self.to_string().chars().skip(2).take(8).collect()
    }
}

impl fmt::Display for Scid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&multihash::to_base58btc(&self.0))
    }
}

impl fmt::Debug for Scid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Scid({self})")
    }
}

impl FromStr for Scid {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        multihash::from_base58btc(text).map(Self).ok_or(DidError::NotAScid)
    }
}

/// Names an identity and a place: `did:webvh:<SCID>:<domain>[:<path>]…`, with no path, query or
/// fragment behind it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did {
    text: String,
    scid: Scid,
}

impl Did {
    /// Gives the name to compare by.
    #[must_use]
    pub const fn scid(&self) -> Scid {
        self.scid
    }

    /// Gives the DID as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Tells whether the place is another identity's: somebody without a domain repeats the SCID, so
    /// a DID that repeats another was put together of two, or mistyped.
    #[must_use]
    pub fn is_of_two(&self) -> bool {
        let place = self.text.strip_prefix(METHOD).and_then(|rest| rest.split_once(':'));
        let at_home = |place: &str| place == HOME || place.starts_with(&format!("{HOME}:"));
        place.is_some_and(|(_, place)| at_home(place)) && *self != self.scid.to_did()
    }

    /// Gives where resolvers of did:webvh look for the log, if the DID names a domain.
    ///
    /// did:webvh 1.0, "The DID to HTTPS Transformation".
    #[must_use]
    pub fn log_url(&self) -> Option<String> {
        let place = self.text.strip_prefix(METHOD)?.split_once(':')?.1;
        let (domain, path) = match place.split_once(':') {
            Some((domain, path)) => (domain, path.replace(':', "/")),
            None => (place, ".well-known".to_owned()),
        };
        if domain == HOME {
            return None;
        }
        let (name, port) = split_port(domain);
        let labels = percent_decode(name)?;
        let labels: Option<Vec<String>> = labels.split('.').map(punycode::to_ascii).collect();
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("https://{}{port}/{path}/did.jsonl", labels?.join(".")))
    }

    /// Gives the URL of a verification method of this DID.
    #[must_use]
    pub fn with_fragment(&self, fragment: &str) -> String {
        format!("{}#{fragment}", self.text)
    }
}

impl fmt::Display for Did {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Did({})", self.text)
    }
}

impl FromStr for Did {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        if text.len() > MAX_LENGTH {
            return Err(DidError::TooLong);
        }
        let rest = text.strip_prefix(METHOD).ok_or(DidError::NotWebvh)?;
        let (scid, place) = rest.split_once(':').ok_or(DidError::NoDomain)?;
        let scid = scid.parse()?;
        let mut segments = place.split(':');
        check_domain(segments.next().unwrap_or_default())?;
        segments.try_for_each(check_segment)?;
        Ok(Self { text: text.to_owned(), scid })
    }
}

impl serde::Serialize for Did {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for Did {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Reads a DID URL into its DID and its fragment.
///
/// # Errors
///
/// Returns [`DidError`] if the DID is malformed, or there is a path or a query.
pub fn split_fragment(url: &str) -> Result<(Did, &str), DidError> {
    let (did, fragment) = url.split_once('#').ok_or(DidError::NoFragment)?;
    if fragment.is_empty() {
        return Err(DidError::NoFragment);
    }
    Ok((did.parse()?, fragment))
}

/// did:webvh 1.0: a fully qualified domain name, optionally a port, never an IP address.
fn check_domain(domain: &str) -> Result<(), DidError> {
    let (name, port) = split_port(domain);
    if let Some(port) = port {
        let digits = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
        let number = port.parse::<u32>().unwrap_or(0);
        if !digits || !(1..=65_535).contains(&number) {
            return Err(DidError::BadDomain);
        }
    }
    let decoded = percent_decode(name).ok_or(DidError::BadDomain)?;
    let (mut labels, mut length) = (0_u32, 0_usize);
    let mut last = "";
    for label in decoded.split('.') {
        let edges = label.starts_with('-') || label.ends_with('-');
        if label.is_empty() || !label.chars().all(may_spell) || edges {
            return Err(DidError::BadDomain);
        }
        // did:webvh 1.0, "Method-Specific Identifier": 63 octets after the processing of IDNA.
        let spelled = punycode::to_ascii(label).filter(|spelled| spelled.len() <= 63);
        length = length.saturating_add(spelled.ok_or(DidError::BadDomain)?.len());
        labels = labels.saturating_add(1);
        last = label;
    }
    // A last label of digits, or hexadecimal ones, is what a URL parser takes for an IPv4 address.
    // Digits of other scripts become these on its way.
    let address = last.bytes().all(|b| b.is_ascii_digit())
        || (last.starts_with("0x") || last.starts_with("0X"))
            && last.bytes().skip(2).all(|b| b.is_ascii_hexdigit())
        || !last.is_ascii() && last.starts_with(char::is_numeric);
    // RFC 1035, section 2.3.4: 255 octets with a length before each label and the root behind them, so
    // 253 with dots between them.
    if labels < 2 || address || length.saturating_add(dots(labels)) > 253 {
        return Err(DidError::BadDomain);
    }
    Ok(())
}

fn dots(labels: u32) -> usize {
    usize::try_from(labels.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// Parts a domain of a DID and its port. Producers write `%3A`; `%3a` is the same (did:webvh 1.0, after
/// the ABNF).
fn split_port(domain: &str) -> (&str, Option<&str>) {
    match domain.split_once("%3A").or_else(|| domain.split_once("%3a")) {
        Some((name, port)) => (name, Some(port)),
        None => (domain, None),
    }
}

/// Tells whether a character may stand in a label: of ASCII letters, digits and dashes, and of all other
/// scripts what is neither space nor sign. What URL parsers make a dot, a slash or a letter of ASCII is
/// among the signs; RFC 5892, section 2 allows none of those either.
const fn may_spell(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => true,
        '\u{0}'..='\u{b6}'
        | '\u{2000}'..='\u{200b}'
        | '\u{200e}'..='\u{2bff}'
        | '\u{3000}'..='\u{3004}'
        | '\u{3008}'..='\u{3020}'
        | '\u{e000}'..='\u{faff}'
        | '\u{fe00}'..='\u{ffff}' => false,
        _ => true,
    }
}

/// did:webvh 1.0: a path segment is not empty and, decoded once, names no other place.
fn check_segment(segment: &str) -> Result<(), DidError> {
    let decoded = percent_decode(segment).ok_or(DidError::BadPath)?;
    let forbidden = decoded.is_empty()
        || decoded == "."
        || decoded == ".."
        || decoded.contains(['/', '\\', '\0'])
        || decoded.trim() != decoded;
    if forbidden { Err(DidError::BadPath) } else { Ok(()) }
}

/// Decodes `%XX` once; DID Core 1.0, section 3.1 lets nothing but `idchar` stand for itself.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                decoded.push(u8::try_from(high.checked_mul(16)?.checked_add(low)?).ok()?);
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => decoded.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(decoded).ok()
}

/// The text does not name an identity of this network. Fault of whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// Longer than any DID that fits into a log entry needs to be.
    #[error("longer than {MAX_LENGTH} characters")]
    TooLong,
    /// Another DID method, or no DID.
    #[error("not a did:webvh")]
    NotWebvh,
    /// Not the base58btc of a SHA-256 multihash.
    #[error("its SCID is not a SHA-256 hash, which has 46 characters and begins with Qm")]
    NotAScid,
    /// Nothing after the SCID.
    #[error("no domain after the SCID")]
    NoDomain,
    /// Not a fully qualified domain name, or a port that is none.
    #[error("its domain is not a fully qualified domain name with at most a port")]
    BadDomain,
    /// A path segment that is empty, escapes its folder or is not well encoded.
    #[error("a path segment is empty or may not be written like that")]
    BadPath,
    /// A DID stands where the URL of a verification method is needed.
    #[error("no fragment that names a verification method")]
    NoFragment,
}

/// The longest DID: a SCID, a domain of 253 and some path.
const MAX_LENGTH: usize = 512;

const METHOD: &str = "did:webvh:";

/// The domain of those who have none.
pub(crate) const HOME: &str = "countersign.alt";

#[cfg(test)]
mod tests {
    use super::*;

    const SCID: &str = "QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ";

    fn parse(place: &str) -> Result<Did, DidError> {
        format!("did:webvh:{SCID}:{place}").parse()
    }

    #[test]
    fn a_home_needs_no_domain() {
        let scid: Scid = SCID.parse().unwrap();
        let did = scid.to_did();
        assert_eq!(did.as_str(), format!("did:webvh:{SCID}:countersign.alt:{SCID}"));
        assert_eq!(did.as_str().parse::<Did>().unwrap(), did);
        assert_eq!(scid.fingerprint(), "fGEUAcMp");
    }

    #[test]
    fn reads_the_forms_of_the_standard() {
        for place in ["example.com", "example.com%3A3000", "example.com:dids:issuer", "a.b%3a1:x"] {
            assert_eq!(parse(place).map(|did| did.scid().to_string()), Ok(SCID.to_owned()));
        }
    }

    #[test]
    fn a_home_is_nobody_elses() {
        let other = Scid::from_digest([7; 32]);
        assert!(parse(&format!("countersign.alt:{other}")).unwrap().is_of_two());
        assert!(parse("countersign.alt").unwrap().is_of_two());
        assert!(parse(&format!("countersign.alt:{SCID}:x")).unwrap().is_of_two());
        assert!(!parse(&format!("countersign.alt:{SCID}")).unwrap().is_of_two());
        assert!(!parse(&format!("countersign.alt.example.com:{other}")).unwrap().is_of_two());
    }

    #[test]
    fn a_domain_says_where_the_log_is() {
        let url = |place: &str| parse(place).unwrap().log_url();
        for (place, file) in [
            ("example.com", "https://example.com/.well-known/did.jsonl"),
            ("example.com%3A3000", "https://example.com:3000/.well-known/did.jsonl"),
            ("a.b%3a1:dids:x%20y", "https://a.b:1/dids/x%20y/did.jsonl"),
            (
                "jp%E7%B4%8D%E8%B1%86.%E4%BE%8B.jp:%E7%94%A8%E6%88%B7",
                "https://xn--jp-cd2fp15c.xn--fsq.jp/%E7%94%A8%E6%88%B7/did.jsonl",
            ),
        ] {
            assert_eq!(url(place).as_deref(), Some(file));
        }
        assert_eq!(url(&format!("countersign.alt:{SCID}")), None);
    }

    #[test]
    fn refuses_places_that_are_none() {
        let long = format!("{}.com", "a".repeat(64));
        let longest = format!("{}com", "abcdefghi.".repeat(26));
        // 57 letters of two octets have an A-label of more than 63.
        let foreign = format!("{}.com", "%C3%A4%D1%8F".repeat(29));
        for place in [
            "",
            "localhost",
            "127.0.0.1",
            "1.2.0x7f",
            "1.2.0X7F",
            "1.2.0x",
            "example.com.",
            "example..com",
            "%5B%3A%3A1%5D",
            "example.com%3A0",
            "example.com%3A65536",
            "example.com%3A123456",
            "example.com%3A",
            "example.com%3Ax",
            "example.com%3A80%3A81",
            "a.b%3a1%3A2",
            "exa mple.com",
            "exa_mple.com",
            "example.com/x",
            "example.com?x",
            "example.com#x",
            "-a.com",
            "a-.com",
            "ex%2Fample.com",
            "ex%FFample.com",
            // A dot, a slash, a space and digits once a URL parser has mapped them.
            "a%EF%BC%8Eexample.com",
            "a%E2%84%80.example.com",
            "a%C2%A0.example.com",
            "1.2.%EF%BC%97",
            "1.2.%F0%9D%9F%8F",
            &foreign,
            &long,
            &longest,
        ] {
            assert_eq!(parse(place), Err(DidError::BadDomain), "{place}");
        }
        for place in [
            "example.com:",
            "example.com::a",
            "example.com:.",
            "example.com:..",
            "example.com:%2E%2E",
            "example.com:a%2Fb",
            "example.com:a%5Cb",
            "example.com:a%00b",
            "example.com:%zz",
            "example.com:a%2",
            "example.com:a%20",
            "example.com:%20a",
            "example.com:a/b",
        ] {
            assert_eq!(parse(place), Err(DidError::BadPath), "{place}");
        }
        for place in [
            // Twenty-two letters of three octets, and a script that is not written without marks.
            &format!("{}.jp", "%E4%BE%8B".repeat(22)),
            "%E0%A4%95%E0%A5%8D%E0%A4%B7.in",
            "xn--fsq.jp",
            "1.2.0xyz",
            "0x7f.com",
            "example.com%3A65535",
            "example.com:...",
        ] {
            assert!(parse(place).is_ok(), "{place}");
        }
        let path = "a".repeat(MAX_LENGTH - format!("did:webvh:{SCID}:a.b:").len());
        assert!(parse(&format!("a.b:{path}")).is_ok());
        assert_eq!(parse(&format!("a.b:{path}a")), Err(DidError::TooLong));
        assert_eq!(format!("did:webvh:{SCID}").parse::<Did>(), Err(DidError::NoDomain));
        let upper = format!("did:WEBVH:{SCID}:example.com");
        assert_eq!(upper.parse::<Did>(), Err(DidError::NotWebvh));
        let placeholder = "did:webvh:{SCID}:example.com".parse::<Did>();
        assert_eq!(placeholder, Err(DidError::NotAScid));
        assert_eq!("did:web:example.com".parse::<Did>(), Err(DidError::NotWebvh));
        assert_eq!("did:webvh:QmX:example.com".parse::<Did>(), Err(DidError::NotAScid));
    }
}
