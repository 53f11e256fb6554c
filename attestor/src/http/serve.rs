//! Serves strangers: every handshake, head, body and connection has a limit and a deadline.
//!
//! A plain `axum::serve` waits for ever for a request that never ends.

use axum::Router;
use axum::http::StatusCode;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// Serves `router` until `stop` says so; a request under way is finished.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    stop: CancellationToken,
) {
    let router = router
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, ANSWER))
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(RequestBodyLimitLayer::new(BODY));
    let seats = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // A seat first: a flood waits in the kernel's queue, not in our memory.
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            seat = Arc::clone(&seats).acquire_owned() => match seat {
                Ok(seat) => tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted.map(|(stream, _)| (stream, seat)),
                },
                Err(_) => return,
            },
        };
        match accepted {
            Ok((stream, seat)) => {
                let (router, tls, stop) = (router.clone(), tls.clone(), stop.clone());
                tokio::spawn(async move {
                    connection(stream, tls, router, stop).await;
                    drop(seat);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: those in use are freed in a moment.
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    stop: CancellationToken,
) {
    match tls {
        None => requests(stream, router, stop).await,
        // The handshake is part of the head: it has the same deadline.
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HEAD, tls.accept(stream)).await {
                requests(stream, router, stop).await;
            }
        }
    }
}

async fn requests<S>(stream: S, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
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
        tracing::debug!(%error, "a connection ended early");
    }
}

/// How long a handshake or the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// How long a body may pause.
const BODY_PAUSE: Duration = Duration::from_secs(10);
/// How long an answer may take: three answers of a slow provider, and our disk.
const ANSWER: Duration = Duration::from_secs(40);
/// A presentation with the log of its holder.
const BODY: usize = 1200 * 1024;
/// Room for what browsers add.
const HEAD_SIZE: usize = 16 * 1024;
/// Each connection's buffers and its TLS state, in 64 MiB.
const CONNECTIONS: usize = 1024;
