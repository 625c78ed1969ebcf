//! HTTP: requests to one server, and what its refusals and failures mean.

use std::io::{self, Read};

use serde_json::Value;
use ureq::{
    http::{header, HeaderMap, Response, StatusCode, Uri},
    Agent, Body, RequestBuilder, Timeout,
};

use crate::{
    address::is_this_machine, dialect::Dialect, shown_address, words::words, ApiKey,
    AssistantError, Timing,
};

/// How much is read of the body of an error, in bytes.
const LONGEST_BODY: u64 = 16 * 1024;
/// The longest list of models, in bytes.
const LONGEST_LIST: u64 = 16 * 1024 * 1024;
/// All ways to encode a body that are known to <https://www.iana.org/assignments/http-parameters>. What the
/// HTTP client undoes has no such header any more.
const CODINGS: [&str; 12] = [
    "aes128gcm",
    "br",
    "compress",
    "dcb",
    "dcz",
    "deflate",
    "exi",
    "gzip",
    "pack200-gzip",
    "x-compress",
    "x-gzip",
    "zstd",
];

/// What makes the requests. Its `shutdown` ends them, from any thread.
pub(crate) fn agent(timing: &Timing) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // A redirect turns a POST into a GET, or takes the key elsewhere: it is a status to report.
        .max_redirects(0)
        // An agent serves one answer; a reply that is kept is not to keep its connection.
        .max_idle_connections(0)
        .timeout_resolve(Some(timing.connect))
        .timeout_connect(Some(timing.connect))
        .timeout_recv_response(Some(timing.first))
        // A limit of single reads, unlike `timeout_recv_body`, which is for the whole answer. Of an
        // answer that streams, shorter limits are kept by whoever takes its portions.
        .timeout_per_read(Some(timing.first.max(timing.idle)))
        .timeout_per_write(Some(timing.first))
        .build()
        .new_agent()
}

/// What a server said that did not do as it was asked.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) url: Uri,
    pub(crate) status: StatusCode,
    /// All that it said, or the beginning of it.
    pub(crate) body: String,
    /// The same as far as it is for people.
    pub(crate) words: String,
}

/// Requests to one server.
pub(crate) struct Client<'a> {
    pub(crate) dialect: &'a dyn Dialect,
    pub(crate) key: &'a ApiKey,
    pub(crate) timing: &'a Timing,
    pub(crate) agent: &'a Agent,
}

impl Client<'_> {
    /// Sends a request and waits until the head of the answer is there.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub(crate) fn post(&self, url: &Uri, body: &Value) -> Result<Response<Body>, AssistantError> {
        let request = self
            .agent
            .post(url)
            .content_type("application/json")
            .header(header::ACCEPT, "text/event-stream, application/json");
        let body = body.to_string();
        let sent = self.prepare(request, url).send(body.as_str());
        sent.map_err(|error| self.not_answered(url, error))
    }

    /// Asks for a value.
    ///
    /// # Errors
    ///
    /// If none comes. The inner error is the server's, and another address may do.
    pub(crate) fn get(&self, url: &Uri) -> Result<Result<Value, Refusal>, AssistantError> {
        let request = self
            .agent
            .get(url)
            .header(header::ACCEPT, "application/json");
        let response = self.prepare(request, url).call();
        let response = response.map_err(|error| self.not_answered(url, error))?;
        if !response.status().is_success() {
            return Ok(Err(refusal(url, response)));
        }
        let body = response.into_body().into_with_config();
        let mut bytes = Vec::new();
        let read = body.limit(LONGEST_LIST).reader().read_to_end(&mut bytes);
        read.map_err(|error| self.broken_off(url, error))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        serde_json::from_slice(bytes).map(Ok).map_err(|error| {
            let text = words(&String::from_utf8_lossy(bytes));
            let reason = format!("{error} in `{text}`");
            AssistantError::BadStream { reason }
        })
    }

    /// Adds what every request has.
    fn prepare<B>(&self, mut request: RequestBuilder<B>, url: &Uri) -> RequestBuilder<B> {
        // Whoever compresses holds tokens back. What is compressed all the same is still read.
        request = request.header(header::ACCEPT_ENCODING, "identity");
        for (name, value) in self.dialect.headers(url, self.key) {
            request = request.header(name, value);
        }
        if is_this_machine(url) {
            // A proxy named in the environment would look for the server on its own machine.
            request = request.config().proxy(None).build();
        }
        request
    }

    /// The error that a refusal is, after so many retries.
    pub(crate) fn refused(&self, refusal: Refusal, retries: u32) -> AssistantError {
        let Refusal {
            url, status, words, ..
        } = refusal;
        let url = url.to_string();
        let text = words;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if self.key.is_empty() => {
                AssistantError::MissingKey { url, text }
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => AssistantError::Unauthorised {
                url,
                status: status.as_u16(),
                text,
            },
            StatusCode::TOO_MANY_REQUESTS => AssistantError::RateLimited { url, retries, text },
            _ => AssistantError::Status {
                url,
                status: status.as_u16(),
                text,
            },
        }
    }

    /// Why there is no head of an answer.
    fn not_answered(&self, url: &Uri, error: ureq::Error) -> AssistantError {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        let closed = [
            BrokenPipe,
            ConnectionAborted,
            ConnectionReset,
            UnexpectedEof,
        ];
        match error {
            ureq::Error::Timeout(Timeout::PerRead | Timeout::PerWrite | Timeout::RecvResponse) => {
                silent(url, self.timing.first)
            }
            ureq::Error::Io(error) if closed.contains(&error.kind()) => AssistantError::CutOff,
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
                let reason = error.to_string();
                AssistantError::BadStream { reason }
            }
            error => AssistantError::Unreachable {
                url: url.to_string(),
                reason: error.to_string(),
            },
        }
    }

    /// Why the body of an answer ended too early.
    pub(crate) fn broken_off(&self, url: &Uri, error: io::Error) -> AssistantError {
        // Errors of ureq come wrapped.
        match ureq::Error::from(error) {
            ureq::Error::Timeout(_) => silent(url, self.timing.first.max(self.timing.idle)),
            ureq::Error::Io(_) => AssistantError::CutOff,
            error => AssistantError::BadStream {
                reason: error.to_string(),
            },
        }
    }
}

