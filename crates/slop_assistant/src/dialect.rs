//! What differs between those who answer: where they are asked, in which form, and how an answer
//! is read. Nothing here needs a network.

use serde_json::Value;
use ureq::http::Uri;

use crate::{answer::Answer, form::Form, ApiKey, AssistantError, Message};

/// A way to ask and to answer.
pub(crate) trait Dialect {
    /// The addresses that answers may come from, the likeliest first. Another is tried only if the
    /// one before does not know the path. At least one.
    ///
    /// # Errors
    ///
    /// [`AssistantError::BadUrl`].
    fn chat_urls(&self, form: &Form) -> Result<Vec<Uri>, AssistantError>;

    /// The same for the list of models.
    ///
    /// # Errors
    ///
    /// [`AssistantError::BadUrl`].
    fn model_urls(&self) -> Result<Vec<Uri>, AssistantError>;

    /// The header lines that belong to every request there. The key is in them if there is one.
    fn headers(&self, url: &Uri, key: &ApiKey) -> Vec<(&'static str, String)>;

    /// What is asked.
    fn body(&self, messages: &[Message], form: &Form) -> Value;

    /// Takes in what an event says that is no error. A whole answer is one event.
    ///
    /// # Errors
    ///
    /// [`AssistantError::BadStream`] if it cannot be understood.
    fn read(&self, event: &Value, answer: &mut Answer) -> Result<(), AssistantError>;

    /// The names in a list of models; `None` if it is no such list.
    fn models(&self, list: &Value) -> Option<Vec<String>>;
}

/// That an event cannot be understood.
pub(crate) fn not_understood(event: &Value) -> AssistantError {
    AssistantError::BadStream {
        reason: format!("`{event}` is no known event"),
    }
}

/// The names under `list`, by the first of `keys` that each of them has.
pub(crate) fn names(list: &Value, keys: &[&str]) -> Option<Vec<String>> {
    let name = |model: &Value| {
        let mut found = keys.iter().filter_map(|key| model[*key].as_str());
        found.next().map(str::to_owned)
    };
    list.as_array()?.iter().map(name).collect()
}
