//! Looks at everything that may be wrong, and says what to do.

use crate::config::Role;
use crate::config::size::{BINARY, rounded};
use crate::node::{Node, unexpected};
use crate::output::counted;
use crate::problem::{Kind, Problem};
use crate::store::folder;
use crate::vendor::files;
use crate::verb::network::{Finding, Findings, Health, Invitation};
use crate::verb::overview::Reach;
use countersign_protocol::engine::command::{Command, Outcome, Statistics};
use countersign_protocol::engine::directory::DISK;
use countersign_protocol::engine::traffic;
use countersign_protocol::key::{PublicKey, did_key};
use countersign_protocol::wire::invite::Invite;

impl Node {
    /// Looks at everything.
    ///
    /// # Errors
    ///
    /// Returns a problem if the node is stopping, or its disk does not answer.
    pub async fn examine(&self) -> Result<Findings, Problem> {
        let mut findings = vec![self.network_finding(), self.keys_finding()];
        if self.is_online() {
            findings.push(self.peers_finding().await?);
            findings.push(self.reach_finding());
            findings.push(self.clock_finding().await?);
        }
        let alarms = self.alarms().await?;
        findings.push(self.identity_finding(!alarms.is_empty()).await?);
        // What somebody else did in the owner's name stands among the rest: many look here alone.
        let alarms = alarms.into_iter();
        findings.extend(alarms.map(|alarm| bad("alarm", alarm.says, &alarm.hint)));
        let counted = self.statistics().await?;
        if self.is_online() {
            findings.push(traffic_finding(&counted.traffic));
        }
        findings.push(held_finding(&counted));
        findings.extend(self.policy_findings());
        let most = self.caps().await.heads.saturating_mul(DISK);
        let growth = most.saturating_sub(counted.disk_bytes);
        findings.extend(folder::room(self.data()).map(|room| disk_finding(room, growth)));
        Ok(Findings { findings })
    }

    fn network_finding(&self) -> Finding {
        match (self.joined(), self.is_online()) {
            (Err(_), _) => {
                bad("network", "no network is joined".to_owned(), "countersign join INVITATION")
            }
            (Ok(joined), false) => warning(
                "network",
                format!("`{}` is joined, and the node is not running", joined.parameters.id()),
                "countersign run",
            ),
            (Ok(joined), true) => {
                good("network", format!("part of the network `{}`", joined.parameters.id()))
            }
        }
    }

    /// Names every policy file that does not read; a node without policies has none to look at.
    fn policy_findings(&self) -> Vec<Finding> {
        let files = match files(self.data()) {
            Ok(files) => files,
            Err(problem) => return vec![bad("policy", problem.to_string(), "look at the file")],
        };
        let broken = files.into_iter().filter_map(|kept| kept.file.err());
        broken
            .map(|problem| bad("policy", problem.to_string(), "mend it, or move it away"))
            .collect()
    }

    fn keys_finding(&self) -> Finding {
        match self.vault() {
            Ok(_) => good("keys", "unlocked".to_owned()),
            Err(_) => warning(
                "keys",
                "locked: the passphrase was not given".to_owned(),
                "--passphrase-file FILE, or COUNTERSIGN_PASSPHRASE_FILE",
            ),
        }
    }

    async fn peers_finding(&self) -> Result<Finding, Problem> {
        let Outcome::Peers(peers) = self.ask(Command::Peers).await? else {
            return Err(unexpected());
        };
        let keepers = peers.iter().filter(|peer| peer.keeper).count();
        let witnesses = peers.iter().filter(|peer| peer.witness).count();
        let says = format!(
            "{}, {}, {}",
            counted(peers.len(), "peer"),
            counted(keepers, "keeper"),
            counted(witnesses, "witness"),
        );
        let first = self.joined().is_ok_and(|joined| joined.peers.is_empty());
        Ok(match (peers.len(), keepers) {
            (0, _) if first => warning(
                "peers",
                "nobody else is in this network yet: it began here".to_owned(),
                "invite somebody: countersign invite",
            ),
            (0, _) => bad(
                "peers",
                "nobody is connected".to_owned(),
                "is this computer online, and the invitation still right? ask for a new one",
            ),
            (_, 0) => warning("peers", says, "without a keeper nobody has you while this is off"),
            _ => good("peers", says),
        })
    }

