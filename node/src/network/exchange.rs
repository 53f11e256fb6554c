//! One question, one answer, between two peers: the protocol that delivers.
//!
//! On a stream of its own travels the question's length (four bytes, the most significant first)
//! and the question; then back the answer's, and the answer. What is in them is not known here.

use super::behaviour::Behaviour;
use super::incoming::{ExchangeError, Fault, Incoming};
use super::peer::Peer;
use countersign_protocol::wire::bounds;
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use libp2p::request_response::{
    self, Config, Event, InboundRequestId, Message, OutboundFailure, OutboundRequestId,
    ProtocolSupport, ResponseChannel,
};
use libp2p::{PeerId, StreamProtocol};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Builds the behaviour for `network`.
pub(super) fn behaviour(protocol: StreamProtocol) -> request_response::Behaviour<Codec> {
    let config = Config::default()
        .with_request_timeout(DEADLINE)
        .with_max_concurrent_streams(MOST_OPEN_OF_ONE.saturating_mul(2));
    let codec = Codec { room: Arc::new(Semaphore::new(MOST_LARGE)) };
    request_response::Behaviour::with_codec(codec, [(protocol, ProtocolSupport::Full)], config)
}

/// Reads and writes frames of bytes, and refuses one that is too long, or that there is no room for,
/// before it has read it.
#[derive(Debug, Clone)]
pub(super) struct Codec {
    /// For large questions, of all connections together.
    room: Arc<Semaphore>,
}

impl Codec {
    async fn question<T>(&self, io: &mut T) -> io::Result<Question>
    where
        T: AsyncRead + Unpin + Send,
    {
        let length = read_length(io, bounds::REQUEST).await?;
        let room = if length > SMALL {
            let room = Arc::clone(&self.room).try_acquire_owned();
            Some(room.map_err(|_| io::ErrorKind::ResourceBusy)?)
        } else {
            None
        };
        Ok(Question::Bytes { bytes: read_all(io, length).await?, room })
    }
}

impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Question;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Question>
    where
        T: AsyncRead + Unpin + Send,
    {
        match self.question(io).await {
            Err(error) if is_too_large(&error) => Ok(Question::TooLarge),
            read => read,
        }
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let length = read_length(io, bounds::RESPONSE).await?;
        read_all(io, length).await
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Question,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        match request {
            Question::Bytes { bytes, .. } => write(io, &bytes).await,
            Question::TooLarge => Err(io::ErrorKind::FileTooLarge.into()),
        }
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, &response).await
    }
}

/// What a peer asks. The library says nothing of a question that could not be read, and who asks too
/// much is to be known.
#[derive(Debug)]
pub(super) enum Question {
    /// Within its bound.
    Bytes {
        bytes: Vec<u8>,
        /// What it takes up until it is answered, if it is large and somebody else's.
        room: Option<OwnedSemaphorePermit>,
    },
    /// Not read.
    TooLarge,
}

impl From<Vec<u8>> for Question {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes { bytes, room: None }
    }
}

async fn read_length<T: AsyncRead + Unpin>(io: &mut T, bound: usize) -> io::Result<usize> {
    let mut length = [0; 4];
    io.read_exact(&mut length).await?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok();
    length.filter(|length| *length <= bound).ok_or_else(|| io::ErrorKind::FileTooLarge.into())
}

async fn read_all<T: AsyncRead + Unpin>(io: &mut T, length: usize) -> io::Result<Vec<u8>> {
    // Memory grows with what arrives: a length alone reserves none.
    let mut bytes = Vec::new();
    io.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut bytes).await?;
    if bytes.len() != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

async fn write<T: AsyncWrite + Unpin>(io: &mut T, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    io.write_all(&length.to_be_bytes()).await?;
    io.write_all(bytes).await?;
    io.close().await
}

/// The questions that wait: those of others for our answer, and ours for theirs.
#[derive(Default)]
pub(super) struct Exchanges {
    next: u64,
    asked: BTreeMap<u64, Asked>,
    asking: BTreeMap<OutboundRequestId, Asking>,
}

struct Asked {
    peer: PeerId,
    request: InboundRequestId,
    channel: ResponseChannel<Vec<u8>>,
    _room: Option<OwnedSemaphorePermit>,
}

struct Asking {
    peer: PeerId,
    id: u64,
}

impl Exchanges {
    /// Asks `peer`, or says at once why not.
    pub(super) fn ask(
        &mut self,
        behaviour: &mut Behaviour,
        id: u64,
        peer: Peer,
        bytes: Vec<u8>,
    ) -> Option<Incoming> {
        let refused = |error| Some(Incoming::Response { id, peer, result: Err(error) });
        if bytes.len() > bounds::REQUEST {
            return refused(ExchangeError::QuestionTooLarge);
        }
        let of_this_peer = self.asking.values().filter(|asking| asking.peer == peer.0).count();
        if self.asking.len() >= MOST_OPEN || of_this_peer >= MOST_OPEN_OF_ONE {
            return refused(ExchangeError::Busy);
        }
        let request = behaviour.exchange.send_request(&peer.0, bytes.into());
        self.asking.insert(request, Asking { peer: peer.0, id });
        None
    }

    /// Answers the question of `token`; nothing if it no longer waits, or the answer is larger than
    /// any may be.
    pub(super) fn answer(&mut self, behaviour: &mut Behaviour, token: u64, bytes: Vec<u8>) {
        let Some(Asked { channel, .. }) = self.asked.remove(&token) else { return };
        if bytes.len() > bounds::RESPONSE {
            tracing::error!(length = bytes.len(), "an answer of our own is too large");
            return;
        }
        // The asker may have gone; it will ask again.
        let _gone = behaviour.exchange.send_response(channel, bytes).is_err();
    }

