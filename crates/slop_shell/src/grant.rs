//! By keys, in the palette or in a menu: however something is asked for, it is granted here.

#[cfg(feature = "hot")]
use hot_reloader::ReloadRequest;
use slop_engine::egui::{self, KeyboardShortcut};
use slop_state::{Action, Hub, Layout, Palette, Window};
use slop_ui::{discussion_hub, field, mma_dashboard, Theme};

use super::{
    commands::{of_palette, Command, Facts, Where},
    palette,
    wish::Wish,
};

/// What is asked for by keys that were struck in this frame, as often as they were.
fn struck(context: &egui::Context, commands: &[Command]) -> Vec<Wish> {
    let is_text = field::is_written_in(context);
    let mut keyed: Vec<_> = commands
        .iter()
        .filter_map(|command| Some((command.keys?, command.wish.as_ref()?)))
        .filter(|((_, place), _)| match place {
            Where::Anywhere => true,
            Where::OutsideOfText => !is_text,
            Where::Elsewhere => false,
        })
        .collect();
    // Those with Shift first: the others would take them too.
    keyed.sort_by_key(|((keys, _), _)| !keys.modifiers.shift);
    let mut wishes = Vec::new();
    for ((keys, _), wish) in keyed {
        let count = context.input_mut(|input| take(input, keys));
        wishes.extend(std::iter::repeat_n(wish, count).cloned());
    }
    wishes
}

/// Takes these keys out of the input. How often they were struck; a key that is held counts once.
///
/// Keys carry the modifiers that were down when they were struck, unlike the input as a whole, which
/// knows those of the end of the frame.
fn take(input: &mut egui::InputState, keys: KeyboardShortcut) -> usize {
    let mut count = 0;
    input.events.retain(|event| match event {
        egui::Event::Key {
            key,
            pressed: true,
            repeat,
            modifiers,
            ..
        } if *key == keys.logical_key && modifiers.matches_logically(keys.modifiers) => {
            count += usize::from(!*repeat);
            false
        }
        _ => true,
    });
    count
}

/// Serves the keys that were struck, the palette, and the menus, which `bar` draws.
pub(super) fn serve(
    hands: &mut Hands<'_>,
    commands: &[Command],
    facts: &Facts<'_>,
    theme: &Theme,
    bar: impl FnOnce(&egui::Context, &Layout) -> Option<Wish>,
) {
    // Before the palette, so that what is typed after its keys goes to it.
    for wish in struck(hands.context, commands) {
        hands.grant(wish, &facts.seen);
    }
    let more = if hands.palette.is_open {
        of_palette(facts)
    } else {
        Vec::new()
    };
    let all = commands.iter().chain(&more);
    let chosen = palette::window(hands.context, hands.palette, all, theme);
    let clicked = bar(hands.context, hands.layout);
    for wish in chosen.into_iter().chain(clicked) {
        hands.grant(wish, &facts.seen);
    }
}

/// What wishes change.
pub(super) struct Hands<'a> {
    pub(super) context: &'a egui::Context,
    pub(super) layout: &'a mut Layout,
    pub(super) hub: &'a mut Hub,
    pub(super) palette: &'a mut Palette,
    pub(super) out: &'a mut Vec<Action>,
    /// How new code is wanted, if it is.
    #[cfg(feature = "hot")]
    pub(super) reload: &'a mut Option<ReloadRequest>,
}

impl Hands<'_> {
    /// Does what is asked for.
    fn grant(&mut self, wish: Wish, seen: &[Window]) {
        self.context.request_repaint();
        match wish {
            Wish::Act(action) => {
                if let Action::DiscussTicket(_) = *action {
                    self.layout.reveal = Some(Window::DiscussionHub);
                }
                self.out.push(*action);
            }
            Wish::Toggle(window) if seen.contains(&window) && self.is_open(window) => {
                self.layout.show_windows.insert(window, false);
            }
            Wish::Toggle(window) => self.layout.reveal = Some(window),
            Wish::Write(window, field) => {
                self.layout.reveal = Some(window);
                if window == Window::MmaDashboard {
                    mma_dashboard::show_tickets(self.context);
                }
                self.focus(field);
            }
            Wish::Rename(id, name) => {
                self.layout.reveal = Some(Window::DiscussionHub);
                self.hub.everywhere.clear();
                self.hub.renaming = Some((id, name));
                self.focus(discussion_hub::name_field(id));
            }
            Wish::Import => {
                self.layout.reveal = Some(Window::DiscussionHub);
                self.hub.importing = true;
            }
            Wish::Setup => {
                self.layout.reveal = Some(Window::DiscussionHub);
                self.hub.setup = !self.hub.setup;
            }
            Wish::Help => self.layout.show_help = !self.layout.show_help,
            Wish::Palette if self.palette.is_open => palette::close(self.context, self.palette),
            Wish::Palette => palette::open(self.context, self.palette),
            #[cfg(feature = "hot")]
            Wish::Reload => *self.reload = Some(ReloadRequest::all()),
            #[cfg(feature = "hot")]
            Wish::Rebuild => *self.reload = Some(ReloadRequest::all().rebuilding()),
        }
    }

    fn is_open(&self, window: Window) -> bool {
        let open = self.layout.show_windows.get(&window);
        open.copied().unwrap_or(false)
    }

    fn focus(&mut self, field: egui::Id) {
        // It would take the keyboard back.
        if self.palette.is_open {
            palette::close(self.context, self.palette);
        }
        self.context
            .memory_mut(|memory| memory.request_focus(field));
    }
}

#[cfg(test)]
mod tests;
