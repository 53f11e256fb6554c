//! Who is known to a simulated provider: its customers, and the attestors that ask about them.

use super::Simulation;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A made-up customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// What the customer signs in with.
    pub email: String,
    /// The password; every made-up customer's is written on the sign-in page.
    #[serde(default = "password")]
    pub password: String,
    /// The name the account shows.
    pub name: String,
    /// What the provider says about the account.
    pub verified: bool,
}

impl Customer {
    /// Makes a customer with the password every made-up customer has.
    #[must_use]
    pub fn new(email: &str, name: &str, verified: bool) -> Self {
        Self { email: email.to_owned(), password: password(), name: name.to_owned(), verified }
    }

    /// Gives the verified customer every simulated provider has.
    #[must_use]
    pub fn verified() -> Self {
        Self::new(VERIFIED, "Vera Verified (SIMULATED)", true)
    }

    /// Gives another verified customer: an account backs one identity at each attestor.
    #[must_use]
    pub fn verified_too() -> Self {
        Self::new(VERIFIED_TOO, "Vic Verified (SIMULATED)", true)
    }

    /// Gives the unverified customer every simulated provider has.
    #[must_use]
    pub fn unverified() -> Self {
        Self::new(UNVERIFIED, "Una Unverified (SIMULATED)", false)
    }

    /// Gives the account's stable id: it stays when the name or the verification changes.
    #[must_use]
    pub fn payer_id(&self) -> String {
        let digest = Sha256::digest(format!("payer:{}", self.email));
        digest.iter().take(7).map(|byte| format!("{byte:02X}")).collect()
    }

    /// Gives the account's name towards one client.
    #[must_use]
    pub fn user_id(&self, client: &str) -> String {
        let digest = Sha256::digest(format!("user:{client}:{}", self.email));
        let id: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("https://simulated.example/webapps/auth/identity/user/{id}")
    }
}

/// An attestor that asks the provider about its customers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// What it is known by.
    pub id: String,
    /// What proves it.
    pub secret: String,
    /// The only address browsers are sent back to.
    pub redirect: String,
}

/// Something secret that the provider gave or got.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Given {
    /// What it is.
    pub what: String,
    /// What it says.
    pub value: String,
}

/// `GET /simulated/given`: tells everything secret it ever gave or got, to whoever looks for leaks.
pub(super) async fn given(State(simulation): State<Simulation>) -> Json<Vec<Given>> {
    Json(simulation.lock().given.clone())
}

/// `POST /simulated/customers`: adds a customer or changes one.
pub(super) async fn add_customer(
    State(simulation): State<Simulation>,
    Json(customer): Json<Customer>,
) -> StatusCode {
    simulation.lock().add(customer);
    StatusCode::NO_CONTENT
}

/// `POST /simulated/clients`: makes an attestor known.
pub(super) async fn add_client(
    State(simulation): State<Simulation>,
    Json(client): Json<Client>,
) -> StatusCode {
    simulation.lock().register(client);
    StatusCode::NO_CONTENT
}

fn password() -> String {
    PASSWORD.to_owned()
}

/// Signs in as the verified customer.
pub const VERIFIED: &str = "verified@simulated.example";
/// Signs in as another verified customer.
pub const VERIFIED_TOO: &str = "also-verified@simulated.example";
/// Signs in as the unverified customer.
pub const UNVERIFIED: &str = "unverified@simulated.example";
/// The password of every made-up customer.
pub const PASSWORD: &str = "simulated";
