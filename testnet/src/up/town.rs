//! A running network in the hands of whoever plays with it: one at a time does something to it, and
//! everybody may look meanwhile.

use super::heard::{self, Heard};
use super::looks::Looks;
use super::seat::{Seat, seats};
use super::stall::{self, Stall};
use super::status::Status;
use crate::Failure;
use crate::cluster::Cluster;
use countersign_node::Problem;
use countersign_node::problem::Kind;
use futures::future::join;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A network that runs, and what is known of it.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) network: String,
    pub(super) invite: String,
    /// Where the SIMULATED provider is.
    pub(super) provider: Option<String>,
    folder: PathBuf,
    /// Held by whoever does something to the network.
    cluster: tokio::sync::Mutex<Option<Cluster>>,
    seats: watch::Sender<Vec<Seat>>,
    stall: Mutex<Option<Stall>>,
    looks: Looks,
    /// Whether the shop let nobody in when it was last tried.
    shut: AtomicBool,
    cut: AtomicBool,
    tricks: AtomicU64,
    heard: Heard,
    last: Mutex<Option<Result<super::deed::Done, Problem>>>,
    stop: CancellationToken,
}

impl Town {
    /// Takes a running network whose folders lie in `folder`.
    pub(super) fn new(cluster: Cluster, folder: &Path) -> Arc<Self> {
        let (seats, _) = watch::channel(seats(&cluster));
        Arc::new(Self {
            network: cluster.network().to_string(),
            invite: cluster.invite().to_owned(),
            provider: cluster.provider().map(|provider| provider.ready().issuer.clone()),
            folder: folder.to_owned(),
            stall: Mutex::new(cluster.shop().map(Stall::of)),
            cluster: tokio::sync::Mutex::new(Some(cluster)),
            seats,
            looks: Looks::default(),
            shut: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            tricks: AtomicU64::new(0),
            heard: Heard::default(),
            last: Mutex::new(None),
            stop: CancellationToken::new(),
        })
    }

