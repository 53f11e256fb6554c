//! The processes of one network: who is who, where each lies, and how to ask it something.

use crate::Failure;
use crate::manners::{self, Manners};
use crate::observer::Observer;
use crate::owner::Owner;
use crate::ports;
use crate::process::{self, PASSPHRASE, Process, Program};
use crate::shop::{self, Shop};
use crate::simulated::Simulated;
use countersign_attestor::ledger::Second;
use countersign_node::ready::Ready;
use countersign_protocol::key::did_key;
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::{NetworkId, Parameters};
use futures::future::try_join_all;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// A running network.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    network: NetworkId,
    invite: Option<String>,
    provider: Option<Simulated>,
    shop: Option<Shop>,
    members: BTreeMap<String, Member>,
    manners: Manners,
    /// Somebody who only listens, if they were let in.
    pub(crate) observer: Option<Observer>,
    /// This computer's address in the local network, if others there may take part.
    lan: Option<IpAddr>,
}

/// What one program of the network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A node newcomers ask first; it keeps what homes deposit.
    Bootstrap,
    /// A node that cosigns and signs freshness, and keeps what homes deposit.
    Witness,
    /// Signs claims.
    Attestor,
    /// Checks claims.
    Vendor,
    /// A person.
    Customer,
    /// A node that holds and passes on, and belongs to nobody in the story.
    Other,
}

impl Part {
    /// Gives the word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Witness => "witness",
            Self::Attestor => "attestor",
            Self::Vendor => "vendor",
            Self::Customer => "customer",
            Self::Other => "node",
        }
    }

    const fn is_full(self) -> bool {
        !matches!(self, Self::Customer)
    }

    const fn has_identity(self) -> bool {
        matches!(self, Self::Attestor | Self::Vendor | Self::Customer)
    }
}

/// One member of the network.
#[derive(Debug)]
pub struct Member {
    /// Its name in the story.
    pub name: String,
    /// What it is for.
    pub part: Part,
    /// Its data folder.
    pub data: PathBuf,
    /// Where it is.
    pub ready: Ready,
    /// Where an attestor's listener with TLS is.
    pub tls: Option<SocketAddr>,
    /// Its owner's door.
    pub owner: Owner,
    process: Option<Process>,
}

impl Member {
    /// Tells whether it runs.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Gives the id of its process, if it runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().and_then(Process::id)
    }

    /// Gives its DID, if it has one.
    #[must_use]
    pub fn did(&self) -> &str {
        self.ready.identity.as_deref().unwrap_or_default()
    }
}

impl Cluster {
    /// Begins a network in `folder` with its first nodes: bootstraps and witnesses.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if a process does not get ready.
    pub async fn begin(
        folder: &Path,
        network: &NetworkId,
        bootstraps: &[&str],
        witnesses: &[&str],
    ) -> Result<Self, Failure> {
        Self::begin_as(folder, network, bootstraps, witnesses, Manners::default()).await
    }

    /// Begins a network as [`Self::begin`] does, whose members have these manners.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if a process does not get ready.
    pub async fn begin_as(
        folder: &Path,
        network: &NetworkId,
        bootstraps: &[&str],
        witnesses: &[&str],
        manners: Manners,
    ) -> Result<Self, Failure> {
        let mut cluster = Self { manners, ..Self::empty(folder, network) };
        cluster.found(bootstraps, witnesses).await?;
        Ok(cluster)
    }

    /// Begins a network as [`Self::begin`] does; with an address of this computer in the local network,
    /// nodes of other computers there can take part.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if a process does not get ready.
    pub async fn begin_at(
        folder: &Path,
        network: &NetworkId,
        lan: Option<IpAddr>,
        bootstraps: &[&str],
        witnesses: &[&str],
    ) -> Result<Self, Failure> {
        let mut cluster = Self { lan, ..Self::empty(folder, network) };
        cluster.found(bootstraps, witnesses).await?;
        Ok(cluster)
    }

    /// Starts the provider and the first nodes.
    async fn found(&mut self, bootstraps: &[&str], witnesses: &[&str]) -> Result<(), Failure> {
        self.provider = Some(Simulated::start(&self.folder).await?);
        let Some((first, others)) = bootstraps.split_first() else { return Ok(()) };
        // The first one founds the network; everybody after it is invited.
        self.add(core::iter::once((*first, Part::Bootstrap))).await?;
        self.renew_invite()?;
        let others = others.iter().map(|name| (*name, Part::Bootstrap));
        let witnesses = witnesses.iter().map(|name| (*name, Part::Witness));
        self.add(others.chain(witnesses)).await?;
        self.renew_invite()?;
        Ok(())
    }

