//! Programs that run as services: an attestor, and a node that is upgraded over the folder of an older program
//! and gone back from the folder of a newer one, by the two commands of the guide over the unit that was installed.

use crate::folder::{self, aside, format_of};
use crate::unit::Service;
use crate::world::{PATIENCE, account, acquainted, claim, holds, play, unlike};
use countersign_node::Config;
use countersign_node::door::note::Note;
use countersign_node::verb::claims::{List, Publish};
use countersign_node::verb::identity;
use countersign_protocol::engine::effect::BodyKind;
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Member, Part};
use countersign_testnet::owner::Owner;
use countersign_testnet::process::PASSPHRASE;
use countersign_testnet::story::scenes;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_upgraded_over_an_older_folder_and_gone_back_from_a_newer_one() {
    play("service", async |cluster| {
        let who = [("north", Part::Attestor), ("anna", Part::Customer)];
        cluster.add(who.into_iter()).await?;
        let hers = account(cluster, "anna").await?;
        let (anna, north) = (cluster.member("anna")?, cluster.member("north")?);
        acquainted(anna, north).await?;
        let claim = claim(anna, north, &hers).await?;
        anna.owner.ask(&Publish { claims: vec![claim.clone()] }).await?;
        scenes::settled(anna, PATIENCE).await?;
        // From now on her node is a service.
        cluster.kill("anna").await?;
        let anna = cluster.member("anna")?;
        settings(&anna.data)?;
        let service = Service::install("countersign", &anna.data).await?;
        service.verify().await?;
        kept_from(&service, anna).await?;
        upgraded(&service, anna, &claim).await?;
        gone_back(&service, anna, &claim).await?;
        cluster.kill("north").await?;
        attests(cluster.member("north")?).await?;
        eprintln!(
            "skipped, needs systemd as the first process: that it starts the unit as it was here"
        );
        Ok(())
    })
    .await;
}

/// An attestor is installed as a service, too, and says when it is ready.
async fn attests(north: &Member) -> Result<(), Failure> {
    settings(&north.data)?;
    let service = Service::install("countersign-attestor", &north.data).await?;
    service.verify().await?;
    let running = service.start().await?;
    let said = service.types(&["--json", "overview"]).await?;
    holds("its books", said.contains("\"standing\""), &said)?;
    running.stop().await?;
    service.set_passphrase("not the passphrase")?;
    let (said, again) = service.fails().await?;
    holds("a wrong passphrase", said.contains("the passphrase is wrong") && !again, &said)
}

/// Something keeps the service from its folder: it is started again only if that may end by itself.
async fn kept_from(service: &Service, anna: &Member) -> Result<(), Failure> {
    let hers = folder::read(&anna.data.join(PASSPHRASE))?;
    service.set_passphrase("not the passphrase")?;
    let (said, again) = service.fails().await?;
    holds("a wrong passphrase", said.contains("the passphrase is wrong") && !again, &said)?;
    service.set_passphrase(&String::from_utf8_lossy(&hers))?;
    let whole = folder::read(&folder::durable(&anna.data))?;
    folder::write(&folder::durable(&anna.data), &[7; 9000])?;
    let (said, again) = service.fails().await?;
    holds("a damaged folder", said.contains("damaged") && !again, &said)?;
    folder::write(&folder::durable(&anna.data), &whole)?;
    let running = service.start().await?;
    let (said, again) = service.fails().await?;
    holds("a folder that is in use", said.contains("in use") && again, &said)?;
    running.stop().await
}

/// The program is put in the place of an older one, and the service started again.
async fn upgraded(service: &Service, anna: &Member, claim: &str) -> Result<(), Failure> {
    let (held, newest) = (folder::bodies(&anna.data)?, format_of(&anna.data)?);
    let shows = held.iter().any(|(_, kind, _)| *kind == BodyKind::Showcase);
    holds("a showcase", shows, &held)?;
    folder::back_to_format_1(&anna.data)?;
    service.put_program()?;
    let running = service.start().await?;
    is_hers(anna, claim).await?;
    running.stop().await?;
    holds("the newest format", format_of(&anna.data)? == newest, newest)?;
    holds("what it was is kept", aside(&anna.data, 1).is_file(), &anna.data)?;
    holds("what she shows", held.is_subset(&folder::bodies(&anna.data)?), &held)
}

/// A newer program ran over the folder, and this one is put back in its place.
async fn gone_back(service: &Service, anna: &Member, claim: &str) -> Result<(), Failure> {
    let newest = format_of(&anna.data)?;
    folder::make_newer(&anna.data, newest)?;
    service.put_program()?;
    let (said, again) = service.fails().await?;
    holds("what to type", said.contains("countersign downgrade"), &said)?;
    holds("it is not started again and again", !again, &said)?;
    service.types(&["downgrade"]).await?;
    holds("what was newer is kept", aside(&anna.data, newest + 1).is_file(), &anna.data)?;
    let running = service.start().await?;
    is_hers(anna, claim).await?;
    running.stop().await
}

/// Says what her node was told by flags before.
fn settings(data: &Path) -> Result<(), Failure> {
    let sets = [
        "doors.owner=127.0.0.1:0",
        "network.loopback=true",
        "network.listen=[\"/ip4/127.0.0.1/tcp/0\"]",
    ];
    let failed = |problem| Failure::Problem { name: "anna".to_owned(), problem: Box::new(problem) };
    let config = Config::read(data, &sets.map(str::to_owned)).map_err(failed)?;
    config.write(data).map(drop).map_err(failed)
}

/// Her identity stands, kept by others, and her claim is there.
async fn is_hers(anna: &Member, claim: &str) -> Result<(), Failure> {
    let path = anna.data.join("door");
    let door = Note::read(&path).ok_or_else(|| unlike("her door", "no note"))?;
    let owner = Owner::at("anna", door.address(), &anna.ready.token_file)?;
    let own = owner.ask(&identity::Show {}).await?;
    holds("her identity", own.did == anna.did() && own.stands, &own.did)?;
    let claims = owner.ask(&List {}).await?.claims;
    holds("her claim", claims.iter().any(|one| one.name == claim), claims.len())
}
