//! Whom a key is for.

use std::fmt;

use crate::{address::Base, AssistantError, Provider};

/// The server that a key is for: what it speaks, its host and its port. A key that was entered for
/// one is for no other.
///
/// The host and the port are those that are connected to, in one form: lower case, the port that
/// the scheme stands for, the short form of an IPv6 address, nothing of a user in the address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient {
    protocol: &'static str,
    host: String,
    port: u16,
}

impl Recipient {
    /// The server that a key for this provider is for; `None` if the provider needs no server.
    ///
    /// # Errors
    ///
    /// [`AssistantError::BadUrl`] if the address is none. No key is sent then, for nobody is asked.
    pub fn of(provider: &Provider) -> Result<Option<Self>, AssistantError> {
        let (protocol, base_url) = match provider {
            Provider::Echo => return Ok(None),
            Provider::OpenAi { base_url, .. } => ("openai", base_url),
            Provider::Anthropic { base_url, .. } => ("anthropic", base_url),
            Provider::Gemini { base_url, .. } => ("gemini", base_url),
        };
        let base = Base::parse(base_url)?;
        let (host, port) = base.host_and_port();
        Ok(Some(Self {
            protocol,
            host: host.to_owned(),
            port,
        }))
    }

    /// A name that no other server has and that stays from start to start, such as
    /// `openai-api.openai.com-443`. It is for machines; people see the server itself.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}-{}", self.protocol, self.host, self.port)
    }
}

/// Host and port, without the port of `https`.
impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if self.port == 443 {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openai(base_url: &str) -> Provider {
        Provider::OpenAi {
            base_url: base_url.to_owned(),
            model: "m".to_owned(),
        }
    }

    #[track_caller]
    fn check(base_url: &str, shown: &str, name: &str) {
        let recipient = Recipient::of(&openai(base_url)).unwrap().unwrap();
        assert_eq!(recipient.to_string(), shown);
        assert_eq!(recipient.name(), name);
    }

    #[test]
    fn a_server_is_one_however_its_address_is_written() {
        for address in [
            "https://api.openai.com",
            " https://API.OpenAI.com:443/v1/ ",
            "https://me:secret@api.openai.com/v1?a=b",
        ] {
            check(address, "api.openai.com", "openai-api.openai.com-443");
        }
        check("http://a", "a:80", "openai-a-80");
        check("http://a:8080/v1", "a:8080", "openai-a-8080");
        for address in ["http://[::1]:8080/v1", "http://[0:0:0:0:0:0:0:1]:8080"] {
            check(address, "[::1]:8080", "openai-::1-8080");
        }
        check("https://[FE80::A]/", "[fe80::a]", "openai-fe80::a-443");
        let international = "https://XN--Bcher-kva.example/v1";
        let name = "openai-xn--bcher-kva.example-443";
        check(international, "xn--bcher-kva.example", name);
    }

    #[test]
    fn another_server_is_another() {
        let addresses = [
            "https://api.openai.com",
            "http://api.openai.com",
            "https://api.openai.com:8443",
            "https://api.openai.com.example",
            // Whom the user in the address is named after does not matter.
            "https://api.openai.com@a.example",
            "https://api.openai.com:443@b.example",
            "https://1.2.3.4",
            "https://[1.2.3.4]",
        ];
        let providers = addresses.map(openai).into_iter().chain([
            Provider::Anthropic {
                base_url: addresses[0].to_owned(),
                model: "m".to_owned(),
            },
            Provider::Gemini {
                base_url: addresses[0].to_owned(),
                model: "m".to_owned(),
            },
        ]);
        let recipients: Vec<_> = providers
            .map(|provider| Recipient::of(&provider).unwrap().unwrap())
            .collect();
        for (index, one) in recipients.iter().enumerate() {
            for other in &recipients[..index] {
                assert_ne!(one, other);
                assert_ne!(one.name(), other.name());
            }
        }
    }

    #[test]
    fn nobody_has_a_key_without_an_address() {
        assert_eq!(Recipient::of(&Provider::Echo), Ok(None));
        let error = Recipient::of(&openai("nowhere")).unwrap_err();
        assert!(matches!(error, AssistantError::BadUrl { .. }), "{error}");
    }
}
