//! All that can be asked for from anywhere: what it is called, which keys ask for it, and whether it
//! can be done now. The keys, the palette, the menus and the help are drawn from this list.

use slop_common::{is_speaking, ASSISTANT};
use slop_engine::egui::{Key, KeyboardShortcut, ModifierNames, Modifiers};
use slop_state::{Action, Discussion, ProviderKind, Settings, Whose, Window};
use slop_ui::{discussion_hub, mma_dashboard};

use super::{tickets::Tickets, wish::Wish};

/// Something that can be asked for.
pub(super) struct Command {
    /// `None` if it is in the palette only.
    pub(super) menu: Option<Menu>,
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
    pub(super) tickets: Tickets<'a>,
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

const CTRL: Modifiers = Modifiers::CTRL;
const BOTH: Modifiers = Modifiers::CTRL.plus(Modifiers::SHIFT);

/// The commands of the menus, in the order in which they are listed. Those with keys are always there.
pub(super) fn commands(facts: &Facts<'_>) -> Vec<Command> {
    let menus = Menu::ALL.map(|menu| {
        let mut listed = Listed {
            menu,
            commands: Vec::new(),
        };
        match menu {
            Menu::Discussion => listed.add_discussion(facts),
            Menu::Edit => listed.add_edit(facts),
            Menu::Windows => listed.add_windows(facts),
            Menu::Help => listed.add_help(),
        }
        listed.commands
    });
    menus.into_iter().flatten().collect()
}

type Keys = (Modifiers, Key, Where);

fn anywhere(modifiers: Modifiers, key: Key) -> Option<Keys> {
    Some((modifiers, key, Where::Anywhere))
}

/// The commands of one menu.
struct Listed {
    menu: Menu,
    commands: Vec<Command>,
}

impl Listed {
    fn add(&mut self, name: &str, keys: Option<Keys>, wish: Option<Wish>) {
        let keys = keys.map(|(modifiers, key, place)| {
            let keys = KeyboardShortcut::new(modifiers, key);
            (keys, place)
        });
        self.commands.push(Command {
            menu: Some(self.menu),
            name: name.to_owned(),
            keys,
            wish,
        });
    }

    fn add_discussion(&mut self, facts: &Facts<'_>) {
        let hub = Window::DiscussionHub;
        let shown = facts.discussion;
        let id = shown.map(|shown| shown.id);
        let act = |action: fn(u64) -> Action| id.map(action).map(Wish::act);
        let new = Some(Wish::act(Action::AddDiscussion));
        self.add("New discussion", anywhere(CTRL, Key::N), new);
        let rename = shown.map(|shown| Wish::Rename(shown.id, shown.name.clone()));
        self.add("Rename the discussion", None, rename);
        let duplicate = act(Action::DuplicateDiscussion);
        self.add("Duplicate the discussion", None, duplicate);
        let delete = act(Action::DeleteDiscussion);
        self.add("Delete the discussion", None, delete);
        let export = act(Action::ExportDiscussion);
        self.add("Export the discussion as Markdown", None, export);
        self.add("Import from Markdown", None, Some(Wish::Import));
        let setup = id.map(|_| Wish::Setup);
        self.add("Provider, model and system prompt", None, setup);
        let field = discussion_hub::search_field();
        let search = id.map(|_| Wish::Write(hub, field));
        self.add("Search the discussion", anywhere(CTRL, Key::F), search);
        let everywhere = Some(Wish::Write(hub, discussion_hub::everywhere_field()));
        self.add("Search all discussions", anywhere(BOTH, Key::F), everywhere);
        let write = Some(Wish::Write(hub, discussion_hub::composer_field()));
        self.add("Write an entry", None, write);
        let send = facts.is_written.then_some(Wish::act(Action::AddEntry));
        let keys = Some((CTRL, Key::Enter, Where::Elsewhere));
        self.add("Send the entry", keys, send);
        let regenerate = facts.answer().map(Action::Regenerate).map(Wish::act);
        self.add("Ask for another answer", None, regenerate);
        let is_writing = !facts.streaming.is_empty();
        let stop = is_writing.then_some(Wish::act(Action::CancelReplies));
        self.add("Stop the assistant everywhere", None, stop);
        let stop = shown.filter(|shown| is_speaking(shown, facts.streaming));
        let stop = stop.map(|shown| Wish::act(Action::StopDiscussion(shown.id)));
        self.add("Stop the assistant in this discussion", None, stop);
    }

