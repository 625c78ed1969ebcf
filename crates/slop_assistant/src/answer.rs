//! What an answer has come to so far, whoever gives it.

use std::mem;

use serde::de::IgnoredAny;
use serde_json::{json, Value};

use crate::{
    surrogates::{joined, Halves},
    think::{Piece, Splitter},
    told::{Told, Usage},
    tools::OURS,
    AssistantError, Call,
};

/// How a server says that an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The model has said all.
    Whole,
    /// There was no more room; with the server's name for it, as in the others.
    TooLong(String),
    /// It may not be said.
    Filtered(String),
    /// Anything else.
    Other(String),
}

impl Ending {
    /// What a server means by `reason`. Upper and lower case are the same; the names are those of
    /// many servers.
    pub(crate) fn of(reason: &str) -> Self {
        let name = reason.trim().to_ascii_lowercase();
        match name.as_str() {
            "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" | "complete"
            | "completed" | "end" | "done" | "finish" | "finished" | "normal" => Self::Whole,
            "length"
            | "max_tokens"
            | "max_output_tokens"
            | "model_length"
            | "model_context_window_exceeded" => Self::TooLong(reason.to_owned()),
            "content_filter"
            | "content_filtered"
            | "safety"
            | "recitation"
            | "language"
            | "blocklist"
            | "prohibited_content"
            | "spii"
            | "image_safety"
            | "refusal"
            | "sensitive"
            | "guardrail_intervened" => Self::Filtered(reason.to_owned()),
            _ => Self::Other(reason.to_owned()),
        }
    }

    /// The same with what the server says of it, if it is no good end.
    pub(crate) fn with_words(self, words: Option<&str>) -> Self {
        let words = words.map(str::trim).filter(|words| !words.is_empty());
        let Some(words) = words else {
            return self;
        };
        match self {
            Self::Filtered(reason) => Self::Filtered(format!("{reason}: {words}")),
            Self::Other(reason) if !is_for_calls(&reason) => {
                Self::Other(format!("{reason}: {words}"))
            }
            other => other,
        }
    }
}

/// What stands for a reason where there is none, as in each piece of an answer but the last.
const NO_REASONS: [&str; 5] = [
    "",
    "null",
    "none",
    "FINISH_REASON_UNSPECIFIED",
    "BLOCK_REASON_UNSPECIFIED",
];

/// The reason that a server gives, if it gives one.
pub(crate) fn given(reason: &str) -> Option<&str> {
    let is_none = |none: &&str| reason.trim().eq_ignore_ascii_case(none);
    (!NO_REASONS.iter().any(is_none)).then_some(reason)
}

/// What servers say that ended an answer so that tools can be called.
const CALLS: [&str; 4] = ["tool_calls", "tool_use", "tool_call", "function_call"];

/// Whether a server says with `reason` that it has called tools.
fn is_for_calls(reason: &str) -> bool {
    let reason = reason.trim();
    CALLS.iter().any(|name| reason.eq_ignore_ascii_case(name))
}

/// How the bytes of an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As the protocol has it.
    Orderly,
    /// By the end of the connection, of an answer whose length was not told: in order, or in the middle.
    Closed,
    /// In the middle, or by falling silent.
    Cut,
}

/// Which parts of an answer have come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) thoughts: bool,
    pub(crate) text: bool,
    /// Whether tools were offered or not.
    pub(crate) calls: bool,
}

/// Collects what the events of a stream say, and tells it as updates.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    updates: Vec<Told>,
    splitter: Splitter,
    text: Halves,
    thoughts: Halves,
    has_text: bool,
    has_thoughts: bool,
    came: Parts,
    /// Those of them that did in pieces.
    in_pieces: Parts,
    ending: Option<Ending>,
    /// Whether the server has said that it is finished when there was a word of it.
    was_finished: bool,
    /// Whether more of it came then. The server does not mean it.
    went_on: bool,
    is_done: bool,
    usage: Usage,
    /// If tools were offered: the number that the first call gets if it has no id.
    first_call: Option<u64>,
    /// With the server's index of each.
    calls: Vec<(u64, Call)>,
    /// Thoughts that the server wants back with the calls, as it sent them; also with its indices.
    kept: Vec<(u64, Value)>,
}

impl Answer {
    /// Takes a piece of the text in, which may hold thoughts in tags.
    pub(crate) fn text(&mut self, text: &str) {
        self.came.text |= !text.trim().is_empty();
        let text = self.text.join(text);
        let mut pieces = Vec::new();
        self.splitter.push(&text, &mut pieces);
        let had_text = self.has_text();
        if self.tell(pieces) {
            self.goes_on(had_text);
        }
    }

