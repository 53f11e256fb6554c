//! The owner's own identity: looked at, rotated, recovered, moved, ended.

use super::Verb;
use crate::known::on_paper;
use crate::node::Node;
use crate::output::{Text, counted};
use crate::passphrase::{Passphrase, Words};
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::io;

/// Shows the identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {}

/// Replaces a key that signs every day, and the one that signs the next change.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// Which key.
    #[serde(default)]
    pub key: Key,
    /// Whether somebody else has the old one: then nothing it signed counts any longer. Without
    /// this an old assertion key stays listed, so that the claims it signed stand.
    #[serde(default)]
    pub stolen: bool,
    /// Opens the key that signs the change, which a running node never holds.
    pub passphrase: Passphrase,
}

/// Takes assertion keys out of the identity that a planned rotation left listed: what they signed counts
/// no longer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// The keys, or the beginning of each.
    pub keys: Vec<String>,
    /// Opens the key that signs the change.
    pub passphrase: Passphrase,
}

/// A key that signs every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Key {
    /// Signs presentations, showcases and heads.
    #[default]
    Authentication,
    /// Signs claims about others: an attestor's.
    Assertion,
}

/// Takes the identity back with the 24 words, also on a new computer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recover {
    /// Whose: needed where this node has no identity yet.
    #[serde(default)]
    pub did: Option<String>,
    /// The words.
    pub words: Words,
    /// Protects the new keys.
    pub passphrase: Passphrase,
}

/// Proves that the words would recover the identity, and changes nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rehearse {
    /// The words.
    pub words: Words,
}

/// Gives the log and the witness file as did:webvh publishes them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {}

/// Moves the identity to a domain; its name for ever stays.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The domain, and a path behind it if there is one, such as `example.com:people:berta`.
    pub place: String,
    /// Opens the key that signs the change.
    pub passphrase: Passphrase,
}

/// Ends the identity for ever.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deactivate {
    /// Opens the key that signs the change.
    pub passphrase: Passphrase,
}

/// The owner's identity, as this node and its keepers have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Own {
    /// Its DID.
    pub did: String,
    /// Eight characters to compare.
    pub fingerprint: String,
    /// The number of its newest entry.
    pub version: u64,
    /// When it began.
    pub created: String,
    /// When it last changed.
    pub updated: String,
    /// The keys that sign presentations and heads.
    pub authentication: Vec<String>,
    /// The keys whose claims about others count, the one that signs now first; only an attestor has some.
    #[serde(default)]
    pub assertion: Vec<String>,
    /// How many witnesses have to cosign a change, and of how many.
    pub witnesses: (u64, usize),
    /// Whether the newest entry stands: witnessed, where it has to be.
    pub stands: bool,
    /// Keepers that promised to keep it while this computer is off.
    pub keepers: usize,
    /// The version of the showcase, if there is one.
    pub showcase: Option<u64>,
    /// Whether it was ended.
    pub deactivated: bool,
    /// Where resolvers of did:webvh look for `did.jsonl`, if the identity has a domain: its owner
    /// puts it there, and again after every change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_at: Option<String>,
    /// What to do about backups, if its keys were replaced just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
}

/// Whether the words are the right ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rehearsed {
    /// They would recover the identity.
    pub right: bool,
}

/// What did:webvh publishes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exported {
    /// The DID.
    pub did: String,
    /// `did.jsonl`.
    pub log: String,
    /// `did-witness.json`, if entries are witnessed.
    pub witness: Option<String>,
}

macro_rules! verb {
    ($verb:ty, $answer:ty, $path:literal, |$self:ident, $node:ident| $work:expr) => {
        impl Verb for $verb {
            type Answer = $answer;
            const PATH: &'static str = $path;

            async fn perform($self, $node: &Node) -> Result<$answer, Problem> {
                $work
            }
        }
    };
}