    /// Makes a network of nobody.
    pub(crate) fn empty(folder: &Path, network: &NetworkId) -> Self {
        Self {
            folder: folder.to_owned(),
            network: network.clone(),
            invite: None,
            provider: None,
            shop: None,
            members: BTreeMap::new(),
            manners: Manners::default(),
            observer: None,
            lan: None,
        }
    }

    /// Makes an invitation that names the bootstraps as first peers, and offers the witnesses.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if no bootstrap is there.
    pub fn renew_invite(&mut self) -> Result<(), Failure> {
        let bad = |found: String| Failure::Page { url: "the invitation".to_owned(), found };
        let of = |part: Part| self.members.values().filter(move |member| member.part == part);
        let peers = of(Part::Bootstrap).filter_map(|member| self.reached_at(member)).collect();
        let witnesses = of(Part::Witness)
            .filter_map(|member| member.ready.witness.as_deref())
            .map(did_key::parse)
            .collect::<Result<_, _>>()
            .map_err(|error| bad(error.to_string()))?;
        let invite = Invite::new(self.parameters(), peers, witnesses);
        self.invite = Some(invite.map_err(|error| bad(error.to_string()))?.to_string());
        Ok(())
    }

    /// Gives where newcomers reach a member, other computers' too where they may come.
    fn reached_at(&self, member: &Member) -> Option<String> {
        let lan = self.lan.map(|address| format!("/{address}/"));
        let wanted = |address: &&String| lan.as_ref().is_none_or(|lan| address.contains(lan));
        member.ready.addresses.iter().find(wanted).cloned()
    }

    /// Adds members, a few at a time, and waits until each is ready.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if one of them does not get ready.
    pub async fn add<'n>(
        &mut self,
        who: impl Iterator<Item = (&'n str, Part)>,
    ) -> Result<(), Failure> {
        let who: Vec<(&str, Part)> = who.collect();
        // Each derives keys from a passphrase when it starts, which takes a processor and 64 MiB.
        for some in who.chunks(AT_ONCE) {
            let starting = some.iter().map(|(name, part)| self.make((*name).to_owned(), *part));
            for member in try_join_all(starting).await? {
                self.members.insert(member.name.clone(), member);
            }
        }
        Ok(())
    }

    async fn make(&self, name: String, part: Part) -> Result<Member, Failure> {
        let data = self.folder.join(&name);
        self.prepare(&data, part).await?;
        if part == Part::Attestor {
            self.prepare_attestor(&name, &data).await?;
        }
        let listen = self.place(part)?;
        self.start(name, part, data, &listen).await
    }

