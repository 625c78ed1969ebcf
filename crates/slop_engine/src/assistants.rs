//! What assistants say, in full.

mod said;

use std::{
    collections::{BTreeMap, VecDeque},
    time::SystemTime,
};

use bevy::prelude::Resource;
pub use slop_assistant::{
    address_holds_a_secret, is_echo, shown_address, ApiKey, Ask, AssistantError, Call, CallResult,
    ChatRole, Message, Provider, Recipient, Timing, Tool, ToolUse, Usage,
};
use slop_assistant::{Details, ModelList, Reply, Update};

use crate::pacing::Frames;
use said::Said;

/// How many finished requests are kept.
const KEPT: usize = 32;
/// How many updates of a request one poll takes in.
const PER_POLL: usize = 256;

/// The requests that are under way and those that finished last, each with its whole text so far.
///
/// Code that is reloaded copies from here, so a reply is there once and whole whatever becomes of
/// that code and its state. A finished request stays until 32 newer have finished: a rollback may
/// bring back a state that waits for it.
#[derive(Resource, Debug)]
pub struct Assistants {
    asked: BTreeMap<u64, Asked>,
    /// The ids of those that finished, the oldest first.
    finished: VecDeque<u64>,
    followers: Vec<Follower>,
    last_id: u64,
    /// Of the servers that were asked for them, which are named by a provider without a model.
    models: Vec<(Provider, Models)>,
    frames: Frames,
}

/// Of a server that nobody has asked.
static UNKNOWN: Models = Models::Unknown;

/// What is known of the models that a server offers.
#[derive(Debug, Default)]
pub enum Models {
    /// Nobody has asked.
    #[default]
    Unknown,
    /// They were asked for.
    Asked(ModelList),
    /// Their names, or why there are none.
    Known(Result<Vec<String>, AssistantError>),
}

/// How far a request has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress<'a> {
    /// All that has arrived of the answer.
    pub text: &'a str,
    /// All that has arrived of the thoughts before it. They are not to be sent back.
    pub thoughts: &'a str,
    /// How many tokens it took, as far as the server has said.
    pub usage: Option<Usage>,
    /// The server's name for it, if there was no room for all of the answer.
    pub cut: Option<&'a str>,
    /// The tools that the model calls, once it has finished.
    pub calls: &'a [Call],
    /// Why nothing arrives yet.
    pub note: Option<&'a str>,
    /// How it ended, once it did.
    pub outcome: Option<&'a Result<(), AssistantError>>,
}

impl Default for Assistants {
    fn default() -> Self {
        // Ids begin with the time, so that none is that of a request of an earlier start.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let micros = now.unwrap_or_default().as_micros();
        Self {
            asked: BTreeMap::new(),
            finished: VecDeque::new(),
            followers: Vec::new(),
            last_id: u64::try_from(micros).unwrap_or_default(),
            models: Vec::new(),
            frames: Frames::default(),
        }
    }
}

impl Assistants {
    /// Which ask for a frame whenever something arrives.
    #[must_use]
    pub fn new(frames: Frames) -> Self {
        Self {
            frames,
            ..Self::default()
        }
    }

    /// An id for a request; never given out twice, not even after a rollback or a restart.
    pub fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Starts to ask. A request of an id that is known is not started again.
    pub fn start(&mut self, id: u64, ask: Ask) {
        let frames = self.frames.clone();
        self.asked.entry(id).or_insert_with(|| Asked {
            reply: Some(Reply::start_with(ask, move || frames.now())),
            said: Said::default(),
            details: Details::default(),
            note: None,
            outcome: None,
        });
    }

    /// The request that goes on after another one, whose calls were answered with what `told` is a digest
    /// of, if it was started.
    #[must_use]
    pub fn follower(&self, after: u64, told: u64) -> Option<u64> {
        let mut followers = self.followers.iter();
        let is_it = |one: &&Follower| (one.after, one.told) == (after, told);
        followers.find(is_it).map(|one| one.id)
    }

    /// Goes on after a request. If that was done before and the same was told, which a rollback may have
    /// forgotten, it is not asked again: the id is that of the request that was started then.
    pub fn follow(&mut self, after: u64, told: u64, ask: Ask) -> u64 {
        if let Some(known) = self.follower(after, told) {
            return known;
        }
        let id = self.new_id();
        self.start(id, ask);
        self.followers.push(Follower { after, told, id });
        id
    }

    /// Asks for the models of a server. What was known of them is forgotten.
    pub fn list_models(&mut self, provider: Provider, key: ApiKey, timing: Timing) {
        let frames = self.frames.clone();
        let server = server_of(&provider);
        let list = ModelList::start_with(provider, key, timing, move || frames.now());
        self.models.retain(|(other, _)| *other != server);
        self.models.push((server, Models::Asked(list)));
    }

