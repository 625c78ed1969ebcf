//! A server's own words for what went wrong, out of the many forms in which servers put them.

use serde_json::Value;

/// Names of fields that hold the words if there is no `error`.
const NAMES: [&str; 6] = [
    "message",
    "detail",
    "error_message",
    "errorMessage",
    "error_msg",
    "msg",
];
/// Fields of which at least one is in a piece of an answer.
const OF_ANSWERS: [&str; 5] = ["choices", "candidates", "content", "content_block", "delta"];

/// What `value` says went wrong, if it is an error and no piece of an answer.
pub(crate) fn fault(value: &Value) -> Option<String> {
    if let Value::Array(values) = value {
        return values.iter().find_map(fault);
    }
    let object = value.as_object()?;
    if let Some(error) = error_in(value) {
        return Some(error);
    }
    if holds_answer(value) {
        return None;
    }
    if let Some(text) = object.get("errors").and_then(text) {
        return Some(text);
    }
    let base = &value["base_resp"];
    if base["status_code"].as_i64().is_some_and(|code| code != 0) {
        return text(&base["status_msg"]).or_else(|| Some(base.to_string()));
    }
    let said = NAMES.iter().find_map(|name| text(object.get(*name)?));
    let is_error = ["object", "type"]
        .iter()
        .any(|name| value[*name].as_str() == Some("error"));
    said.or_else(|| is_error.then(|| value.to_string()))
}

/// Whether `value` is a piece of an answer, or of what would be one.
pub(crate) fn holds_answer(value: &Value) -> bool {
    let mut names = OF_ANSWERS.iter();
    names.any(|name| value.get(*name).is_some_and(|value| !value.is_null()))
}

/// What stands in `value` as an error, whatever else does.
pub(crate) fn error_in(value: &Value) -> Option<String> {
    let object = value.as_object()?;
    let error = object.get("error").filter(|error| !is_nothing(error))?;
    let outer = NAMES.iter().find_map(|name| text(object.get(*name)?));
    Some(match (text(error), outer) {
        // Such as `{"error": "invalid_request", "message": "what was wrong"}`.
        (Some(error), Some(outer)) if error != outer => format!("{error}: {outer}"),
        (Some(error), _) => error,
        (None, Some(outer)) => outer,
        (None, None) => error.to_string(),
    })
}

/// Whether nothing is said with it: some servers write all fields of an error into each piece of an answer.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is_error) => !is_error,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.iter().all(is_nothing),
        Value::Object(fields) => fields.values().all(is_nothing),
    }
}

/// The words in what stands under a name: a text, an object with a message, or several of these.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Array(values) => {
            let texts: Vec<_> = values.iter().filter_map(text).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        Value::Object(object) => {
            let inner = object.get("error").and_then(text);
            let said = inner.or_else(|| NAMES.iter().find_map(|name| text(object.get(*name)?)))?;
            // A gateway puts the words of the server behind it here.
            let raw = object
                .get("metadata")
                .and_then(|metadata| metadata.get("raw"));
            Some(match raw.and_then(text) {
                Some(raw) => format!("{said}: {}", words(&raw)),
                None => said,
            })
        }
        _ => None,
    }
}

/// The words in the body of an error: those of its JSON, the text of a page, or all of it.
pub(crate) fn words(body: &str) -> String {
    let body = body.trim().trim_start_matches('\u{feff}');
    if body.is_empty() {
        return "no reason given".to_owned();
    }
    if body.starts_with('<') {
        return plain(body);
    }
    let value: Option<Value> = serde_json::from_str(body).ok();
    let said = value
        .as_ref()
        .and_then(|value| fault(value).or_else(|| text(value)));
    said.unwrap_or_else(|| body.to_owned())
}

/// The words in the body of an error, and the names of what in the request they are of. Not of which kind
/// the error is: every refusal is an `invalid_request_error`. Nor what of the request it repeats.
pub(crate) fn particulars(body: &str) -> String {
    let mut all = words(body);
    let body = body.trim().trim_start_matches('\u{feff}');
    if let Ok(value) = serde_json::from_str::<Value>(body) {
        add_names(&value, &mut all);
    }
    all
}

