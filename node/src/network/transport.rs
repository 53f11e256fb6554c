//! How bytes reach a peer: TCP and QUIC, encrypted, with many streams in one connection.

use super::config::{Config, StartError};
use super::errands::Errands;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, OrTransport};
use libp2p::core::upgrade::Version;
use libp2p::futures::future::Either;
use libp2p::futures::{AsyncRead, AsyncWrite};
use libp2p::identity::Keypair;
use libp2p::{PeerId, Transport, dns, noise, quic, relay, tcp, yamux};
use std::time::Duration;

/// A transport whose connections are encrypted, multiplexed, and lead to whom they say.
pub type Secure = Boxed<(PeerId, StreamMuxerBox)>;

/// Gives the transport of the internet: TCP and QUIC, with names resolved, to wherever the node may go.
pub(super) fn internet(config: &Config, key: &Keypair) -> Result<Secure, StartError> {
    let network = || -> Result<_, StartError> {
        let first = config.first_peers.iter().map(|first| &first.0);
        Ok(Errands::new(tcp_and_quic(&config.network, key)?, first, config.loopback))
    };
    match dns::tokio::Transport::system(network()?) {
        Ok(transport) => Ok(transport.boxed()),
        Err(cause) => {
            tracing::warn!(%cause, "names of computers cannot be resolved, only IP addresses work");
            Ok(network()?.boxed())
        }
    }
}

fn tcp_and_quic(network: &str, key: &Keypair) -> Result<Secure, StartError> {
    let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    let quic = quic::tokio::Transport::new(quic::Config::new(key));
    let both = OrTransport::new(secure(tcp, network, key)?, quic);
    Ok(both
        .map(|either, _| match either {
            Either::Left(connection) => connection,
            Either::Right((peer, muxer)) => (peer, StreamMuxerBox::new(muxer)),
        })
        .boxed())
}

/// Adds the way through relays to `transport`, and gives what has to stand behind it.
pub(super) fn with_circuits(
    transport: Secure,
    network: &str,
    key: &Keypair,
) -> Result<(Secure, relay::client::Behaviour), StartError> {
    let (circuits, behaviour) = relay::client::new(key.public().to_peer_id());
    let both = OrTransport::new(secure(circuits, network, key)?, transport);
    Ok((both.map(|either, _| either.into_inner()).boxed(), behaviour))
}

/// Puts Noise and Yamux on a transport of plain bytes, the same way for every one there is.
///
/// # Errors
///
/// Returns [`StartError::Encryption`] if the key cannot be used.
pub fn secure<T>(plain: T, network: &str, key: &Keypair) -> Result<Secure, StartError>
where
    T: Transport + Send + Unpin + 'static,
    T::Output: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    T::Error: Send + Sync + 'static,
    T::Dial: Send + 'static,
    T::ListenerUpgrade: Send + 'static,
{
    let noise = noise::Config::new(key)
        .map_err(StartError::Encryption)?
        // The handshake itself fails with a peer of another network.
        .with_prologue(format!("countersign/{network}/1").into_bytes());
    Ok(plain
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        .timeout(HANDSHAKE)
        .boxed())
}

/// How long a connection may take to stand: some round trips around the world over a bad line. AutoNAT
/// gives up after 10 s, and would try a silent address again and again if that came first.
const HANDSHAKE: Duration = Duration::from_secs(8);
