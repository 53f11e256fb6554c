//! Serves HTTP to strangers: every connection, header and body has a limit and a deadline.
//!
//! A plain `axum::serve` waits for ever for a request that never ends. Here a connection that does
//! not finish its request head within `HEAD_TIMEOUT` is closed, so is one that stalls in its body, so is
//! one that takes nothing of an answer for `UNREAD`, and no more than `CONNECTIONS` are open at once. A
//! stream of events that has nothing to say stays open.

use axum::Router;
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// What a listener allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body of a request, in bytes.
    pub body: usize,
    /// How long a request may take to be answered; event streams begin within it.
    pub answer: Duration,
    /// What is answered to a larger body. It is heard to its end first, for a browser shows no answer that
    /// comes while it still sends; without this, whoever sends too much is cut off.
    pub too_large: Option<fn(&HeaderMap) -> Response>,
}

/// Between whom a connection is; a request without it came over none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// Of whoever asks.
    pub theirs: SocketAddr,
    /// Of this program.
    pub ours: SocketAddr,
}

/// Serves `router` on `listener` until `stop`; requests under way are finished first.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    serve_readers(listener, tls, router, limits, UNREAD, stop).await;
}

/// Serves whoever takes something of an answer within `unread`.
async fn serve_readers(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    unread: Duration,
    stop: CancellationToken,
) {
    let router = router
        .layer(RequestBodyLimitLayer::new(limits.body))
        .layer(from_fn(move |request, next| within(limits, request, next)))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.answer))
        .layer(RequestBodyTimeoutLayer::new(BODY_STALL));
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, theirs, slot)) = accepted else { continue };
        let ends = stream.local_addr().ok().map(|ours| Ends { theirs, ours });
        let (router, tls, stop) = (router.clone(), tls.clone(), stop.clone());
        connections.spawn(async move {
            match tls {
                None => connection(Reader::new(stream, unread), router, ends, stop).await,
                Some(tls) => {
                    // The handshake is part of the head: it has the same deadline.
                    let handshake = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream));
                    if let Ok(Ok(stream)) = handshake.await {
                        connection(Reader::new(stream, unread), router, ends, stop).await;
                    }
                }
            }
            drop(slot);
        });
    }
    connections.close();
    if tokio::time::timeout(LAST_REQUESTS, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "closed connections that would not end");
    }
}

/// Answers whoever announces more than is taken, once all of it went by.
async fn within(limits: Limits, request: Request, next: Next) -> Response {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let announced: Option<usize> = announced.and_then(|length| length.parse().ok());
    let Some(answer) = limits.too_large.filter(|_| announced > Some(limits.body)) else {
        return next.run(request).await;
    };
    let (head, mut body) = request.into_parts();
    if announced <= Some(MOST_DROPPED) {
        while let Some(Ok(_dropped)) = body.frame().await {}
    }
    answer(&head.headers)
}

type Slot = tokio::sync::OwnedSemaphorePermit;

/// Waits for a free slot and then for a connection, so that a flood waits in the kernel's queue.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, SocketAddr, Slot)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, theirs)) => Some((stream, theirs, slot)),
        Err(error) => {
            // Out of file descriptors, most likely: give those in use a moment to be freed.
            tracing::warn!(%error, "could not accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn connection<S>(stream: S, router: Router, ends: Option<Ends>, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router =
        router.map_request(move |mut request: axum::http::Request<hyper::body::Incoming>| {
            let _none_before = ends.and_then(|ends| request.extensions_mut().insert(ends));
            request
        });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

/// A connection whose other side reads: a write that waits longer than it may is an error.
#[derive(Debug)]
struct Reader<S> {
    stream: S,
    unread: Duration,
    /// When a write that waits has waited too long.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> Reader<S> {
    const fn new(stream: S, unread: Duration) -> Self {
        Self { stream, unread, deadline: None }
    }

    fn in_time<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.deadline = None;
            return written;
        }
        let unread = self.unread;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(unread)));
        deadline.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Reader<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Reader<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.in_time(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.in_time(context, shut)
    }
}