    /// What is known of the models of a server, whichever of them the provider has.
    #[must_use]
    pub fn models(&self, provider: &Provider) -> &Models {
        let wanted = server_of(provider);
        let mut models = self.models.iter();
        let known = models.find(|(server, _)| *server == wanted);
        known.map_or(&UNKNOWN, |(_, models)| models)
    }

    /// Takes in what has arrived, or a part of it if that is much.
    pub fn poll(&mut self) {
        // Before and not after, so that everybody has seen how they ended.
        while self.finished.len() > KEPT {
            if let Some(oldest) = self.finished.pop_front() {
                self.asked.remove(&oldest);
                self.followers.retain(|one| one.id != oldest);
            }
        }
        for (_, models) in &mut self.models {
            if let Models::Asked(list) = models {
                if let Some(result) = list.try_next() {
                    *models = Models::Known(result);
                }
            }
        }
        for (id, asked) in &mut self.asked {
            match asked.poll() {
                Polled::Finished => self.finished.push_back(*id),
                Polled::More => self.frames.now(),
                Polled::All => {}
            }
        }
    }

    /// How far a request has got; `None` if it is not known.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<Progress<'_>> {
        self.asked.get(&id).map(|asked| Progress {
            text: &asked.said.text,
            thoughts: &asked.said.thoughts,
            usage: asked.details.usage,
            cut: asked.details.cut.as_deref(),
            calls: &asked.details.calls,
            note: asked.note.as_deref(),
            outcome: asked.outcome.as_ref(),
        })
    }

    /// Cancels all requests that are under way. The next poll tells that they were.
    pub fn cancel_all(&mut self) {
        self.keep_only(&[]);
    }

    /// Cancels all requests that are under way but these, and those that go on after them: a rollback may
    /// have forgotten that they were started.
    pub fn keep_only(&mut self, wanted: &[u64]) {
        let mut wanted = wanted.to_vec();
        let mut place = 0;
        while let Some(after) = wanted.get(place).copied() {
            let followers = self.followers.iter().filter(|one| one.after == after);
            wanted.extend(followers.map(|one| one.id));
            place += 1;
        }
        for (id, asked) in &self.asked {
            if let Some(reply) = asked.reply.as_ref().filter(|_| !wanted.contains(id)) {
                reply.cancel();
            }
        }
    }
}

/// A provider without its model.
fn server_of(provider: &Provider) -> Provider {
    let mut server = provider.clone();
    match &mut server {
        Provider::Echo => {}
        Provider::OpenAi { model, .. }
        | Provider::Anthropic { model, .. }
        | Provider::Gemini { model, .. } => model.clear(),
    }
    server
}

/// That a request goes on after another one.
#[derive(Debug)]
struct Follower {
    after: u64,
    /// A digest of what it was told came of the calls.
    told: u64,
    id: u64,
}

/// A request.
#[derive(Debug)]
struct Asked {
    /// Until it has finished.
    reply: Option<Reply>,
    said: Said,
    details: Details,
    note: Option<String>,
    outcome: Option<Result<(), AssistantError>>,
}

/// What a poll left.
enum Polled {
    /// It finished with that.
    Finished,
    /// More may have arrived already.
    More,
    /// Nothing, for now.
    All,
}

impl Asked {
    /// Takes in what has arrived.
    fn poll(&mut self) -> Polled {
        let Some(reply) = &self.reply else {
            return Polled::All;
        };
        for _ in 0..PER_POLL {
            let update = reply.try_next();
            let thoughts = reply.take_thoughts();
            if !thoughts.is_empty() {
                self.said.thoughts += &thoughts;
                self.note = None;
            }
            match update {
                Some(Update::Token(token)) => {
                    self.said.push(&token);
                    self.note = None;
                }
                Some(Update::Retrying { after, reason }) => {
                    let seconds = after.as_secs().max(1);
                    self.note = Some(format!("{reason}; it is asked again in {seconds} s"));
                }
                Some(Update::Finished(result)) => {
                    self.note = None;
                    self.details = reply.details();
                    self.reply = None;
                    let is_empty = self.said.is_only_thoughts() && self.details.calls.is_empty();
                    self.outcome = Some(if is_empty {
                        result.and(Err(only_thoughts(&self.details)))
                    } else {
                        result
                    });
                    return Polled::Finished;
                }
                None => {
                    self.details = reply.details();
                    return Polled::All;
                }
            }
        }
        self.details = reply.details();
        Polled::More
    }
}

