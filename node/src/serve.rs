//! Serves HTTP to strangers: every connection, header and body has a limit and a deadline.
//!
//! A plain `axum::serve` waits for ever for a request that never ends. Here a connection that does
//! not finish its request head within `HEAD_TIMEOUT` is closed, so is one that stalls in its body,
//! and no more than `CONNECTIONS` are open at once.

use axum::Router;
use axum::http::StatusCode;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// What a listener allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body of a request, in bytes.
    pub body: usize,
    /// How long a request may take to be answered; event streams begin within it.
    pub answer: Duration,
}

/// Serves `router` on `listener` until `stop`; requests under way are finished first.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    let router = router
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.answer))
        .layer(RequestBodyTimeoutLayer::new(BODY_STALL))
        .layer(RequestBodyLimitLayer::new(limits.body));
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, slot)) = accepted else { continue };
        let (router, tls, stop) = (router.clone(), tls.clone(), stop.clone());
        connections.spawn(async move {
            match tls {
                None => connection(stream, router, stop).await,
                Some(tls) => {
                    // The handshake is part of the head: it has the same deadline.
                    let handshake = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream));
                    if let Ok(Ok(stream)) = handshake.await {
                        connection(stream, router, stop).await;
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

type Slot = tokio::sync::OwnedSemaphorePermit;

/// Waits for a free slot and then for a connection, so that a flood waits in the kernel's queue.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, Slot)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, slot)),
        Err(error) => {
            // Out of file descriptors, most likely: give those in use a moment to be freed.
            tracing::warn!(%error, "could not accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn connection<S>(stream: S, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
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

/// How long a request's head, TLS handshake included, may take, and a connection may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a body may pause.
const BODY_STALL: Duration = Duration::from_secs(10);
/// Room for a bearer token, a DID and what browsers add; hyper's least is 8 KiB.
const HEAD_SIZE: usize = 16 * 1024;
/// More than a shop's load needs, and few enough that each one's buffers fit into 32 MiB.
const CONNECTIONS: usize = 2048;
/// How long requests under way may take once the node stops.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
