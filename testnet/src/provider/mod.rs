//! A SIMULATED payment provider: an OpenID provider whose customers are made up.
//!
//! It speaks the code flow as a real one does, describes accounts in PayPal's older style (no `sub`,
//! `"true"` for true), and says that it is simulated on every page and in its name. A [`Fault`] makes
//! it break exactly one rule, so that a test can show which rule refused it. It listens on loopback
//! and has no other purpose than a testnet.

pub mod browser;
pub mod fault;
pub mod people;
pub mod program;

mod authorize;
mod jwt;
mod page;
mod token;
mod userinfo;

#[cfg(test)]
mod journey;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod rules;

use axum::routing::{get, post};
use axum::{Json, Router};
use countersign_protocol::key::SecretKey;
use fault::Fault;
use people::{Client, Customer};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A simulated provider that is listening.
#[derive(Debug)]
pub struct Provider {
    address: SocketAddr,
    issuer: String,
    simulation: Simulation,
    server: JoinHandle<()>,
}

impl Provider {
    /// Starts a provider on `address`, with one verified and one unverified customer.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system if the address cannot be listened on.
    pub async fn start(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let issuer = format!("http://{address}");
        let simulation = Simulation::new(issuer.clone());
        let router = router(simulation.clone());
        let server = tokio::spawn(async move {
            // It ends when the task is aborted; an error of accept ends the simulation, visibly.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self { address, issuer, simulation, server })
    }

    /// Gives the issuer identifier, which is also its address.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Gives the address it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes an attestor known to the provider.
    pub fn register(&self, client: Client) {
        self.simulation.lock().register(client);
    }

    /// Adds a customer, or replaces the one with the same address.
    pub fn add(&self, customer: Customer) {
        self.simulation.lock().add(customer);
    }

    /// Breaks one rule from now on, or none.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.simulation.lock().fault = fault;
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What the handlers share.
#[derive(Debug, Clone)]
struct Simulation {
    state: Arc<Mutex<State>>,
}

impl Simulation {
    fn new(issuer: String) -> Self {
        let mut state = State {
            issuer,
            key: SecretKey::from_seed(rand::random()),
            fault: None,
            clients: HashMap::new(),
            customers: HashMap::new(),
            pages: HashMap::new(),
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            given: Vec::new(),
        };
        state.add(Customer::verified());
        state.add(Customer::verified_too());
        state.add(Customer::unverified());
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// No handler holds it across an await; a handler that panicked leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a provider remembers while it runs.
#[derive(Debug)]
struct State {
    issuer: String,
    key: SecretKey,
    fault: Option<Fault>,
    clients: HashMap<String, Client>,
    customers: HashMap<String, Customer>,
    /// Sign-in pages that were shown and not yet answered.
    pages: HashMap<String, authorize::Asked>,
    /// Codes that were given and not yet exchanged.
    codes: HashMap<String, authorize::Granted>,
    access: HashMap<String, token::Holder>,
    refresh: HashMap<String, token::Holder>,
    /// Everything secret it ever gave or got.
    given: Vec<people::Given>,
}

impl State {
    fn register(&mut self, client: Client) {
        self.clients.insert(client.id.clone(), client);
    }

    fn add(&mut self, customer: Customer) {
        self.customers.insert(customer.email.clone(), customer);
    }

    /// Remembers something secret that went over the wire.
    fn note(&mut self, what: &str, value: &str) {
        self.given.push(people::Given { what: what.to_owned(), value: value.to_owned() });
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

fn router(simulation: Simulation) -> Router {
    Router::new()
        .route("/", get(page::front))
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(keys))
        .route("/signin/authorize", get(authorize::authorize))
        .route("/signin/login", post(authorize::login))
        .route("/v1/oauth2/token", post(token::token))
        .route("/v1/identity/openidconnect/userinfo", get(userinfo::userinfo))
        .route("/simulated/customers", post(people::add_customer))
        .route("/simulated/clients", post(people::add_client))
        .route("/simulated/given", get(people::given))
        .with_state(simulation)
}

/// OpenID Connect Discovery 1.0, section 4.
async fn discovery(
    axum::extract::State(simulation): axum::extract::State<Simulation>,
) -> Json<Value> {
    let state = simulation.lock();
    let issuer = &state.issuer;
    let named =
        if state.has(Fault::DiscoveryOtherIssuer) { "https://other.example" } else { issuer };
    let token_host =
        if state.has(Fault::DiscoveryOtherHost) { "https://other.example" } else { issuer };
    Json(json!({
        "issuer": named,
        "service_documentation": "https://simulated.example/SIMULATED",
        "authorization_endpoint": format!("{issuer}/signin/authorize"),
        "token_endpoint": format!("{token_host}/v1/oauth2/token"),
        "userinfo_endpoint":
            format!("{issuer}/v1/identity/openidconnect/userinfo?schema=openid"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// RFC 7517, section 5, and RFC 8037, section 2.
async fn keys(axum::extract::State(simulation): axum::extract::State<Simulation>) -> Json<Value> {
    Json(json!({ "keys": [jwt::public_key(&simulation.lock().key)] }))
}
