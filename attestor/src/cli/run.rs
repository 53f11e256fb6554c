//! `countersign-attestor run`.

use super::Context;
use crate::config::Config;
use crate::evidence::Evidence;
use crate::ground::node::InNode;
use crate::http::{LIMITS, owner, router};
use crate::office::{Office, OfficeError, Rules};
use countersign_node::problem::Kind;
use countersign_node::serve::serve;
use countersign_node::{Problem, ready, signal, start, telemetry};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Run the attestor and its node until Ctrl-C
///
/// Exit status: 0 if it was stopped, 78 if it cannot start until you do something about it (the passphrase,
/// the settings, a folder that is damaged or a newer program's), 2 if it may start once tried again.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// How much to log: error, warn, info, debug or trace
    #[arg(long, default_value = "info")]
    log: String,
    /// Log one line of JSON an event
    #[arg(long)]
    log_json: bool,
}

/// What a running attestor says once it is ready, in one line with `--json`: what its node says, and
/// where it listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// Where the listener with TLS is.
    pub tls: SocketAddr,
    /// Where people and nodes reach it.
    pub public_url: String,
    /// Where the owner's door and the operator's pages are.
    pub operator: SocketAddr,
    /// What its node says.
    #[serde(flatten)]
    pub node: ready::Ready,
}

impl Run {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        telemetry::start(&self.log, self.log_json);
        let config = Config::read(context.data())?;
        let certificate = config.certificate(context.data())?;
        let sources = config.open_sources(context.data())?;
        let listener = TcpListener::bind(config.listen).await.map_err(|cause| {
            let title = format!("{} cannot be listened on", config.listen);
            Problem::new(Kind::Conflict, title).because(cause).hint(
                "end the program that listens there, or choose another `listen` in attestor.toml",
            )
        })?;
        let tls = listener.local_addr().unwrap_or(config.listen);
        start::check_made(context.data())?;
        let passphrase = context.passphrase.ask(context.out)?;
        let online = start::online(context.data(), context.node_config()?, &passphrase);
        let (node, running) = online.await?;
        drop(passphrase);
        let stop = running.stop_token();
        let said = start::serve(&node, &running).await?;
        node.settle(stop.clone());
        let ground = Arc::new(InNode::new(node));
        let rules = config.rules(certificate.pin);
        let office = open_patiently(ground, &sources, &rules, &stop).await?;
        office.check_rules().await?;
        let office = Arc::new(office);
        let door = owner::Door::open(Arc::clone(&office), context.data(), config.operator).await?;
        let posted = door.posted;
        let pages = router(Arc::clone(&office));
        let served = [
            tokio::spawn(serve(door.listener, None, door.router, LIMITS, stop.clone())),
            tokio::spawn(serve(listener, certificate.acceptor, pages, LIMITS, stop.clone())),
            tokio::spawn(keep_up(Arc::clone(&office), config.ask_again, stop.clone())),
            tokio::spawn(watch_proxy(
                Arc::clone(&office),
                config.clone(),
                context.data().to_owned(),
                stop.clone(),
            )),
        ];
        let public_url = office.rules().base().to_owned();
        let ready = Ready { tls, public_url, operator: door.address, node: said };
        let text = format!(
            "{} attests at {} ({tls}).\nThe operator's pages: {}",
            config.name,
            ready.public_url,
            context.command("countersign-attestor", "operate")
        );
        context.answer(&serde_json::to_value(&ready).unwrap_or_default(), &text)?;
        if let Err(error) = ready::tell_manager() {
            tracing::warn!(%error, "the service manager cannot be told that the attestor is ready");
        }
        context.out.say("Stop it with Ctrl-C.");
        tokio::select! {
            () = signal::interrupted() => context.out.say("stopping ..."),
            () = stop.cancelled() => {}
        }
        stop.cancel();
        for task in served {
            drop(task.await);
        }
        drop(posted);
        running.stop().await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Opens the office once the node knows its own identity: a first entry may still wait for its
/// witnesses.
async fn open_patiently(
    ground: Arc<InNode>,
    sources: &[Arc<dyn Evidence>],
    rules: &Rules,
    stop: &CancellationToken,
) -> Result<Office, Problem> {
    let mut tries = 0_u32;
    loop {
        let opened = Office::open(
            Arc::clone(&ground) as Arc<dyn crate::ground::Ground>,
            sources.to_vec(),
            rules.clone(),
        );
        match opened.await {
            Ok(office) => return Ok(office),
            Err(OfficeError::Ground(error)) if tries < MOST_TRIES && !stop.is_cancelled() => {
                tries = tries.saturating_add(1);
                tracing::info!(%error, "the attestor waits for its node");
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Heartbeats, the profile, and questions to providers, until `stop`. Providers are asked as soon as it is time
/// again, however often the attestor was started meanwhile.
async fn keep_up(office: Arc<Office>, ask_again: Duration, stop: CancellationToken) {
    let mut beat = tokio::time::interval(office.beat());
    let mut profile = tokio::time::interval(PROFILE);
    let alone = office.left_alone(ask_again).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "it is not known when providers were asked; they are asked now");
        Duration::ZERO
    });
    let first = tokio::time::Instant::now() + alone;
    let mut ask = tokio::time::interval_at(first, ask_again.max(MIN_ASK));
    for timer in [&mut beat, &mut profile, &mut ask] {
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    }
    let mut once_more = core::pin::pin!(tokio::time::sleep(ONCE_MORE));
    let mut told = false;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = &mut once_more, if !told => {
                told = true;
                done("publish the profile once more", office.publish_profile().await);
                done("say once more that the lists stand", office.heartbeat().await);
            }
            // The profile names the lists, so it goes first.
            _ = profile.tick() => if !done("publish the profile", office.publish_profile().await) {
                profile.reset_after(ONCE_MORE);
            },
            _ = beat.tick() => if !done("say that the lists stand", office.heartbeat().await) {
                beat.reset_after(ONCE_MORE);
            },
            _ = ask.tick() => {
                if !done("ask providers again", office.ask_about_all().await.map(drop)) {
                    ask.reset_after(ONCE_MORE);
                }
            }
        }
    }
}