    /// Begins to ask every node what it is like, and to follow what those hear that hear all.
    pub(super) fn follow(self: &Arc<Self>) {
        let (town, stop) = (Arc::clone(self), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = town.keep_asking() => {}
            }
        });
        for seat in self.seats.borrow().iter().filter(|seat| heard::hears_all(seat.part)) {
            let (town, name) = (Arc::clone(self), seat.name.clone());
            let stop = self.stop.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = heard::follow(town, name) => {}
                }
            });
        }
    }

    /// Gives where everybody is, also when that changes.
    pub(super) fn seats(&self) -> watch::Receiver<Vec<Seat>> {
        self.seats.subscribe()
    }

    /// Finds somebody by name.
    pub(super) fn seat(&self, name: &str) -> Result<Seat, Problem> {
        let seats = self.seats.borrow();
        seats.iter().find(|seat| seat.name == name).cloned().ok_or_else(|| nobody(name))
    }

    /// Gives the example shop, if there is one.
    pub(super) fn stall(&self) -> Option<Stall> {
        self.stall.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives the name of whose identity `scid` is, or the beginning of the SCID.
    pub(super) fn name_of(&self, scid: &str) -> String {
        let seats = self.seats.borrow();
        let known = seats.iter().find(|seat| seat.scid() == Some(scid));
        let stranger = || scid.chars().take(10).collect();
        known.map_or_else(stranger, |seat| seat.name.clone())
    }

    /// Gives what travelled.
    pub(super) const fn heard(&self) -> &Heard {
        &self.heard
    }

    /// Gives the folder all of it lies in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Tells whether the network is cut in two.
    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    pub(super) fn set_cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Relaxed);
    }

    /// Numbers what the people without rules do, so that each has a folder of his own.
    pub(super) fn next_trick(&self) -> u64 {
        self.tricks.fetch_add(1, Ordering::Relaxed)
    }

    /// Gives what is known now of what the network is like. Nobody is waited for: each node is asked
    /// behind the answer.
    pub(super) fn status(&self) -> Status {
        let found = self.looks.last(&self.seats.borrow());
        let status = Status::of(&self.network, self.is_cut(), &found);
        let shut = self.shut.load(Ordering::Relaxed);
        let shop = self.stall().map(|stall| stall.stand(shut));
        Status { news: self.heard.news(), shop, ..status }
    }

    /// Asks everybody, and gives what the network is like now.
    pub(super) async fn status_now(&self) -> Status {
        self.ask_everybody().await;
        self.status()
    }

    async fn ask_everybody(&self) {
        let seats = self.seats.borrow().clone();
        let shop = async {
            let shut = stall::is_shut(self.stall()).await;
            self.shut.store(shut, Ordering::Relaxed);
        };
        join(self.looks.ask(&seats), shop).await;
    }

    async fn keep_asking(&self) {
        loop {
            self.ask_everybody().await;
            self.looks.rest().await;
        }
    }

    /// Looks until the network is as `wanted`.
    pub(super) async fn until(
        &self,
        what: &str,
        wanted: impl Fn(&Status) -> bool + Send,
    ) -> Result<(), Problem> {
        let began = Instant::now();
        while !wanted(&self.status_now().await) {
            if began.elapsed() > PATIENCE {
                return Err(
                    Failure::Late { what: what.to_owned(), seconds: PATIENCE.as_secs() }.into()
                );
            }
            tokio::time::sleep(BETWEEN).await;
        }
        Ok(())
    }

    /// Waits for its turn, and gives the network to whoever does something to it.
    pub(super) async fn turn(
        &self,
    ) -> Result<tokio::sync::MutexGuard<'_, Option<Cluster>>, Problem> {
        tokio::select! {
            cluster = self.cluster.lock() => Ok(cluster),
            () = self.stop.cancelled() => Err(stopping()),
        }
    }

    /// Ends what is being done when the network is to stop.
    pub(super) async fn unless_stopped<T>(
        &self,
        deed: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        tokio::select! {
            done = deed => done,
            () = self.stop.cancelled() => Err(stopping()),
        }
    }

    /// Puts others where everybody was.
    #[cfg(test)]
    pub(super) fn sit(&self, seats: Vec<Seat>) {
        self.seats.send_replace(seats);
    }

    /// Notes who sits where after somebody came or went.
    pub(super) fn changed(&self, cluster: &Cluster) {
        let now = seats(cluster);
        self.seats.send_if_modified(|before| {
            let changed = !before.iter().map(Seat::key).eq(now.iter().map(Seat::key));
            if changed {
                *before = now;
            }
            changed
        });
        let stall = cluster.shop().map(Stall::of);
        *self.stall.lock().unwrap_or_else(PoisonError::into_inner) = stall;
        self.looks.wake();
    }

    /// Remembers what came of the last thing that was done.
    pub(super) fn remember(&self, outcome: Result<super::deed::Done, Problem>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    /// Gives what came of the last thing that was done.
    pub(super) fn last(&self) -> Option<Result<super::deed::Done, Problem>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops everybody in order.
    pub(super) async fn stop(&self) -> Result<(), Failure> {
        self.stop.cancel();
        let cluster = self.cluster.lock().await.take();
        match cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }

    /// Gives the token that ends all that serves it.
    pub(super) fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }
}

/// Says that nobody has that name.
pub(super) fn nobody(name: &str) -> Problem {
    Problem::new(Kind::NotFound, format!("nobody here is called {name}"))
        .hint("`countersign-testnet ctl status` lists who is here")
}

fn stopping() -> Problem {
    Problem::new(Kind::Unavailable, "the network is stopping")
}

/// Between two looks at whether something happened.
const BETWEEN: Duration = Duration::from_millis(200);
/// Longer than anything takes, on a busy computer too.
const PATIENCE: Duration = Duration::from_secs(180);