    /// Takes back that it is finished if that was said before what has come now, and not of it. Otherwise
    /// whatever breaks it off from here on would pass for its end.
    fn goes_on(&mut self, had_text: bool) {
        let is_early = match &self.ending {
            // It was said of the thoughts.
            Some(Ending::Whole) => !had_text,
            // The server has called tools itself.
            Some(Ending::Other(reason)) => is_for_calls(reason) && !self.came.calls,
            _ => false,
        };
        if is_early {
            self.ending = None;
        }
    }

    /// Takes a piece of the thoughts in.
    pub(crate) fn thought(&mut self, text: &str) {
        self.came.thoughts |= !text.is_empty();
        let text = self.thoughts.join(text);
        self.tell(vec![Piece::Thought(text)]);
    }

    /// Tells what has come. Whether a word of the text is in it.
    fn tell(&mut self, pieces: Vec<Piece>) -> bool {
        let mut has_word = false;
        for piece in pieces {
            match piece {
                Piece::Text(text) | Piece::Thought(text) if text.is_empty() => {}
                Piece::Text(text) => {
                    has_word |= !text.trim().is_empty();
                    self.updates.push(Told::Token(text));
                }
                Piece::Thought(text) => {
                    self.has_thoughts = true;
                    self.updates.push(Told::Thought(text));
                }
            }
        }
        self.has_text |= has_word;
        self.went_on |= self.was_finished && has_word;
        has_word
    }

    /// Notes that what has come came in pieces.
    pub(crate) fn came_in_pieces(&mut self) {
        self.in_pieces = self.came;
    }

    /// What came in pieces. A whole answer behind them has it once more.
    pub(crate) fn in_pieces(&self) -> Parts {
        self.in_pieces
    }

    /// Lets it be an answer that tools are called. Those without an id get numbers from this one on.
    pub(crate) fn take_calls(&mut self, first: u64) {
        self.first_call = Some(first);
    }

    /// Keeps thoughts that go back with the next call, if there will be some.
    pub(crate) fn keep(&mut self, index: u64, thoughts: &Value) {
        if self.first_call.is_some() {
            self.kept.push((index, thoughts.clone()));
        }
    }

    /// Adds to a text of those that were kept last with this index.
    pub(crate) fn keep_more(&mut self, index: u64, name: &str, text: &str) {
        let mut kept = self.kept.iter_mut().rev();
        if let Some((_, thoughts)) = kept.find(|(at, _)| *at == index) {
            match &mut thoughts[name] {
                Value::String(before) => before.push_str(text),
                other => *other = text.into(),
            }
        }
    }

    /// Keeps a text that goes back with the calls under a name, or more of it, if there will be some.
    pub(crate) fn keep_text(&mut self, name: &str, text: &str) {
        if self.kept.is_empty() {
            self.keep(0, &json!({}));
        }
        self.keep_more(0, name, text);
    }

    /// Keeps a part of the thoughts, an object, that goes back with the calls under a name, if there will be
    /// some. What only goes on with the part before it is put together with that.
    pub(crate) fn keep_part(&mut self, name: &str, part: &Value) {
        if self.kept.is_empty() {
            self.keep(0, &json!({}));
        }
        let Some((_, kept)) = self.kept.last_mut() else {
            return;
        };
        match &mut kept[name] {
            Value::Array(parts) => match parts.last_mut().filter(|last| is_more(last, part)) {
                Some(last) => add_part(last, part),
                None => parts.push(part.clone()),
            },
            other => *other = json!([part]),
        }
    }

    /// Takes a piece of a call in. Those of the same index are of the same call, unless they say
    /// otherwise. Nothing is done if no tools were offered.
    pub(crate) fn call(&mut self, index: u64, piece: Call) {
        self.came.calls = true;
        if self.first_call.is_none() {
            return;
        }
        self.went_on |= self.was_finished;
        let is_its = |(at, call): &&mut (u64, Call)| *at == index && goes_on(call, &piece);
        let Some((_, call)) = self.calls.iter_mut().rev().find(is_its) else {
            self.push_call(index, piece);
            return;
        };
        // Some repeat all but the arguments.
        for (known, new) in [
            (&mut call.id, piece.id),
            (&mut call.name, piece.name),
            (&mut call.signature, piece.signature),
        ] {
            if known.is_empty() {
                *known = new;
            }
        }
        add_arguments(&mut call.arguments, &piece.arguments);
    }

