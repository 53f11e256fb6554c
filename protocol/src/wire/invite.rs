//! How somebody joins a network: its parameters and whom to ask first.
//!
//! An [`Invite`] is a text that is mailed or shown as a QR code. It is not signed: whoever hands it
//! over is whom the newcomer trusts for the start, as with the program itself. The first peers only help
//! to find others, and no identity or claim is believed because of them.

use super::bounds;
use super::member::text_up_to;
use super::network::Parameters;
use crate::encoding::base64url;
use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};
use crate::key::PublicKey;
use core::{fmt, str::FromStr};

/// Opens one network to a newcomer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    parameters: Parameters,
    peers: Vec<String>,
    witnesses: Vec<PublicKey>,
}

impl Invite {
    /// Makes an invitation.
    ///
    /// `peers` are the addresses to dial first, such as `/ip4/192.0.2.7/udp/4001/quic-v1/p2p/12D3…`;
    /// `witnesses` are those the network offers, for who has none of their own.
    ///
    /// # Errors
    ///
    /// Returns [`InviteError`] if there is no peer, too much of anything, or an address that says not
    /// where and who the peer is.
    pub fn new(
        parameters: Parameters,
        peers: Vec<String>,
        witnesses: Vec<PublicKey>,
    ) -> Result<Self, InviteError> {
        if peers.is_empty() {
            return Err(InviteError::NoPeers);
        }
        if peers.len() > MAX_PEERS || witnesses.len() > MAX_WITNESSES {
            return Err(InviteError::TooMany);
        }
        if let Some(address) = peers.iter().find(|address| !is_address(address)) {
            return Err(InviteError::BadAddress { address: address.chars().take(80).collect() });
        }
        let invite = Self { parameters, peers, witnesses };
        let length = invite.to_string().len();
        if length > bounds::INVITE {
            return Err(InviteError::TooLong { length });
        }
        Ok(invite)
    }

    /// Gives what all nodes of the network have alike.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Gives the addresses to dial first.
    #[must_use]
    pub fn peers(&self) -> &[String] {
        &self.peers
    }

    /// Gives the witnesses the network offers.
    #[must_use]
    pub fn witnesses(&self) -> &[PublicKey] {
        &self.witnesses
    }
}

impl fmt::Display for Invite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}{}", base64url::encode(&cbor::encode(self)))
    }
}

impl FromStr for Invite {
    type Err = InviteError;

    /// Reads an invitation; white space around it is what mail and terminals add.
    fn from_str(text: &str) -> Result<Self, InviteError> {
        let text = text.trim();
        if text.len() > bounds::INVITE {
            return Err(InviteError::TooLong { length: text.len() });
        }
        let body = text.strip_prefix(PREFIX).ok_or_else(|| match text.get(..OURS.len()) {
            Some(OURS) => InviteError::SomethingElse,
            Some(_) | None => InviteError::NotAnInvite,
        })?;
        let bytes = base64url::decode(body).ok_or(InviteError::Damaged)?;
        cbor::decode(&bytes, bounds::INVITE).map_err(InviteError::Record)
    }
}

impl Record for Invite {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        to.record(&self.parameters);
        to.array(self.peers.len());
        for address in &self.peers {
            to.text(address);
        }
        to.records(&self.witnesses);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        let parameters = Parameters::read(from)?;
        let count = from.array_up_to(MAX_PEERS)?;
        let peers =
            (0..count).map(|_| text_up_to(from, MAX_ADDRESS)).collect::<Result<Vec<_>, _>>()?;
        let witnesses = from.records(MAX_WITNESSES)?;
        Self::new(parameters, peers, witnesses)
            .map_err(|_| from.malformed("at least one peer, and addresses that end in /p2p/…"))
    }
}