    /// Says where a new member listens, over both transports: a customer wherever the system chooses,
    /// everybody else where they are found again.
    fn place(&self, part: Part) -> Result<String, Failure> {
        if part == Part::Customer {
            return Ok(ANYWHERE.to_owned());
        }
        let lan = self.lan.filter(|_| part.is_full());
        let family = |address: &IpAddr| if address.is_ipv4() { "ip4" } else { "ip6" };
        let port = ports::lasting()?;
        let here = std::iter::once(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let at = |address: IpAddr| {
            let at = format!("/{}/{address}", family(&address));
            format!(r#""{at}/tcp/{port}", "{at}/udp/{port}/quic-v1""#)
        };
        Ok(here.chain(lan).map(at).collect::<Vec<_>>().join(", "))
    }

    /// Makes the data folder of a new member, as its owner would.
    async fn prepare(&self, data: &Path, part: Part) -> Result<(), Failure> {
        self.prepare_as(data, part, part.has_identity()).await
    }

    fn passphrase(&self, data: &Path) -> Result<(), Failure> {
        let path = data.join(PASSPHRASE);
        countersign_node::private::write(&path, self.manners.passphrase.as_bytes())
            .map_err(|cause| Failure::File { path, cause })
    }

    async fn prepare_as(&self, data: &Path, part: Part, identity: bool) -> Result<(), Failure> {
        self.passphrase(data)?;
        let words = data.join(WORDS);
        let words = words.to_string_lossy();
        let mut arguments = vec!["--json", "init", "--weak-passphrase"];
        match &self.invite {
            Some(invite) => arguments.extend(["--join", invite]),
            None => arguments.extend(["--found", self.network.as_str(), "--testnet"]),
        }
        arguments.extend(["--role", if part.is_full() { "full" } else { "home" }]);
        if identity {
            arguments.extend(["--words-to", &words]);
        } else {
            arguments.push("--without-identity");
        }
        if part == Part::Attestor && identity {
            arguments.push("--attests");
        }
        process::run(Program::Node, data, &arguments, &[0]).await.map(drop)
    }

    /// Has a new member attest what the SIMULATED provider says.
    async fn prepare_attestor(&self, name: &str, data: &Path) -> Result<(), Failure> {
        let missing = || Failure::Nobody { name: "the simulated provider".to_owned() };
        let provider = self.provider.as_ref().ok_or_else(missing)?;
        let port = ports::lasting()?;
        let url = format!("https://127.0.0.1:{port}");
        let source = data.join("source.toml");
        let Manners { client_secret, claim, .. } = &self.manners;
        let text = provider.source(name, claim);
        let secret = data.join("simulated.secret");
        for (path, text) in [(&source, &text), (&secret, client_secret)] {
            countersign_node::private::write(path, text.as_bytes())
                .map_err(|cause| Failure::File { path: path.clone(), cause })?;
        }
        let back = format!("{url}/callback/simulated");
        provider.register(name, client_secret, &back).await?;
        let (source, listen) = (source.to_string_lossy(), format!("127.0.0.1:{port}"));
        let arguments = [
            "--json",
            "init",
            "--from",
            &source,
            "--name",
            name,
            "--public-url",
            &url,
            "--listen",
            &listen,
            "--tls-self-signed",
            "--second",
            second_word(self.manners.second),
            "--move-wait",
            MOVE_WAIT,
        ];
        process::run(Program::Attestor, data, &arguments, &[0]).await?;
        manners::introduce(name, data)
    }

    async fn start(
        &self,
        name: String,
        part: Part,
        data: PathBuf,
        listen: &str,
    ) -> Result<Member, Failure> {
        let mut arguments: Vec<String> =
            ["--set", "doors.owner=127.0.0.1:0", "--set", "network.loopback=true", "--json"]
                .map(str::to_owned)
                .into();
        arguments.extend(["--set".to_owned(), format!("network.listen=[{listen}]")]);
        if self.is_in_lan() && part.is_full() {
            arguments.extend(["--set", "network.mdns=true"].map(str::to_owned));
        }
        if part == Part::Witness {
            arguments.extend(["--set", "network.witness=true"].map(str::to_owned));
        }
        if part == Part::Vendor {
            arguments.extend(["--set", "doors.public=127.0.0.1:0"].map(str::to_owned));
        }
        let program = if part == Part::Attestor { Program::Attestor } else { Program::Node };
        arguments.push("run".to_owned());
        if let Some(level) = self.manners.log {
            arguments.extend(["--log", level].map(str::to_owned));
        }
        let mut process = Process::start(&name, program, &data, &arguments)?;
        let Said { ready, tls } = process.ready().await?;
        let owner = Owner::at(&name, ready.owner, &ready.token_file)?;
        if let (Some(observer), Some(address)) = (&self.observer, ready.addresses.first()) {
            observer.meet(&name, address).await?;
        }
        Ok(Member { name, part, data, ready, tls, owner, process: Some(process) })
    }

    /// Kills a member and throws everything away that it had.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if nobody has that name or its folder cannot be removed.
    pub async fn lose(&mut self, name: &str) -> Result<(), Failure> {
        self.kill(name).await?;
        let path = self.member(name)?.data.clone();
        std::fs::remove_dir_all(&path).map_err(|cause| Failure::File { path, cause })
    }

    /// Starts a member's new computer: a node in the network, with no identity yet.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if nobody has that name or it does not get ready.
    pub async fn add_blank(&mut self, name: &str) -> Result<(), Failure> {
        let Member { data, part, ready, .. } = self.member(name)?;
        let (data, part, before) = (data.clone(), *part, ready.identity.clone());
        self.prepare_as(&data, part, false).await?;
        let mut member = self.start(name.to_owned(), part, data, ANYWHERE).await?;
        // Who it belongs to did not change.
        member.ready.identity = before;
        self.members.insert(name.to_owned(), member);
        Ok(())
    }

    /// Restores a stolen backup into a folder of the thief's, and gives the folder.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if the backup does not open.
    pub async fn open_loot(&self, thief: &str, stolen: &Path) -> Result<PathBuf, Failure> {
        let data = self.folder.join(thief);
        self.passphrase(&data)?;
        let file = stolen.to_string_lossy();
        process::run(Program::Node, &data, &["--json", "restore", &file], &[0]).await?;
        Ok(data)
    }

    /// Says what attestors that are added from now on do when an account signs in for a second
    /// identity.
    pub const fn decide_second(&mut self, second: Second) {
        self.manners.second = second;
    }

    /// Gives how members are begun, to change it for those who are added from now on.
    pub const fn manners(&mut self) -> &mut Manners {
        &mut self.manners
    }

    /// Gives what everybody in the network agrees on.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        Parameters::testnet(self.network.clone())
    }

    /// Gives the network's id.
    #[must_use]
    pub const fn network(&self) -> &NetworkId {
        &self.network
    }

    /// Invites newcomers with another invitation from now on.
    pub fn invite_by(&mut self, invite: String) {
        self.invite = Some(invite);
    }

    /// Gives a member by name.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Nobody`] if nobody has that name.
    pub fn member(&self, name: &str) -> Result<&Member, Failure> {
        self.members.get(name).ok_or_else(|| nobody(name))
    }

    /// Gives everybody, in the order of the names.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// Gives the invitation to this network.
    #[must_use]
    pub fn invite(&self) -> &str {
        self.invite.as_deref().unwrap_or_default()
    }

    /// Tells whether other computers of the local network can take part.
    #[must_use]
    pub const fn is_in_lan(&self) -> bool {
        self.lan.is_some()
    }

    /// Opens the example shop over a vendor's node.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if nobody has that name or the shop does not open.
    pub async fn open_shop(&mut self, vendor: &str) -> Result<(), Failure> {
        self.shop = Some(Shop::open(&self.folder, self.member(vendor)?).await?);
        Ok(())
    }

    /// Gives the example shop, if there is one.
    #[must_use]
    pub const fn shop(&self) -> Option<&Shop> {
        self.shop.as_ref()
    }

    /// Kills a member or the shop at once, as a power cut would.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if nobody has that name or the system does not let us.
    pub async fn kill(&mut self, name: &str) -> Result<(), Failure> {
        if let Some(shop) = self.shop.as_mut().filter(|_| name == shop::NAME) {
            return shop.kill().await;
        }
        let member = self.members.get_mut(name);
        let member = member.ok_or_else(|| nobody(name))?;
        match member.process.take() {
            Some(process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Starts a member again over the data it has, or the shop; whoever is asked first listens where it
    /// did.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if nobody has that name or it does not get ready.
    pub async fn restart(&mut self, name: &str) -> Result<(), Failure> {
        if let Some(shop) = self.shop.as_mut().filter(|_| name == shop::NAME) {
            let vendor = self.members.get(shop.vendor());
            return shop.reopen(vendor.ok_or_else(|| nobody(name))?).await;
        }
        let member = self.member(name)?;
        let listen = match member.part {
            Part::Customer => ANYWHERE.to_owned(),
            _ => listened(&member.ready.addresses),
        };
        let again = self.start(name.to_owned(), member.part, member.data.clone(), &listen).await?;
        self.members.insert(name.to_owned(), again);
        // A node that starts again has another door, and its shop has to know.
        let sells = |shop: &&mut Shop| shop.is_running() && shop.vendor() == name;
        match (self.shop.as_mut().filter(sells), self.members.get(name)) {
            (Some(shop), Some(vendor)) => shop.reopen(vendor).await,
            _ => Ok(()),
        }
    }

    /// Gives the SIMULATED payment provider.
    #[must_use]
    pub const fn provider(&self) -> Option<&Simulated> {
        self.provider.as_ref()
    }

    /// Stops everybody in order; each loses nothing.
    ///
    /// # Errors
    ///
    /// Returns the first [`Failure`]; the others are stopped all the same.
    pub async fn stop(self) -> Result<(), Failure> {
        let shut = match self.shop {
            Some(shop) => shop.stop().await,
            None => Ok(()),
        };
        let stopping =
            self.members.into_values().filter_map(|member| member.process).map(Process::stop);
        let ended = futures::future::join_all(stopping).await;
        if let Some(provider) = self.provider {
            provider.stop().await?;
        }
        ended.into_iter().chain([shut]).collect()
    }
}

fn nobody(name: &str) -> Failure {
    Failure::Nobody { name: name.to_owned() }
}

/// The line in which a member says that it is ready.
#[derive(Debug, serde::Deserialize)]
struct Said {
    #[serde(flatten)]
    ready: Ready,
    #[serde(default)]
    tls: Option<SocketAddr>,
}

/// Writes addresses as a setting, without the name of the node behind them.
fn listened(addresses: &[String]) -> String {
    let plain =
        |address: &String| address.split("/p2p/").next().map(|plain| format!("\"{plain}\""));
    addresses.iter().filter_map(plain).collect::<Vec<_>>().join(", ")
}

const fn second_word(second: Second) -> &'static str {
    match second {
        Second::Reject => "reject",
        Second::Move => "move",
        Second::Allow => "allow",
    }
}

/// Members that start at one time.
const AT_ONCE: usize = 6;

/// Ports the system chooses, over both transports.
const ANYWHERE: &str = r#""/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1""#;

/// Seconds between the end of an old claim and a new one when an account moves: long enough to see.
const MOVE_WAIT: &str = "2";

/// The file in a data folder of a testnet that holds the 24 words.
pub const WORDS: &str = "words";