/// Why an answer that has come to its end is none, if all of it were thoughts.
fn only_thoughts(details: &Details) -> AssistantError {
    match &details.cut {
        Some(reason) => AssistantError::TooLong {
            reason: reason.clone(),
        },
        None => AssistantError::Empty {
            only_thoughts: true,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::{
        thread,
        time::{Duration, Instant},
    };

    use super::*;

    fn ask(text: &str) -> Ask {
        Ask {
            messages: vec![Message::new(ChatRole::User, text)],
            ..Ask::default()
        }
    }

    #[track_caller]
    fn poll_until(assistants: &mut Assistants, is_so: impl Fn(&Assistants) -> bool) {
        let start = Instant::now();
        while !is_so(assistants) {
            assert!(start.elapsed() < Duration::from_secs(20), "{assistants:?}");
            assistants.poll();
            thread::yield_now();
        }
    }

    fn has_finished(assistants: &Assistants, id: u64) -> bool {
        assistants.get(id).is_some_and(|p| p.outcome.is_some())
    }

    #[test]
    fn the_whole_text_stays_when_it_has_finished() {
        let mut assistants = Assistants::default();
        let id = assistants.new_id();
        assistants.start(id, ask("one two"));
        assistants.start(id, ask("something else"));
        poll_until(&mut assistants, |a| has_finished(a, id));
        assistants.poll();
        let whole = Progress {
            text: "You said: one two",
            outcome: Some(&Ok(())),
            ..Progress::default()
        };
        assert_eq!(assistants.get(id), Some(whole));
        assert_ne!(assistants.new_id(), id);
    }

    #[test]
    fn what_arrived_before_it_was_cancelled_stays() {
        let mut assistants = Assistants::default();
        let words = "word ".repeat(10_000);
        assistants.start(1, ask(&words));
        assistants.start(2, ask(&words));
        poll_until(&mut assistants, |a| {
            [1, 2].iter().all(|id| !a.get(*id).unwrap().text.is_empty())
        });
        assistants.keep_only(&[2]);
        assistants.poll();
        let cancelled = Err(AssistantError::Cancelled);
        let first = assistants.get(1).unwrap();
        assert!(first.text.starts_with("You "));
        assert_eq!(first.outcome, Some(&cancelled));
        assert_eq!(assistants.get(2).unwrap().outcome, None);
        assistants.cancel_all();
        assistants.poll();
        assert_eq!(assistants.get(2).unwrap().outcome, Some(&cancelled));
    }

    #[test]
    fn what_goes_on_after_a_request_is_asked_once_and_kept_with_it() {
        let mut assistants = Assistants::default();
        let words = "word ".repeat(10_000);
        let second = assistants.follow(1, 7, ask(&words));
        let third = assistants.follow(second, 7, ask(&words));
        assert_eq!(assistants.follow(1, 7, ask("else")), second);
        assert_eq!(assistants.follower(second, 7), Some(third));
        // It was told something else.
        assert_eq!(assistants.follower(1, 8), None);
        let is_under_way = |assistants: &Assistants, id: u64| {
            let progress = assistants.get(id).unwrap();
            progress.outcome.is_none()
        };
        assistants.keep_only(&[1]);
        assistants.poll();
        assert!(is_under_way(&assistants, second) && is_under_way(&assistants, third));
        assistants.keep_only(&[third]);
        poll_until(&mut assistants, |a| has_finished(a, second));
        assert!(is_under_way(&assistants, third));
        assistants.cancel_all();
        poll_until(&mut assistants, |a| has_finished(a, third));
    }

    #[test]
    fn the_last_32_that_finished_are_known() {
        let mut assistants = Assistants::default();
        for id in 0..40 {
            assistants.start(id, ask(""));
        }
        poll_until(&mut assistants, |a| a.asked.len() == KEPT);
        assert_eq!(assistants.finished.len(), KEPT);
        let newest = *assistants.finished.back().unwrap();
        assert!(has_finished(&assistants, newest));
    }

    #[test]
    fn the_models_of_each_server_are_known_once_they_came() {
        let mut assistants = Assistants::default();
        // No address, so nothing is sent anywhere.
        let nowhere = |model: &str| Provider::OpenAi {
            base_url: "nowhere".to_owned(),
            model: model.to_owned(),
        };
        assert!(matches!(
            assistants.models(&Provider::Echo),
            Models::Unknown
        ));
        for provider in [Provider::Echo, nowhere("a")] {
            assistants.list_models(provider.clone(), ApiKey::default(), Timing::default());
            assert!(matches!(assistants.models(&provider), Models::Asked(_)));
        }
        poll_until(&mut assistants, |a| {
            let mut models = a.models.iter();
            models.all(|(_, models)| matches!(models, Models::Known(_)))
        });
        let Models::Known(models) = assistants.models(&Provider::Echo) else {
            panic!("they were known before");
        };
        assert_eq!(*models, Ok(Vec::new()));
        // It is one server, whichever of its models is set.
        let Models::Known(models) = assistants.models(&nowhere("b")) else {
            panic!("they were known before");
        };
        assert!(matches!(models, Err(AssistantError::BadUrl { .. })));
        assistants.list_models(nowhere("b"), ApiKey::default(), Timing::default());
        assert_eq!(assistants.models.len(), 2);
    }
}
