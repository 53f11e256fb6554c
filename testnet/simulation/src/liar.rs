//! A peer that takes part as any other, and answers what it likes.

use crate::node::named;
use crate::world::{Host, Id, World};
use countersign_node::Config;
use countersign_node::config::Role;
use countersign_node::joined::Joined;
use countersign_node::network::incoming::Incoming;
use countersign_node::network::peer::Address;
use countersign_node::settings;
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::command::Publication;
use countersign_protocol::key::SecretKey;
use countersign_protocol::verdict::Verdict;
use countersign_protocol::wire::exchange::hello::{Hello, Roles, SPOKEN};
use countersign_protocol::wire::exchange::{Request, Response, give};

/// A handle on one.
pub struct Liar {
    id: Id,
    address: Address,
}

impl Liar {
    /// Adds one that introduces itself as a keeper, and answers everything else with `lie`.
    pub fn add(world: &mut World, lie: impl FnMut(&Request) -> Response + Send + 'static) -> Self {
        let mut seed = [0; 32];
        world.dice().fill(&mut seed);
        let key = SecretKey::from_seed(seed);
        let id = world.add(|host| run(host, key.clone(), lie));
        Self { id, address: named(&world.address(id), &key) }
    }

    /// Gives its name in the world.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// Gives where it listens.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }
}

/// What was true once, for a liar to go on telling. It says nothing about how new any of it is.
#[derive(Clone)]
pub struct Yesterday {
    /// Who was who.
    pub identities: Vec<Publication>,
    /// What an attestor had said of its list.
    pub statements: Vec<Vec<u8>>,
    /// The list.
    pub list: Vec<u8>,
}

impl Yesterday {
    /// Answers as if it were still true.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Response {
        match request {
            Request::Heads(wanted) => {
                let known = self.identities.iter();
                let known = known.filter(|known| wanted.scids.contains(&known.scid));
                Response::Heads(known.map(|known| known.head.clone()).collect())
            }
            Request::Log(wanted) => {
                let known = self.identities.iter().find(|known| known.scid == wanted.scid);
                known.map_or(Response::Nothing, |known| self.log(known, wanted.have))
            }
            Request::Body(hash) if *hash == sha256(&self.list) => Response::Body(self.list.clone()),
            Request::Status(_) => {
                let whole = give::Whole { sequence: 0, hash: sha256(&self.list) };
                let (statements, list) = (self.statements.clone(), Some(whole));
                Response::Status(give::Status { statements, list })
            }
            Request::Fresh(_) => Response::Fresh(Vec::new()),
            _ => Response::Nothing,
        }
    }

    fn log(&self, known: &Publication, have: u64) -> Response {
        let lines = known.log.split_inclusive(|byte| *byte == b'\n');
        let skipped = usize::try_from(have).unwrap_or(usize::MAX);
        Response::Log(give::Log {
            after: have,
            lines: lines.skip(skipped).collect::<Vec<_>>().concat(),
            witness: known.witnesses.clone(),
            head: Some(known.head.clone()),
        })
    }
}

async fn run(host: Host, key: SecretKey, mut lie: impl FnMut(&Request) -> Response) {
    let mut config = Config { role: Role::Full, ..Config::default() };
    config.network.listen = vec![host.address().to_string()];
    let joined = Joined::founded(crate::node::parameters());
    let settings = settings::network(&config, &joined, key.clone()).expect("addresses");
    let mut network = host.network(settings).expect("the network starts");
    let network_id = joined.parameters.id();
    loop {
        match network.next().await {
            Incoming::Gossip { token, .. } => network.judge(token, Verdict::Accept),
            Incoming::Request { token, bytes, .. } => {
                let answer = match Request::parse(&bytes) {
                    Ok(Request::Hello(greeting)) => {
                        let (versions, roles, nonce) = (SPOKEN, Roles::KEEPER, greeting.nonce);
                        let (time, public) = (host.now(), key.public());
                        let hello = Hello { versions, roles, time, nonce, key: public };
                        Response::Hello(hello.seal(network_id, &key))
                    }
                    Ok(request) => lie(&request),
                    Err(_) => Response::Unsupported,
                };
                network.respond(token, answer.to_bytes());
            }
            _ => {}
        }
    }
}
