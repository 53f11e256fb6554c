//! Gathers what has to lie beside claims so that they can be checked with no network at all.

use crate::node::{Node, unexpected};
use crate::problem::{Kind as Wrong, Problem};
use crate::verb::claims::Stapled;
use countersign_protocol::credential::Credential;
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::base64url;
use countersign_protocol::engine::command::{Command, Freshness, Outcome};
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::staple::{Identity, List, MAX_PROOFS, MAX_STATEMENTS, Staple};
use serde_json::Value;
use std::collections::BTreeSet;

impl Node {
    /// Makes a staple for claims of the owner: how she, their attestors and their status lists stand.
    pub(crate) async fn staple(&self, names: &[String]) -> Result<Stapled, Problem> {
        let own = self.own().await?.scid();
        let (mut scids, mut lists) = (BTreeSet::from([own]), BTreeSet::new());
        for name in names {
            let held = self.claim(name)?;
            let issuer = held.credential.issuer().scid();
            scids.insert(issuer);
            lists.extend(held.credential.status().iter().map(|entry| (issuer, entry.list)));
        }
        let mut staple = Staple {
            parameters: self.joined()?.parameters.clone(),
            identities: Vec::new(),
            lists: Vec::new(),
        };
        for scid in scids {
            staple.identities.push(self.stapled_identity(scid).await?);
        }
        for (issuer, number) in lists {
            staple.lists.push(self.stapled_list(issuer, number).await?);
        }
        let identities =
            staple.identities.iter().map(|one| one.scid.to_did().to_string()).collect();
        let fresh = staple.identities.iter().filter(|one| !one.freshness.is_empty()).count();
        let lists = staple.lists.len();
        let bytes = staple.to_bytes().map_err(|error| {
            Problem::new(Wrong::Invalid, "there is too much in this staple")
                .because(error)
                .hint("make one for fewer claims at a time")
        })?;
        Ok(Stapled { staple: base64url::encode(&bytes), identities, fresh, lists })
    }

    async fn stapled_identity(&self, scid: Scid) -> Result<Identity, Problem> {
        let wanted =
            if self.is_online() { Freshness::Witnessed { max_age: AGE } } else { Freshness::Held };
        let found = self.find(scid, wanted).await?;
        let mut freshness = found.freshness;
        freshness.truncate(MAX_PROOFS);
        Ok(Identity {
            scid,
            log: found.identity.log().to_vec(),
            witness: found.identity.witnesses().map(<[u8]>::to_vec),
            head: found.head,
            freshness,
        })
    }

    async fn stapled_list(&self, issuer: Scid, number: u64) -> Result<List, Problem> {
        let max_age = if self.is_online() { AGE } else { u64::MAX };
        let ask = Command::Status { issuer, list: number, max_age };
        let Outcome::Status(_) = self.ask(ask).await? else { return Err(unexpected()) };
        let hash =
            self.read(move |store| crate::records::list_hash(store, &issuer, number)).await?;
        let credential = match hash {
            Some(hash) => self.body(hash).await?,
            None => None,
        };
        let credential = credential.ok_or_else(|| {
            Problem::new(Wrong::Unavailable, "the status list of a claim is not held here")
                .hint("start the node with `countersign run`, and try again in a moment")
        })?;
        let from = sequence(&credential).saturating_add(1);
        let statements = self
            .read(move |store| crate::records::statements(store, &issuer, number, from))
            .await?;
        if statements.len() > MAX_STATEMENTS {
            return Err(Problem::new(
                Wrong::Unavailable,
                "the status list of a claim is an old one",
            )
            .because(format!("{} statements came after it", statements.len()))
            .hint("its attestor signs a new list from time to time; try again tomorrow"));
        }
        Ok(List { issuer, number, credential, statements })
    }
}

/// Gives after how many changes the bits of a list stood as it says.
fn sequence(list: &[u8]) -> u64 {
    let list = Credential::parse_within(list, bounds::STATUS_LIST).ok();
    list.and_then(|list| list.says().get("sequence").and_then(Value::as_u64)).unwrap_or_default()
}

/// What others said within the last quarter of an hour is newly said: attestors speak that often.
const AGE: u64 = 15 * 60;