/// That a server sent nothing for so long.
pub(crate) fn silent(url: &Uri, time: std::time::Duration) -> AssistantError {
    AssistantError::Silent {
        url: url.to_string(),
        seconds: time.as_secs_f64().ceil() as u64,
    }
}

/// How a body is encoded, if that is in a way that cannot be read. Many headers name what is none, such as
/// `none` and `utf-8`.
pub(crate) fn foreign_encoding(headers: &HeaderMap) -> Option<String> {
    let encoding = headers.get(header::CONTENT_ENCODING)?;
    let codings = String::from_utf8_lossy(encoding.as_bytes()).to_ascii_lowercase();
    let mut codings = codings.split(',').map(str::trim);
    let is_foreign = codings.any(|coding| CODINGS.contains(&coding));
    is_foreign.then(|| format!("{encoding:?}"))
}

/// Whether an answer says where it ends, by its length or in its last chunk. Of others the HTTP client does
/// not tell a connection that breaks from one that is closed.
pub(crate) fn tells_its_end(response: &Response<Body>) -> bool {
    let is_chunked = response.headers().contains_key(header::TRANSFER_ENCODING);
    is_chunked || response.body().content_length().is_some()
}

/// Reads what a server says that refuses.
pub(crate) fn refusal(url: &Uri, response: Response<Body>) -> Refusal {
    let status = response.status();
    let location = response.headers().get(header::LOCATION);
    let location = location.and_then(|location| Some(location.to_str().ok()?.to_owned()));
    let encoding = foreign_encoding(response.headers());
    let mut bytes = Vec::new();
    // What came before a failure is worth showing as well.
    let _ = response
        .into_body()
        .into_reader()
        .take(LONGEST_BODY)
        .read_to_end(&mut bytes);
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let said = match encoding {
        Some(encoding) => format!("its reason is encoded as {encoding}, which was not asked for"),
        None => words(&body),
    };
    Refusal {
        url: url.clone(),
        status,
        words: match location.filter(|_| status.is_redirection()) {
            Some(location) => format!("it has moved to {}: {said}", shown_address(&location)),
            None => said,
        },
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_a_coding_cannot_be_read() {
        let foreign = |encoding: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
            foreign_encoding(&headers)
        };
        for encoding in [
            "", "identity", "Identity", "none", "utf-8", "UTF-8", "chunked",
        ] {
            assert_eq!(foreign(encoding), None, "{encoding}");
        }
        for encoding in [
            "br",
            "BR",
            "zstd",
            "deflate",
            "x-gzip",
            "gzip",
            "identity, br",
        ] {
            assert!(foreign(encoding).is_some(), "{encoding}");
        }
        assert_eq!(foreign_encoding(&HeaderMap::new()), None);
    }
}
