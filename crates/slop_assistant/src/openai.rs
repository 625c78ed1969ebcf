//! Chat completions as `OpenAI` defined them and most servers speak them.

use std::{
    io::{self, Read},
    net::IpAddr,
    ops::ControlFlow,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{json, Value};
use ureq::{
    http::{header, Response, StatusCode, Uri},
    Agent, Body, Timeout,
};

use crate::{
    reply::{Outlet, Update},
    sse::Parser,
    ApiKey, Ask, AssistantError, Message, Timing,
};

/// No pause before a retry is longer, whatever the server says.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// No reply is longer in bytes; a server that never ends would fill the memory.
const LONGEST_REPLY: u64 = 64 * 1024 * 1024;
/// How much is read of the body of an error, in bytes.
const LONGEST_BODY: u64 = 16 * 1024;
/// How much is shown of it, in characters.
const LONGEST_EXCERPT: usize = 300;

/// What makes the requests. Its `shutdown` ends them, from any thread.
pub(crate) fn agent(timing: &Timing) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // A redirect turns a POST into a GET, or takes the key elsewhere: it is a status to report.
        .max_redirects(0)
        // An agent makes one request; a reply that is kept is not to keep its connection.
        .max_idle_connections(0)
        .timeout_resolve(Some(timing.connect))
        .timeout_connect(Some(timing.connect))
        // Limits of single reads, unlike `timeout_recv_body`, which is for the whole answer.
        .timeout_per_read(Some(timing.idle))
        .timeout_per_write(Some(timing.idle))
        .build()
        .new_agent()
}

/// Asks, again if need be, and passes the answer on.
pub(crate) fn run(
    base_url: &str,
    model: &str,
    ask: &Ask,
    agent: &Agent,
    outlet: &Outlet,
) -> Result<(), AssistantError> {
    let chat = Chat {
        url: address(base_url, &ask.key)?,
        ask,
        agent,
        outlet,
    };
    let body = request(model, &ask.messages);
    let mut backoff = ask.timing.backoff;
    let mut retries = 0;
    // A retry follows a status, so no token can have been passed on before it.
    loop {
        let response = chat.post(&body)?;
        let status = response.status();
        if status.is_success() {
            return chat.stream(response);
        }
        let busy = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        let after = retry_after(&response).unwrap_or(backoff).min(LONGEST_PAUSE);
        let text = chat.text(response);
        if !busy || retries == ask.timing.retries {
            return Err(chat.refusal(status, text, retries));
        }
        retries += 1;
        backoff = backoff.saturating_mul(2);
        let reason = format!("the server answered {status}: {text}");
        outlet.tell(Update::Retrying { after, reason })?;
        outlet.pause(after)?;
    }
}

/// The full address, if it is one.
fn address(base_url: &str, key: &ApiKey) -> Result<Uri, AssistantError> {
    let bad = |reason: &str| AssistantError::BadUrl {
        url: key.redact(base_url),
        reason: key.redact(reason),
    };
    let url = format!("{}/chat/completions", base_url.trim().trim_end_matches('/'));
    let url: Uri = url
        .parse()
        .map_err(|error: ureq::http::uri::InvalidUri| bad(&error.to_string()))?;
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err(bad("it begins neither with `http://` nor with `https://`"));
    }
    if url.host().is_none_or(str::is_empty) {
        return Err(bad("it names no host"));
    }
    Ok(url)
}

fn is_this_machine(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn request(model: &str, messages: &[Message]) -> String {
    let messages: Vec<Value> = messages
        .iter()
        .map(|message| json!({ "role": message.role, "content": message.text }))
        .collect();
    json!({ "model": model, "stream": true, "messages": messages }).to_string()
}

/// The pause that the server asks for in seconds. A date, which is allowed too, counts as none.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    let seconds: u64 = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// One piece of the stream, as far as we look at it.
#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

struct Chat<'a> {
    url: Uri,
    ask: &'a Ask,
    agent: &'a Agent,
    outlet: &'a Outlet,
}

