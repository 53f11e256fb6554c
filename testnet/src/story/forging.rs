//! Another customer who forges: he runs an honest node, and signs with its keys what no honest node would.

use super::scenes;
use crate::Failure;
use crate::cluster::{Cluster, Member};
use crate::thief::Loot;
use countersign_node::verb::presenting::{Decided, NewChallenge, Present};
use countersign_protocol::credential::Credential;
use countersign_protocol::did::Did;
use countersign_protocol::wire::challenge::Challenge;
use serde_json::{Value, json};

/// The forger: Ben, with the keys of his own node, and what Anna showed once.
pub(super) struct Forger {
    loot: Loot,
    /// Anna, as her DID says today.
    anna: Did,
    /// Her claims, of South and of East, as they were signed.
    hers: Vec<Credential>,
}

impl Forger {
    /// Opens a copy of Ben's disk, and has Anna show what a shop in league with him keeps.
    pub(super) async fn new(cluster: &Cluster) -> Result<Self, Failure> {
        let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
        let copy = scenes::steal_backup(cluster.member("ben")?).await?;
        let loot = scenes::open_loot(cluster, "forger", &copy).await?;
        let shown = scenes::present(berlin, anna).await?;
        let claims = shown.get("verifiableCredential").and_then(Value::as_array);
        let issuers = [cluster.member("south")?.did(), cluster.member("east")?.did()];
        let mut hers = Vec::new();
        for claim in claims.into_iter().flatten() {
            let claim = credential(claim.clone())?;
            if issuers.contains(&claim.issuer().as_str()) {
                hers.push(claim);
            }
        }
        Ok(Self { loot, anna: anna.did().parse().map_err(|_| unusable("her DID"))?, hers })
    }

    pub(super) fn loot(&self) -> &Loot {
        &self.loot
    }

    /// South's claim about her, with his identity where hers stood.
    pub(super) async fn forged_claim(
        &self,
        vendor: &Member,
        south: &Member,
    ) -> Result<Decided, Failure> {
        let real = self.hers.iter().find(|claim| claim.issuer().as_str() == south.did());
        let mut forged = real.ok_or_else(|| unusable("South's claim"))?.to_value();
        forged["credentialSubject"]["id"] = json!(self.loot.did());
        self.show(vendor, self.loot.did(), &[credential(forged)?]).await
    }

    /// Her claims as they are, shown by himself.
    pub(super) async fn her_claims(&self, vendor: &Member) -> Result<Decided, Failure> {
        self.show(vendor, self.loot.did(), &self.hers).await
    }

    /// Her identity and her claims, with his own key.
    pub(super) async fn her_identity(&self, vendor: &Member) -> Result<Decided, Failure> {
        self.show(vendor, &self.anna, &self.hers).await
    }

    async fn show(
        &self,
        vendor: &Member,
        holder: &Did,
        claims: &[Credential],
    ) -> Result<Decided, Failure> {
        let challenge = challenge(vendor).await?;
        let shown = self.loot.present(holder, claims, &challenge)?;
        scenes::check(vendor, shown).await
    }
}

/// Berlin, in league with him, asks Lisbon for a challenge and passes it on to her as its own; what she
/// answers is shown to Lisbon.
pub(super) async fn relayed(cluster: &Cluster) -> Result<Decided, Failure> {
    let (anna, lisbon) = (cluster.member("anna")?, cluster.member("lisbon")?);
    let asked = challenge(lisbon).await?;
    let asked = Challenge::parse(&asked, crate::thief::now());
    let mut asked = asked.map_err(|_| unusable("Lisbon's challenge"))?;
    asked.domain = cluster.member("berlin")?.did().to_owned();
    let present = Present {
        to: asked.to_string(),
        claims: scenes::standing(cluster, anna).await?,
        anyway: true,
    };
    let shown = anna.owner.ask(&present).await?.presentation;
    scenes::check(lisbon, shown).await
}

async fn challenge(vendor: &Member) -> Result<String, Failure> {
    let challenge =
        NewChallenge { policy: scenes::POLICY.to_owned(), purpose: None, deliver: None };
    Ok(vendor.owner.ask(&challenge).await?.challenge)
}

fn credential(claim: Value) -> Result<Credential, Failure> {
    Credential::from_value(claim).map_err(|_| unusable("a claim"))
}

fn unusable(what: &str) -> Failure {
    Failure::Page { url: "what the forger has".to_owned(), found: format!("{what} is not usable") }
}
