//! A peer that speaks the network's protocol and says what it likes.

use super::bad;
use crate::Failure;
use countersign_node::network::Network;
use countersign_node::network::config::{Config, Role, Topics};
use countersign_node::network::incoming::{ExchangeError, Incoming};
use countersign_node::network::peer::{Address, Peer};
use countersign_protocol::did::Scid;
use countersign_protocol::wire::exchange::deposit::{Cosign, Deposit};
use countersign_protocol::wire::exchange::give;
use countersign_protocol::wire::exchange::{Request, Response, want};
use countersign_protocol::wire::head::Head;
use countersign_protocol::wire::network::{NetworkId, Parameters};
use countersign_protocol::wire::topic::{Kind, Topic};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

/// A peer of a network, connected to one node of it.
pub struct Liar {
    network: Network,
    victim: Peer,
    asked: u64,
    /// Where status is gossiped.
    topic: String,
    /// What it answers to whoever asks for this list.
    old: Option<Said>,
}

/// What an attestor said of one of its lists, kept to be told again later.
#[derive(Debug, Clone)]
pub struct Said {
    issuer: Scid,
    number: u64,
    status: give::Status,
    list: Vec<u8>,
}

/// What anybody can get of an identity, kept to be told again later.
#[derive(Debug, Clone)]
pub struct Captured {
    /// Its log, with the witness file and the sealed head.
    pub log: give::Log,
    /// The showcase the head names.
    pub showcase: Option<Vec<u8>>,
}

