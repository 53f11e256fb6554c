//! Counts the bytes of every connection, both ways.
//!
//! Counted is what goes through the streams of a connection. What encryption and the headers of TCP or
//! QUIC add, a few percent, is not.

use super::transport::Secure;
use futures::{AsyncRead, AsyncWrite};
use libp2p::Transport as _;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent, SubstreamBox};
use std::io;
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
    /// Counts what goes through the connections of `transport`.
    pub(super) fn count(&self, transport: Secure) -> Secure {
        let tally = self.clone();
        transport
            .map(move |(peer, muxer), _| {
                (peer, StreamMuxerBox::new(Muxer { muxer, tally: tally.clone() }))
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

/// A connection whose streams are counted.
struct Muxer {
    muxer: StreamMuxerBox,
    tally: Tally,
}

impl Muxer {
    fn counted(&self, stream: Poll<io::Result<SubstreamBox>>) -> Poll<io::Result<Stream>> {
        stream.map_ok(|stream| Stream { stream, tally: self.tally.clone() })
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
        self.counted(stream)
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Stream>> {
        let stream = Pin::new(&mut self.muxer).poll_outbound(context);
        self.counted(stream)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.muxer).poll_close(context)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<StreamMuxerEvent>> {
        Pin::new(&mut self.muxer).poll(context)
    }
}

/// A stream whose bytes are counted.
struct Stream {
    stream: SubstreamBox,
    tally: Tally,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
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
        Pin::new(&mut self.stream).poll_close(context)
    }
}
