//! What lies over the windows, and when it pulses.

use std::collections::BTreeSet;

use bevy::prelude::*;
#[cfg(feature = "hot")]
use hot_reloader::HotReloader;
use slop_engine::{session::Session, EguiContexts};
use slop_state::{Run, Settings, Ticket};
use slop_ui::{Alert, Themes, Wrong};

/// Draws it. It is a system of its own, for what is wrong is known in many places.
pub(super) fn lay_over(
    mut contexts: EguiContexts,
    (themes, settings, session): (Res<Themes>, Res<Settings>, Res<Session>),
    tickets: Query<&Ticket>,
    mut alert: Local<Alert>,
    #[cfg(feature = "hot")] reloader: Res<HotReloader>,
) {
    let Some(context) = contexts.try_ctx_mut() else {
        return;
    };
    #[cfg(feature = "hot")]
    let reload = failed_reload(&reloader);
    #[cfg(not(feature = "hot"))]
    let reload = None;
    let wrong = wrong(reload, &session, tickets.iter());
    let now = context.input(|input| input.time);
    let wave = alert.heed(wrong, now);
    themes.get(&settings.theme).lay_over(context, wave);
}

/// The number of the last reload, if the reloader has an error.
#[cfg(feature = "hot")]
fn failed_reload(reloader: &HotReloader) -> Option<u32> {
    if !reloader.is_error_state() {
        return None;
    }
    let last = reloader.history().next_back();
    Some(last.map_or(0, |report| report.number))
}

/// All that is wrong.
fn wrong<'a>(
    reload: Option<u32>,
    session: &Session,
    tickets: impl Iterator<Item = &'a Ticket>,
) -> BTreeSet<Wrong> {
    let is_failed = |ticket: &&Ticket| matches!(ticket.run, Run::Failed(_) | Run::Unchecked(_));
    let tickets = tickets.filter(is_failed);
    let mut wrong: BTreeSet<_> = tickets.map(|ticket| Wrong::Ticket(ticket.number)).collect();
    wrong.extend(reload.map(Wrong::Reload));
    wrong.extend(session.failure.is_some().then_some(Wrong::Saving));
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_wrong_and_nothing_else() {
        let tickets = [
            Run::Idle,
            Run::Asked { after: 1 },
            Run::Failed("no answer".into()),
            Run::Checked { after: 1 },
            Run::Unchecked("no verdict".into()),
        ];
        let tickets: Vec<_> = (1..)
            .zip(tickets)
            .map(|(number, run)| Ticket {
                number,
                run,
                ..Ticket::default()
            })
            .collect();
        let mut session = Session::new("nowhere".into());
        let found = wrong(None, &session, tickets.iter());
        let expected = [Wrong::Ticket(3), Wrong::Ticket(5)];
        assert_eq!(found, BTreeSet::from(expected));
        session.failure = Some("the disk is full".into());
        let found = wrong(Some(7), &session, std::iter::empty());
        let expected = [Wrong::Reload(7), Wrong::Saving];
        assert_eq!(found, BTreeSet::from(expected));
    }
}