verb!(Show, Own, "/v1/identity", |self, node| node.own_identity().await);
verb!(Rotate, Own, "/v1/identity/rotate", |self, node| {
    let rotated = match self.key {
        Key::Authentication => node.rotate(&self.passphrase).await,
        Key::Assertion => node.replace_assertion_key(&self.passphrase, self.stolen).await,
    };
    rotated.map(Own::with_new_keys)
});
verb!(Retire, Own, "/v1/identity/retire", |self, node| {
    node.retire_assertion_keys(&self.passphrase, &self.keys).await.map(Own::with_new_keys)
});
verb!(Recover, Own, "/v1/identity/recover", |self, node| {
    node.recover(self).await.map(Own::with_new_keys)
});
verb!(Rehearse, Rehearsed, "/v1/identity/rehearse", |self, node| node.rehearse(&self.words).await);
verb!(Export, Exported, "/v1/identity/export", |self, node| node.export().await);
verb!(Move, Own, "/v1/identity/move", |self, node| {
    node.move_to(&self.place, &self.passphrase).await.map(Own::with_new_keys)
});
verb!(Deactivate, Own, "/v1/identity/deactivate", |self, node| {
    node.deactivate(&self.passphrase).await
});

impl Own {
    /// Says what to do about backups: every change replaces the key that signs the next one.
    fn with_new_keys(self) -> Self {
        Self { backup: Some(NEW_KEYS.to_owned()), ..self }
    }

    /// Gives the program that runs this node: only an attestor has a key to sign claims with.
    fn program(&self) -> &'static str {
        if self.assertion.is_empty() { "countersign" } else { "countersign-attestor" }
    }
}

impl Text for Own {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.did)?;
        writeln!(to, "fingerprint  {}", self.fingerprint)?;
        writeln!(to, "on paper     {}", on_paper(&self.did))?;
        writeln!(to, "             with this line beside them, your 24 words find you again")?;
        writeln!(to, "version      {}, of {}", self.version, self.updated)?;
        let (threshold, witnesses) = self.witnesses;
        match (threshold, self.stands) {
            (0, _) => writeln!(to, "witnesses    none")?,
            (_, true) => writeln!(to, "witnesses    {threshold} of {witnesses} cosigned it")?,
            (_, false) => writeln!(
                to,
                "witnesses    waiting: {threshold} of {witnesses} have to cosign; `{} run` asks them",
                self.program()
            )?,
        }
        match self.showcase {
            Some(version) => writeln!(to, "showcase     version {version}")?,
            None => writeln!(to, "showcase     none: the world sees no claim of yours")?,
        }
        match self.assertion.len() {
            0 => {}
            1 => writeln!(to, "attests      with one key")?,
            more => writeln!(to, "attests      with the newest of {more} keys whose claims count")?,
        }
        if let Some(file) = &self.publish_at {
            writeln!(to, "publish      {file}")?;
            writeln!(
                to,
                "             `countersign id export --to FOLDER` writes it, anew after every change"
            )?;
        }
        if self.deactivated {
            return writeln!(to, "ended        nothing follows");
        }
        writeln!(
            to,
            "kept by      {} while this computer is off",
            counted(self.keepers, "keeper")
        )?;
        match &self.backup {
            Some(backup) => writeln!(to, "backup       {backup}"),
            None => Ok(()),
        }
    }
}

impl Text for Rehearsed {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if self.right {
            writeln!(to, "These words recover your identity. Nothing was changed.")
        } else {
            writeln!(to, "These words do NOT recover this identity.")
        }
    }
}

impl Text for Exported {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        to.write_all(self.log.as_bytes())
    }
}

/// Whoever restores a backup from before has keys that sign nothing any more.
const NEW_KEYS: &str =
    "those made before do not hold the new keys: make a new one, countersign backup FILE";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whoever_waits_for_witnesses_reads_which_program_asks_them() {
        for (assertion, run) in
            [(json!([]), "`countersign run`"), (json!(["z6Mk"]), "`countersign-attestor run`")]
        {
            let own = json!({
                "did": "did:webvh:x", "fingerprint": "abcdefgh", "version": 2, "created": "", "updated": "",
                "authentication": [], "assertion": assertion, "witnesses": [2, 3], "stands": false,
                "keepers": 0, "deactivated": false,
            });
            let own: Own = serde_json::from_value(own).unwrap();
            let mut written = Vec::new();
            own.text(&mut written).unwrap();
            assert!(String::from_utf8(written).unwrap().contains(run));
        }
    }
}