impl Chat<'_> {
    /// Sends the request and waits until the head of the answer is there.
    fn post(&self, body: &str) -> Result<Response<Body>, AssistantError> {
        let key = &self.ask.key;
        let mut request = self
            .agent
            .post(&self.url)
            .content_type("application/json")
            .header(header::ACCEPT, "text/event-stream");
        if !key.is_empty() {
            let value = format!("Bearer {}", key.expose());
            request = request.header(header::AUTHORIZATION, value);
        }
        if is_this_machine(&self.url) {
            // A proxy named in the environment would look for the server on its own machine.
            request = request.config().proxy(None).build();
        }
        request.send(body).map_err(|error| self.not_answered(error))
    }

    /// Passes tokens on until the answer says that it is complete.
    fn stream(&self, response: Response<Body>) -> Result<(), AssistantError> {
        let kind = response.body().mime_type().unwrap_or_default().to_owned();
        if kind == "text/html" || kind == "application/json" {
            let text = self.text(response);
            return Err(self.bad_stream(&format!("it is `{kind}` and no stream: {text}")));
        }
        let body = response.into_body().into_with_config();
        let mut reader = body.limit(LONGEST_REPLY).reader();
        let mut parser = Parser::default();
        let mut buffer = [0; 8 * 1024];
        loop {
            let read = reader.read(&mut buffer);
            let length = read.map_err(|error| self.broken_off(error))?;
            if length == 0 {
                return Err(AssistantError::CutOff);
            }
            let mut events = Vec::new();
            let parsed = parser.push(&buffer[..length], &mut events);
            for event in &events {
                if self.event(event)?.is_break() {
                    return Ok(());
                }
            }
            parsed.map_err(|error| self.bad_stream(&error.to_string()))?;
        }
    }

    /// Passes the token in `data` on, if there is one, and breaks if the answer is complete.
    fn event(&self, data: &str) -> Result<ControlFlow<()>, AssistantError> {
        match data.trim() {
            "[DONE]" => return Ok(ControlFlow::Break(())),
            "" => return Ok(ControlFlow::Continue(())),
            _ => {}
        }
        let chunk: Chunk = serde_json::from_str(data)
            .map_err(|error| self.bad_stream(&format!("{error} in `{data}`")))?;
        if let Some(error) = chunk.error {
            let message = error.get("message").unwrap_or(&error);
            let message = message
                .as_str()
                .map_or_else(|| message.to_string(), Into::into);
            return Err(self.bad_stream(&format!("the server reports: {message}")));
        }
        let Some(choice) = chunk.choices.into_iter().flatten().next() else {
            return Ok(ControlFlow::Continue(()));
        };
        let token = choice.delta.and_then(|delta| delta.content);
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            self.outlet.tell(Update::Token(token))?;
        }
        Ok(match choice.finish_reason.as_deref() {
            None | Some("") => ControlFlow::Continue(()),
            Some(_) => ControlFlow::Break(()),
        })
    }

    /// The beginning of the body of an error.
    fn text(&self, response: Response<Body>) -> String {
        let mut bytes = Vec::new();
        // What came before a failure is worth showing as well.
        let _ = response
            .into_body()
            .into_reader()
            .take(LONGEST_BODY)
            .read_to_end(&mut bytes);
        let text = self.excerpt(&String::from_utf8_lossy(&bytes));
        if text.is_empty() {
            return "no reason given".to_owned();
        }
        text
    }

    /// Text from outside, fit to be shown. The key goes first: half a key is a secret too.
    fn excerpt(&self, text: &str) -> String {
        let text = self.ask.key.redact(text);
        text.trim().chars().take(LONGEST_EXCERPT).collect()
    }

    fn shown_url(&self) -> String {
        self.ask.key.redact(&self.url.to_string())
    }

    fn refusal(&self, status: StatusCode, text: String, retries: u32) -> AssistantError {
        let url = self.shown_url();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if self.ask.key.is_empty() => {
                AssistantError::MissingKey { url }
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
    fn not_answered(&self, error: ureq::Error) -> AssistantError {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        let closed = [
            BrokenPipe,
            ConnectionAborted,
            ConnectionReset,
            UnexpectedEof,
        ];
        match error {
            ureq::Error::Timeout(Timeout::PerRead | Timeout::PerWrite) => self.silent(),
            ureq::Error::Io(error) if closed.contains(&error.kind()) => AssistantError::CutOff,
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
                self.bad_stream(&error.to_string())
            }
            error => AssistantError::Unreachable {
                url: self.shown_url(),
                reason: self.excerpt(&error.to_string()),
            },
        }
    }

    /// Why the body of an answer ended too early.
    fn broken_off(&self, error: io::Error) -> AssistantError {
        // Errors of ureq come wrapped.
        match ureq::Error::from(error) {
            ureq::Error::Timeout(_) => self.silent(),
            ureq::Error::Io(_) => AssistantError::CutOff,
            error => self.bad_stream(&error.to_string()),
        }
    }

    fn silent(&self) -> AssistantError {
        AssistantError::Silent {
            url: self.shown_url(),
            seconds: self.ask.timing.idle.as_secs_f64().ceil() as u64,
        }
    }

    fn bad_stream(&self, reason: &str) -> AssistantError {
        AssistantError::BadStream {
            reason: self.excerpt(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChatRole;

    fn parse(base_url: &str) -> Result<String, AssistantError> {
        address(base_url, &ApiKey::new("sk-1").unwrap()).map(|url| url.to_string())
    }

    #[test]
    fn the_address_is_the_base_url_and_more() {
        let expected = Ok("https://a.example/v1/chat/completions".to_owned());
        assert_eq!(parse("https://a.example/v1"), expected);
        assert_eq!(parse(" https://a.example/v1/ "), expected);
    }

    #[test]
    fn what_is_no_address_is_named_without_the_key() {
        for url in [
            "",
            "a.example",
            "localhost:80/v1",
            "ftp://a/sk-1",
            "https://",
            "http://a b",
        ] {
            let error = parse(url).unwrap_err();
            assert!(matches!(error, AssistantError::BadUrl { .. }), "{error}");
            assert!(!error.to_string().contains("sk-1"), "{error}");
        }
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let here = |url: &str| is_this_machine(&url.parse().unwrap());
        assert!(
            here("http://localhost:1/") && here("http://127.0.0.1/") && here("http://[::1]:1/")
        );
        assert!(!here("http://localhost.example/") && !here("http://10.0.0.1/"));
    }

    #[test]
    fn a_request_names_model_and_roles() {
        let body = request("m", &[Message::new(ChatRole::System, "be \"nice\"")]);
        let expected = json!({
            "model": "m",
            "stream": true,
            "messages": [{ "role": "system", "content": "be \"nice\"" }],
        });
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    }
}
