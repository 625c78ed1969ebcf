//! The form of a request, and how it follows what a server refuses.
//!
//! What a server can do is not known before it is asked. So the first request asks for all, and
//! each refusal that names one thing is followed by a request without that thing.

use crate::Tool;

/// How a server says that it does not do something.
const NOT_SUPPORTED: [&str; 7] = [
    "not support",
    "n't support",
    "unsupported",
    "not allowed",
    "not permitted",
    "not enabled",
    NONE_FOUND,
];
/// The same of a gateway, in lower case, that finds nobody behind it who does.
pub(crate) const NONE_FOUND: &str = "no endpoints found that support";
/// How it says that it does not know a part of the request.
const UNKNOWN: [&str; 4] = ["unknown", "unrecognized", "extra inputs", "extra fields"];
/// How it says that a part of the request is not there.
const MISSED: [&str; 3] = ["passed back", "missing", "required"];
/// Names of what has to do with thoughts in a request.
const OF_THOUGHTS: [&str; 6] = [
    "include_thoughts",
    "thoughts",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "extra_content",
];

/// Which roles the messages may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Roles {
    /// As the conversation has them.
    Given,
    /// A system first if there is one, then user and assistant in turns.
    Alternating,
    /// The same without a system.
    AlternatingWithoutSystem,
}

/// The form of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Whether the answer is to come in pieces.
    pub(crate) stream: bool,
    /// Whether to ask for the counts of tokens, where they are not given unasked.
    pub(crate) usage: bool,
    /// Whether to ask for the thoughts, where they are not given unasked, and to give those back that
    /// were kept with calls.
    pub(crate) thoughts: bool,
    /// Whether the model decides how much it thinks, where it would have a budget. Some take none.
    pub(crate) adaptive: bool,
    /// Whether what the assistant said goes out with blank thoughts where none were kept. Some servers
    /// want some with every call, whoever made it.
    pub(crate) blank_thoughts: bool,
    pub(crate) roles: Roles,
    /// The longest answer, in tokens, where one must be named.
    pub(crate) longest: u64,
    /// Whether calls go out with ids of nine digits. Some servers take no longer ones, not even of calls
    /// that another server has named.
    pub(crate) short_ids: bool,
    /// What the model may call.
    pub(crate) tools: Vec<Tool>,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            stream: true,
            usage: true,
            thoughts: true,
            adaptive: false,
            blank_thoughts: false,
            roles: Roles::Given,
            longest: 32_000,
            short_ids: false,
            tools: Vec::new(),
        }
    }
}

impl Form {
    /// Changes the form if the server, with these words, refuses a part of it; says how. Each part
    /// changes only once or twice, so this ends. The words are without the kind of the error, which
    /// would name a fault in any case.
    pub(crate) fn adapt(&mut self, words: &str) -> Option<&'static str> {
        let words = words.to_lowercase();
        let has = |needle: &str| words.contains(needle);
        let refuses = has_any(&words, &NOT_SUPPORTED)
            || has_any(&words, &UNKNOWN)
            || has_any(&words, &["invalid", "unexpected", "must be verified"]);
        if self.usage && (has("stream_options") || has("include_usage")) {
            self.usage = false;
            return Some("without a count of the tokens");
        }
        let is_of_ids = has("tool call id") && (has("length of 9") || has("length 9"));
        if !self.short_ids && is_of_ids {
            self.short_ids = true;
            return Some("with short ids of the calls");
        }
        let are_missed = has("reasoning_content") && has_any(&words, &MISSED);
        if self.thoughts && !self.blank_thoughts && are_missed {
            self.blank_thoughts = true;
            return Some("with blank thoughts where there are none");
        }
        if self.thoughts && !self.adaptive && refuses && has("thinking") && has("adaptive") {
            self.adaptive = true;
            return Some("for as many thoughts as the model likes");
        }
        let is_of_thoughts = has("thinking") || OF_THOUGHTS.iter().any(|name| names(&words, name));
        // So thoughts are refused that are missing, or that the server does not know again.
        let are_unwanted = has("disable") || has("cannot be modified");
        if self.thoughts && is_of_thoughts && (refuses || are_unwanted) {
            self.thoughts = false;
            return Some("without thoughts");
        }
        if self.stream && !self.tools.is_empty() && has("stream") && refuses_tools(&words) {
            // It has tools, but not in a stream.
            self.stream = false;
            return Some("for the whole answer at once");
        }
        if !self.tools.is_empty() && refuses_tools(&words) {
            self.tools.clear();
            return Some("without tools");
        }
        if let Some(limit) = limit(&words).filter(|limit| *limit < self.longest) {
            self.longest = limit;
            return Some("with a shorter limit of the answer");
        }
        let is_of_system = has("system role")
            || has("system message")
            || has("system prompt")
            || has("'system'")
            || has("\"system\"")
            || has("developer instruction");
        if self.roles != Roles::AlternatingWithoutSystem && is_of_system && refuses {
            self.roles = Roles::AlternatingWithoutSystem;
            return Some("without a role of the system");
        }
        let is_of_order = has("alternat")
            || has("consecutive")
            || (has("role") && has("must") && (has("first") || has("last")))
            || (is_of_system && (has("beginning") || has("first") || has("start")));
        if self.roles == Roles::Given && is_of_order {
            self.roles = Roles::Alternating;
            return Some("with roles that alternate");
        }
        if self.stream && refuses && has("stream") {
            self.stream = false;
            return Some("for the whole answer at once");
        }
        None
    }
}

