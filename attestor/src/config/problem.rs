//! What to do about settings that cannot be used.

use super::ConfigError;
use crate::evidence::settings::SettingsError;
use countersign_node::Problem;
use countersign_node::problem::Kind;

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        let hint = error.hint();
        Self::new(Kind::Invalid, "the settings of the attestor cannot be used")
            .because(error)
            .hint(hint)
    }
}

impl ConfigError {
    /// Says what to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => {
                "`countersign-attestor init --from paypal` makes an attestor; --data FOLDER names \
                 another one"
            }
            Self::Unwritable { .. } => "look at the disk, and at who may write there",
            Self::Malformed { .. } => {
                "correct the line it names; docs/guides/attestor.md explains each"
            }
            Self::PublicUrl => "write it like https://north.example, without a path",
            Self::Exposed { .. } => "set `listen` to 127.0.0.1:7443 and send the proxy there",
            Self::OperatorExposed { .. } => {
                "set `operator` to 127.0.0.1:0 in attestor.toml: whoever works elsewhere comes through a tunnel, \
                 such as `ssh -L`"
            }
            Self::Taken { .. } => "choose another port for `operator` in attestor.toml",
            Self::SameSlug { .. } => "give one of them another `slug`",
            Self::SameRule { .. } => "give the rule of one of them another `name`",
            Self::Settings(error) => source_hint(error),
            Self::Source { .. } => "correct the file of the source; attestor/examples has three",
            Self::Tls(_) => {
                "name a chain and its key, both PEM, under [tls.files] in attestor.toml"
            }
        }
    }
}

const fn source_hint(error: &SettingsError) -> &'static str {
    match error {
        SettingsError::Unreadable { .. } | SettingsError::NoSecret { .. } => {
            "put the client secret the provider gave into this file, mode 0600"
        }
        SettingsError::Exposed { .. } => {
            "`chmod 600` the file, and have the provider give a new secret"
        }
        _ => "correct the file of the source; attestor/examples has three",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_exposed_is_told_by_the_setting_it_stands_in() {
        let listen = "0.0.0.0:7443".parse().unwrap();
        for (error, setting, other) in [
            (ConfigError::Exposed { listen }, "`listen`", "`operator`"),
            (ConfigError::OperatorExposed { listen }, "`operator`", "`listen`"),
        ] {
            let said = Problem::from(error).to_string();
            let hint = said.split_once("hint: ").unwrap().1;
            assert!(hint.contains(setting) && !said.contains(other), "{said}");
        }
    }
}
