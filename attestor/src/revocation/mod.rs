//! How an attestor takes a claim back: status lists, the statements that change them, heartbeats.
//!
//! Everything here is computed before it is written and written before it is told: a statement that
//! was published and then forgotten by a crash would be a fork of the attestor's own history.

use crate::ledger::audit::By;
use crate::ledger::row::ListRow;
use countersign_protocol::credential::draft;
use countersign_protocol::did::Did;
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::bits::Bits;
use countersign_protocol::status::statement::{Body, Flip};
use countersign_protocol::status::{Purpose, list, list_url};
use countersign_protocol::time::Timestamp;

/// What it takes to sign something now.
#[derive(Debug, Clone)]
pub struct Pen {
    /// Who signs.
    pub did: Did,
    /// With which key.
    pub key: SecretKey,
    /// In which network.
    pub network: String,
    /// Where the attestor is, without a slash at the end.
    pub url: String,
    /// When.
    pub now: Timestamp,
    /// Who has it done, for the audit log.
    pub by: Option<By>,
}

/// A list that changed, or was said to be unchanged, and what to tell about it.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The list's row as it is now.
    pub(crate) row: ListRow,
    /// Its bits as they are now.
    pub(crate) bits: Bits,
    /// The sealed statement.
    pub(crate) statement: Vec<u8>,
    /// The list as a credential.
    pub(crate) list: Vec<u8>,
}

/// Sets `flips` in the list, rising and none of them set before.
///
/// Gives nothing if one is beyond the list, or set: to turn it over would let a claim stand again that was
/// taken back, and nobody relies on a list that did so.
pub(crate) fn set(
    row: &ListRow,
    mut bits: Bits,
    flips: &[Flip],
    effective_at: Timestamp,
    pen: &Pen,
) -> Option<Said> {
    for flip in flips {
        if !bits.flip(flip.index)? {
            return None;
        }
    }
    let body = body(row, &bits, effective_at, flips.to_vec(), pen);
    let mut row = row.clone();
    row.sequence = body.to;
    row.tip = body.tip();
    row.said = body.issued;
    let list = sign_list(&row, &bits, pen);
    Some(Said { statement: body.seal(&pen.network, &pen.key), row, bits, list })
}

/// Says that the list stands as it did.
pub(crate) fn heartbeat(row: &ListRow, bits: Bits, pen: &Pen) -> Said {
    let body = body(row, &bits, pen.now, Vec::new(), pen);
    let row = ListRow { said: body.issued, ..row.clone() };
    let list = sign_list(&row, &bits, pen);
    Said { statement: body.seal(&pen.network, &pen.key), row, bits, list }
}

fn body(row: &ListRow, bits: &Bits, effective_at: Timestamp, flips: Vec<Flip>, pen: &Pen) -> Body {
    // A clock that was set back must not make a newer statement look older.
    let issued = pen.now.max(row.said);
    Body {
        issuer: pen.did.scid(),
        list: row.number,
        purpose: Purpose::Revocation,
        from: row.sequence,
        to: if flips.is_empty() { row.sequence } else { row.sequence.saturating_add(1) },
        bits: bits.hash(),
        previous: row.tip,
        issued,
        valid_until: issued.plus(STATEMENT_LIFE),
        effective_at,
        flips,
    }
}

fn sign_list(row: &ListRow, bits: &Bits, pen: &Pen) -> Vec<u8> {
    let signed = list::Draft {
        issuer: &pen.did,
        url: &list_url(&pen.url, row.number),
        purpose: Purpose::Revocation,
        bits,
        sequence: row.sequence,
        statement: row.tip,
        issued: row.said,
        valid_until: row.said.plus(LIST_LIFE),
    };
    draft::to_bytes(&signed.sign(&pen.key))
}

/// Seconds a statement may be relied on: an attestor that is silent for a day is not relied on.
const STATEMENT_LIFE: u64 = 86_400;

/// Seconds a list may be started from; what came after it is in the statements.
const LIST_LIFE: u64 = 30 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::memory::identity;
    use countersign_protocol::status::why::Why;
    use countersign_protocol::wire::bounds;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn a_bit_is_set_once_and_never_turned_back() {
        let key = SecretKey::from_seed([1; 32]);
        let pen = Pen {
            did: identity(&key, &key, NOW).unwrap().did().clone(),
            key,
            network: "test".to_owned(),
            url: "https://north.example".to_owned(),
            now: NOW,
            by: None,
        };
        let row = ListRow { number: 1, sequence: 0, tip: None, said: NOW, used: 9, open: true };
        let flip = |index| Flip { index, code: Why::Unspecified.code() };
        let bits = Bits::new(bounds::STATUS_ENTRIES);
        let said = set(&row, bits, &[flip(3)], NOW, &pen).unwrap();
        assert!(set(&said.row, said.bits.clone(), &[flip(3)], NOW, &pen).is_none());
        assert!(set(&said.row, said.bits.clone(), &[flip(2), flip(3)], NOW, &pen).is_none());
        assert!(set(&said.row, said.bits, &[flip(2)], NOW, &pen).is_some());
    }
}
