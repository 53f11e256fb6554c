//! Who is followed: what happens to them comes as events, and whoever starts again follows them still.

use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::records;
use crate::store::{Change as Write, Expect};
use crate::verb::network::Watched;
use countersign_protocol::did::Scid;
use countersign_protocol::engine::command::Command;
use std::collections::BTreeSet;

impl Node {
    /// Follows identities.
    ///
    /// # Errors
    ///
    /// Returns a problem if a name means nobody, or there are too many.
    pub(crate) async fn watch(&self, names: &BTreeSet<String>) -> Result<Watched, Problem> {
        let scids = self.all_called(names).await?;
        let all = self.followed().await?.union(&scids).count();
        if all > MOST {
            return Err(Problem::new(Kind::Conflict, format!("more than {MOST} are too many"))
                .hint("follow some of them no longer: countersign watch --stop NAME"));
        }
        let note = |scid: &Scid| Write::Row {
            table: FOLLOWED.to_owned(),
            key: scid.digest().to_vec(),
            expect: Expect::Anything,
            bytes: Vec::new(),
        };
        self.write(scids.iter().map(note).collect()).await?;
        let newest_event = self.newest_event().await?;
        self.ask(Command::Watch { scids: scids.clone() }).await?;
        Ok(Watched { watched: in_text(&scids), newest_event })
    }

    /// Follows identities no longer.
    ///
    /// # Errors
    ///
    /// Returns a problem if a name means nobody.
    pub(crate) async fn unwatch(&self, names: &BTreeSet<String>) -> Result<Watched, Problem> {
        let scids = self.all_called(names).await?;
        let strike = |scid: &Scid| Write::RemoveRow {
            table: FOLLOWED.to_owned(),
            key: scid.digest().to_vec(),
            expect: Expect::Anything,
        };
        self.write(scids.iter().map(strike).collect()).await?;
        self.ask(Command::Unwatch { scids }).await?;
        let left = self.followed().await?;
        Ok(Watched { watched: in_text(&left), newest_event: self.newest_event().await? })
    }

    /// Follows whoever was followed when the node ran last.
    pub(crate) async fn follow_again(&self) -> Result<(), Problem> {
        let scids = self.followed().await?;
        self.ask(Command::Watch { scids }).await.map(drop)
    }

    /// Gives everybody who is followed.
    pub(super) async fn followed(&self) -> Result<BTreeSet<Scid>, Problem> {
        let rows = self.read(|store| records::rows(store, FOLLOWED)).await?;
        let digests = rows.into_iter().filter_map(|(key, _)| key.try_into().ok());
        Ok(digests.map(Scid::from_digest).collect())
    }

    async fn all_called(&self, names: &BTreeSet<String>) -> Result<BTreeSet<Scid>, Problem> {
        let mut scids = BTreeSet::new();
        for name in names {
            scids.insert(self.scid_called(name).await?);
        }
        Ok(scids)
    }
}

fn in_text(scids: &BTreeSet<Scid>) -> BTreeSet<String> {
    scids.iter().map(ToString::to_string).collect()
}

/// The table of those who are followed, by SCID.
const FOLLOWED: &str = "followed";
/// Nobody who is followed is ever let go of, however little room there is.
const MOST: usize = 10_000;
