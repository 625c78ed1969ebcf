//! Who asked for what, and what waits.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// Tells one request from another, to know it again when it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// One that was never given out in this process.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

/// What is asked for, by one or by several.
#[derive(Clone, Debug)]
pub struct Request {
    /// The modules to reload; `None` for all.
    pub modules: Option<Vec<String>>,
    /// Whether what the modules have built is taken down and built anew.
    pub rebuilds: bool,
    /// When it was asked for; the newest of several.
    pub since: Instant,
    /// Whom to answer.
    pub ids: Vec<RequestId>,
}

impl Request {
    /// One that is asked for now.
    #[must_use]
    pub fn new(modules: Option<Vec<String>>) -> Self {
        Self {
            modules,
            rebuilds: false,
            since: Instant::now(),
            ids: vec![RequestId::new()],
        }
    }

    /// One request for what both want.
    #[must_use]
    pub fn merge(mut self, newer: Self) -> Self {
        self.modules = match (self.modules, newer.modules) {
            (Some(mut older), Some(newer)) => {
                older.extend(
                    newer
                        .into_iter()
                        .filter(|name| !older.contains(name))
                        .collect::<Vec<_>>(),
                );
                Some(older)
            }
            _ => None,
        };
        self.rebuilds |= newer.rebuilds;
        self.since = newer.since;
        self.ids.extend(newer.ids);
        self
    }
}

/// What waits for its turn: all requests that came, as one.
#[derive(Debug, Default)]
pub(crate) struct Queue(Option<Request>);

impl Queue {
    pub(crate) fn push(&mut self, request: Request) {
        self.0 = Some(match self.0.take() {
            Some(older) => older.merge(request),
            None => request,
        });
    }

    pub(crate) fn take(&mut self) -> Option<Request> {
        self.0.take()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// When what waits was asked for.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.0.as_ref().map(|request| request.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: Option<&[&str]>, second: Option<&[&str]>, merged: Option<&[&str]>) {
        let owned = |names: Option<&[&str]>| {
            names.map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let (first, second) = (Request::new(owned(first)), Request::new(owned(second)));
        let ids = [first.ids[0], second.ids[0]];
        let since = second.since;
        let request = first.merge(second);
        assert_eq!(request.modules, owned(merged));
        assert_eq!(request.ids, ids);
        assert_eq!(request.since, since);
    }

    #[test]
    fn requests_are_united() {
        check(Some(&["a"]), Some(&["b", "a"]), Some(&["a", "b"]));
        check(None, Some(&["a"]), None);
        check(Some(&["a"]), None, None);
        check(None, None, None);
    }
}
