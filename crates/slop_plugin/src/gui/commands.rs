//! All that can be asked for from anywhere: what it is called, which keys ask for it, and whether it
//! can be done now. The keys, the palette, the menus and the help are drawn from this list.

use slop_engine::egui::{self, Key, KeyboardShortcut, ModifierNames, Modifiers};
use slop_state::{Action, Discussion, Hub, Layout, Palette, ProviderKind, Settings, Window};

use super::{discussion_hub, mma_dashboard, palette, theme::Theme};
use crate::ai_client::ASSISTANT;

/// Something that can be asked for.
pub(super) struct Command {
    pub(super) menu: Menu,
    /// For people.
    pub(super) name: String,
    /// Which keys ask for it, and where.
    pub(super) keys: Option<(KeyboardShortcut, Where)>,
    /// What is asked for; `None` if it cannot be done now.
    pub(super) wish: Option<Wish>,
}

impl Command {
    /// The name of its keys, or nothing.
    pub(super) fn keys(&self) -> String {
        let keys = self.keys.as_ref();
        keys.map_or_else(String::new, |(keys, _)| {
            keys.format(&ModifierNames::NAMES, false)
        })
    }
}

/// In which menu it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Menu {
    Discussion,
    Edit,
    Windows,
    Help,
}

impl Menu {
    pub(super) const ALL: [Self; 4] = [Self::Discussion, Self::Edit, Self::Windows, Self::Help];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Discussion => "Discussion",
            Self::Edit => "Edit",
            Self::Windows => "Windows",
            Self::Help => "Help",
        }
    }
}

/// Where keys are struck that ask for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    Anywhere,
    /// A text field means something else by them.
    OutsideOfText,
    /// Somebody else looks for them.
    Elsewhere,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// Something that the controller does.
    Act(Action),
    /// To see a window, or to close it if it is seen.
    Toggle(Window),
    /// To write in a field of a window.
    Write(Window, egui::Id),
    /// To write another name of a discussion, with what it is now.
    Rename(u64, String),
    /// To see which documents can be imported.
    Import,
    /// To see model and system prompt of the discussion, or no longer.
    Setup,
    /// To see the keyboard shortcuts, or no longer.
    Help,
    /// To see the palette, or no longer.
    Palette,
    /// New code.
    #[cfg(feature = "hot")]
    Reload,
}

/// What decides which commands there are, and which of them can be done now.
#[derive(Default)]
pub(super) struct Facts<'a> {
    /// The one that is shown.
    pub(super) discussion: Option<&'a Discussion>,
    /// The id of an entry that is being edited.
    pub(super) editing: Option<u64>,
    /// The ids of the entries that the assistant is still writing.
    pub(super) streaming: &'a [u64],
    /// Whether something is written that can be sent.
    pub(super) is_written: bool,
    /// What would be brought back.
    pub(super) undo: Option<String>,
    /// The windows that can be seen.
    pub(super) seen: Vec<Window>,
    pub(super) settings: Option<&'a Settings>,
    /// The names of all themes.
    pub(super) themes: Vec<String>,
}

impl Facts<'_> {
    /// The last answer of the assistant, if another can be asked for.
    fn answer(&self) -> Option<u64> {
        let mut entries = self.discussion?.entries.iter().rev();
        let answer = entries.find(|entry| entry.role == ASSISTANT)?.id;
        let is_busy = self.streaming.contains(&answer) || self.editing == Some(answer);
        (!is_busy).then_some(answer)
    }
}

