//! When to ask again: which servers are only busy, and for how long.

use std::time::{Duration, SystemTime};

use serde_json::Value;
use ureq::http::{header, HeaderMap, StatusCode};

/// No pause before a retry is longer. A server that names a longer one is not asked again.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// The longest pause for a server that loads its model: nobody waits for others there.
pub(crate) const LOADING_PAUSE: Duration = Duration::from_secs(5);

/// Whether the server may take the same request later on.
pub(crate) fn is_busy(status: StatusCode, body: &str) -> bool {
    // An account without credit stays so, though the status is that of too many requests.
    let is_broke = body.contains("insufficient_quota");
    matches!(status.as_u16(), 429 | 502 | 503 | 504 | 529) && !is_broke
}

/// Whether the server says that it is not ready yet.
pub(crate) fn is_loading(status: StatusCode, body: &str) -> bool {
    let body = body.to_lowercase();
    status == StatusCode::SERVICE_UNAVAILABLE
        && (body.contains("loading") || body.contains("warming up"))
}

/// The status that belongs to an error, by what it says itself.
pub(crate) fn status_in(body: &str) -> Option<StatusCode> {
    let value: Value = serde_json::from_str(body).ok()?;
    let error = match &value {
        // Google's, where it is not in a stream.
        Value::Array(values) => &values.first()?["error"],
        value => &value["error"],
    };
    let status = match error["type"].as_str() {
        Some("overloaded_error") => 529,
        Some("rate_limit_error") => 429,
        _ => u16::try_from(error["code"].as_u64()?).ok()?,
    };
    StatusCode::from_u16(status).ok()
}

/// The pause that the server asks for.
pub(crate) fn wanted(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(pause) = text("retry-after-ms").and_then(|text| seconds(text, 1_000.0)) {
        return Some(pause);
    }
    let after = text(header::RETRY_AFTER.as_str())?;
    seconds(after, 1.0).or_else(|| {
        let date = http_date(after)?;
        Some(date.duration_since(now).unwrap_or_default())
    })
}

/// The pause that the body of an error asks for, as Google has it.
pub(crate) fn wanted_in(body: &str) -> Option<Duration> {
    let value: Value = serde_json::from_str(body).ok()?;
    delay(&value)
}

/// The first `"retryDelay": "7s"`, wherever it is.
fn delay(value: &Value) -> Option<Duration> {
    match value {
        Value::Array(values) => values.iter().find_map(delay),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| match value {
            Value::String(text) if name == "retryDelay" => seconds(text.strip_suffix('s')?, 1.0),
            value => delay(value),
        }),
        _ => None,
    }
}

/// A number of which so many make a second.
fn seconds(text: &str, per_second: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(number / per_second).ok()
}

/// A date as HTTP has it: `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// By hand, for no crate of the workspace reads it and it has one form that may still be sent.
fn http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, date) = text.split_once(", ")?;
    let mut parts = date.strip_suffix(" GMT")?.split([' ', ':']);
    let day: u64 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)?;
    let mut number = || parts.next()?.parse::<u64>().ok();
    let (year, hour, minute, second) = (number()?, number()?, number()?, number()?);
    let is_date = (1970..=9999).contains(&year) && (1..=31).contains(&day);
    // A second of 60 is a leap second.
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days since the 1st of March of the year 0: years that begin in March end with the leap day.
    let year = year - u64::from(month < 2);
    let from_march = (month as u64 + 10) % 12;
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5 + day - 1;
    let seconds = (days - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_date(text: &str, seconds: Option<u64>) {
        let expected = seconds.map(|s| SystemTime::UNIX_EPOCH + Duration::from_secs(s));
        assert_eq!(http_date(text), expected, "{text}");
    }

    #[test]
    fn dates_are_read() {
        check_date("Thu, 01 Jan 1970 00:00:00 GMT", Some(0));
        check_date("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check_date("Tue, 29 Feb 2000 00:00:00 GMT", Some(951_782_400));
        check_date("Wed, 01 Mar 2000 00:00:01 GMT", Some(951_868_801));
        check_date("Tue, 31 Dec 2024 23:59:59 GMT", Some(1_735_689_599));
        for text in [
            "",
            "soon",
            "Sun, 06 Nov 1994",
            "Sun, 06 Abc 1994 08:49:37 GMT",
        ] {
            check_date(text, None);
        }
        check_date("Sun, 06 Nov 1994 24:00:00 GMT", None);
        check_date("Sun, 06 Nov 1001 08:49:37 GMT", None);
    }

    #[track_caller]
    fn check(name: &'static str, value: &str, expected: Option<Duration>) {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        assert_eq!(wanted(&headers, now), expected, "{value}");
    }

    #[test]
    fn pauses_are_seconds_or_dates() {
        check("retry-after", "7", Some(Duration::from_secs(7)));
        check("retry-after", " 1.5 ", Some(Duration::from_millis(1_500)));
        check("retry-after-ms", "20", Some(Duration::from_millis(20)));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        check("retry-after", date, Some(Duration::from_secs(7)));
        let past = "Sun, 06 Nov 1994 08:49:00 GMT";
        check("retry-after", past, Some(Duration::ZERO));
        for value in ["", "-1", "NaN", "inf", "later"] {
            check("retry-after", value, None);
        }
        check("x-other", "1", None);
    }

    #[test]
    fn a_pause_may_be_in_the_body() {
        let body = r#"[{"error":{"message":"slow down","details":[{"reason":"x"},{"retryDelay":"7.5s"}]}}]"#;
        assert_eq!(wanted_in(body), Some(Duration::from_millis(7_500)));
        for body in ["", "7s", r#"{"retryDelay":"later"}"#, r#"{"retryDelay":7}"#] {
            assert_eq!(wanted_in(body), None, "{body}");
        }
    }

    #[test]
    fn an_error_may_say_its_status_itself() {
        let status = |body: &str| status_in(body).map(|status| status.as_u16());
        let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"a"}}"#;
        assert_eq!(status(overloaded), Some(529));
        let unavailable = r#"{"error":{"code":503,"message":"a","status":"UNAVAILABLE"}}"#;
        assert_eq!(status(unavailable), Some(503));
        assert_eq!(status(&format!("[{unavailable}]")), Some(503));
        for body in [
            "",
            "a",
            "[]",
            r#"{"error":"a"}"#,
            r#"{"error":{"code":"a"}}"#,
            r#"{"error":{"code":7}}"#,
            r#"{"code":503}"#,
        ] {
            assert_eq!(status(body), None, "{body}");
        }
    }

    #[test]
    fn an_empty_account_is_not_busy() {
        let status = StatusCode::TOO_MANY_REQUESTS;
        assert!(is_busy(status, "slow down"));
        assert!(!is_busy(
            status,
            r#"{"error":{"code":"insufficient_quota"}}"#
        ));
        assert!(!is_busy(StatusCode::INTERNAL_SERVER_ERROR, ""));
        let status = StatusCode::SERVICE_UNAVAILABLE;
        assert!(is_loading(
            status,
            r#"{"error":{"message":"Loading model"}}"#
        ));
        assert!(!is_loading(status, "overloaded"));
    }
}
