//! A secret that shows up nowhere by accident.

use std::fmt;

use crate::AssistantError;

const HIDDEN: &str = "(hidden)";

/// What a provider knows its customer by. It prints as `(hidden)` and cannot be serialised.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// The key in `text`, without the white space around it; empty if there is none.
    ///
    /// # Errors
    ///
    /// [`AssistantError::BadKey`] if the key could not stand in a header.
    pub fn new(text: &str) -> Result<Self, AssistantError> {
        let key = text.trim();
        if key.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(key.to_owned()))
        } else {
            Err(AssistantError::BadKey)
        }
    }

    /// The key itself, to be sent or stored and not to be shown.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `text` without the key, be it written as it is or as JSON writes it.
    pub(crate) fn redact(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let json = self.0.replace('\\', "\\\\").replace('"', "\\\"");
        // Longest first: a shorter form may be part of a longer one.
        let mut forms = vec![json.replace('/', "\\/"), json, self.0.clone()];
        forms.dedup();
        forms
            .iter()
            .fold(text.to_owned(), |text, form| text.replace(form, HIDDEN))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_trimmed_and_never_shown() {
        let key = ApiKey::new(" sk-1\n").unwrap();
        assert_eq!(key.expose(), "sk-1");
        assert_eq!(format!("{key} {key:?}"), "(hidden) (hidden)");
        assert!(ApiKey::new(" ").unwrap().is_empty());
    }

    #[test]
    fn what_no_header_can_carry_is_refused() {
        for text in ["a\r\nHost: b", "a b", "schlüssel", "a\0"] {
            assert_eq!(ApiKey::new(text), Err(AssistantError::BadKey));
        }
    }

    #[track_caller]
    fn check_redacted(key: &str, text: &str, expected: &str) {
        assert_eq!(ApiKey::new(key).unwrap().redact(text), expected);
    }

    #[test]
    fn it_is_taken_out_of_text() {
        check_redacted("", "as it was", "as it was");
        check_redacted("sk-1", "no sk-1, sk-1!", "no (hidden), (hidden)!");
        check_redacted("a/b", r"a/b a\/b", "(hidden) (hidden)");
        check_redacted(r#"a"\b"#, r#"a"\b a\"\\b"#, "(hidden) (hidden)");
    }
}
