//! Finds secrets in bytes, in whatever clothes they go.
//!
//! A secret is looked for as it is, in Base64 of both alphabets wherever it may begin in what was encoded,
//! in hexadecimal, percent-encoded, escaped for JSON and for HTML, and the way `{:?}` prints bytes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use countersign_protocol::encoding::base58btc;
use std::collections::{BTreeMap, BTreeSet};
use url::form_urlencoded;

/// Something that must not be found, but where it belongs.
#[derive(Debug, Clone)]
pub(super) struct Canary {
    /// What it is.
    pub(super) what: String,
    value: Vec<u8>,
    /// Where it belongs: what the names of those places end with.
    belongs: Vec<String>,
}

impl Canary {
    pub(super) fn new(what: &str, value: impl Into<Vec<u8>>) -> Self {
        Self { what: what.to_owned(), value: value.into(), belongs: Vec::new() }
    }

    /// Says where it belongs besides.
    pub(super) fn belongs(mut self, place: &str) -> Self {
        self.belongs.push(place.to_owned());
        self
    }

    /// Gives every form it may be written in.
    pub(super) fn forms(&self) -> BTreeSet<Vec<u8>> {
        let value = &self.value;
        let mut forms = BTreeSet::from([value.clone()]);
        let hex = |byte: &u8| format!("{byte:02x}");
        let hex: String = value.iter().map(hex).collect();
        forms.extend([hex.to_ascii_uppercase().into_bytes(), hex.into_bytes()]);
        for skipped in 0..3 {
            forms.insert(within_base64(value, skipped, &STANDARD_NO_PAD));
            forms.insert(within_base64(value, skipped, &URL_SAFE_NO_PAD));
        }
        match core::str::from_utf8(value) {
            Ok(text) => forms.extend(escaped(text)),
            Err(_) => {
                let bytes: Vec<String> = value.iter().map(u8::to_string).collect();
                forms.insert(bytes.join(", ").into_bytes());
                forms.insert(base58btc::encode(value).into_bytes());
            }
        }
        forms.retain(|form| form.len() >= SHORTEST);
        forms
    }
}

/// Encodes `value` as it stands inside of something longer, behind `skipped` bytes of it: without the
/// letters that depend on what is around it.
fn within_base64(value: &[u8], skipped: usize, engine: &impl base64::Engine) -> Vec<u8> {
    let encoded = engine.encode([&vec![0; skipped], value].concat());
    let whole = (skipped + value.len()) * 8 / 6;
    let begins = (skipped * 8).div_ceil(6);
    encoded.bytes().take(whole).skip(begins).collect()
}

fn escaped(text: &str) -> Vec<Vec<u8>> {
    let plus: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let percent = plus.replace('+', "%20");
    let json = serde_json::Value::from(text).to_string();
    let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let forms = [
        small(&percent),
        small(&plus),
        percent,
        plus,
        json.trim_matches('"').to_owned(),
        html,
        format!("{text:?}").trim_matches('"').to_owned(),
    ];
    forms.into_iter().map(String::into_bytes).collect()
}

/// Writes percent-encoded bytes in small letters, as some programs do.
fn small(percent: &str) -> String {
    let mut parts = percent.split('%');
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (byte, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        written.push_str(&format!("%{}{rest}", byte.to_ascii_lowercase()));
    }
    written
}

/// Something that is searched.
#[derive(Debug, Clone)]
pub(super) struct Haystack {
    /// Where it was.
    pub(super) place: String,
    pub(super) bytes: Vec<u8>,
}

impl Haystack {
    pub(super) fn new(place: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { place: place.into(), bytes: bytes.into() }
    }
}

/// Searches for many canaries at once.
pub(super) struct Searcher<'c> {
    canaries: &'c [Canary],
    /// Every form and whose it is, by its first bytes.
    forms: BTreeMap<[u8; SHORTEST], Vec<(Vec<u8>, usize)>>,
    /// Whether a form begins with these two bytes.
    begins: Vec<bool>,
}

