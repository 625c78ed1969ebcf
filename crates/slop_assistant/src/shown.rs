//! What of the address of a server is not to be shown or kept.

/// Parts of the names of what only its owner should know.
const SECRET: [&str; 9] = [
    "key",
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "credential",
    "auth",
    "signature",
];

/// An address without a user and without a query, of which either may hold a secret.
#[must_use]
pub fn shown_address(address: &str) -> String {
    let (start, authority, path) = parts(address);
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    format!("{start}{host}{path}")
}

/// Whether an address has a user or a password in it, or a query whose name looks like that of a
/// secret. What is half typed counts as what it looks like, and need not have a scheme yet.
#[must_use]
pub fn address_holds_a_secret(address: &str) -> bool {
    let (_, authority, path) = parts(address);
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let mut names = query.split(['&', ';', '#']).map(|pair| {
        let name = pair.split_once('=').map_or("", |(name, _)| name);
        name.to_ascii_lowercase()
    });
    let is_secret = |name: String| {
        name == "sig" || name == "code" || SECRET.iter().any(|part| name.contains(*part))
    };
    // No port, so what stands before it is a user, whose password is being typed.
    let host_end = authority.rfind(']').map_or(0, |at| at + 1);
    let port = authority[host_end..].split_once(':').map(|(_, port)| port);
    let is_no_port = |port: &str| port.bytes().any(|byte| !byte.is_ascii_digit());
    authority.contains('@') || port.is_some_and(is_no_port) || names.any(is_secret)
}

/// The scheme, the host and the port of an address, in the form in which they can be compared and shown.
#[must_use]
pub fn address_origin(address: &str) -> String {
    let (start, authority, _) = parts(address.trim());
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{start}{host}").to_ascii_lowercase()
}

/// The scheme with what follows it, the host with what may stand before it, and the rest.
fn parts(address: &str) -> (&str, &str, &str) {
    let start = address.find("://").map_or(0, |at| at + "://".len());
    let (start, rest) = address.split_at(start);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    (start, authority, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        for (address, shown) in [
            ("https://a.example/v1", "https://a.example/v1"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            (
                "https://me:hunter2@a.example:1/v1?key=b",
                "https://a.example:1/v1",
            ),
            ("https://a?api-version=1#b", "https://a"),
            ("https://a/run/@cf/b", "https://a/run/@cf/b"),
            ("https://me@you@a/b", "https://a/b"),
            ("nowhere", "nowhere"),
            ("", ""),
        ] {
            assert_eq!(shown_address(address), shown);
        }
    }

    #[test]
    fn a_server_is_one_under_all_its_paths() {
        for address in ["https://A.example/v1", " https://me:x@a.example?b=c"] {
            assert_eq!(address_origin(address), "https://a.example");
        }
        let with_port = address_origin("https://a.example:1");
        assert_ne!(address_origin("https://a.example"), with_port);
    }

    #[test]
    fn secrets_in_addresses_are_known() {
        for address in [
            "https://me:hunter2@a.example/v1",
            "https://sk-123@a.example",
            "https://me:hunter",
            "https://a/v1?key=b",
            "https://a?x=1&API-Key=b",
            "https://a?access_token=b",
            "https://a?api-version=1&sig=b",
            "me:hunter2@a.example/v1",
            "me:hunter",
            "sk-123@a.example",
            "a.example/v1?key=b",
        ] {
            assert!(address_holds_a_secret(address), "{address}");
        }
        for address in [
            "https://a.example:8080/v1",
            "http://[::1]:8080/v1",
            "http://[::1]",
            "https://a.openai.azure.com/openai/deployments/b?api-version=2024-06-01",
            "https://a/run/@cf/b",
            "https://a/key=b?alt=sse",
            "a.example:8080/v1",
            "localhost:",
            "http:",
            "https:/",
            "a/run/@cf/b",
            "",
        ] {
            assert!(!address_holds_a_secret(address), "{address}");
        }
    }
}
