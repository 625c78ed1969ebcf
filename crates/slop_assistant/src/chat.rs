//! One answer, from the question to the last word: asks, follows refusals, asks a busy server
//! again, and passes on what comes.

use std::time::{Duration, Instant, SystemTime};

use ureq::{
    http::{Response, StatusCode, Uri},
    Agent, Body,
};

use crate::{
    answer::End,
    decoder::{Decoder, Wait},
    dialect::Dialect,
    form::{Form, NONE_FOUND},
    message::first_number,
    portions::{Portion, Portions},
    retry,
    told::{Outlet, Told},
    transport::{foreign_encoding, refusal, silent, tells_its_end, Client, Refusal},
    words::particulars,
    Ask, AssistantError,
};

/// No answer is longer in bytes; a server that never ends would fill the memory.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// Asks, again if need be, and passes the answer on.
///
/// # Errors
///
/// If no whole answer came. They are not yet fit to be shown.
pub(crate) fn run(
    dialect: &dyn Dialect,
    ask: &Ask,
    agent: &Agent,
    outlet: &Outlet,
) -> Result<(), AssistantError> {
    let client = Client {
        dialect,
        key: &ask.key,
        timing: &ask.timing,
        agent,
    };
    let mut chat = Chat {
        client,
        ask,
        outlet,
        form: Form {
            tools: ask.tools.clone(),
            ..Form::default()
        },
        retries: 0,
        backoff: ask.timing.backoff,
        started: Instant::now(),
        left: Vec::new(),
    };
    chat.run()
}

struct Chat<'a> {
    client: Client<'a>,
    ask: &'a Ask,
    outlet: &'a Outlet,
    form: Form,
    /// How often a busy server was asked again.
    retries: u32,
    /// The next pause unless the server names one.
    backoff: Duration,
    started: Instant,
    /// What may still come of refusals. To end that would end what is asked next too.
    left: Vec<Portions>,
}