/// Whether a server, with these words in lower case, has no tools at all. What is wrong with one of them,
/// or with a call, is told as it is: without tools it would only go unnoticed.
fn refuses_tools(words: &str) -> bool {
    // Servers that need an option for it name that, and it begins so.
    let has_none = has_any(words, &NOT_SUPPORTED) || words.contains("requires --");
    let is_unknown = has_any(words, &UNKNOWN);
    let is_of_tools = has_any(words, &["tool", "function call", "functiondeclaration"]);
    let is_of_all = has_any(words, &["tools", "functiondeclarations"]);
    // Such as `tools.0.name`, `tools[0]`, `/tools/0` and `('tools', 0)`.
    let mut places = words.split("tools").skip(1);
    let is_of_one = places.any(|rest| {
        let mut marks = [".", "[", "/", "', "].into_iter();
        let place = marks.find_map(|mark| rest.strip_prefix(mark));
        place.is_some_and(|place| place.starts_with(|first: char| first.is_ascii_digit()))
    });
    !is_of_one && ((has_none && is_of_tools) || (is_unknown && is_of_all))
}

/// Whether a name is in the words, and not only a part of another, such as that of a model.
fn names(words: &str, name: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    words
        .split(|c: char| !is_of_name(c))
        .any(|word| word == name)
}

/// Whether any of these is in the words.
fn has_any(words: &str, needles: &[&str]) -> bool {
    needles.iter().any(|needle| words.contains(needle))
}

/// The limit in `max_tokens: 32000 > 8192, which is the maximum …`, and in what others say instead.
fn limit(words: &str) -> Option<u64> {
    if let Some((_, sum)) = words.split_once("exceed context limit:") {
        // As in `188240 + 32000 > 200000`. What the question leaves is the room for the answer.
        let (question, all) = (number(sum)?, number(sum.split_once('>')?.1)?);
        return all.checked_sub(question).filter(|room| *room > 0);
    }
    let (_, rest) = words.split_once("max_tokens")?;
    let mut marks = ["<=", "less than or equal to", "at most", "[1,", ">"].into_iter();
    marks.find_map(|mark| number(rest.split_once(mark)?.1))
}

