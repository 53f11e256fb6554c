//! What each node said of itself last. Whoever looks is shown that and waits for nobody; the nodes are
//! asked behind it, often while somebody looks and now and then otherwise.

use super::seat::Seat;
use countersign_node::verb::overview::{Overview, Seen};
use futures::future::join_all;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// What is known of one node.
#[derive(Debug, Clone)]
pub(super) enum Look {
    /// It was not asked since it started.
    NotYet,
    /// It was asked, and did not answer.
    Silent,
    /// It answered.
    Seen(Box<Seen>),
}

impl Look {
    /// Gives what it said, if it said anything.
    pub(super) fn seen(&self) -> Option<&Seen> {
        match self {
            Self::Seen(seen) => Some(seen),
            Self::NotYet | Self::Silent => None,
        }
    }
}

/// The last look at each node.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// By name, with the door it was asked at: a node that starts again has another one.
    last: Mutex<BTreeMap<String, (SocketAddr, Look)>>,
    /// When somebody last wanted to know.
    wanted: Mutex<Option<Instant>>,
    wake: Notify,
}

impl Looks {
    /// Gives what is known of each of `seats`, and has them asked soon.
    pub(super) fn last(&self, seats: &[Seat]) -> Vec<(Seat, Look)> {
        let before =
            self.wanted.lock().unwrap_or_else(PoisonError::into_inner).replace(Instant::now());
        if before.is_none_or(|before| before.elapsed() > WATCHED) {
            self.wake();
        }
        let last = self.looks();
        let known = |seat: &Seat| match last.get(&seat.name) {
            Some((door, look)) if *door == seat.door => look.clone(),
            Some(_) | None => Look::NotYet,
        };
        seats.iter().map(|seat| (seat.clone(), known(seat))).collect()
    }

    /// Has everybody asked at once.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until it is time to ask again.
    pub(super) async fn rest(&self) {
        tokio::select! {
            () = self.wake.notified() => {}
            () = tokio::time::sleep(self.pause()) => {}
        }
    }

    /// Asks each of `seats`, and waits until all have answered or taken too long.
    pub(super) async fn ask(&self, seats: &[Seat]) {
        join_all(seats.iter().filter(|seat| seat.running).map(|seat| self.ask_one(seat))).await;
    }

    /// Notes what one node says as soon as it does: who is slow holds nobody up.
    async fn ask_one(&self, seat: &Seat) {
        let asked = tokio::time::timeout(ANSWER, seat.owner.ask(&Overview {})).await;
        let look = match asked {
            Ok(Ok(seen)) => Look::Seen(Box::new(seen)),
            Ok(Err(_)) | Err(_) => Look::Silent,
        };
        self.looks().insert(seat.name.clone(), (seat.door, look));
    }

    fn looks(&self) -> MutexGuard<'_, BTreeMap<String, (SocketAddr, Look)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self) -> Duration {
        let wanted = *self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = wanted.is_some_and(|wanted| wanted.elapsed() < WATCHED);
        if watched { OFTEN } else { SELDOM }
    }
}

/// Between two rounds while somebody looks.
const OFTEN: Duration = Duration::from_millis(900);
/// Between two rounds while nobody does: a page that is opened then shows nothing older, and thirty nodes
/// on two processors hardly notice.
const SELDOM: Duration = Duration::from_secs(10);
/// How long somebody who looked is thought to be looking still: a page without a script is read so long.
const WATCHED: Duration = Duration::from_secs(5);
/// A node on this computer answers at once, unless the computer is busy.
const ANSWER: Duration = Duration::from_secs(15);