impl Liar {
    /// Connects to the node at `address`.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Late`] if it does not answer in time.
    pub async fn meet(network: &str, address: &str) -> Result<Self, Failure> {
        let mut config = Config::new(network);
        config.role = Role::Home;
        config.loopback = true;
        let id: NetworkId = network.parse().map_err(|_| bad(&"no network"))?;
        let topic = Topic { network: id.clone(), kind: Kind::Status }.to_string();
        let all = Topic::all(&id, Parameters::testnet(id.clone()).shards());
        let all = all.map(|topic| topic.to_string()).collect();
        config.topics = Topics { all, joined: vec![topic.clone()] };
        let mut network = Network::start(config).map_err(|error| bad(&error))?;
        let address: Address = address.parse().map_err(|_| bad(&"no address"))?;
        let victim = address.peer().ok_or_else(|| bad(&"an address without a peer"))?;
        network.dial(&address);
        let mut liar = Self { network, victim, asked: 0, topic, old: None };
        let connected = async {
            loop {
                match liar.next().await {
                    Incoming::Connected { peer, .. } if peer == victim => return,
                    // A handshake that came to nothing on a busy computer.
                    Incoming::Unreachable { .. } => {
                        tokio::time::sleep(SOON).await;
                        liar.network.dial(&address);
                    }
                    _ => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, connected).await.map_err(|_| late())?;
        Ok(liar)
    }

    /// Asks, or tells: the two are one here.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if there is no answer.
    pub async fn ask(&mut self, request: &Request) -> Result<Response, Failure> {
        self.asked = self.asked.wrapping_add(1);
        let id = self.asked;
        self.network.request(id, self.victim, request.to_bytes());
        let answered = async {
            loop {
                match self.next().await {
                    Incoming::Response { id: found, result, .. } if found == id => return result,
                    _ => {}
                }
            }
        };
        let answered = tokio::time::timeout(PATIENCE, answered).await.map_err(|_| late())?;
        let bytes = answered.map_err(|error| bad(&error))?;
        Response::parse(&bytes).map_err(|error| bad(&error))
    }

    /// Asks several things at once, and gives the answers in the order of the questions.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if one has no answer.
    pub async fn ask_all(&mut self, requests: &[Request]) -> Result<Vec<Response>, Failure> {
        let first = self.asked.wrapping_add(1);
        for request in requests {
            self.asked = self.asked.wrapping_add(1);
            self.network.request(self.asked, self.victim, request.to_bytes());
        }
        let mut answers = BTreeMap::new();
        let answered = async {
            while answers.len() < requests.len() {
                if let Incoming::Response { id, result, .. } = self.next().await
                    && id >= first
                {
                    answers.insert(id, result);
                }
            }
        };
        tokio::time::timeout(PATIENCE, answered).await.map_err(|_| late())?;
        let read = |result: Result<Vec<u8>, ExchangeError>| {
            let bytes = result.map_err(|error| bad(&error))?;
            Response::parse(&bytes).map_err(|error| bad(&error))
        };
        answers.into_values().map(read).collect()
    }

    /// Waits for the next thing that happens; whoever asks a liar gets no answer worth anything.
    async fn next(&mut self) -> Incoming {
        let happened = self.network.next().await;
        if let Incoming::Request { token, bytes, .. } = &happened {
            let asked = Request::parse(bytes).ok();
            let old = self.old.as_ref().zip(asked).and_then(|(old, asked)| old.answer(&asked));
            self.network.respond(*token, old.unwrap_or(Response::Unsupported).to_bytes());
        }
        happened
    }

    /// Gets what the node holds of an attestor's list.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if it holds nothing.
    pub async fn listen(&mut self, issuer: Scid, number: u64) -> Result<Said, Failure> {
        let wanted = want::Status { issuer, list: number, from: 0 };
        let Response::Status(status) = self.ask(&Request::Status(wanted)).await? else {
            return Err(bad(&"the statements are not given"));
        };
        let whole = status.list.ok_or_else(|| bad(&"the list is not named"))?;
        let Response::Body(list) = self.ask(&Request::Body(whole.hash)).await? else {
            return Err(bad(&"the list is not given"));
        };
        Ok(Said { issuer, number, status, list })
    }

    /// Announces what was said of a list as if it were the newest word, and answers so from then on;
    /// gives how many statements the node was told.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Late`] if the node does not listen.
    pub async fn insist(&mut self, said: &Said) -> Result<usize, Failure> {
        self.old = Some(said.clone());
        let told = async {
            for statement in &said.status.statements {
                // A node says what it listens to a moment after it is met.
                while self.network.publish(&self.topic, statement.clone()).is_err() {
                    let _happened = tokio::time::timeout(SOON, self.next()).await.is_ok();
                }
            }
        };
        tokio::time::timeout(PATIENCE, told).await.map_err(|_| late())?;
        Ok(said.status.statements.len())
    }

    /// Goes on lying.
    pub async fn go_on(&mut self) -> Infallible {
        loop {
            self.next().await;
        }
    }

    /// Gets what the node holds of an identity.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if it holds nothing.
    pub async fn capture(&mut self, scid: Scid) -> Result<Captured, Failure> {
        let wanted = want::Log { scid, have: 0 };
        let Response::Log(log) = self.ask(&Request::Log(wanted)).await? else {
            return Err(bad(&"the log is not given"));
        };
        let head = log.head.as_deref().and_then(|head| Head::parse(head).ok());
        let named = head.and_then(|head| head.unverified().showcase);
        let showcase = match named {
            None => None,
            Some(named) => match self.ask(&Request::Body(named.hash)).await? {
                Response::Body(bytes) => Some(bytes),
                _ => return Err(bad(&"the showcase is not given")),
            },
        };
        Ok(Captured { log, showcase })
    }

    /// Tells a node what was captured, as if it were new.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if there is no answer.
    pub async fn tell(&mut self, captured: &Captured) -> Result<Response, Failure> {
        self.ask(&Self::telling(captured)?).await
    }

    /// Words what was captured as if it were new.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Page`] if no head was captured.
    pub fn telling(captured: &Captured) -> Result<Request, Failure> {
        let Captured { log, showcase } = captured.clone();
        let head = log.head.ok_or_else(|| bad(&"no head was captured"))?;
        let (witness, log) = (log.witness, log.lines);
        Ok(Request::Deposit(Deposit { after: None, log, witness, head, showcase }))
    }

    /// Asks a witness to cosign a log.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if there is no answer.
    pub async fn have_cosigned(&mut self, log: &[u8]) -> Result<Response, Failure> {
        self.ask(&Request::Cosign(Cosign { log: log.to_vec(), witness: None })).await
    }
}

impl Said {
    /// Tells whether anything was said since the list was signed.
    #[must_use]
    pub const fn has_words(&self) -> bool {
        !self.status.statements.is_empty()
    }

    fn answer(&self, asked: &Request) -> Option<Response> {
        match asked {
            Request::Status(wanted)
                if (wanted.issuer, wanted.list) == (self.issuer, self.number) =>
            {
                Some(Response::Status(self.status.clone()))
            }
            Request::Body(hash) if self.status.list.is_some_and(|list| list.hash == *hash) => {
                Some(Response::Body(self.list.clone()))
            }
            _ => None,
        }
    }
}

fn late() -> Failure {
    Failure::Late { what: "an answer to the liar".to_owned(), seconds: PATIENCE.as_secs() }
}

/// Between two looks at whether the node listens by now.
const SOON: Duration = Duration::from_millis(20);

/// Nodes on this computer answer at once, but for a computer that is busy.
const PATIENCE: Duration = Duration::from_secs(150);