impl<'c> Searcher<'c> {
    pub(super) fn new(canaries: &'c [Canary]) -> Self {
        let mut forms: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut begins = vec![false; 1 << 16];
        for (whose, canary) in canaries.iter().enumerate() {
            for form in canary.forms() {
                let Some(start) = form.first_chunk() else { continue };
                if let Some(begin) = begins.get_mut(two(start)) {
                    *begin = true;
                }
                forms.entry(*start).or_default().push((form.clone(), whose));
            }
        }
        Self { canaries, forms, begins }
    }

    /// Gives the canaries that are in `haystack` and do not belong there.
    pub(super) fn search(&self, haystack: &Haystack) -> BTreeSet<&'c str> {
        let mut found = BTreeSet::new();
        for at in 0..haystack.bytes.len() {
            let rest = haystack.bytes.get(at..).unwrap_or_default();
            let Some(start) = rest.first_chunk::<SHORTEST>() else { break };
            if !self.begins.get(two(start)).copied().unwrap_or_default() {
                continue;
            }
            for (form, whose) in self.forms.get(start).into_iter().flatten() {
                let Some(canary) = self.canaries.get(*whose) else { continue };
                let at_home = canary.belongs.iter().any(|place| haystack.place.ends_with(place));
                if !at_home && rest.starts_with(form) {
                    found.insert(canary.what.as_str());
                }
            }
        }
        found
    }
}

fn two(start: &[u8; SHORTEST]) -> usize {
    let [one, other, ..] = start;
    usize::from(*one) << 8 | usize::from(*other)
}

/// Shorter words are found everywhere.
const SHORTEST: usize = 8;

#[test]
fn a_secret_is_found_in_every_form_it_may_have() {
    let canaries = [
        Canary::new("a passphrase", "Kanari/\u{fc} & \"nine\" lives+"),
        Canary::new("a seed", [251_u8; 32].map(|byte| byte.wrapping_mul(3)).to_vec()),
    ];
    let searcher = Searcher::new(&canaries);
    for canary in &canaries {
        let text = core::str::from_utf8(&canary.value).ok();
        let mut dressed: Vec<String> = Vec::new();
        for before in ["", "x", "xy", "xyz"] {
            let around = [before.as_bytes(), &canary.value, b"=tail"].concat();
            dressed.push(STANDARD_NO_PAD.encode(&around));
            dressed.push(URL_SAFE_NO_PAD.encode(&around));
            dressed.push(around.iter().map(|byte| format!("{byte:02x}")).collect());
            dressed.push(around.iter().map(|byte| format!("{byte:02X}")).collect());
        }
        match text {
            Some(text) => {
                dressed.push(serde_json::json!({ "passphrase": text }).to_string());
                dressed.push(format!("Some({text:?})"));
                dressed.push(form_urlencoded::byte_serialize(text.as_bytes()).collect());
                dressed.push("<p>Kanari/\u{fc} &amp; &quot;nine&quot; lives+</p>".to_owned());
                dressed.push("?p=Kanari%2f%c3%bc%20%26%20%22nine%22%20lives%2b".to_owned());
            }
            None => {
                dressed.push(format!("Key {:?}", canary.value));
                dressed.push(base58btc::encode(&canary.value));
            }
        }
        for dress in dressed {
            let noise = format!("a line before\n{dress}\na line behind");
            let found = searcher.search(&Haystack::new("a log", noise));
            assert_eq!(found, BTreeSet::from([canary.what.as_str()]), "{dress}");
        }
    }
}

#[test]
fn a_secret_is_left_alone_where_it_belongs_and_noise_is_no_secret() {
    let canaries = [Canary::new("a token", "kanarienvogel").belongs("/tokens/owner-cli")];
    let searcher = Searcher::new(&canaries);
    let found = |place: &str, text: &str| searcher.search(&Haystack::new(place, text)).len();
    assert_eq!(found("anna/tokens/owner-cli", "kanarienvogel"), 0);
    assert_eq!(found("anna/tokens/owner-cli.new7", "kanarienvogel"), 1);
    assert_eq!(found("anna/log", "kanarienvoge"), 0);
    assert_eq!(found("anna/log", "kanarienvogel"), 1);
}
