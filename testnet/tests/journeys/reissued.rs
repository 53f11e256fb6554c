//! An attestor takes back the key that signed; its customers do nothing, and have claims that hold again.

use crate::world::{PATIENCE, account, acquainted, ask_for_one_of, claim, holds, play, show_until};
use countersign_node::verb::claims::{How, List};
use countersign_node::verb::identity::{Key, Rotate};
use countersign_node::verb::presenting::Answer;
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Member, Part};
use countersign_testnet::process::{self, Program};
use countersign_testnet::story::scenes;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn a_home_fetches_by_itself_what_an_attestor_signed_anew() {
    play("reissued", async |cluster| {
        let who = [("north", Part::Attestor), ("berlin", Part::Vendor), ("anna", Part::Customer)];
        cluster.add(who.into_iter()).await?;
        let hers = account(cluster, "anna").await?;
        let (north, anna) = (cluster.member("north")?, cluster.member("anna")?);
        ask_for_one_of(cluster.member("berlin")?, &[north])?;
        acquainted(anna, north).await?;
        let old = claim(anna, north, &hers).await?;
        let rotate =
            Rotate { key: Key::Assertion, stolen: true, passphrase: scenes::passphrase(north)? };
        north.owner.ask(&rotate).await?;
        process::run(Program::Attestor, &north.data, &["--json", "reissue", "--key"], &[0]).await?;
        let new = fetched(anna, &old).await?;
        let mut said = anna.owner.events(Some(0)).await?;
        let event = async {
            while let Some(event) = said.next().await {
                if event.data.contains("\"claims-renewed\"") {
                    break;
                }
            }
        };
        let told = tokio::time::timeout(PATIENCE, event).await;
        holds("an event tells it", told.is_ok(), &told)?;
        show_until(cluster.member("berlin")?, anna, &new, Answer::Accepted).await.map(drop)
    })
    .await;
}

/// Waits until another claim has taken the place of `old`, and gives its name.
async fn fetched(customer: &Member, old: &str) -> Result<String, Failure> {
    let began = Instant::now();
    loop {
        let held = customer.owner.ask(&List {}).await?.claims;
        let new = held.into_iter().find(|one| one.name != old && one.standing == How::Stands);
        if let Some(new) = new {
            return Ok(new.name);
        }
        if began.elapsed() > PATIENCE {
            let what = "a claim that was signed anew".to_owned();
            return Err(Failure::Late { what, seconds: PATIENCE.as_secs() });
        }
        tokio::time::sleep(crate::world::BETWEEN).await;
    }
}
