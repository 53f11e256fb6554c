//! How a claim this person holds stands now, from what her node holds of the network.

use crate::node::{Node, unexpected};
use crate::problem::{Kind as Wrong, Problem};
use crate::verb::claims::How;
use countersign_protocol::credential::{Credential, Moment};
use countersign_protocol::did::Scid;
use countersign_protocol::engine::command::{Command, Outcome};
use countersign_protocol::proof::Purpose;
use countersign_protocol::status::ledger::State;
use countersign_protocol::status::statement::Signed;
use countersign_protocol::status::why::Why;
use countersign_protocol::status::{Entry, Purpose as Meaning};
use countersign_protocol::time::Timestamp;

/// How a claim stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) how: How,
    /// Since when it stands no longer.
    pub(super) since: Option<Timestamp>,
    pub(super) because: Option<String>,
}

impl Standing {
    const STANDS: Self = Self { how: How::Stands, since: None, because: None };

    fn new(how: How, because: &str) -> Self {
        Self { how, since: None, because: Some(because.to_owned()) }
    }
}

impl Node {
    /// Tells how a claim stands.
    pub(super) async fn standing_of(&self, credential: &Credential) -> Result<Standing, Problem> {
        let issuer = credential.issuer().scid();
        // Of what is over, what is known here is enough: nobody is asked for it.
        let (mut whole, only_here) = match credential.period().at(self.now()) {
            Moment::After { until } => {
                (Standing { how: How::Ended, since: Some(until), because: None }, true)
            }
            Moment::Before { .. } | Moment::Within => (self.signature_of(credential).await?, false),
        };
        for entry in credential.status() {
            let one = self.bit_of(issuer, entry, only_here).await?;
            // What was taken back is taken back, whatever else is not known.
            if weight(one.how) > weight(whole.how) {
                whole = one;
            }
        }
        Ok(whole)
    }

    /// Tells how a claim of anybody stands.
    pub(crate) async fn stands_as(&self, credential: &Credential) -> Result<How, Problem> {
        Ok(self.standing_of(credential).await?.how)
    }

    /// Tells whether the attestor still lists the key that signed it.
    async fn signature_of(&self, credential: &Credential) -> Result<Standing, Problem> {
        let issuer = match self.known(credential.issuer().scid(), false).await {
            Ok(issuer) => issuer,
            Err(problem) if problem.is_no() || problem.is(Wrong::Unavailable) => {
                return Ok(Standing::new(How::Unknown, "its attestor is not known here now"));
            }
            Err(problem) => return Err(problem),
        };
        if issuer.is_deactivated() {
            return Ok(Standing::new(How::KeyGone, "its attestor ended its own identity"));
        }
        let method = credential.proof().verification_method();
        Ok(match issuer.history().key_for(Purpose::AssertionMethod, method) {
            Some(_) => Standing::STANDS,
            None => Standing::new(
                How::KeyGone,
                "its attestor took back the key that signed it; `countersign claim renew` asks for a new one",
            ),
        })
    }

    async fn bit_of(
        &self,
        issuer: Scid,
        entry: &Entry,
        only_here: bool,
    ) -> Result<Standing, Problem> {
        let list = entry.list;
        let ask = match only_here {
            true => Command::StatusHere { issuer, list },
            false => Command::Status { issuer, list, max_age: u64::MAX },
        };
        let state = match self.ask(ask).await {
            Ok(Outcome::Status(state)) => state,
            Ok(_) => return Err(unexpected()),
            Err(problem) if problem.is(Wrong::Unavailable) => {
                return Ok(Standing::new(
                    How::Unknown,
                    "nothing is known of its status list here yet",
                ));
            }
            Err(problem) => return Err(problem),
        };
        if state.is_set(entry.index) != Some(true) {
            return Ok(Standing::STANDS);
        }
        let since = self.flipped_at(&state, entry.index).await?;
        let why = state.why(entry.index);
        let whom = match why {
            Some(_) => None,
            None => self
                .profile_here(issuer)
                .await?
                .and_then(|profile| profile.reach.into_iter().next()),
        };
        let whom = whom.as_ref().map(|reach| reach.url.as_str());
        let because = |did: &str| reason(did, why, since.is_some(), whom);
        Ok(match entry.purpose {
            Meaning::Revocation => {
                Standing { how: How::Revoked, since, because: Some(because("took it back")) }
            }
            Meaning::Suspension => Standing {
                how: How::Suspended,
                since,
                because: Some(because("took it back for now")),
            },
        })
    }

    /// Finds out since when a bit is set, from the statement that set it.
    async fn flipped_at(&self, state: &State, index: u64) -> Result<Option<Timestamp>, Problem> {
        let Ok(joined) = self.joined() else { return Ok(None) };
        let (issuer, list) = (state.issuer(), state.list());
        let network = joined.parameters.id().to_string();
        let sealed =
            self.read(move |store| crate::records::statements(store, &issuer, list, 0)).await?;
        let statements = sealed.iter().rev().filter_map(|one| Signed::parse(one, &network).ok());
        let mut those = statements
            .filter(|one| one.unauthorized().flips.iter().any(|flip| flip.index == index));
        Ok(those.next().map(|one| one.unauthorized().effective_at))
    }
}

/// Says why an attestor did so, or whom to ask: everybody knows of the causes in a short table, and of no
/// other. `told` says that its statement is known here, and not its list alone.
fn reason(did: &str, why: Option<Why>, told: bool, whom: Option<&str>) -> String {
    let silent = match (why, told) {
        (Some(why), _) => return format!("its attestor {did}: {}", why.text()),
        (None, true) => "it gave no reason in public",
        (None, false) => "its reason is not known here",
    };
    match whom.map(|url| url.trim_end_matches('/')) {
        Some(url) => format!("its attestor {did}; {silent}: ask at {url}/#complain"),
        None => format!("its attestor {did}; {silent}: ask it"),
    }
}

/// Of two findings about one claim the heavier one is told.
const fn weight(how: How) -> u8 {
    match how {
        How::Stands => 0,
        How::Unknown => 1,
        How::KeyGone => 2,
        How::Suspended => 3,
        How::Ended => 4,
        How::Revoked => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gave_no_reason_in_public_is_not_said_to_tell_one() {
        let closed = reason("took it back", Some(Why::AccountClosed), true, None);
        assert_eq!(closed, "its attestor took it back: account closed");
        let silent = |told| reason("took it back", None, told, Some("https://north.example/"));
        let asked = "ask at https://north.example/#complain";
        assert_eq!(
            silent(true),
            format!("its attestor took it back; it gave no reason in public: {asked}")
        );
        assert!(silent(false).contains("its reason is not known here"));
        assert!(reason("took it back", None, true, None).ends_with(": ask it"));
    }
}
