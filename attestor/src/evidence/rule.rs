//! What a rule means: everything in a source's file that decides which claims are signed, as one digest.
//!
//! A claim names its rule and version, and whoever believes it relies on what that rule demanded. So a
//! name and version must mean one thing for ever. In the digest is
//!
//! - what the claim says and for how long: its type, its sentence, its properties, the provider's name;
//! - what must be seen: where in the answer, of which type, with which value, how lately, of which account;
//! - who is believed: the issuer, its endpoints and hosts, and how strictly its answer is checked.
//!
//! Not in it is what changes no claim: how the provider knows this attestor (client id, secret, and how it
//! travels), what it is asked for beyond need (scopes; what is missing gives no claim), the `slug`, what the
//! account's owner recognises it by, whether it is asked again, and how the file is written: comments, order,
//! and defaults that are spelled out.

use super::settings::{Property, Settings};
use countersign_protocol::encoding::{base64url, jcs, multihash};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Names the rule in a file, as `name/version`.
#[must_use]
pub fn name(settings: &Settings) -> String {
    let rule = &settings.claim.rule;
    format!("{}/{}", rule.name, rule.version)
}

/// Gives the digest of what the rule in a file demands, in base64url.
///
/// It stands in books for years: what a later program adds to the file is left out where the file does not
/// say it.
#[must_use]
pub fn digest(settings: &Settings) -> String {
    let (claim, oidc) = (&settings.claim, &settings.oidc);
    let endpoints = oidc.endpoints.as_ref().map(|known| {
        json!({
            "authorization": known.authorization, "token": known.token,
            "userinfo": known.userinfo, "jwks": known.jwks,
        })
    });
    let demands = json!({
        "kind": settings.kind,
        "name": settings.name,
        "account": settings.account.id,
        "claim": {
            "type": claim.kind,
            "says": claim.says,
            "valid_for": claim.valid_for.as_secs(),
            "evidence_max_age": claim.evidence_max_age.as_secs(),
            "fixed": claim.fixed,
            "seen": seen(settings),
        },
        "oidc": {
            "issuer": oidc.issuer,
            "endpoints": endpoints,
            "algorithms": as_set(&oidc.algorithms),
            "hosts": as_set(&oidc.hosts),
            "id_token": oidc.id_token,
            "userinfo_sub": oidc.userinfo_sub,
            "require_iss": oidc.require_iss,
            "insecure_loopback": oidc.insecure_loopback,
        },
    });
    base64url::encode(&multihash::sha256(&jcs::to_vec(&demands)))
}

fn seen(settings: &Settings) -> Map<String, Value> {
    let seen = settings.claim.seen.iter().map(|(name, property)| {
        let Property { pointer, kind, must_be } = property;
        let property = json!({ "pointer": pointer, "type": kind, "must_be": must_be });
        (name.clone(), property)
    });
    seen.collect()
}

/// Neither order nor repetition means anything.
fn as_set<T: Serialize>(words: &[T]) -> BTreeSet<String> {
    words.iter().filter_map(|word| json!(word).as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../examples/simulated.toml");

    fn of(text: &str) -> String {
        digest(&Settings::parse(text).unwrap())
    }

    fn with(from: &str, to: &str) -> String {
        assert!(FILE.contains(from), "`{from}` is not in the example");
        of(&FILE.replace(from, to))
    }

    /// Another digest of the same file would refuse to start every attestor that signed by it.
    #[test]
    fn what_a_file_demands_has_the_digest_that_stands_in_books_already() {
        assert_eq!(of(FILE), "blPs7cx7n8mz6UG7gNTr1bf5mssuOsaubQcBTPxmTL0");
    }

    #[test]
    fn whatever_decides_which_claims_are_signed_is_in_the_digest() {
        for (from, to) in [
            ("name = \"SIMULATED provider\"", "name = \"Another\""),
            ("\"PaymentAccountVerified\"", "\"AgeOver18\""),
            ("says the account is verified", "says so"),
            ("valid_for = \"30d\"", "valid_for = \"31d\""),
            ("evidence_max_age = \"30d\"", "evidence_max_age = \"31d\""),
            ("\"simulated.example\"", "\"other.example\""),
            ("[claim.seen.verified]", "[claim.seen.known]"),
            ("\"/verified_account\"", "\"/account_verified\""),
            ("\"text-boolean\"", "\"boolean\""),
            ("must_be = true", "must_be = false"),
            ("must_be = true", "must_be = \"true\""),
            ("must_be = true\n", ""),
            ("\"/payer_id\"", "\"/sub\""),
            ("issuer = \"http://127.0.0.1:7990\"", "issuer = \"http://127.0.0.1:7991\""),
            ("[\"EdDSA\"]", "[\"EdDSA\", \"HS256\"]"),
            ("[\"127.0.0.1:7990\"]", "[\"127.0.0.1:7990\", \"other.example\"]"),
            ("id_token = \"required\"", "id_token = \"when-present\""),
            ("userinfo_sub = \"when-present\"", "userinfo_sub = \"required\""),
            ("require_iss = true", "require_iss = false"),
            ("insecure_loopback = true", "insecure_loopback = false"),
        ] {
            assert_ne!(with(from, to), of(FILE), "{from} -> {to}");
        }
        let endpoints = "[oidc.endpoints]\nauthorization = \"https://a.example\"\n\
                         token = \"https://b.example\"\nuserinfo = \"https://c.example\"\n\
                         jwks = \"https://d.example\"\n";
        let given = format!("{FILE}{endpoints}");
        assert_ne!(of(&given), of(FILE));
        for one in ["a", "b", "c", "d"] {
            let other = given.replace(&format!("//{one}.example"), "//e.example");
            assert_ne!(of(&other), of(&given), "{one}");
        }
    }

    #[test]
    fn what_decides_nothing_about_a_claim_may_change() {
        for (from, to) in [
            ("slug = \"simulated\"", "slug = \"other\""),
            ("kind = \"oidc\"", "# A remark.\nkind = \"oidc\""),
            ("client_id = \"attestor\"", "client_id = \"another\""),
            ("\"simulated.secret\"", "\"other.secret\""),
            ("require_iss = true", "require_iss = true\nclient_authentication = \"post\""),
            ("require_iss = true", "require_iss = true\nclient_authentication = \"basic\""),
            ("scopes = [\"profile\", ", "scopes = ["),
            ("display = \"/name\"", "display = \"/nickname\""),
            ("refresh = true", "refresh = false"),
            ("valid_for = \"30d\"", "valid_for = \"720h\""),
            ("[\"EdDSA\"]", "[\"EdDSA\", \"EdDSA\"]"),
        ] {
            assert_eq!(with(from, to), of(FILE), "{from} -> {to}");
        }
        let both = |hosts: &str| with("[\"127.0.0.1:7990\"]", hosts);
        assert_eq!(both("[\"a\", \"b\"]"), both("[\"b\", \"a\"]"), "the order of hosts");
    }
}
