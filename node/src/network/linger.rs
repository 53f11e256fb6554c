//! Lets a stream that only this side wrote to stay until the other side is through with it.
//!
//! A stream is used before the other side confirmed the name of its protocol (see `V1Lazy` of
//! multistream-select). Whoever only sends, as a push of identify does, would close it and let go of it at
//! once; QUIC and Yamux then tell the other side that nobody reads its confirmation, on which it
//! throws away what it was sent. So what was closed and not read to its end is read to its end here.

use futures::AsyncRead;
use libp2p::core::muxing::SubstreamBox;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// The streams of one connection that stay a moment. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Lingering(Arc<Mutex<Waiting>>);

struct Waiting {
    streams: VecDeque<Lingerer>,
    /// Wakes whoever drives the connection.
    waker: Waker,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { streams: VecDeque::new(), waker: Waker::noop().clone() }
    }
}

/// A stream nobody uses any more.
struct Lingerer {
    stream: SubstreamBox,
    /// Bytes it may still bring.
    left: usize,
}

impl Lingering {
    /// Takes a stream that was closed on this side, unless the other side has ended it too.
    pub(super) fn take(&self, stream: SubstreamBox) {
        let mut lingerer = Lingerer { stream, left: MOST_BYTES };
        if lingerer.is_over(&mut Context::from_waker(Waker::noop())) {
            return;
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.streams.len() >= MOST_STREAMS {
            waiting.streams.pop_front();
        }
        waiting.streams.push_back(lingerer);
        waiting.waker.wake_by_ref();
    }

    /// Reads on, and lets go of those the other side has ended.
    pub(super) fn poll(&self, context: &mut Context<'_>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.waker.clone_from(context.waker());
        waiting.streams.retain_mut(|lingerer| !lingerer.is_over(context));
    }
}

impl Lingerer {
    /// Reads what is there, and tells whether no more is to come or to be waited for.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        let mut scratch = [0; 256];
        while self.left > 0 {
            match Pin::new(&mut self.stream).poll_read(context, &mut scratch) {
                Poll::Ready(Ok(0) | Err(_)) => return true,
                Poll::Ready(Ok(read)) => self.left = self.left.saturating_sub(read),
                Poll::Pending => return false,
            }
        }
        true
    }
}

/// Gives a stream that is over, to stand where another was taken away.
pub(super) fn ended() -> SubstreamBox {
    SubstreamBox::new(futures::io::Cursor::new(Vec::new()))
}

/// Streams that stay at one time on one connection; the oldest goes first.
const MOST_STREAMS: usize = 16;
/// Bytes one of them may bring: a confirmation is a few dozen.
const MOST_BYTES: usize = 1024;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use futures::AsyncWrite;
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The other side of streams: what it still says, and how many of them are open on this one.
    #[derive(Clone, Default)]
    pub(crate) struct Remote {
        says: Arc<Mutex<Option<Vec<u8>>>>,
        open: Arc<AtomicUsize>,
    }

    struct Fake(Remote);

    impl Remote {
        pub(crate) fn stream(&self) -> SubstreamBox {
            self.open.fetch_add(1, Ordering::Relaxed);
            SubstreamBox::new(Fake(self.clone()))
        }

        pub(crate) fn says(&self, what: &[u8]) {
            *self.says.lock().unwrap() = Some(what.to_vec());
        }

        pub(crate) fn open(&self) -> usize {
            self.open.load(Ordering::Relaxed)
        }
    }

    impl Drop for Fake {
        fn drop(&mut self) {
            self.0.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    impl AsyncRead for Fake {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            let mut says = self.0.says.lock().unwrap();
            let Some(left) = says.as_mut() else { return Poll::Pending };
            let some: Vec<u8> = left.drain(..left.len().min(buffer.len())).collect();
            buffer[..some.len()].copy_from_slice(&some);
            Poll::Ready(Ok(some.len()))
        }
    }

    impl AsyncWrite for Fake {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn poll(lingering: &Lingering) {
        lingering.poll(&mut Context::from_waker(Waker::noop()));
    }

    #[test]
    fn a_stream_stays_until_the_other_side_confirmed_and_ended_it() {
        let (lingering, remote) = (Lingering::default(), Remote::default());
        lingering.take(remote.stream());
        poll(&lingering);
        assert_eq!(remote.open(), 1);
        remote.says(b"/ipfs/id/push/1.0.0\n");
        poll(&lingering);
        assert_eq!(remote.open(), 0);
    }

    #[test]
    fn one_the_other_side_ended_already_does_not_stay() {
        let (lingering, remote) = (Lingering::default(), Remote::default());
        remote.says(b"");
        lingering.take(remote.stream());
        assert_eq!(remote.open(), 0);
    }

    #[test]
    fn whoever_never_ends_is_let_go_by_count_and_by_bytes() {
        let (lingering, remote) = (Lingering::default(), Remote::default());
        (0..=MOST_STREAMS).for_each(|_| lingering.take(remote.stream()));
        assert_eq!(remote.open(), MOST_STREAMS);
        let flood = Remote::default();
        flood.says(&vec![1; MOST_BYTES * 2]);
        lingering.take(flood.stream());
        assert_eq!((flood.open(), remote.open()), (0, MOST_STREAMS));
        assert!(flood.says.lock().unwrap().as_ref().is_some_and(|left| !left.is_empty()));
    }
}