impl Chat<'_> {
    fn run(&mut self) -> Result<(), AssistantError> {
        // Which of the addresses is asked, and what the one before said that knows no such path.
        let mut place = 0;
        let mut unknown_path: Option<Refusal> = None;
        // It ends: a form changes a few times, there are few addresses, and retries are bounded. A
        // request is repeated only after a refusal, so no token can have been passed on before it.
        loop {
            let urls = self.client.dialect.chat_urls(&self.form)?;
            let Some(url) = urls.get(place) else {
                return Err(AssistantError::BadStream {
                    reason: "there is no address to ask".to_owned(),
                });
            };
            let body = self.client.dialect.body(&self.ask.messages, &self.form);
            let response = self.client.post(url, &body)?;
            if response.status().is_success() {
                let Some(refusal) = self.stream(url, response)? else {
                    return Ok(());
                };
                let wanted = retry::wanted_in(&refusal.body);
                if !self.wait(&refusal, wanted)? {
                    let text = refusal.words;
                    return Err(AssistantError::Reported { text });
                }
                continue;
            }
            let wanted = retry::wanted(response.headers(), SystemTime::now());
            let refusal = refusal(url, response);
            let wanted = wanted.or_else(|| retry::wanted_in(&refusal.body));
            if is_unknown_path(refusal.status) && place + 1 < urls.len() {
                place += 1;
                unknown_path.get_or_insert(refusal);
            } else if !self.adapt(&refusal)? && !self.wait(&refusal, wanted)? {
                // The first address is the one that somebody entered. What knows no such model knows the path.
                let is_unknown = is_unknown_path(refusal.status);
                let is_of_model = self.names_model(&refusal);
                let first = unknown_path
                    .filter(|first| is_unknown && (self.names_model(first) || !is_of_model));
                return Err(self.client.refused(first.unwrap_or(refusal), self.retries));
            }
        }
    }

    /// Whether a refusal is about the model.
    fn names_model(&self, refusal: &Refusal) -> bool {
        let words = refusal.words.to_lowercase();
        let model = self.ask.provider.model().to_lowercase();
        words.contains("model") || (!model.is_empty() && words.contains(&model))
    }

    /// Whether the request is to be repeated in another form.
    fn adapt(&mut self, refusal: &Refusal) -> Result<bool, AssistantError> {
        // A template that wants other roles makes some servers fail with 500.
        let may_be_of_form = matches!(refusal.status.as_u16(), 400 | 405 | 415 | 422 | 500 | 501)
            || (refusal.status == StatusCode::NOT_FOUND
                && refusal.words.to_lowercase().contains(NONE_FOUND));
        if !may_be_of_form {
            return Ok(false);
        }
        // Not the words alone: a name of a parameter may stand beside them.
        let Some(how) = self.form.adapt(&particulars(&refusal.body)) else {
            return Ok(false);
        };
        let reason = format!("{}: {}; it is asked {how}", refusal.status, refusal.words);
        self.tell_retry(Duration::ZERO, &reason)?;
        Ok(true)
    }

    /// Waits if the server is busy. Whether it was.
    fn wait(
        &mut self,
        refusal: &Refusal,
        wanted: Option<Duration>,
    ) -> Result<bool, AssistantError> {
        let Refusal {
            status,
            body,
            words,
            ..
        } = refusal;
        let is_loading =
            retry::is_loading(*status, body) && self.started.elapsed() < self.client.timing.first;
        let may_retry = is_loading || self.retries < self.client.timing.retries;
        let after = wanted.unwrap_or(self.backoff);
        let is_too_long = wanted.is_some_and(|wanted| wanted > retry::LONGEST_PAUSE);
        if !retry::is_busy(*status, body) || !may_retry || is_too_long {
            return Ok(false);
        }
        let longest = if is_loading {
            retry::LOADING_PAUSE
        } else {
            retry::LONGEST_PAUSE
        };
        let after = after.min(longest);
        self.retries += 1;
        self.backoff = self.backoff.saturating_mul(2);
        self.tell_retry(after, &format!("the server answered {status}: {words}"))?;
        self.outlet.pause(after)?;
        Ok(true)
    }

    fn tell_retry(&self, after: Duration, reason: &str) -> Result<(), AssistantError> {
        let reason = self.client.key.excerpt(reason);
        self.outlet.tell(Told::Retrying { after, reason })
    }

    /// Passes an answer on until it is complete, or gives the refusal that came in its place under a good status.
    fn stream(
        &mut self,
        url: &Uri,
        response: Response<Body>,
    ) -> Result<Option<Refusal>, AssistantError> {
        if let Some(encoding) = foreign_encoding(response.headers()) {
            let reason = format!("it is encoded as {encoding}, which was not asked for");
            return Err(AssistantError::BadStream { reason });
        }
        let orderly = if tells_its_end(&response) {
            End::Orderly
        } else {
            End::Closed
        };
        let body = response.into_body().into_with_config();
        let body = body.limit(LONGEST_ANSWER).reader();
        let portions = Portions::start(body, self.client.agent).map_err(|error| {
            let reason = format!("the system starts no thread: {error}");
            AssistantError::BadStream { reason }
        })?;
        let refusal = self.pass_on(url, &portions, orderly)?;
        if refusal.is_some() {
            self.left.push(portions);
        }
        Ok(refusal)
    }

    fn pass_on(
        &self,
        url: &Uri,
        portions: &Portions,
        orderly: End,
    ) -> Result<Option<Refusal>, AssistantError> {
        let timing = self.client.timing;
        let mut decoder = Decoder::new(self.client.dialect);
        if !self.form.tools.is_empty() {
            decoder.take_calls(first_number(&self.ask.messages));
        }
        let mut lingering: Option<Instant> = None;
        loop {
            let limit = match decoder.wait() {
                Wait::First => timing.first,
                Wait::Next => timing.idle,
                Wait::Linger => {
                    let since = *lingering.get_or_insert_with(Instant::now);
                    timing.linger.saturating_sub(since.elapsed())
                }
            };
            let (end, cause) = match portions.next(limit) {
                Portion::Bytes(bytes) => {
                    let read = decoder.push(&bytes);
                    let updates = decoder.take_updates();
                    if !updates.is_empty() {
                        // It goes on, so it may go on for another while.
                        lingering = None;
                    }
                    self.tell_all(updates)?;
                    if let Err(error) = read {
                        return late_refusal(url, &decoder, error).map(Some);
                    }
                    if !decoder.is_done() {
                        continue;
                    }
                    (End::Orderly, AssistantError::CutOff)
                }
                Portion::End => (orderly, AssistantError::CutOff),
                Portion::Broken(error) => (End::Cut, self.client.broken_off(url, error)),
                Portion::Nothing => (End::Cut, silent(url, limit)),
            };
            let ended = decoder.end(end);
            self.tell_all(decoder.take_updates())?;
            return match ended {
                Ok(()) => Ok(None),
                Err(AssistantError::CutOff) => Err(cause),
                Err(error) => late_refusal(url, &decoder, error).map(Some),
            };
        }
    }

    fn tell_all(&self, updates: Vec<Told>) -> Result<(), AssistantError> {
        updates
            .into_iter()
            .try_for_each(|update| self.outlet.tell(update))
    }
}

/// The refusal that an error is which came in place of an answer, if it says itself which status it has.
///
/// # Errors
///
/// If it does not, or came within the answer.
fn late_refusal(
    url: &Uri,
    decoder: &Decoder<'_>,
    error: AssistantError,
) -> Result<Refusal, AssistantError> {
    let body = decoder.instead().unwrap_or_default();
    match (retry::status_in(body), error) {
        (Some(status), AssistantError::Reported { text }) => Ok(Refusal {
            url: url.clone(),
            status,
            body: body.to_owned(),
            words: text,
        }),
        (_, error) => Err(error),
    }
}

/// Whether the server may know another path for the same.
fn is_unknown_path(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    )
}