/// How long a request's head, TLS handshake included, may take, and a connection may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a body may pause.
const BODY_STALL: Duration = Duration::from_secs(10);
/// How long an answer may wait for whoever asked to take some more of it.
const UNREAD: Duration = Duration::from_secs(30);
/// Room for a bearer token, a DID and what browsers add; hyper's least is 8 KiB.
const HEAD_SIZE: usize = 16 * 1024;
/// More than a shop's load needs, and few enough that each one's buffers fit into 32 MiB.
const CONNECTIONS: usize = 2048;
/// A long film, chosen in place of a photo, goes by in seconds; what is larger is cut off.
const MOST_DROPPED: usize = 1024 * 1024 * 1024;
/// How long requests under way may take once the node stops.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, Bytes};
    use axum::response::IntoResponse as _;
    use axum::routing::{get, post};
    use futures::{StreamExt as _, stream};
    use std::convert::Infallible;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;

    const LIMITS: Limits = Limits { body: 64, answer: Duration::from_secs(30), too_large: None };

    fn too_large(_: &HeaderMap) -> Response {
        (StatusCode::PAYLOAD_TOO_LARGE, "send less").into_response()
    }

    async fn served(stop: &CancellationToken) -> SocketAddr {
        served_within(LIMITS, stop).await
    }

    async fn served_within(limits: Limits, stop: &CancellationToken) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/", post(|body: Bytes| async move { body.len().to_string() }));
        tokio::spawn(serve(listener, None, router, limits, stop.clone()));
        address
    }

    async fn begun(address: SocketAddr, sent: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream
    }

    /// Reads until the other side closes.
    async fn ended(mut stream: TcpStream) -> String {
        let mut said = Vec::new();
        let read = stream.read_to_end(&mut said);
        tokio::time::timeout(HEAD_TIMEOUT * 6, read).await.expect("it is closed").ok();
        String::from_utf8_lossy(&said).into_owned()
    }

    const WHOLE: &str = "GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";

    #[tokio::test(flavor = "multi_thread")]
    async fn requests_that_never_end_are_closed_and_others_are_served_meanwhile() {
        let stop = CancellationToken::new();
        let address = served(&stop).await;
        let stalled = "POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 9\r\n\r\nhalf";
        let halves = ["", "GET / HT", "GET / HTTP/1.1\r\nhost: here\r\nx-half: ", stalled];
        let mut open = Vec::new();
        for half in halves.iter().cycle().take(200) {
            open.push(begun(address, half).await);
        }
        assert!(ended(begun(address, WHOLE).await).await.ends_with("here"));
        for one in open {
            let said = ended(one).await;
            assert!(!said.contains("200 OK"), "{said}");
        }
        assert!(ended(begun(address, WHOLE).await).await.ends_with("here"));
        stop.cancel();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_body_over_its_limit_is_refused_unread() {
        let stop = CancellationToken::new();
        let address = served(&stop).await;
        for (length, status) in [(64, "200 OK"), (65, "413 Payload Too Large")] {
            let body = "x".repeat(length);
            let head = "POST / HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: ";
            let said = ended(begun(address, &format!("{head}{length}\r\n\r\n{body}")).await).await;
            assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
        }
        stop.cancel();
    }

    /// Who asks for one large answer after the other and reads none holds no connection.
    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_never_reads_is_closed_and_whoever_has_nothing_to_read_is_not() {
        let stop = CancellationToken::new();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let go_on = Arc::new(Notify::new());
        let told = Arc::clone(&go_on);
        let events = move || {
            let told = Arc::clone(&told);
            let first = stream::once(async { Ok::<_, Infallible>("first,") });
            let second = stream::once(async move {
                told.notified().await;
                Ok("second.")
            });
            async { Body::from_stream(first.chain(second)) }
        };
        let router = Router::new()
            .route("/large", get(|| async { vec![b'x'; 1 << 20] }))
            .route("/events", get(events));
        // A write that waits at all waits too long, and so would whatever idles.
        let served = serve_readers(listener, None, router, LIMITS, Duration::ZERO, stop.clone());
        tokio::spawn(served);

        let events = WHOLE.replace("GET /", "GET /events");
        let mut events = begun(address, &events).await;
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains("first,") {
            assert_ne!(events.read_buf(&mut said).await.unwrap(), 0, "it ended");
        }

        let ask = "GET /large HTTP/1.1\r\nhost: here\r\n\r\n";
        let mut deaf = begun(address, ask).await;
        let closed = async { while deaf.write_all(ask.as_bytes()).await.is_ok() {} };
        tokio::time::timeout(HEAD_TIMEOUT * 6, closed).await.expect("it is closed");

        go_on.notify_one();
        assert!(ended(events).await.contains("second."));
        stop.cancel();
    }

    /// A browser that is cut off while it sends shows an error of its own.
    #[tokio::test(flavor = "multi_thread")]
    async fn where_a_person_sends_too_much_it_is_heard_to_its_end_and_answered() {
        let stop = CancellationToken::new();
        let address = served_within(Limits { too_large: Some(too_large), ..LIMITS }, &stop).await;
        let length = 8 * 1024 * 1024;
        let head = format!(
            "POST / HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut stream = begun(address, &head).await;
        // None of it fails to be sent: nobody hangs up before the end.
        stream.write_all(&vec![b'x'; length]).await.unwrap();
        let said = ended(stream).await;
        assert!(said.starts_with("HTTP/1.1 413") && said.ends_with("send less"), "{said}");
        stop.cancel();
    }
}