/// The commands, in the order in which they are listed. Those with keys are always there.
pub(super) fn commands(facts: &Facts<'_>) -> Vec<Command> {
    const CTRL: Modifiers = Modifiers::CTRL;
    const BOTH: Modifiers = Modifiers::CTRL.plus(Modifiers::SHIFT);
    let mut list = Vec::new();
    let mut add = |menu, name: &str, keys: Option<(Modifiers, Key, Where)>, wish| {
        let keys = keys.map(|(modifiers, key, place)| {
            let keys = KeyboardShortcut::new(modifiers, key);
            (keys, place)
        });
        let name = name.to_owned();
        list.push(Command {
            menu,
            name,
            keys,
            wish,
        });
    };
    let anywhere = |modifiers, key| Some((modifiers, key, Where::Anywhere));
    let hub = Window::DiscussionHub;
    let shown = facts.discussion;
    let id = shown.map(|shown| shown.id);
    let act = |action: fn(u64) -> Action| id.map(action).map(Wish::Act);

    let menu = Menu::Discussion;
    let new = Some(Wish::Act(Action::AddDiscussion));
    add(menu, "New discussion", anywhere(CTRL, Key::N), new);
    let rename = shown.map(|shown| Wish::Rename(shown.id, shown.name.clone()));
    add(menu, "Rename the discussion", None, rename);
    let duplicate = act(Action::DuplicateDiscussion);
    add(menu, "Duplicate the discussion", None, duplicate);
    let delete = act(Action::DeleteDiscussion);
    add(menu, "Delete the discussion", None, delete);
    let export = act(Action::ExportDiscussion);
    add(menu, "Export the discussion as Markdown", None, export);
    add(menu, "Import from Markdown", None, Some(Wish::Import));
    let setup = id.map(|_| Wish::Setup);
    add(menu, "Model and system prompt", None, setup);
    let field = discussion_hub::search_field();
    let search = id.map(|_| Wish::Write(hub, field));
    add(
        menu,
        "Search the discussion",
        anywhere(CTRL, Key::F),
        search,
    );
    let everywhere = Some(Wish::Write(hub, discussion_hub::everywhere_field()));
    let keys = anywhere(BOTH, Key::F);
    add(menu, "Search all discussions", keys, everywhere);
    let write = Some(Wish::Write(hub, discussion_hub::composer_field()));
    add(menu, "Write an entry", None, write);
    let send = facts.is_written.then_some(Wish::Act(Action::AddEntry));
    let keys = Some((CTRL, Key::Enter, Where::Elsewhere));
    add(menu, "Send the entry", keys, send);
    let regenerate = facts.answer().map(Action::Regenerate).map(Wish::Act);
    add(menu, "Ask for another answer", None, regenerate);
    let is_writing = !facts.streaming.is_empty();
    let stop = is_writing.then_some(Wish::Act(Action::CancelReplies));
    add(menu, "Stop the assistant", None, stop);

    let menu = Menu::Edit;
    let name = match &facts.undo {
        Some(deleted) => format!("Bring back {deleted}"),
        None => "Bring back what was deleted".to_owned(),
    };
    let undo = facts.undo.as_ref().map(|_| Wish::Act(Action::Undo));
    let keys = Some((CTRL, Key::Z, Where::OutsideOfText));
    add(menu, &name, keys, undo);
    let ticket = Wish::Write(Window::MmaDashboard, mma_dashboard::title_field());
    add(menu, "Write a ticket", None, Some(ticket));
    let has_models = facts
        .settings
        .is_some_and(|settings| settings.provider != ProviderKind::Echo);
    let models = has_models.then_some(Wish::Act(Action::ListModels));
    add(menu, "Ask the server for its models", None, models);

    let menu = Menu::Windows;
    let keys = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5];
    for (window, key) in Window::ALL.into_iter().zip(keys) {
        let name = format!("Show or hide {}", window.title());
        let toggle = Some(Wish::Toggle(window));
        add(menu, &name, anywhere(CTRL, key), toggle);
    }
    if let Some(settings) = facts.settings {
        for theme in &facts.themes {
            let wanted = Settings {
                theme: theme.clone(),
                ..settings.clone()
            };
            let is_other = settings.theme != *theme;
            let wish = is_other.then_some(Wish::Act(Action::SetSettings(wanted)));
            add(menu, &format!("Theme {theme}"), None, wish);
        }
    }

    let menu = Menu::Help;
    let keys = anywhere(BOTH, Key::P);
    add(menu, "All commands", keys, Some(Wish::Palette));
    let keys = anywhere(Modifiers::NONE, Key::F1);
    add(menu, "Keyboard shortcuts", keys, Some(Wish::Help));
    #[cfg(feature = "hot")]
    {
        let keys = CTRL.plus(Modifiers::ALT);
        let keys = Some((keys, Key::R, Where::Elsewhere));
        add(menu, "Reload the code", keys, Some(Wish::Reload));
    }
    list
}

/// What is asked for by keys that were struck in this frame, as often as they were.
pub(super) fn struck(context: &egui::Context, commands: &[Command]) -> Vec<Wish> {
    let is_text = context.wants_keyboard_input();
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
    // Keys carry the modifiers that were down when they were struck, unlike the input as a whole,
    // which knows those of the end of the frame.
    let mut wishes = Vec::new();
    for ((keys, _), wish) in keyed {
        let KeyboardShortcut {
            modifiers,
            logical_key,
        } = keys;
        let count = context.input_mut(|input| input.count_and_consume_key(modifiers, logical_key));
        wishes.extend(std::iter::repeat(wish).take(count).cloned());
    }
    wishes
}

/// Serves the keys that were struck, the palette, and the menus, which `bar` draws.
pub(super) fn serve(
    hands: &mut Hands<'_>,
    commands: &[Command],
    seen: &[Window],
    theme: &Theme,
    bar: impl FnOnce(&egui::Context, &Layout) -> Option<Wish>,
) {
    // Before the palette, so that what is typed after its keys goes to it.
    for wish in struck(hands.context, commands) {
        hands.grant(wish, seen);
    }
    let chosen = palette::window(hands.context, hands.palette, commands, theme);
    let clicked = bar(hands.context, hands.layout);
    for wish in chosen.into_iter().chain(clicked) {
        hands.grant(wish, seen);
    }
}

/// What wishes change.
pub(super) struct Hands<'a> {
    pub(super) context: &'a egui::Context,
    pub(super) layout: &'a mut Layout,
    pub(super) hub: &'a mut Hub,
    pub(super) palette: &'a mut Palette,
    pub(super) out: &'a mut Vec<Action>,
    /// Whether new code is wanted.
    #[cfg(feature = "hot")]
    pub(super) reloads: &'a mut bool,
}

impl Hands<'_> {
    /// Does what is asked for.
    pub(super) fn grant(&mut self, wish: Wish, seen: &[Window]) {
        self.context.request_repaint();
        match wish {
            Wish::Act(action) => self.out.push(action),
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
            Wish::Reload => *self.reloads = true,
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
