//! A secret that shows up nowhere by accident.

use std::fmt;

use crate::{shown_address, AssistantError};

const HIDDEN: &str = "(hidden)";
/// How much is shown of what a server said, in characters.
const LONGEST_EXCERPT: usize = 300;

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

    /// `text` without the key, be it written as it is, as JSON writes it, or as an address does.
    pub(crate) fn redact(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let json = self.0.replace('\\', "\\\\").replace('"', "\\\"");
        let mut forms = vec![
            json.replace('/', "\\/"),
            json,
            self.0.clone(),
            self.percent_encoded(|byte| format!("%{byte:02X}")),
            self.percent_encoded(|byte| format!("%{byte:02x}")),
        ];
        // Longest first: a shorter form may be part of a longer one.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        forms
            .iter()
            .fold(text.to_owned(), |text, form| text.replace(form, HIDDEN))
    }

    /// Text from outside, fit to be shown. The key goes first: half a key is a secret too.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        let text = self.redact(text);
        text.trim().chars().take(LONGEST_EXCERPT).collect()
    }

    fn percent_encoded(&self, encode: impl Fn(u8) -> String) -> String {
        let encoded = self.0.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => encode(byte),
        });
        encoded.collect()
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

impl AssistantError {
    /// The same without the key, without what may be a secret in an address, and with texts that are
    /// short enough to be shown. Every error passes through here before anybody sees it.
    pub(crate) fn presentable(mut self, key: &ApiKey) -> Self {
        let (url, text) = self.parts();
        if let Some(url) = url {
            *url = key.excerpt(&shown_address(url));
        }
        if let Some(text) = text {
            *text = key.excerpt(text);
        }
        self
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
        check_redacted(
            "a/b=",
            "?key=a%2Fb%3D&k=a%2fb%3d",
            "?key=(hidden)&k=(hidden)",
        );
    }

    #[test]
    fn an_excerpt_holds_no_half_of_it() {
        let key = ApiKey::new("sk-secret").unwrap();
        let text = format!(" {}sk-secret", "x".repeat(LONGEST_EXCERPT - 4));
        let excerpt = key.excerpt(&text);
        assert_eq!(excerpt.chars().count(), LONGEST_EXCERPT);
        assert!(excerpt.ends_with("x(hid"), "{excerpt}");
    }

    #[test]
    fn nothing_that_is_shown_holds_the_key() {
        let key = ApiKey::new("sk-secret").unwrap();
        let text = || "is sk-secret".to_owned();
        let errors = [
            AssistantError::MissingKey {
                url: text(),
                text: text(),
            },
            AssistantError::BadUrl {
                url: text(),
                reason: text(),
            },
            AssistantError::Unauthorised {
                url: text(),
                status: 401,
                text: text(),
            },
            AssistantError::Reported { text: text() },
            AssistantError::BadStream { reason: text() },
        ];
        for error in errors {
            let error = error.presentable(&key);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("secret"), "{shown}");
            assert!(shown.contains("is (hidden)"), "{shown}");
        }
    }

    #[test]
    fn an_address_is_told_without_what_may_be_a_secret() {
        let error = AssistantError::Silent {
            url: "https://me:hunter2@a.example/v1/x?key=hunter2".to_owned(),
            seconds: 3,
        };
        let error = error.presentable(&ApiKey::default());
        let url = "https://a.example/v1/x".to_owned();
        assert_eq!(error, AssistantError::Silent { url, seconds: 3 });
    }
}
