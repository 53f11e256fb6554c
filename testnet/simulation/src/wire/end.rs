//! One end of a connection: what a node reads from and writes to.

use super::Wire;
use super::pipe::{Found, Shared};
use futures::{AsyncRead, AsyncWrite};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::{Instant, Sleep, sleep_until};

pub(crate) struct End {
    wire: Wire,
    /// From this node to the other.
    way: (usize, usize),
    incoming: Shared,
    outgoing: Shared,
    arrival: Option<Pin<Box<Sleep>>>,
}

impl End {
    pub(super) fn new(wire: Wire, way: (usize, usize), incoming: Shared, outgoing: Shared) -> Self {
        Self { wire, way, incoming, outgoing, arrival: None }
    }

    fn arrives(&self) -> Instant {
        let (from, to) = self.way;
        Instant::now() + self.wire.way(from, to)
    }

    /// Waits until then.
    fn wait(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        let arrival = self.arrival.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if arrival.deadline() != until {
            arrival.as_mut().reset(until);
        }
        arrival.as_mut().poll(context)
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.incoming.read(to, context) {
                Found::Bytes(length) => {
                    self.wire.note(self.way.0, to.get(..length).unwrap_or_default());
                    return Poll::Ready(Ok(length));
                }
                Found::End => return Poll::Ready(Ok(0)),
                Found::Reset => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                Found::Nothing => return Poll::Pending,
                Found::Until(moment) => ready!(self.wait(moment, context)),
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Ok(room) = self.outgoing.room(context) else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        if room == 0 && !bytes.is_empty() {
            return Poll::Pending;
        }
        let piece = bytes.get(..room).unwrap_or(bytes);
        self.outgoing.send(piece, self.arrives());
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.end(self.arrives());
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // As when a process ends: the system closes what it left open.
        self.outgoing.end(self.arrives());
    }
}
