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
        if let Moment::After { until } = credential.period().at(self.now()) {
            return Ok(Standing { how: How::Ended, since: Some(until), because: None });
        }
        let mut whole = self.signature_of(credential).await?;
        for entry in credential.status() {
            let one = self.bit_of(credential.issuer().scid(), entry).await?;
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

    async fn bit_of(&self, issuer: Scid, entry: &Entry) -> Result<Standing, Problem> {
        let list = entry.list;
        let ask = Command::Status { issuer, list, max_age: u64::MAX };
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
        let because = |did: &str| match state.why(entry.index) {
            Some(why) => format!("its attestor {did}: {}", why.text()),
            None => format!("its attestor {did}, and tells you why"),
        };
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
