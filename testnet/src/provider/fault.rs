//! The rules a simulated provider can be told to break, one at a time.

/// Names one rule that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The discovery document names another issuer.
    DiscoveryOtherIssuer,
    /// The discovery document names a token endpoint on another host.
    DiscoveryOtherHost,
    /// The answer repeats another state.
    OtherState,
    /// The answer names another issuer (RFC 9207).
    OtherIss,
    /// The answer names no issuer.
    NoIss,
    /// The token endpoint redirects.
    TokenRedirects,
    /// The token endpoint's answer has a member twice.
    TokenTwice,
    /// There is no id_token.
    NoIdToken,
    /// The id_token has another nonce.
    OtherNonce,
    /// The id_token has no nonce.
    NoNonce,
    /// The id_token is signed with HS256 and the client secret.
    Hs256,
    /// The id_token is not signed.
    Unsigned,
    /// The id_token is signed with another key than the one that is shown.
    OtherKey,
    /// The id_token names a key that is not shown.
    UnknownKey,
    /// The id_token is for another client.
    OtherAudience,
    /// The id_token names another issuer.
    OtherIssuer,
    /// The id_token has expired.
    Expired,
    /// The id_token was issued an hour ago.
    Old,
    /// The id_token names another client as authorized party.
    OtherParty,
    /// The id_token's `at_hash` is of another access token.
    OtherAtHash,
    /// Userinfo redirects.
    UserinfoRedirects,
    /// Userinfo has the id_token's `sub`: not a fault, but not PayPal's older style.
    WithSubject,
    /// Userinfo has another `sub` than the id_token.
    OtherSubject,
    /// Userinfo has no stable id.
    NoAccount,
    /// Userinfo says `"yes"` where `"true"` is expected.
    OddTruth,
    /// Userinfo has a member twice.
    UserinfoTwice,
    /// Userinfo is larger than any account's description.
    Oversized,
    /// Userinfo begins and never ends.
    Slow,
    /// Userinfo answers with an error.
    Down,
}
