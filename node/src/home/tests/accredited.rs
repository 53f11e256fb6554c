//! Who vouches for an attestor, on the pages of somebody who holds a claim it signed.

use super::{Browser, in_a_network};
use crate::config::Config;
use crate::node::Node;
use crate::start::{self, Running};
use countersign_protocol::credential::draft::{self, Draft};
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::Did;
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{Keys, Place, Signing, create};
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::command::{Command, Publication};
use countersign_protocol::key::SecretKey;
use countersign_protocol::policy::accreditation::TYPE;
use countersign_protocol::wire::head::{Head, Showcase, Stamp};
use serde_json::{Value, json};
use std::path::Path;

/// Somebody of whom this node holds everything public.
struct Other {
    key: SecretKey,
    history: History,
}

impl Other {
    fn new(node: &Node, seed: u8) -> Self {
        let [key, one, two, three] =
            [0, 1, 2, 3].map(|more| SecretKey::from_seed([seed + more; 32]));
        let keys = Keys { authentication: vec![key.public()], assertion: vec![key.public()] };
        let (two, three) = (two.public(), three.public());
        let signing = Signing { key: &one, next: &two, recovery: &three };
        let begun = node.now().minus(5000);
        let history = create(Place::Home, &keys, None, signing, begun).unwrap().history;
        Self { key, history }
    }

    fn did(&self) -> &Did {
        self.history.did()
    }

    fn says(&self, node: &Node, kind: &str, subject: &Value, days: u64) -> Credential {
        let issued = node.now().minus(1000);
        let draft = Draft {
            id: None,
            types: vec![kind.to_owned()],
            issuer: self.did().clone(),
            subject: subject.as_object().cloned().unwrap(),
            valid_from: issued,
            valid_until: issued.plus(days * 86_400 + 500),
            status: Vec::new(),
            evidence: Vec::new(),
        };
        Credential::from_value(draft.sign(&self.key, issued)).unwrap()
    }

    fn accredits(&self, node: &Node, whom: &Self, claim: &str, days: u64) -> Credential {
        let subject = json!({ "id": whom.did().as_str(), "claims": [claim], "mayAccredit": 0 });
        self.says(node, TYPE, &subject, days)
    }

    /// Has the node hold this identity, and what it shows the world.
    async fn is_known(&self, node: &Node, sequence: u64, shows: &[Credential]) {
        let parameters = node.joined().unwrap().parameters.clone();
        let (now, scid) = (node.now(), self.history.scid());
        let until = now.plus(86_400);
        let shown = draft::publish(self.did(), shows, sequence, now, until, &self.key);
        let showcase = draft::to_bytes(&shown);
        let log = self.history.to_log();
        let stamp = Stamp::mine(&scid, parameters.id(), parameters.difficulty(), 0, 1 << 24);
        let head = Head {
            scid,
            version: self.history.number(),
            version_digest: self.history.version_id().digest,
            log_length: log.len() as u64,
            showcase: Some(Showcase { version: sequence, hash: sha256(&showcase) }),
            sequence,
            stamp: stamp.unwrap(),
            key: self.key.public(),
        };
        let head = head.seal(parameters.id(), &self.key);
        let showcase = Some(showcase);
        let publication = Publication { scid, log, witnesses: None, head, showcase };
        node.ask(Command::Publish(Box::new(publication))).await.unwrap();
        assert!(node.at_once().known(scid, false).await.is_ok());
    }
}

async fn newcomer(data: &Path) -> (Node, Running) {
    let passphrase = in_a_network(data).await;
    start::alone(data, Config::default(), Some(&passphrase)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_tells_who_vouches_for_the_attestor_and_nobody_that_only_claims_to() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (node, running) = newcomer(&data).await;
    let [north, board, liar] = [20, 40, 60].map(|seed| Other::new(&node, seed));
    let ada = node.own().await.unwrap().history.did().to_string();
    let subject = json!({ "id": ada, "verified": true });
    let claim = north.says(&node, PAYMENT_ACCOUNT_VERIFIED, &subject, 9);
    node.at_once().keep_claim(claim).await.unwrap();
    board.is_known(&node, 1, &[]).await;
    let browser = Browser::entered(&data).await;
    browser.home.adopt(node.clone()).await.unwrap();
    let (nobody, somebody) =
        ("by nobody that this node knows of", "Accredited for this kind of claim by<ul>");
    let fingerprint = board.history.scid().fingerprint();

    // Nothing is known of the attestor yet; then it shows what does not count, one thing at a time.
    assert!(browser.page("claims").await.text.contains(nobody));
    let good = board.accredits(&node, &north, PAYMENT_ACCOUNT_VERIFIED, 9);
    let forged = {
        let mut forged = good.to_value();
        forged["credentialSubject"]["mayAccredit"] = json!(3);
        Credential::from_value(forged).unwrap()
    };
    let mut sequence = 0;
    for (why, shown) in [
        ("its own word", north.accredits(&node, &north, PAYMENT_ACCOUNT_VERIFIED, 9)),
        ("somebody unknown", liar.accredits(&node, &north, PAYMENT_ACCOUNT_VERIFIED, 9)),
        ("it is over", board.accredits(&node, &north, PAYMENT_ACCOUNT_VERIFIED, 0)),
        ("another kind of claim", board.accredits(&node, &north, "AgeOver18", 9)),
        ("changed behind the signature", forged),
    ] {
        sequence += 1;
        north.is_known(&node, sequence, &[shown]).await;
        let text = browser.page("claims").await.text;
        assert!(text.contains(nobody) && !text.contains(somebody), "{why}: {text}");
    }
    north.is_known(&node, sequence + 1, &[good]).await;
    let text = browser.page("claims").await.text;
    assert!(text.contains(somebody) && text.contains(&fingerprint), "{text}");
    assert!(!text.contains(nobody), "{text}");
    drop((browser, node));
    running.stop().await.unwrap();
}