    fn add_edit(&mut self, facts: &Facts<'_>) {
        let name = match &facts.undo {
            Some(deleted) => format!("Bring back {deleted}"),
            None => "Bring back what was deleted".to_owned(),
        };
        let undo = facts.undo.as_ref().map(|_| Wish::act(Action::Undo));
        let keys = Some((CTRL, Key::Z, Where::OutsideOfText));
        self.add(&name, keys, undo);
        let ticket = Wish::Write(Window::MmaDashboard, mma_dashboard::title_field());
        self.add("Write a ticket", None, Some(ticket));
        let has_models = facts
            .settings
            .is_some_and(|settings| settings.provider != ProviderKind::Echo);
        let models = has_models.then_some(Wish::act(Action::ListModels(Whose::Settings)));
        self.add("Ask the server for its models", None, models);
    }

    fn add_windows(&mut self, facts: &Facts<'_>) {
        let keys = [
            Key::Num1,
            Key::Num2,
            Key::Num3,
            Key::Num4,
            Key::Num5,
            Key::Num6,
            Key::Num7,
        ];
        for (window, key) in Window::ALL.into_iter().zip(keys) {
            let name = format!("Show or hide {}", window.title());
            let toggle = Some(Wish::Toggle(window));
            self.add(&name, anywhere(CTRL, key), toggle);
        }
        let Some(settings) = facts.settings else {
            return;
        };
        for theme in &facts.themes {
            let wanted = Settings {
                theme: theme.clone(),
                ..settings.clone()
            };
            let is_other = settings.theme != *theme;
            let wish = is_other.then_some(Wish::act(Action::SetSettings(wanted)));
            self.add(&format!("Theme {theme}"), None, wish);
        }
    }

    fn add_help(&mut self) {
        let keys = anywhere(BOTH, Key::P);
        self.add("All commands", keys, Some(Wish::Palette));
        let keys = anywhere(Modifiers::NONE, Key::F1);
        self.add("Keyboard shortcuts", keys, Some(Wish::Help));
        #[cfg(feature = "hot")]
        {
            let keys = CTRL.plus(Modifiers::ALT);
            let reload = Some((keys, Key::R, Where::Elsewhere));
            self.add("Reload the code", reload, Some(Wish::Reload));
            let rebuild = Some((keys.plus(Modifiers::SHIFT), Key::R, Where::Elsewhere));
            self.add("Reload and rebuild", rebuild, Some(Wish::Rebuild));
        }
    }
}

/// The commands that are in the palette only. Nobody needs them while that is closed.
pub(super) fn of_palette(facts: &Facts<'_>) -> Vec<Command> {
    let goal = Wish::Write(Window::MmaDashboard, mma_dashboard::goal_field());
    let mut list = vec![("Write a goal".to_owned(), Some(goal))];
    let tickets = facts.tickets.actions().into_iter();
    list.extend(tickets.map(|(name, action)| (name, action.map(Wish::act))));
    if let Some(settings) = facts.settings {
        let wanted = Settings {
            perf_profiling_enabled: !settings.perf_profiling_enabled,
            ..settings.clone()
        };
        let name = if settings.perf_profiling_enabled {
            "Measure no longer"
        } else {
            "Measure how long everything takes"
        };
        let measure = Wish::act(Action::SetSettings(wanted));
        list.push((name.to_owned(), Some(measure)));
    }
    let commands = list.into_iter().map(|(name, wish)| Command {
        menu: None,
        name,
        keys: None,
        wish,
    });
    commands.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_have_the_same_name_or_keys() {
        let discussion = Discussion::default();
        let settings = Settings::default();
        let facts = Facts {
            discussion: Some(&discussion),
            settings: Some(&settings),
            themes: vec!["default".to_owned(), "nerv".to_owned()],
            ..Facts::default()
        };
        let mut list = commands(&facts);
        list.extend(of_palette(&facts));
        for (at, one) in list.iter().enumerate() {
            for other in &list[at + 1..] {
                assert_ne!(one.name, other.name);
                assert!(one.keys.is_none() || one.keys() != other.keys());
            }
        }
        let possible = list.iter().filter(|command| command.wish.is_some());
        let names: Vec<_> = possible.map(|command| command.name.as_str()).collect();
        assert!(names.contains(&"Delete the discussion"));
        assert!(names.contains(&"Theme nerv"));
        assert!(!names.contains(&"Theme default"));
        assert!(names.contains(&"Write a goal"));
        assert!(!names.contains(&"Plan the goal"));
        assert!(!names.contains(&"Stop the assistant everywhere"));
    }
}