    fn reach_finding(&self) -> Finding {
        let (reach, says) = (self.reach(), self.reach().words().to_owned());
        // A home reaches others, and needs nobody to reach it; a full node is there for others.
        match (reach, self.config().role) {
            (Reach::No, Role::Full) => warning(
                "reach",
                says,
                "let the router pass the port of `network.listen` on to this computer, and put the \
                 address others see into `network.external`",
            ),
            _ => good("reach", says),
        }
    }

    async fn clock_finding(&self) -> Result<Finding, Problem> {
        let Outcome::Clock(report) = self.ask(Command::ClockStatus).await? else {
            return Err(unexpected());
        };
        Ok(if report.may_sign() {
            let apart = |seconds: i64| {
                let (seconds, peers) = (seconds.unsigned_abs(), report.peers);
                format!("{seconds} s apart from the clocks of {peers} peers")
            };
            good("clock", report.median.map_or_else(|| report.to_string(), apart))
        } else {
            bad(
                "clock",
                report.to_string(),
                "set this computer's clock; nothing is signed until then",
            )
        })
    }

    async fn identity_finding(&self, alarmed: bool) -> Result<Finding, Problem> {
        if self.own_scid().await?.is_none() {
            return Ok(good("identity", "none of its own".to_owned()));
        }
        let own = self.own().await?;
        if own.check_begun(self.now()).is_err() {
            let made = own.history.created();
            let says =
                format!("begins in the future: made while this computer's clock said {made}");
            return Ok(bad("identity", says, SET_OR_ANEW));
        }
        let own = self.shown(&own).await?;
        let keepers = counted(own.keepers, "keeper");
        let says = format!("version {}, kept by {keepers}", own.version);
        Ok(if own.deactivated {
            warning("identity", "ended for ever".to_owned(), "nothing can be done")
        } else if !own.stands {
            warning(
                "identity",
                "its newest version waits for witnesses".to_owned(),
                "keep the node running; it asks them again",
            )
        } else if own.keepers == 0 && alarmed {
            let says = format!("version {}; keepers hold what somebody else signed", own.version);
            warning("identity", says, "see to the alarm first: then they keep yours again")
        } else if own.keepers == 0 && self.config().role == Role::Home {
            warning("identity", says, "keep the node running until a keeper has it")
        } else if own.keepers == 0 {
            let says = format!("version {}, which this node announces itself", own.version);
            good("identity", says)
        } else {
            good("identity", says)
        })
    }

    /// Gives an invitation with this node as first peer, if others can reach it.
    pub(crate) async fn invitation(&self, besides: &[String]) -> Result<Invitation, Problem> {
        let joined = self.joined()?.clone();
        let witnesses = self.offered_witnesses(&joined.witnesses, besides)?;
        let peers = self.reachable().await.first_peers(&joined.peers);
        let network = joined.parameters.id().to_string();
        let offered = witnesses.iter().map(did_key::to_did).collect();
        let invite = Invite::new(joined.parameters, peers.clone(), witnesses);
        let invite = invite.map_err(|error| {
            Problem::new(Kind::Unavailable, "nobody could join by this invitation")
                .because(error)
                .hint("start the node with `countersign run`, so that it can be reached")
        })?;
        Ok(Invitation { invite: invite.to_string(), network, peers, witnesses: offered })
    }

    /// Gives the witnesses to offer: those asked for first, then those this node knows.
    fn offered_witnesses(
        &self,
        joined: &[PublicKey],
        besides: &[String],
    ) -> Result<Vec<PublicKey>, Problem> {
        let read = |did: &String| {
            did_key::parse(did).map_err(|error| {
                Problem::new(Kind::Invalid, format!("`{did}` is no witness"))
                    .because(error)
                    .hint("`countersign run` prints it where a witness starts; it begins with did:key:z6Mk")
            })
        };
        let mut offered = besides.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let trusted = self.config().trust.witnesses.iter().copied();
        for witness in joined.iter().copied().chain(self.witness_key()).chain(trusted) {
            if !offered.contains(&witness) {
                offered.push(witness);
            }
        }
        offered.truncate(MOST_WITNESSES.max(besides.len()));
        Ok(offered)
    }