    /// Takes in what happened, and gives what the node should hear of it.
    pub(super) fn take(&mut self, event: Event<Question, Vec<u8>>) -> Option<Incoming> {
        match event {
            Event::Message { peer, message, .. } => match message {
                Message::Request { request_id, request, channel } => {
                    self.asked(peer, request_id, request, channel)
                }
                Message::Response { request_id, response } => {
                    self.answered(peer, request_id, Ok(response))
                }
            },
            Event::OutboundFailure { peer, request_id, error, .. } => {
                self.answered(peer, request_id, Err(failure(&error)))
            }
            Event::InboundFailure { request_id, .. } => {
                self.asked.retain(|_, asked| asked.request != request_id);
                None
            }
            Event::ResponseSent { .. } => None,
        }
    }

    fn asked(
        &mut self,
        peer: PeerId,
        request: InboundRequestId,
        question: Question,
        channel: ResponseChannel<Vec<u8>>,
    ) -> Option<Incoming> {
        let faulted = |fault| Some(Incoming::Faulted { peer: Peer(peer), fault });
        let (bytes, _room) = match question {
            Question::Bytes { bytes, room } => (bytes, room),
            Question::TooLarge => return faulted(Fault::OversizedQuestion),
        };
        let of_this_peer = self.asked.values().filter(|asked| asked.peer == peer).count();
        // Dropping the channel closes the stream, so the asker hears of it.
        if of_this_peer >= MOST_OPEN_OF_ONE {
            return faulted(Fault::TooManyQuestions);
        }
        // That all of them together ask too much is the fault of none.
        if self.asked.len() >= MOST_OPEN {
            return None;
        }
        self.next = self.next.wrapping_add(1);
        let token = self.next;
        self.asked.insert(token, Asked { peer, request, channel, _room });
        Some(Incoming::Request { token, peer: Peer(peer), bytes })
    }

    fn answered(
        &mut self,
        peer: PeerId,
        request: OutboundRequestId,
        result: Result<Vec<u8>, ExchangeError>,
    ) -> Option<Incoming> {
        let Asking { id, .. } = self.asking.remove(&request)?;
        Some(Incoming::Response { id, peer: Peer(peer), result })
    }

    /// Tells whether something is open with `peer`.
    pub(super) fn involves(&self, peer: &PeerId) -> bool {
        self.asked.values().any(|asked| asked.peer == *peer)
            || self.asking.values().any(|asking| asking.peer == *peer)
    }

    /// Counts the questions open, both ways.
    pub(super) fn len(&self) -> usize {
        self.asked.len().saturating_add(self.asking.len())
    }
}

fn failure(error: &OutboundFailure) -> ExchangeError {
    match error {
        OutboundFailure::DialFailure => ExchangeError::Unreachable,
        OutboundFailure::Timeout => ExchangeError::TimedOut,
        OutboundFailure::UnsupportedProtocols => ExchangeError::Unsupported,
        OutboundFailure::Io(error) if is_too_large(error) => ExchangeError::AnswerTooLarge,
        OutboundFailure::ConnectionClosed | OutboundFailure::Io(_) => ExchangeError::Closed,
    }
}

fn is_too_large(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::FileTooLarge
}

/// How long a question may take, its answer included. What is smaller is given up sooner, by whoever
/// asked.
const DEADLINE: Duration = Duration::from_millis(bounds::LONGEST_ANSWER_MS);
/// Questions open with one peer, each way: what a body-by-hash pull of one head needs, eight times.
const MOST_OPEN_OF_ONE: usize = 32;
/// Questions open in all, each way: every peer may be at its limit for a moment.
const MOST_OPEN: usize = 1024;

/// A question of so many bytes is like any other: only who brings a long log asks a larger one.
const SMALL: usize = 64 * 1024;
/// Large questions of all peers that are read or wait for an answer: forty megabytes at most.
const MOST_LARGE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use futures::io::Cursor;

    fn frame(length: u32, bytes: &[u8]) -> Cursor<Vec<u8>> {
        Cursor::new([&length.to_be_bytes()[..], bytes].concat())
    }

    #[tokio::test]
    async fn a_frame_reads_back() {
        let mut stream = Cursor::new(Vec::new());
        write(&mut stream, b"question").await.unwrap();
        stream.set_position(0);
        assert_eq!(read_length(&mut stream, 8).await.unwrap(), 8);
        assert_eq!(read_all(&mut stream, 8).await.unwrap(), b"question");
    }

    #[tokio::test]
    async fn a_frame_over_its_bound_is_refused_unread() {
        let mut stream = frame(9, b"123456789");
        let error = read_length(&mut stream, 8).await.unwrap_err();
        assert!(is_too_large(&error));
        assert_eq!(stream.position(), 4);
    }

    #[tokio::test]
    async fn a_frame_cut_short_is_refused() {
        let mut stream = frame(8, b"1234567");
        let length = read_length(&mut stream, 8).await.unwrap();
        let error = read_all(&mut stream, length).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn a_large_question_is_read_once_there_is_room_and_a_small_one_always() {
        let codec = Codec { room: Arc::new(Semaphore::new(1)) };
        let asked = async |length: usize| {
            let bytes = vec![7; length];
            codec.question(&mut frame(u32::try_from(length).unwrap(), &bytes)).await
        };
        let first = asked(SMALL + 1).await.unwrap();
        let refused = asked(SMALL + 1).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
        assert!(asked(SMALL).await.is_ok());
        drop(first);
        assert!(asked(SMALL + 1).await.is_ok());
    }
}