    /// Takes more arguments in of the call that began last with this index, if one did.
    pub(crate) fn call_goes_on(&mut self, index: u64, arguments: &str) {
        let mut calls = self.calls.iter_mut().rev();
        if let Some((_, call)) = calls.find(|(at, _)| *at == index) {
            add_arguments(&mut call.arguments, arguments);
        }
    }

    /// Takes a whole call in.
    pub(crate) fn whole_call(&mut self, call: Call) {
        self.came.calls = true;
        if self.first_call.is_some() {
            self.went_on |= self.was_finished;
            // Nobody adds to it.
            self.push_call(u64::MAX, call);
        }
    }

    fn push_call(&mut self, index: u64, call: Call) {
        let had_text = self.has_text();
        self.calls.push((index, call));
        self.goes_on(had_text);
    }

    /// The calls that the answer ended for.
    fn calls_at_end(&mut self) -> Option<Vec<Call>> {
        let is_for_calls = match &self.ending {
            None | Some(Ending::Whole) => true,
            Some(Ending::Other(reason)) => is_for_calls(reason),
            Some(Ending::TooLong(_) | Ending::Filtered(_)) => false,
        };
        if self.calls.is_empty() || !is_for_calls {
            return None;
        }
        let first = self.first_call.unwrap_or_default();
        let calls = (first..).zip(mem::take(&mut self.calls));
        let kept = mem::take(&mut self.kept);
        let mut kept = kept.into_iter().peekable();
        let calls = calls.map(|(number, (index, mut call))| {
            // What the model thought before this call, and after the one before it.
            let mut thoughts = Vec::new();
            while let Some((_, one)) = kept.next_if(|(at, _)| *at <= index) {
                thoughts.push(one);
            }
            keep_with(&mut call, thoughts);
            if call.id.is_empty() {
                call.id = format!("{OURS}{number}");
            }
            if call.arguments.trim().is_empty() {
                call.arguments = "{}".to_owned();
            }
            call
        });
        let mut calls: Vec<Call> = calls.collect();
        for call in &mut calls {
            let Call {
                id,
                name,
                arguments,
                signature,
            } = call;
            for text in [id, name, arguments, signature] {
                *text = joined(text);
            }
        }
        Some(calls)
    }

    /// Notes why the answer ended. It may go on all the same: some say `stop` between the thoughts
    /// and the text. What is no good end is not taken back by a later good one.
    pub(crate) fn ends(&mut self, ending: Ending) {
        self.was_finished |= self.has_text();
        if ending != Ending::Whole || self.ending.is_none() {
            self.ending = Some(ending);
        }
    }

    /// Notes the reason that a server gives for the end, if it gives one, and its words for that; `None` if
    /// what stands there cannot be one.
    pub(crate) fn ends_for(&mut self, reason: &Value, words: Option<&str>) -> Option<()> {
        let reason = match reason {
            Value::Null => None,
            Value::String(reason) => given(reason),
            _ => return None,
        };
        if let Some(reason) = reason {
            self.ends(Ending::of(reason).with_words(words));
        }
        Some(())
    }

    /// Notes that nothing follows.
    pub(crate) fn done(&mut self) {
        self.is_done = true;
    }

    /// Takes counts in. Those that are not known stay as they were.
    pub(crate) fn usage(&mut self, usage: Usage) {
        let usage = Usage {
            input: usage.input.or(self.usage.input),
            output: usage.output.or(self.usage.output),
            cached: usage.cached.or(self.usage.cached),
        };
        if usage != self.usage {
            self.usage = usage;
            self.updates.push(Told::Usage(usage));
        }
    }

    /// What there is to tell since it was asked last.
    pub(crate) fn take_updates(&mut self) -> Vec<Told> {
        mem::take(&mut self.updates)
    }

