//! The models that a server offers.

use std::{fmt, thread};

use crossbeam_channel::{bounded, Receiver, TryRecvError};
use ureq::Agent;

use crate::{
    registry::dialect,
    transport::{agent, Client},
    ApiKey, AssistantError, Provider, Timing,
};

/// A list of models under way. Dropping it cancels it, without waiting for its thread.
pub struct ModelList {
    list: Receiver<Result<Vec<String>, AssistantError>>,
    agent: Agent,
}

impl ModelList {
    /// Starts to ask, on a thread of its own, which calls `wake` when there is something to fetch.
    #[must_use]
    pub fn start_with(
        provider: Provider,
        key: ApiKey,
        timing: Timing,
        wake: impl Fn() + Send + 'static,
    ) -> Self {
        let (send, list) = bounded(1);
        let agent = agent(&timing);
        let worker = agent.clone();
        let work = move || {
            let result = ask(&provider, &key, &timing, &worker);
            // Nobody waits any more if the list was dropped.
            let _ = send.send(result.map_err(|error| error.presentable(&key)));
            drop(send);
            wake();
        };
        // Without a thread the channel is closed at once, which `try_next` reports.
        let _ = thread::Builder::new()
            .name("assistant models".to_owned())
            .spawn(work);
        Self { list, agent }
    }

    /// The names of the models, sorted, or why there are none; `None` as long as nothing is known.
    /// Once it was given out there is only [`AssistantError::CutOff`].
    ///
    /// # Errors
    ///
    /// If the server does not answer, refuses, or answers with no list.
    #[must_use]
    pub fn try_next(&self) -> Option<Result<Vec<String>, AssistantError>> {
        match self.list.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(AssistantError::CutOff)),
        }
    }
}

impl Drop for ModelList {
    fn drop(&mut self) {
        self.agent.clone().shutdown();
    }
}

impl fmt::Debug for ModelList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelList").finish_non_exhaustive()
    }
}

fn ask(
    provider: &Provider,
    key: &ApiKey,
    timing: &Timing,
    agent: &Agent,
) -> Result<Vec<String>, AssistantError> {
    let Some(dialect) = dialect(provider)? else {
        return Ok(Vec::new());
    };
    let client = Client {
        dialect: &*dialect,
        key,
        timing,
        agent,
    };
    let mut first_refusal = None;
    for url in dialect.model_urls()? {
        match client.get(&url)? {
            Ok(list) => {
                let models = dialect.models(&list);
                let mut models = models.ok_or_else(|| AssistantError::BadStream {
                    reason: format!("`{list}` is no list of models"),
                })?;
                models.sort();
                models.dedup();
                return Ok(models);
            }
            Err(refusal) => {
                let is_unknown = refusal.status.as_u16() == 404;
                first_refusal.get_or_insert(refusal);
                if !is_unknown {
                    break;
                }
            }
        }
    }
    match first_refusal {
        Some(refusal) => Err(client.refused(refusal, 0)),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn nobody_to_ask_offers_nothing() {
        let list =
            ModelList::start_with(Provider::Echo, ApiKey::default(), Timing::default(), || {});
        let start = Instant::now();
        let result = loop {
            if let Some(result) = list.try_next() {
                break result;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "nothing came");
            thread::yield_now();
        };
        assert_eq!(result, Ok(Vec::new()));
    }
}