/// Tells the network, until `stop`, when the proxy's certificate has another key than before. The file says so
/// and not the network: whoever stands between would be announced.
async fn watch_proxy(office: Arc<Office>, config: Config, data: PathBuf, stop: CancellationToken) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = look.tick() => {}
        }
        match config.proxy_key(&data) {
            Ok(None) => return,
            Ok(key) => drop(done("announce the proxy's new key", office.announce_key(key).await)),
            // A program that renews it may be writing it.
            Err(error) => tracing::warn!(%error, "the proxy's certificate cannot be read"),
        }
    }
}

/// Tells whether something was done, and the log why it was not.
fn done(what: &'static str, came: Result<(), OfficeError>) -> bool {
    if let Err(error) = &came {
        tracing::warn!(%error, "could not {what}; it is tried again");
    }
    came.is_ok()
}

/// The profile is signed for a month and told every few hours, for nodes that come new.
const PROFILE: Duration = Duration::from_secs(6 * 3600);
/// Until then customers cannot connect, and it is one small file.
const LOOK: Duration = Duration::from_secs(60);
/// After a start, what was said at once may have found nobody who listened yet; and what failed is tried
/// again after as long.
const ONCE_MORE: Duration = Duration::from_secs(10);
/// However eager the settings are.
const MIN_ASK: Duration = Duration::from_secs(60);
/// Witnesses answer within seconds.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
const MOST_TRIES: u32 = 240;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::About;
    use crate::ground::memory::Memory;
    use crate::ledger::Second;
    use countersign_protocol::time::Timestamp;

    #[tokio::test]
    async fn the_lists_are_said_to_stand_as_often_as_the_network_wants() {
        let ground = Arc::new(Memory::new(NOW).unwrap());
        ground.set_heartbeat(Duration::from_millis(20));
        let office = office(&ground).await;
        let stop = CancellationToken::new();
        let keeping = tokio::spawn(keep_up(office, DAY, stop.clone()));
        let heard = async {
            while ground.published().len() < 9 {
                tokio::task::yield_now().await;
            }
        };
        // Whatever is said once more is said later.
        tokio::time::timeout(ONCE_MORE.mul_f32(0.9), heard).await.unwrap();
        stop.cancel();
        keeping.await.unwrap();
    }

    #[tokio::test]
    async fn who_is_started_anew_each_day_asks_providers_all_the_same() {
        let ground = Arc::new(Memory::new(NOW).unwrap());
        let first = office(&ground).await;
        assert_eq!(first.left_alone(DAY).await.unwrap(), Duration::ZERO);
        let stop = CancellationToken::new();
        let keeping = tokio::spawn(keep_up(Arc::clone(&first), DAY, stop.clone()));
        let asked = async {
            while first.ledger().asked().unwrap().is_none() {
                tokio::task::yield_now().await;
            }
        };
        // Long before a day is over.
        tokio::time::timeout(DAY / 24, asked).await.unwrap();
        stop.cancel();
        keeping.await.unwrap();
        drop(first);
        // Twenty hours later it is started again, and again after five more.
        for (hours, left) in [(20, 4), (25, 0)] {
            ground.set_clock(NOW.plus(hours * 3600));
            let again = office(&ground).await;
            assert_eq!(again.left_alone(DAY).await.unwrap(), Duration::from_secs(left * 3600));
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const DAY: Duration = Duration::from_secs(86_400);

    async fn office(ground: &Arc<Memory>) -> Arc<Office> {
        let rules = Rules {
            name: "North".to_owned(),
            public_url: "https://north.example".parse().unwrap(),
            pin: None,
            second: Second::Reject,
            wait: 60,
            ask_again: DAY,
            about: About::default(),
        };
        let ground = Arc::clone(ground);
        Arc::new(Office::open(ground as _, Vec::new(), rules).await.unwrap())
    }
}