    /// Gives what a Prometheus server reads.
    #[must_use]
    pub fn metrics(&self) -> String {
        crate::metrics::encode(&self.inner().link.borrow())
    }
}

fn held_finding(held: &Statistics) -> Finding {
    let says = format!(
        "{} ({}), {}, {}",
        counted(held.heads, "identity"),
        size(held.head_bytes),
        counted(held.lists, "list") + " of revoked claims",
        counted(held.forks, "proof") + " of forgery",
    );
    good("held", says)
}

fn traffic_finding(spent: &traffic::Report) -> Finding {
    let (today, month) = (size(spent.today.both()), size(spent.month.both()));
    let says = format!("{today} today, {month} this month");
    match spent.cap {
        Some(cap) if spent.spent => warning(
            "traffic",
            format!(
                "{says}: the {} of a day are spent, and nothing is done for others until midnight \
                 (UTC); all you do goes on",
                size(cap)
            ),
            "if this computer can spare more: countersign config limit --traffic SIZE",
        ),
        Some(cap) => good("traffic", format!("{says}, of {} a day", size(cap))),
        None => good("traffic", says),
    }
}

/// Says whether `room` bytes are enough to go on with, where what is kept for others may grow by `growth`.
fn disk_finding(room: u64, growth: u64) -> Finding {
    let says = format!(
        "room for {} more; what is kept for others may grow by {}",
        size(room),
        size(growth)
    );
    let hint = "make room on the disk the data folder is on, or keep less for others: \
                countersign config limit --heads SIZE; what was saved before is safe";
    if room < NEXT_TO_NOTHING {
        bad("disk", says, hint)
    } else if room < growth.max(LITTLE) {
        warning("disk", says, hint)
    } else {
        good("disk", says)
    }
}

/// With less on the disk, what comes next may not be saved: a database grows by megabytes at a time.
const NEXT_TO_NOTHING: u64 = 16 * 1024 * 1024;
/// With less, it is time to look, however little may come for others.
const LITTLE: u64 = 256 * 1024 * 1024;

fn size(bytes: u64) -> String {
    rounded(bytes, BINARY)
}

/// A majority of seven is four: more make a change slow and an invitation long.
const MOST_WITNESSES: usize = 7;

fn good(what: &str, says: String) -> Finding {
    Finding { what: what.to_owned(), health: Health::Good, says, hint: None }
}

fn warning(what: &str, says: String, hint: &str) -> Finding {
    let hint = Some(hint.to_owned());
    Finding { what: what.to_owned(), health: Health::Warning, says, hint }
}

fn bad(what: &str, says: String, hint: &str) -> Finding {
    Finding { health: Health::Bad, ..warning(what, says, hint) }
}

/// What to do about an identity that begins in the future.
const SET_OR_ANEW: &str =
    "make it anew in an empty folder (--data FOLDER), unless the clock is wrong now";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_little_room_is_a_warning_and_one_with_none_is_bad() {
        let health = |room, growth| disk_finding(room, growth).health;
        for growth in [0, LITTLE] {
            assert_eq!(health(0, growth), Health::Bad);
            assert_eq!(health(NEXT_TO_NOTHING, growth), Health::Warning);
            assert_eq!(health(LITTLE, growth), Health::Good);
        }
        assert_eq!(health(LITTLE, LITTLE + 1), Health::Warning, "what may come has no room");
    }

    #[test]
    fn the_room_of_a_folder_is_that_of_its_disk_and_unknown_of_one_that_is_not_there() {
        let here = tempfile::tempdir().unwrap();
        assert!(folder::room(here.path()).is_some());
        assert_eq!(folder::room(&here.path().join("none")), None);
    }
}
