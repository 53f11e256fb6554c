//! The lines of one node, as libp2p wants them: a transport like TCP.

use super::{Arrival, End, Wire, ip};
use libp2p::Multiaddr;
use libp2p::core::transport::{DialOpts, ListenerId, Transport, TransportError, TransportEvent};
use libp2p::multiaddr::Protocol;
use std::collections::{BTreeMap, VecDeque};
use std::future::{Ready, ready};
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// The lines of one node.
pub(crate) struct Lines {
    wire: Wire,
    node: usize,
    ports: BTreeMap<u16, ListenerId>,
    news: VecDeque<TransportEvent<Ready<io::Result<End>>, io::Error>>,
    arrived: mpsc::UnboundedReceiver<Arrival>,
    arrivals: mpsc::UnboundedSender<Arrival>,
    waker: Option<Waker>,
}

impl Lines {
    pub(crate) fn new(wire: Wire, node: usize) -> Self {
        let (arrivals, arrived) = mpsc::unbounded_channel();
        Self {
            wire,
            node,
            ports: BTreeMap::new(),
            news: VecDeque::new(),
            arrived,
            arrivals,
            waker: None,
        }
    }

    fn tell(&mut self, news: TransportEvent<Ready<io::Result<End>>, io::Error>) {
        self.news.push_back(news);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Transport for Lines {
    type Output = End;
    type Error = io::Error;
    type ListenerUpgrade = Ready<io::Result<End>>;
    type Dial = Pin<Box<dyn Future<Output = io::Result<End>> + Send>>;

    fn listen_on(
        &mut self,
        listener_id: ListenerId,
        address: Multiaddr,
    ) -> Result<(), TransportError<io::Error>> {
        let Some((at, port)) = read(&address).filter(|(at, _)| *at == ip(self.node)) else {
            return Err(TransportError::MultiaddrNotSupported(address));
        };
        let Some(port) = self.wire.listen(self.node, port, self.arrivals.clone()) else {
            return Err(TransportError::Other(io::ErrorKind::AddrInUse.into()));
        };
        self.ports.insert(port, listener_id);
        self.tell(TransportEvent::NewAddress { listener_id, listen_addr: written((at, port)) });
        Ok(())
    }

    fn remove_listener(&mut self, listener_id: ListenerId) -> bool {
        let port = self.ports.iter().find(|(_, id)| **id == listener_id).map(|(port, _)| *port);
        let Some(port) = port else { return false };
        self.ports.remove(&port);
        self.wire.unlisten(self.node, port);
        self.tell(TransportEvent::ListenerClosed { listener_id, reason: Ok(()) });
        true
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        _: DialOpts,
    ) -> Result<Self::Dial, TransportError<io::Error>> {
        let Some((at, port)) = read(&address) else {
            return Err(TransportError::MultiaddrNotSupported(address));
        };
        let (wire, from) = (self.wire.clone(), self.node);
        Ok(Box::pin(async move {
            let Some(to) = wire.node_at(at) else { return std::future::pending().await };
            // There and back, as the handshake of TCP; over a cut line it is tried for ever.
            while wire.is_cut(from, to) {
                sleep(AGAIN).await;
            }
            sleep(wire.way(from, to)).await;
            let end = wire.connect(from, to, port);
            sleep(wire.way(to, from)).await;
            end.ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
        }))
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        if let Some(news) = self.news.pop_front() {
            return Poll::Ready(news);
        }
        while let Poll::Ready(Some(Arrival { port, from, end })) = self.arrived.poll_recv(context) {
            // Whoever came while the listener went finds it closed.
            if let Some(listener_id) = self.ports.get(&port).copied() {
                return Poll::Ready(TransportEvent::Incoming {
                    listener_id,
                    upgrade: ready(Ok(end)),
                    local_addr: written((ip(self.node), port)),
                    send_back_addr: written(from),
                });
            }
        }
        self.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Reads `/ip4/10.0.0.1/tcp/4001`, with or without the name of a peer behind it.
fn read(address: &Multiaddr) -> Option<(Ipv4Addr, u16)> {
    let mut parts = address.iter();
    let (Some(Protocol::Ip4(ip)), Some(Protocol::Tcp(port))) = (parts.next(), parts.next()) else {
        return None;
    };
    match parts.next() {
        None | Some(Protocol::P2p(_)) => Some((ip, port)),
        Some(_) => None,
    }
}

fn written((ip, port): (Ipv4Addr, u16)) -> Multiaddr {
    Multiaddr::from(ip).with(Protocol::Tcp(port))
}

/// How often a connection over a cut line is tried.
const AGAIN: Duration = Duration::from_millis(500);
