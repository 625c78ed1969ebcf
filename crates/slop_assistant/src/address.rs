//! Addresses as people enter them.

use std::net::{IpAddr, Ipv6Addr};

use ureq::http::{uri::InvalidUri, Uri};

use crate::{shown_address, AssistantError};

/// The address of a server, as somebody entered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// Scheme, host and port.
    origin: String,
    host: String,
    port: u16,
    /// Without a `/` at its end; empty if there is none.
    path: String,
    query: Option<String>,
}

impl Base {
    /// # Errors
    ///
    /// [`AssistantError::BadUrl`] if `text` is no address of a server.
    pub(crate) fn parse(text: &str) -> Result<Self, AssistantError> {
        let uri = parse(text.trim())?;
        let bad = |reason: &str| bad(text, reason);
        let Some(scheme @ ("http" | "https")) = uri.scheme_str() else {
            return Err(bad("it begins neither with `http://` nor with `https://`"));
        };
        let authority = uri.authority().filter(|name| !name.host().is_empty());
        let authority = authority.ok_or_else(|| bad("it names no host"))?;
        let usual_port = if scheme == "https" { 443 } else { 80 };
        Ok(Self {
            origin: format!("{scheme}://{authority}"),
            host: one_form(authority.host()),
            port: authority.port_u16().unwrap_or(usual_port),
            path: uri.path().trim_end_matches('/').to_owned(),
            query: uri.query().map(str::to_owned),
        })
    }

    /// Who is connected to: the host in the one form that all its spellings have, an IPv6 address
    /// without brackets, and the port.
    pub(crate) fn host_and_port(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// The path as it was entered, without a `/` at its end.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// This server with another path. `more` is added to the query that was entered.
    ///
    /// # Errors
    ///
    /// [`AssistantError::BadUrl`] if the path holds what no path can.
    pub(crate) fn at(&self, path: &str, more: &[&str]) -> Result<Uri, AssistantError> {
        let mut url = format!("{}{path}", self.origin);
        let queries = self
            .query
            .as_deref()
            .into_iter()
            .chain(more.iter().copied());
        for (index, query) in queries.filter(|query| !query.is_empty()).enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(query);
        }
        parse(&url)
    }
}

/// Only an IPv6 address has a `:` in it.
fn one_form(host: &str) -> String {
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match address.and_then(|address| address.parse::<Ipv6Addr>().ok()) {
        Some(address) => address.to_string(),
        None => host.to_ascii_lowercase(),
    }
}

fn parse(text: &str) -> Result<Uri, AssistantError> {
    text.parse().map_err(|error: InvalidUri| {
        let mut reason = error.to_string();
        if !text.is_ascii() {
            reason += "; an international name is written in the form that begins with `xn--`";
        }
        bad(text, &reason)
    })
}

fn bad(text: &str, reason: &str) -> AssistantError {
    AssistantError::BadUrl {
        url: shown_address(text),
        reason: reason.to_owned(),
    }
}

/// Whether a part of a path is a version, such as `v1` or `v1beta`.
pub(crate) fn has_version(path: &str) -> bool {
    path.split('/').any(|part| {
        let number = part.strip_prefix('v').unwrap_or_default();
        number.starts_with(|character: char| character.is_ascii_digit())
    })
}

/// Whether this machine answers there.
pub(crate) fn is_this_machine(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, more: &[&str], expected: &str) {
        let base = Base::parse(text).unwrap();
        let url = base.at(&format!("{}/x", base.path()), more).unwrap();
        assert_eq!(url.to_string(), expected);
    }

    #[test]
    fn a_query_stays_behind_the_path() {
        check("https://a.example/v1", &[], "https://a.example/v1/x");
        check(" http://a:1/ ", &[], "http://a:1/x");
        check("http://a", &["b=c"], "http://a/x?b=c");
        check("http://a//?b=c", &["d=e"], "http://a/x?b=c&d=e");
    }

    #[test]
    fn what_is_no_address_is_named() {
        for text in [
            "",
            "a.example",
            "localhost:80/v1",
            "ftp://a/b",
            "https://",
            "http://a b",
            "http://a/b c",
        ] {
            let error = Base::parse(text).unwrap_err();
            assert!(matches!(error, AssistantError::BadUrl { .. }), "{error}");
        }
        let base = Base::parse("http://a").unwrap();
        assert!(base.at("/a b", &[]).is_err());
        let error = Base::parse("https://bücher.example/v1").unwrap_err();
        assert!(error.to_string().contains("`xn--`"), "{error}");
        let error = Base::parse("ftp://me:hunter2@a/b?key=hunter2").unwrap_err();
        assert!(error.to_string().contains("`ftp://a/b`"), "{error}");
    }

    #[test]
    fn a_version_is_known() {
        assert!(has_version("/v1") && has_version("/openai/v1beta/x") && has_version("/api/v4"));
        assert!(!has_version("") && !has_version("/vision") && !has_version("/api"));
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let here = |url: &str| is_this_machine(&url.parse().unwrap());
        assert!(
            here("http://localhost:1/") && here("http://127.0.0.1/") && here("http://[::1]:1/")
        );
        assert!(!here("http://localhost.example/") && !here("http://10.0.0.1/"));
    }
}