/// The number that a text begins with.
fn number(text: &str) -> Option<u64> {
    let rest = text.trim_start_matches([' ', '`']);
    let end = rest.find(|character: char| !character.is_ascii_digit());
    let limit = rest[..end.unwrap_or(rest.len())].parse().ok()?;
    (limit > 0).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::samples::tool;

    #[track_caller]
    fn check(words: &str, expected: Form) {
        let mut form = Form::default();
        let changed = form.adapt(words);
        assert_eq!(form, expected, "{words}");
        assert_eq!(changed.is_some(), form != Form::default(), "{words}");
    }

    fn with_tool() -> Form {
        Form {
            tools: vec![tool()],
            ..Form::default()
        }
    }

    #[test]
    fn what_a_server_refuses_is_left_out() {
        let form = Form::default;
        let roles = |roles| Form { roles, ..form() };
        for words in [
            "Conversation roles must alternate user/assistant/user/assistant/...",
            "After the optional system message(s), user and assistant roles should be alternating.",
            "System message must be at the beginning.",
            "messages: first message must use the \"user\" role",
        ] {
            check(words, roles(Roles::Alternating));
        }
        for words in [
            "System role not supported",
            "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
            "Developer instruction is not enabled for models/gemma-3-4b-it",
        ] {
            check(words, roles(Roles::AlternatingWithoutSystem));
        }
        let usage = false;
        for words in [
            "Unrecognized request argument supplied: stream_options",
            "body.stream_options: Extra inputs are not permitted",
        ] {
            check(words, Form { usage, ..form() });
        }
        let stream = false;
        for words in [
            "Streaming is not supported",
            "Your organization must be verified to stream this model.",
            "Unsupported value: 'stream' does not support true with this model.",
        ] {
            check(words, Form { stream, ..form() });
        }
        let thoughts = false;
        let words = "Unable to submit request because thinking is not supported by this model.";
        check(words, Form { thoughts, ..form() });
        for words in [
            "messages.2.assistant.reasoning_content: property \
             'messages.2.assistant.reasoning_content' is unsupported",
            "Extra inputs are not permitted, field: 'messages[8].reasoning', value: 'six'",
            "Extra inputs are not permitted body messages.2 tool_calls.0 extra_content",
            "property 'messages.2.assistant.reasoning_details' is unsupported",
            "messages.1.content.2: `thinking` or `redacted_thinking` blocks in the latest assistant \
             message cannot be modified. These blocks must remain as they were in the original response.",
        ] {
            check(words, Form { thoughts, ..form() });
            let mut form = with_tool();
            assert_eq!(form.adapt(words), Some("without thoughts"), "{words}");
            assert_eq!(form.tools.len(), 1);
        }
        let adaptive = true;
        let words = "\"thinking.type.enabled\" is not supported for this model. Use \
                     \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking \
                     behavior.";
        check(words, Form { adaptive, ..form() });
        let blank_thoughts = true;
        for words in [
            "The `reasoning_content` in the thinking mode must be passed back to the API.",
            "thinking is enabled but reasoning_content is missing in assistant tool call message",
        ] {
            let expected = Form {
                blank_thoughts,
                ..form()
            };
            check(words, expected);
        }
        let longest = 8_192;
        let words = "max_tokens: 32000 > 8192, which is the maximum allowed number of output \
                     tokens for claude-3-5-haiku";
        check(words, Form { longest, ..form() });
        for words in [
            "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
            "`max_tokens` must be less than or equal to `8192`",
            "max_tokens must be >= 1 and <= 8192",
        ] {
            check(words, Form { longest, ..form() });
        }
        let longest = 11_760;
        let words = "input length and `max_tokens` exceed context limit: 188240 + 32000 > 200000, \
                     decrease input length or `max_tokens` and try again";
        check(words, Form { longest, ..form() });
    }

    #[test]
    fn who_takes_no_kind_of_thoughts_is_asked_without() {
        let mut form = Form {
            adaptive: true,
            ..Form::default()
        };
        let words = "Only 'enabled' and 'disabled' are supported for thinking; 'adaptive' is not \
                     supported.";
        assert_eq!(form.adapt(words), Some("without thoughts"));
        assert!(!form.thoughts);
    }

    #[test]
    fn ids_are_as_short_as_a_server_wants_them() {
        for words in [
            "Tool call id was call_0 but must be a-z, A-Z, 0-9, with a length of 9. \
             invalid_function_call",
            "Tool call IDs should be alphanumeric strings with length 9!",
        ] {
            let mut form = with_tool();
            let how = "with short ids of the calls";
            assert_eq!(form.adapt(words), Some(how), "{words}");
            let expected = Form {
                short_ids: true,
                ..with_tool()
            };
            assert_eq!(form, expected);
            assert_eq!(form.adapt(words), None, "{words}");
        }
    }

    #[test]
    fn tools_without_a_stream_are_better_than_a_stream_without_tools() {
        let mut form = with_tool();
        let words = "This model doesn't support tool use in streaming mode.";
        assert_eq!(form.adapt(words), Some("for the whole answer at once"));
        assert_eq!(form.tools.len(), 1);
        assert!(!form.stream);
    }

    #[test]
    fn tools_are_left_out_where_there_are_none() {
        for words in [
            "registry.ollama.ai/library/gemma:2b does not support tools",
            "registry.ollama.ai/library/phi4-reasoning:14b does not support tools",
            "Function calling is not enabled for models/gemma-3-4b-it",
            "Unrecognized request argument supplied: tools",
            "Extra inputs are not permitted body tools",
            "tools param requires --jinja flag",
            "Role 'tool' is not supported",
            "No endpoints found that support tool use. Try disabling \"read_file\". To learn more about \
             provider routing, visit: https://openrouter.ai/docs/guides/routing/provider-selection",
        ] {
            let mut form = with_tool();
            assert_eq!(form.adapt(words), Some("without tools"), "{words}");
            assert_eq!(form, Form::default());
            assert_eq!(form.adapt(words), None, "{words}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_tool_or_a_call_is_told() {
        for words in [
            "Invalid schema for function 'read': in context=('properties', 'x')",
            "Invalid 'tools[0].function.name': string does not match pattern",
            "tools.0.custom.input_schema: JSON schema is invalid",
            "Extra inputs are not permitted body tools.0 function",
            "('body', 'tools', 0, 'function'): extra inputs are not permitted",
            "/tools/0/function/strict: unknown field",
            "messages.2: `tool_use` ids were found without `tool_result` blocks",
            "unexpected `tool_use_id` found in `tool_result` blocks: call_0",
            "messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
            "the model ran out of memory while it called a tool",
        ] {
            let mut form = with_tool();
            form.adapt(words);
            assert_eq!(form.tools.len(), 1, "{words}");
        }
    }

    #[test]
    fn other_words_change_nothing() {
        for words in [
            "",
            "the model `x` does not exist",
            "the request exceeds the available context size",
            "max_tokens: 1 > many",
            "input length and `max_tokens` exceed context limit: 200001 + 1 > 200000",
            "upstream error",
        ] {
            check(words, Form::default());
        }
    }

    #[test]
    fn the_same_words_again_change_nothing_more() {
        for words in [
            "stream is not supported",
            "roles must alternate",
            "system role not supported",
        ] {
            let mut form = Form::default();
            assert!(form.adapt(words).is_some());
            assert_eq!(form.adapt(words), None, "{words}");
        }
    }
}
