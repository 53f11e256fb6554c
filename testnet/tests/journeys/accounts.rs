//! One account signs in for a second identity, over the whole path: provider, attestor, command line.

use crate::typed;
use crate::world::{account, acquainted, ask_for_one_of, claim, holds, play, show_until, unlike};
use countersign_attestor::ledger::Second;
use countersign_node::verb::claims;
use countersign_node::verb::presenting::Answer;
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Member, Part};
use countersign_testnet::process::{self, Program};
use countersign_testnet::story::scenes;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

/// What somebody read who typed a command.
#[derive(Debug)]
struct Read {
    code: Option<i32>,
    answer: String,
    said: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_signs_in_for_a_second_identity_under_each_rule_and_the_person_reads_why() {
    play("accounts", async |cluster| {
        let people = [("anna", Part::Customer), ("ben", Part::Customer)];
        cluster.add([("berlin", Part::Vendor)].into_iter().chain(people)).await?;
        let rules = [("rita", Second::Reject), ("mona", Second::Move), ("alma", Second::Allow)];
        for (name, second) in rules {
            cluster.decide_second(second);
            cluster.add(std::iter::once((name, Part::Attestor))).await?;
        }
        let attestors = [cluster.member("rita")?, cluster.member("mona")?, cluster.member("alma")?];
        ask_for_one_of(cluster.member("berlin")?, &attestors)?;
        for attestor in attestors {
            acquainted(cluster.member("anna")?, attestor).await?;
            acquainted(cluster.member("ben")?, attestor).await?;
        }
        let shared = account(cluster, "shared").await?;
        typed::dry_sign_in(cluster.member("rita")?, &shared).await?;
        rejected(cluster, &shared).await?;
        moved(cluster, &shared).await?;
        allowed(cluster, &shared).await
    })
    .await;
}

/// The second identity gets nothing, and the first keeps what it has.
async fn rejected(cluster: &Cluster, account: &str) -> Result<(), Failure> {
    let (rita, berlin) = (cluster.member("rita")?, cluster.member("berlin")?);
    let (anna, ben) = (cluster.member("anna")?, cluster.member("ben")?);
    let hers = claim(anna, rita, account).await?;
    let read = request(ben, rita, account).await?;
    holds("the exit status of a no", read.code == Some(1), &read)?;
    // The home reads a code, and says what to do in its own words.
    for word in ["(already-attested)", "hint: sign in with another account"] {
        holds("why there is no claim, and what to do", read.said.contains(word), &read)?;
    }
    for word in ["this account already backs another identity", "hint: "] {
        holds("why there is no claim", read.said.contains(word), &read)?;
    }
    holds("no claim", held(ben).await?.is_empty(), ())?;
    show_until(berlin, anna, &hers, Answer::Accepted).await.map(drop)
}

/// The first identity's claim is taken back, and after a while the second gets one.
async fn moved(cluster: &Cluster, account: &str) -> Result<(), Failure> {
    let (mona, berlin) = (cluster.member("mona")?, cluster.member("berlin")?);
    let (anna, ben) = (cluster.member("anna")?, cluster.member("ben")?);
    let hers = claim(anna, mona, account).await?;
    show_until(berlin, anna, &hers, Answer::Accepted).await?;
    let read = request(ben, mona, account).await?;
    holds("the exit status of a yes", read.code == Some(0), &read)?;
    let his = held(ben).await?;
    let [his] = his.as_slice() else { return Err(unlike("ben's claims", &format!("{his:?}"))) };
    holds("the claim in words", read.answer.starts_with(his), &read)?;
    let decided = show_until(berlin, anna, &hers, Answer::Refused).await?;
    holds("why it is refused", decided.explained.contains("mona"), &decided.explained)?;
    show_until(berlin, ben, his, Answer::Accepted).await.map(drop)
}

/// Both have a claim.
async fn allowed(cluster: &Cluster, account: &str) -> Result<(), Failure> {
    let (alma, berlin) = (cluster.member("alma")?, cluster.member("berlin")?);
    let (anna, ben) = (cluster.member("anna")?, cluster.member("ben")?);
    let before = held(ben).await?;
    let hers = claim(anna, alma, account).await?;
    let read = request(ben, alma, account).await?;
    holds("the exit status of a yes", read.code == Some(0), &read)?;
    let his = held(ben).await?.into_iter().find(|claim| !before.contains(claim));
    let his = his.ok_or_else(|| unlike("ben's claims", "nothing new"))?;
    show_until(berlin, anna, &hers, Answer::Accepted).await?;
    show_until(berlin, ben, &his, Answer::Accepted).await?;
    typed::three_answers(berlin, anna, alma, &hers).await?;
    typed::every_question(anna, berlin, alma, &hers).await
}

async fn held(customer: &Member) -> Result<Vec<String>, Failure> {
    let held = customer.owner.ask(&claims::List {}).await?.claims;
    Ok(held.into_iter().map(|claim| claim.name).collect())
}

/// Types `countersign claim request` with the name the attestor gives itself, opens the page, and signs in.
async fn request(customer: &Member, attestor: &Member, account: &str) -> Result<Read, Failure> {
    let failed = |cause| Failure::Start { name: "countersign claim".to_owned(), cause };
    let mut child = process::command(Program::Node, &customer.data)
        .map_err(failed)?
        .args(["claim", "request", "--from", &attestor.name])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let nothing = || unlike("countersign claim", "it says nothing");
    let (mut out, err) = child.stdout.take().zip(child.stderr.take()).ok_or_else(nothing)?;
    let (mut err, mut said) = (BufReader::new(err), String::new());
    let url = loop {
        let mut line = String::new();
        if err.read_line(&mut line).await.map_err(failed)? == 0 {
            return Err(unlike("countersign claim", &said));
        }
        said.push_str(&line);
        if line.trim().starts_with("https://") {
            break line.trim().to_owned();
        }
    };
    scenes::browse(&url, account).await?;
    let mut answer = String::new();
    let (read, answered) =
        tokio::join!(err.read_to_string(&mut said), out.read_to_string(&mut answer));
    read.and(answered).map_err(failed)?;
    let code = child.wait().await.map_err(failed)?.code();
    Ok(Read { code, answer, said })
}
