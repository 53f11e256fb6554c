//! Bytes on their way in one direction.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use tokio::time::Instant;

/// One direction of a connection, held by both its ends and by the wire.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Pipe>>);

pub(super) struct Pipe {
    pieces: VecDeque<Piece>,
    held: usize,
    /// When the last piece arrives: none overtakes another.
    last: Option<Instant>,
    /// From when on there is nothing more to come.
    ended: Option<Instant>,
    stalled: bool,
    reset: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

struct Piece {
    arrives: Instant,
    bytes: Vec<u8>,
    read: usize,
}

/// What a reader finds.
pub(super) enum Found {
    /// So many bytes.
    Bytes(usize),
    /// Nothing more will come.
    End,
    /// The connection is broken.
    Reset,
    /// Nothing until then.
    Until(Instant),
    /// Nothing until something happens.
    Nothing,
}

impl Pipe {
    pub(super) fn new(stalled: bool) -> Self {
        Self {
            pieces: VecDeque::new(),
            held: 0,
            last: None,
            ended: None,
            stalled,
            reset: false,
            reader: None,
            writer: None,
        }
    }

    /// Takes what has arrived.
    fn read(&mut self, to: &mut [u8]) -> Found {
        if self.reset {
            return Found::Reset;
        }
        if self.stalled {
            return Found::Nothing;
        }
        let now = Instant::now();
        let mut read = 0;
        while let Some(piece) = self.pieces.front_mut().filter(|it| it.arrives <= now) {
            let rest = &piece.bytes[piece.read..];
            let length = rest.len().min(to.len() - read);
            to[read..read + length].copy_from_slice(&rest[..length]);
            read += length;
            piece.read += length;
            if piece.read < piece.bytes.len() {
                break;
            }
            self.pieces.pop_front();
        }
        if read > 0 {
            self.held -= read;
            return Found::Bytes(read);
        }
        match (self.pieces.front(), self.ended) {
            (Some(piece), _) => Found::Until(piece.arrives),
            (None, Some(ended)) if ended <= now => Found::End,
            (None, Some(ended)) => Found::Until(ended),
            (None, None) => Found::Nothing,
        }
    }
}

impl Shared {
    pub(super) fn new(pipe: Pipe) -> Self {
        Self(Arc::new(Mutex::new(pipe)))
    }

    fn lock(&self) -> MutexGuard<'_, Pipe> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether nobody but the wire holds it.
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Takes what has arrived, or remembers whom to wake.
    pub(super) fn read(&self, to: &mut [u8], context: &Context<'_>) -> Found {
        let mut pipe = self.lock();
        let found = pipe.read(to);
        match found {
            Found::Bytes(_) => wake(pipe.writer.take()),
            Found::Nothing | Found::Until(_) => pipe.reader = Some(context.waker().clone()),
            Found::End | Found::Reset => {}
        }
        found
    }

    /// Tells how many bytes there is room for; none is remembered, and woken when there is.
    pub(super) fn room(&self, context: &Context<'_>) -> Result<usize, ()> {
        let mut pipe = self.lock();
        if pipe.reset || pipe.ended.is_some() {
            return Err(());
        }
        let room = ROOM.saturating_sub(pipe.held);
        if room == 0 {
            pipe.writer = Some(context.waker().clone());
        }
        Ok(room)
    }

    /// Sends a piece that would arrive alone at `arrives`; gives when it does.
    pub(super) fn send(&self, bytes: &[u8], arrives: Instant) {
        let mut pipe = self.lock();
        let arrives = pipe.last.map_or(arrives, |last| last.max(arrives));
        pipe.last = Some(arrives);
        pipe.held += bytes.len();
        pipe.pieces.push_back(Piece { arrives, bytes: bytes.to_vec(), read: 0 });
        wake(pipe.reader.take());
    }

    /// Ends the direction, behind what is on its way.
    pub(super) fn end(&self, arrives: Instant) {
        let mut pipe = self.lock();
        if pipe.ended.is_none() {
            pipe.ended = Some(pipe.last.map_or(arrives, |last| last.max(arrives)));
            wake(pipe.reader.take());
        }
    }

    /// Breaks it.
    pub(super) fn reset(&self) {
        let mut pipe = self.lock();
        pipe.reset = true;
        pipe.pieces.clear();
        wake(pipe.reader.take());
        wake(pipe.writer.take());
    }

    /// Holds everything back, or lets it go on.
    pub(super) fn stall(&self, stalled: bool) {
        let mut pipe = self.lock();
        pipe.stalled = stalled;
        wake(pipe.reader.take());
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Bytes on their way at one time: what fits a line of 40 Mbit/s with 50 ms.
const ROOM: usize = 256 * 1024;