/// Tells whether an address says where a peer is and who it is. The transport reads the rest.
fn is_address(address: &str) -> bool {
    let named = address.rsplit_once("/p2p/").is_some_and(|(place, peer)| {
        place.starts_with('/')
            && peer.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !peer.is_empty()
    });
    named && address.len() <= MAX_ADDRESS && address.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The text or the parts are not an invitation. Fault of whoever wrote or copied it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum InviteError {
    /// It begins with something else.
    #[error("not an invitation: it begins with {PREFIX}")]
    NotAnInvite,
    /// Another text of ours was pasted.
    #[error("this is a text of Countersign, but no invitation: that begins with {PREFIX}")]
    SomethingElse,
    /// A character is missing or was changed on the way.
    #[error("the invitation was cut short or changed on the way; copy it once more, whole")]
    Damaged,
    /// Its letters are right and what they say is not.
    #[error("the invitation was cut short, changed, or made by a later version: {0}")]
    Record(CborError),
    /// Longer than a QR code holds.
    #[error("{length} characters are more than the {bound} of an invitation", bound = bounds::INVITE)]
    TooLong { length: usize },
    /// Nobody to ask first.
    #[error("no peer to ask first")]
    NoPeers,
    /// More peers or witnesses than anybody needs to start.
    #[error("more than {MAX_PEERS} peers or {MAX_WITNESSES} witnesses")]
    TooMany,
    /// An address without a place or without a name.
    #[error("`{address}` is not an address such as /ip4/192.0.2.7/tcp/4001/p2p/12D3…")]
    BadAddress { address: String },
}

/// What an invitation begins with.
pub const PREFIX: &str = "countersign:invite:";

/// What every text of ours begins with.
const OURS: &str = "countersign:";

/// The most peers: three that answer are enough, and a QR code is small.
const MAX_PEERS: usize = 8;

/// The most witnesses: as many as an identity may name.
const MAX_WITNESSES: usize = 16;

/// The longest address: a relay's, with both names.
const MAX_ADDRESS: usize = 256;

#[cfg(test)]
mod tests {
    use super::super::sample::{assert_documented, key, parameters};
    use super::*;

    const PEER: &str =
        "/ip4/192.0.2.7/udp/4001/quic-v1/p2p/12D3KooWJWEKvSFbben74C7H4YtKjhPMTDxd7gP7yxWNC8FXszPH";

    fn invite() -> Invite {
        Invite::new(parameters(), vec![PEER.to_owned()], vec![key(4).public()]).unwrap()
    }

    #[test]
    fn an_invitation_reads_back_and_never_changes_its_form() {
        let text = invite().to_string();
        assert_eq!(text.parse(), Ok(invite()));
        assert_eq!(format!(" {text}\r\n").parse(), Ok(invite()));
        assert_eq!(text.parse::<Invite>().unwrap().to_string(), text);
        assert_documented("invite", &text);
    }

    #[test]
    fn the_error_says_what_went_wrong() {
        let text = invite().to_string();
        let parse = |text: &str| text.parse::<Invite>().unwrap_err();
        assert_eq!(parse("hello"), InviteError::NotAnInvite);
        assert_eq!(parse(""), InviteError::NotAnInvite);
        assert_eq!(parse("countersign:challenge:e30"), InviteError::SomethingElse);
        assert_eq!(parse(&text.replace(':', " ")), InviteError::NotAnInvite);
        assert_eq!(parse(&format!("{text}!")), InviteError::Damaged);
        assert_eq!(parse(&"x".repeat(2049)), InviteError::TooLong { length: 2049 });
        for length in PREFIX.len()..text.len() {
            let error = parse(&text[..length]);
            let cut = matches!(error, InviteError::Damaged | InviteError::Record(_));
            assert!(cut && error.to_string().contains("cut short"), "{length}: {error}");
        }
    }

    #[test]
    fn an_invitation_names_somebody_to_ask_and_not_too_many() {
        let make = |peers: Vec<&str>, witnesses: usize| {
            let peers = peers.into_iter().map(str::to_owned).collect();
            Invite::new(parameters(), peers, vec![key(4).public(); witnesses]).map(drop)
        };
        assert_eq!(make(vec![], 0), Err(InviteError::NoPeers));
        assert_eq!(make(vec![PEER; 8], 16), Ok(()));
        assert_eq!(make(vec![PEER; 9], 0), Err(InviteError::TooMany));
        assert_eq!(make(vec![PEER], 17), Err(InviteError::TooMany));
        let long = format!("/dns4/{}/tcp/1/p2p/12D3", "a".repeat(200));
        assert_eq!(make(vec![&long; 8], 0), Err(InviteError::TooLong { length: 2431 }));
        for address in [
            "192.0.2.7:4001",
            "/ip4/192.0.2.7/tcp/4001",
            "/ip4/192.0.2.7/tcp/4001/p2p/",
            "ip4/192.0.2.7/p2p/12D3",
            "/ip4/192.0.2.7/p2p/12D3/ws",
            "/ip4/ 192.0.2.7/p2p/12D3",
            "/dns4/münchen.example/tcp/1/p2p/12D3",
        ] {
            let error = make(vec![address], 0).unwrap_err();
            assert!(matches!(error, InviteError::BadAddress { .. }), "{address}");
        }
    }

    #[test]
    fn what_cannot_be_made_cannot_be_read() {
        let empty = Invite { peers: vec![], ..invite() };
        let error = empty.to_string().parse::<Invite>().unwrap_err();
        assert!(matches!(error, InviteError::Record(CborError::Malformed { .. })), "{error}");
    }
}