/// Adds what an error says of the part of the request that it is about.
fn add_names(value: &Value, all: &mut String) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| add_names(value, all)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("error" | "errors" | "detail", value) => add_names(value, all),
                    ("param" | "code", Value::String(text)) => add_name(text, all),
                    ("loc", Value::Array(places)) => {
                        places.iter().for_each(|place| add_place(place, all));
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// A number belongs to the name before it: `tools.0` is not all tools.
fn add_place(place: &Value, all: &mut String) {
    match place {
        Value::String(name) => add_name(name, all),
        Value::Number(number) => *all += &format!(".{number}"),
        _ => {}
    }
}

fn add_name(name: &str, all: &mut String) {
    if !name.starts_with("invalid_request") {
        *all += " ";
        *all += name;
    }
}

/// The text of a page, without what is there for the browser.
pub(crate) fn plain(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        text.push(' ');
        rest = &rest[at..];
        let close = ["style", "script"].iter().find_map(|name| {
            let begun = rest.get(1..1 + name.len())?;
            begun
                .eq_ignore_ascii_case(name)
                .then(|| format!("</{name}"))
        });
        if let Some(close) = close {
            // In ASCII, so that the places stay the same.
            let end = rest.to_ascii_lowercase().find(&close);
            rest = end.map_or("", |end| &rest[end..]);
        }
        rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: Value, expected: Option<&str>) {
        assert_eq!(fault(&value).as_deref(), expected, "{value}");
    }

    #[test]
    fn every_form_of_an_error_is_known() {
        check(json!({"error": {"message": "a", "code": 1}}), Some("a"));
        check(json!([{"error": {"message": "a"}}]), Some("a"));
        check(json!({"error": "a"}), Some("a"));
        check(json!({"error": "a", "message": "b"}), Some("a: b"));
        check(json!({"error": {"code": 1}}), Some(r#"{"code":1}"#));
        check(json!({"error": {"error": {"message": "a"}}}), Some("a"));
        check(json!({"object": "error", "message": "a"}), Some("a"));
        check(
            json!({"type": "error", "error": {"message": "a"}}),
            Some("a"),
        );
        check(json!({"type": "error"}), Some(r#"{"type":"error"}"#));
        check(json!({"message": "a"}), Some("a"));
        check(json!({"detail": "a"}), Some("a"));
        check(
            json!({"detail": [{"loc": [], "msg": "a"}, {"msg": "b"}]}),
            Some("a; b"),
        );
        check(
            json!({"success": false, "errors": [{"message": "a"}]}),
            Some("a"),
        );
        check(
            json!({"base_resp": {"status_code": 4, "status_msg": "a"}}),
            Some("a"),
        );
        let raw = r#"{"error":{"message":"b"}}"#;
        let wrapped = json!({"error": {"message": "a", "metadata": {"raw": raw}}});
        check(wrapped, Some("a: b"));
    }

    #[test]
    fn what_is_no_error_is_none() {
        check(json!({"error": null, "choices": []}), None);
        check(json!({"error": "", "choices": []}), None);
        let blank = json!({"error": {"code": 0, "message": "", "param": null}, "choices": []});
        check(blank, None);
        check(json!({"error": {}, "choices": []}), None);
        check(json!({"choices": [], "message": "a"}), None);
        check(
            json!({"type": "message_start", "message": {"id": "1"}}),
            None,
        );
        check(json!({"type": "ping"}), None);
        check(
            json!({"base_resp": {"status_code": 0, "status_msg": ""}}),
            None,
        );
        check(json!("text"), None);
    }

    #[test]
    fn of_an_error_only_what_it_is_about_counts() {
        let check = |body: Value, expected: &str| {
            assert_eq!(particulars(&body.to_string()), expected);
        };
        check(
            json!({"error": {"type": "invalid_request_error", "message": "a", "param": "b"}}),
            "a b",
        );
        check(
            json!({"error": {"message": "a", "code": "unsupported_value"}}),
            "a unsupported_value",
        );
        check(
            json!({"error": {"type": "invalid_request_error", "message": "a", "param": null,
                "code": "invalid_request_error", "input": "tools"}}),
            "a",
        );
        check(
            json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "tools"],
                "msg": "Extra inputs are not permitted", "input": "unknown"}]}),
            "Extra inputs are not permitted body tools",
        );
        check(
            json!({"detail": [{"loc": ["body", "tools", 0, "function", "strict"],
                "msg": "Extra inputs are not permitted"}]}),
            "Extra inputs are not permitted body tools.0 function strict",
        );
        assert_eq!(particulars("no tools"), "no tools");
    }

    #[test]
    fn the_words_of_a_body_are_found() {
        assert_eq!(words(""), "no reason given");
        assert_eq!(words(" slow down\n"), "slow down");
        assert_eq!(words(r#"{"error":{"message":"a"}}"#), "a");
        assert_eq!(words(r#""a""#), "a");
        assert_eq!(words("{\"a\":"), "{\"a\":");
        let page = "<html><head><STYLE>b { c }</STYLE><title>502</title></head>\n<p>Bad gateway";
        assert_eq!(words(page), "502 Bad gateway");
        assert_eq!(words("<script>a</p"), "");
        assert_eq!(words("<é"), "");
    }
}