    /// Whether nothing follows.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Whether the server has said that the answer is finished, and how.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_done || self.ending.is_some()
    }

    /// Whether more came of it when the server had said that it is finished.
    pub(crate) fn went_on(&self) -> bool {
        self.went_on
    }

    /// Whether it was for calls that the server has ended a text, and no call came. It means nothing by it,
    /// or it calls tools itself and goes on.
    fn calls_nothing(&self) -> bool {
        let is_for_calls =
            matches!(&self.ending, Some(Ending::Other(reason)) if is_for_calls(reason));
        is_for_calls && self.has_text && !self.came.calls
    }

    /// Whether only the end of the stream says that it is finished. The server may have said so with each
    /// piece.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.went_on || self.calls_nothing()
    }

    /// Whether a word of the answer itself has come, or a call.
    pub(crate) fn has_text(&self) -> bool {
        self.has_text || !self.calls.is_empty()
    }

    /// Whether anything of it has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_text() || self.has_thoughts
    }

    /// What has come of it, now that there is no more. What was kept back becomes updates.
    ///
    /// # Errors
    ///
    /// If it is not a whole answer with a word in it.
    pub(crate) fn end(&mut self, end: End) -> Result<(), AssistantError> {
        // What was kept back until now is no sign that it went on.
        let went_on = self.went_on;
        if let Some(half) = self.text.finish() {
            let mut pieces = Vec::new();
            self.splitter.push(&half.to_string(), &mut pieces);
            self.tell(pieces);
        }
        if let Some(half) = self.thoughts.finish() {
            self.tell(vec![Piece::Thought(half.to_string())]);
        }
        let mut pieces = Vec::new();
        self.splitter.finish(&mut pieces);
        self.tell(pieces);
        let calls_nothing = self.calls_nothing();
        let is_doubtful = end != End::Orderly && (went_on || calls_nothing) && !self.is_done;
        if !self.has_ended() || is_doubtful {
            return Err(AssistantError::CutOff);
        }
        if let Some(calls) = self.calls_at_end() {
            self.updates.push(Told::Calls(calls));
            return Ok(());
        }
        match self.ending.take() {
            // What there is of it was meant to be there.
            Some(Ending::TooLong(reason)) if self.has_text => {
                self.updates.push(Told::Cut(reason));
                Ok(())
            }
            Some(Ending::TooLong(reason)) => Err(AssistantError::TooLong { reason }),
            Some(Ending::Filtered(reason)) => Err(AssistantError::Filtered { reason }),
            Some(Ending::Other(_)) if calls_nothing => Ok(()),
            Some(Ending::Other(reason)) => Err(AssistantError::Stopped { reason }),
            Some(Ending::Whole) | None if self.has_text => Ok(()),
            // It may have been an early `stop`.
            Some(Ending::Whole) | None if end == End::Cut && !self.is_done => {
                Err(AssistantError::CutOff)
            }
            Some(Ending::Whole) | None => Err(AssistantError::Empty {
                only_thoughts: self.has_thoughts,
            }),
        }
    }
}

/// Keeps thoughts with a call, beside what it has itself.
fn keep_with(call: &mut Call, mut thoughts: Vec<Value>) {
    if !thoughts.is_empty() {
        thoughts.extend(serde_json::from_str::<Value>(&call.signature).ok());
        call.signature = Value::Array(thoughts).to_string();
    }
}

/// Whether a part of thoughts only goes on with the one before it. What cannot be read comes whole, and
/// nothing but a signature follows a text.
fn is_more(before: &Value, part: &Value) -> bool {
    let has = |part: &Value, name: &str| part[name].as_str().is_some_and(|text| !text.is_empty());
    let is_same = ["type", "index"]
        .iter()
        .all(|name| before[*name] == part[*name]);
    let is_full = has(before, "data") || has(part, "data") || has(before, "signature");
    is_same && !is_full
}

/// Adds a part of thoughts to the one before it.
fn add_part(before: &mut Value, part: &Value) {
    for (name, value) in part.as_object().into_iter().flatten() {
        match (&mut before[name.as_str()], value) {
            (Value::String(text), Value::String(more))
                if matches!(name.as_str(), "text" | "summary") =>
            {
                text.push_str(more);
            }
            (known, value) if known.is_null() || *known == "" => *known = value.clone(),
            _ => {}
        }
    }
}

/// Whether a piece with the index of a call belongs to it. Some servers have one index for all calls, some
/// give each piece an id of its own, and some give none.
fn goes_on(call: &Call, piece: &Call) -> bool {
    // Each call begins with its name.
    if piece.name.is_empty() {
        return true;
    }
    let is_other = !piece.id.is_empty() && !call.id.is_empty() && piece.id != call.id;
    // Nothing follows the last bracket.
    let is_full = is_json(&call.arguments);
    let has_more = piece.name != call.name || !piece.arguments.trim().is_empty();
    let is_next = piece.id.is_empty() && is_full && has_more;
    !is_other && !is_next
}

/// Adds to the arguments of a call. Nothing follows their last bracket: a gateway sums up what it sent in
/// pieces. Another begins with an empty object, and means nothing by it.
fn add_arguments(arguments: &mut String, more: &str) {
    let is_whole = arguments.trim_end().ends_with('}') && is_json(arguments);
    if !is_whole {
        arguments.push_str(more);
    } else if arguments.trim() == "{}" && !more.trim().is_empty() {
        more.clone_into(arguments);
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests;
