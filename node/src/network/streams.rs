//! What every stream of every connection goes through: its bytes are counted, and none that was only
//! written to ends before the other side has read it.
//!
//! What encryption and the headers of TCP or QUIC add, a few percent, is not counted.

use super::linger::{Lingering, ended};
use super::transport::Secure;
use futures::{AsyncRead, AsyncWrite};
use libp2p::Transport as _;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent, SubstreamBox};
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

/// The bytes counted so far. Clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    received: AtomicU64,
    sent: AtomicU64,
}

impl Tally {
    /// Counts what goes through the connections of `transport`, and has their streams end in peace.
    pub(super) fn count(&self, transport: Secure) -> Secure {
        let tally = self.clone();
        transport
            .map(move |(peer, muxer), _| {
                let (tally, lingering) = (tally.clone(), Lingering::default());
                (peer, StreamMuxerBox::new(Muxer { muxer, tally, lingering }))
            })
            .boxed()
    }

    /// Gives how many came from peers.
    pub(super) fn received(&self) -> u64 {
        self.0.received.load(Ordering::Relaxed)
    }

    /// Gives how many went to peers.
    pub(super) fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }
}

fn add(to: &AtomicU64, bytes: usize) {
    to.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// A connection whose streams are looked after.
struct Muxer {
    muxer: StreamMuxerBox,
    tally: Tally,
    lingering: Lingering,
}

impl Muxer {
    fn looked_after(&self, stream: Poll<io::Result<SubstreamBox>>) -> Poll<io::Result<Stream>> {
        stream.map_ok(|stream| Stream {
            stream,
            tally: self.tally.clone(),
            lingering: self.lingering.clone(),
            closed: false,
            ended: false,
        })
    }
}

impl StreamMuxer for Muxer {
    type Substream = Stream;
    type Error = io::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Stream>> {
        let stream = Pin::new(&mut self.muxer).poll_inbound(context);
        self.looked_after(stream)
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Stream>> {
        let stream = Pin::new(&mut self.muxer).poll_outbound(context);
        self.looked_after(stream)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.muxer).poll_close(context)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<StreamMuxerEvent>> {
        self.lingering.poll(context);
        Pin::new(&mut self.muxer).poll(context)
    }
}

/// A stream that is looked after.
struct Stream {
    stream: SubstreamBox,
    tally: Tally,
    lingering: Lingering,
    /// Whether this side has said all it will.
    closed: bool,
    /// Whether the other side has.
    ended: bool,
}

impl Drop for Stream {
    fn drop(&mut self) {
        // One that was not closed is given up, and the other side is to know.
        if self.closed && !self.ended {
            self.lingering.take(mem::replace(&mut self.stream, ended()));
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.ended |= read == 0 && !buffer.is_empty();
        add(&self.tally.0.received, read);
        Poll::Ready(Ok(read))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &mut [io::IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read_vectored(context, buffers))?;
        add(&self.tally.0.received, read);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        add(&self.tally.0.sent, written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, pieces))?;
        add(&self.tally.0.sent, written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_close(context))?;
        self.closed = true;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::linger::tests::Remote;
    use super::*;
    use futures::executor::block_on;
    use futures::{AsyncReadExt as _, AsyncWriteExt as _};

    fn stream(remote: &Remote, lingering: &Lingering) -> Stream {
        Stream {
            stream: remote.stream(),
            tally: Tally::default(),
            lingering: lingering.clone(),
            closed: false,
            ended: false,
        }
    }

    #[test]
    fn what_was_only_written_to_stays_until_the_other_side_is_through() {
        let (remote, lingering) = (Remote::default(), Lingering::default());
        let mut pushed = stream(&remote, &lingering);
        block_on(pushed.close()).unwrap();
        drop(pushed);
        assert_eq!(remote.open(), 1);
    }

    #[test]
    fn what_is_given_up_or_was_read_to_its_end_goes_at_once() {
        let (remote, lingering) = (Remote::default(), Lingering::default());
        drop(stream(&remote, &lingering));
        assert_eq!(remote.open(), 0);
        remote.says(b"yes");
        let mut answered = stream(&remote, &lingering);
        block_on(answered.close()).unwrap();
        assert_eq!(block_on(answered.read_to_end(&mut Vec::new())).unwrap(), 3);
        drop(answered);
        assert_eq!(remote.open(), 0);
    }
}
