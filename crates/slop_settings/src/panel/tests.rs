use slop_common::provider;
use slop_engine::assistants::Models;
use slop_state::{Money, Price, Prices, ProviderKind, Tier, TrackMode, Tracked, TypedKey};
use slop_ui::{
    testing::{click, key, texts},
    Themes,
};

use super::*;

/// The panel as a person uses it.
pub(super) struct Hands {
    context: egui::Context,
    project: Project,
    pub(super) settings: Settings,
    pub(super) tiers: Tiers,
    /// The servers for which there is a key.
    pub(super) keyed: Vec<Recipient>,
    roles: Vec<String>,
    draft: Draft,
    cache: Cache,
    pub(super) models: Models,
    /// The server of all, if there is no key for it.
    pub(super) unkeyed: Option<Recipient>,
    asked: Vec<ModelId>,
    has_key: bool,
}

impl Hands {
    pub(super) fn new() -> Self {
        Self {
            context: egui::Context::default(),
            project: Project::default(),
            settings: Settings {
                provider: ProviderKind::OpenAi,
                model: "m".to_owned(),
                ..Settings::default()
            },
            tiers: Tiers::default(),
            keyed: Vec::new(),
            roles: vec!["User".to_owned(), "AI".to_owned()],
            draft: Draft::default(),
            cache: Cache::default(),
            models: Models::default(),
            unkeyed: None,
            asked: Vec::new(),
            has_key: false,
        }
    }

    fn server(&self) -> Result<Option<Recipient>, AssistantError> {
        Recipient::of(&provider(&self.settings))
    }

    /// What is asked for when this key is stored for the server that is set.
    fn store(&self, key: &str) -> Action {
        Action::SetKey {
            server: self.server().unwrap().unwrap().name(),
            key: TypedKey(key.to_owned()),
        }
    }

    /// Draws a frame with events; what is asked for, and what is shown where.
    pub(super) fn frame(
        &mut self,
        events: Vec<egui::Event>,
    ) -> (Vec<Action>, Vec<(String, egui::Rect)>) {
        let mut out = Vec::new();
        let size = egui::vec2(700.0, 2_000.0);
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            events,
            ..egui::RawInput::default()
        };
        let themes = Themes::built_in().unwrap();
        let server = self.server();
        let whose = [Whose::Settings].into_iter();
        let offers = whose.chain(Tier::ALL.map(Whose::Tier)).map(|whose| Offer {
            whose,
            models: &self.models,
            unkeyed: self.unkeyed.clone(),
        });
        let offers: Vec<_> = offers.collect();
        let output = self.context.run(input, |context| {
            egui::CentralPanel::default().show(context, |ui| {
                let view = View {
                    project: &self.project,
                    settings: &self.settings,
                    tiers: &self.tiers,
                    roles: &self.roles,
                    themes: &themes.names(),
                    server: &server,
                    has_key: self.has_key,
                    keyed: &self.keyed,
                    offers: &offers,
                    asked: &self.asked,
                    draft: &mut self.draft,
                    cache: &mut self.cache,
                    folder: Path::new("/data"),
                    theme: themes.get("default"),
                };
                panel(ui, view, &mut out);
            });
        });
        (out, texts(&output))
    }

    /// Until what is unfolded is to be seen.
    pub(super) fn wait(&mut self) {
        for _ in 0..30 {
            self.frame(Vec::new());
        }
    }

    pub(super) fn click(&mut self, position: egui::Pos2) -> Vec<Action> {
        let events = click(position).into_iter();
        events.flat_map(|event| self.frame(vec![event]).0).collect()
    }

    pub(super) fn find(&mut self, text: &str) -> egui::Rect {
        self.frame(Vec::new());
        let (_, texts) = self.frame(Vec::new());
        let found = texts.iter().find(|(shown, _)| shown == text);
        found.unwrap_or_else(|| panic!("no {text} in {texts:?}")).1
    }

    /// Replaces the text of a field, and leaves it. What is asked for, and what is shown.
    pub(super) fn fill(&mut self, now: &str, text: &str) -> (Vec<Action>, String) {
        let field = self.find(now);
        let mut out = self.click(field.center());
        let all = key(egui::Key::A, true, egui::Modifiers::COMMAND);
        out.extend(self.frame(vec![all, egui::Event::Text(text.to_owned())]).0);
        let enter = key(egui::Key::Enter, true, egui::Modifiers::NONE);
        out.extend(self.frame(vec![enter]).0);
        let (more, texts) = self.frame(Vec::new());
        out.extend(more);
        let texts: Vec<_> = texts.into_iter().map(|(text, _)| text).collect();
        (out, texts.join("\n"))
    }
}

#[track_caller]
fn refused(now: &str, text: &str, says: &str) {
    let mut hands = Hands::new();
    let (out, shown) = hands.fill(now, text);
    assert_eq!(out, []);
    assert!(shown.contains(says), "{shown}");
    assert!(hands.draft.texts.values().any(|typed| typed == text));
}

#[test]
fn what_is_invalid_is_marked_and_never_asked_for() {
    refused("60", "many", "A whole number from 0 to 3600");
    refused("60", "3601", "A whole number from 0 to 3600");
    refused("600", "0", "A whole number from 1 to 3600");
    refused(
        "code --goto {file}:{line}:{column}",
        "code",
        "where {file} goes",
    );
    refused(
        "http://127.0.0.1:8080/v1",
        "ftp://x",
        "It begins with https://",
    );
    refused("m", " ", "The server must be told which model");
    refused("User", "AI", "There is a role AI already");
    refused("User", " ", "A role has a name");
}

#[test]
fn what_is_valid_is_asked_for_when_the_field_is_left() {
    let mut hands = Hands::new();
    let (out, _) = hands.fill("60", "120");
    let settings = Settings {
        probation_frames: 120,
        ..hands.settings.clone()
    };
    assert_eq!(out, [Action::SetSettings(settings)]);
    assert_eq!(hands.draft, Draft::default());
    let (out, _) = hands.fill("AI", "Assistant");
    let roles = vec!["User".to_owned(), "Assistant".to_owned()];
    assert_eq!(out, [Action::SetRoles(roles)]);
}

#[test]
fn a_key_is_stored_and_leaves_no_trace() {
    let mut hands = Hands::new();
    let field = hands.find("paste it here");
    hands.click(field.center());
    hands.frame(vec![egui::Event::Text("sk-123".to_owned())]);
    let button = hands.find("Store");
    let out = hands.click(button.center());
    assert_eq!(out, [hands.store("sk-123")]);
    assert_eq!(hands.draft, Draft::default());
    let memory = hands
        .context
        .memory(|memory| ron::to_string(memory).unwrap());
    assert!(!memory.contains("sk-123"), "{memory}");
    hands.find("paste it here");
}

#[test]
fn what_was_typed_for_one_provider_is_not_offered_to_the_next() {
    let mut hands = Hands::new();
    for (name, text) in [("Address", "localhost:8080"), ("Model", " ")] {
        let texts = &mut hands.draft.texts;
        texts.insert(name.to_owned(), text.to_owned());
    }
    let provider = hands.find("OpenAI-compatible server");
    hands.click(provider.center());
    assert_eq!(hands.draft.texts.len(), 2);
    let other = hands.find("Anthropic");
    let out = hands.click(other.center());
    let wanted = Settings {
        provider: ProviderKind::Anthropic,
        ..hands.settings.clone()
    };
    assert_eq!(out, [Action::SetSettings(wanted)]);
    assert_eq!(hands.draft, Draft::default());
}

#[test]
fn a_key_is_stored_with_enter() {
    let mut hands = Hands::new();
    let field = hands.find("paste it here");
    hands.click(field.center());
    let enter = || vec![key(egui::Key::Enter, true, egui::Modifiers::NONE)];
    assert_eq!(hands.frame(enter()).0, []);
    hands.click(field.center());
    hands.frame(vec![egui::Event::Text("sk-123".to_owned())]);
    assert_eq!(hands.frame(enter()).0, [hands.store("sk-123")]);
    hands.find("paste it here");
}

#[test]
fn whom_the_key_is_for_is_shown() {
    let mut hands = Hands::new();
    hands.find("None is stored for 127.0.0.1:8080");
    hands.settings.base_url = "https://API.openai.com/v1".to_owned();
    hands.find("None is stored for api.openai.com");
    hands.has_key = true;
    hands.find("One is stored for api.openai.com, and goes to no other server");
    let remove = hands.find("Remove");
    let out = hands.click(remove.center());
    assert_eq!(out, [hands.store("")]);
    hands.settings.provider = ProviderKind::Gemini;
    hands.has_key = false;
    hands.find("None is stored for generativelanguage.googleapis.com");
    hands.settings.gemini.base_url = "https://bücher.example".to_owned();
    let error = hands.server().unwrap_err().to_string();
    hands.find(&error);
}

#[test]
fn what_was_typed_for_one_server_is_not_stored_for_another() {
    let mut hands = Hands::new();
    let field = hands.find("paste it here");
    hands.click(field.center());
    hands.frame(vec![egui::Event::Text("sk-123".to_owned())]);
    let first = hands.settings.base_url.clone();
    hands.settings.base_url = "https://other.example".to_owned();
    hands.find("paste it here");
    let button = hands.find("Store");
    assert_eq!(hands.click(button.center()), []);
    hands.settings.base_url = first;
    let out = hands.click(button.center());
    assert_eq!(out, [hands.store("sk-123")]);
}

#[test]
fn a_secret_in_an_address_is_neither_taken_nor_kept() {
    for address in [
        "https://me:hunter2@a.example/v1",
        "https://a.example/v1?key=hunter2",
        "me:hunter2@a.example/v1",
        "me:hunter2",
    ] {
        let mut hands = Hands::new();
        let now = hands.settings.base_url.clone();
        let (out, shown) = hands.fill(&now, address);
        assert_eq!(out, []);
        assert!(shown.contains(HOLDS_A_SECRET), "{shown}");
        // It is still in the field, and in nothing that is written to disk.
        hands.find(address);
        assert_eq!(hands.draft, Draft::default());
        let memory = hands
            .context
            .memory(|memory| ron::to_string(memory).unwrap());
        assert!(!memory.contains("hunter2"), "{memory}");
        let (out, _) = hands.fill(address, "https://a.example/v1");
        let mut settings = hands.settings.clone();
        "https://a.example/v1".clone_into(&mut settings.base_url);
        assert_eq!(out, [Action::SetSettings(settings)]);
        hands.find(&now);
    }
    // That of Azure is none.
    let mut hands = Hands::new();
    let azure = "https://a.openai.azure.com/openai/deployments/b?api-version=2024-06-01";
    let now = hands.settings.base_url.clone();
    let (out, _) = hands.fill(&now, azure);
    let mut settings = hands.settings.clone();
    azure.clone_into(&mut settings.base_url);
    assert_eq!(out, [Action::SetSettings(settings.clone())]);
    let shown = "https://a.openai.azure.com/openai/deployments/b";
    assert_eq!(settings.model_id().unwrap().server, shown);
    // Elsewhere a text without a scheme is no address.
    let (out, _) = hands.fill("User", "me:you@home");
    assert_eq!(
        out,
        [Action::SetRoles(vec![
            "me:you@home".to_owned(),
            "AI".to_owned()
        ])]
    );
    // One of before is marked.
    hands.settings.base_url = "https://me:hunter2@a.example/v1".to_owned();
    hands.find(HOLDS_A_SECRET);
    assert_eq!(hands.draft, Draft::default());
}

#[test]
fn the_settings_are_those_of_the_provider() {
    let mut hands = Hands::new();
    hands.settings.provider = ProviderKind::Anthropic;
    let now = hands.settings.anthropic.model.clone();
    let (out, _) = hands.fill(&now, "claude");
    let mut settings = hands.settings.clone();
    settings.anthropic.model = "claude".to_owned();
    assert_eq!(out, [Action::SetSettings(settings)]);
    let (out, _) = hands.fill("300", "900");
    let mut settings = hands.settings.clone();
    settings.limits.first_s = 900;
    assert_eq!(out, [Action::SetSettings(settings)]);
}

#[test]
fn the_limit_of_a_command_is_set_whoever_answers() {
    for provider in [ProviderKind::Echo, ProviderKind::OpenAi] {
        let mut hands = Hands::new();
        hands.settings.provider = provider;
        hands.settings.command_limit_s = 77;
        for refused in ["0", " ", "86401"] {
            let mut hands = Hands::new();
            hands.settings.command_limit_s = 77;
            let (out, shown) = hands.fill("77", refused);
            assert_eq!(out, []);
            assert!(shown.contains("from 1 to 86400"), "{shown}");
        }
        let (out, _) = hands.fill("77", "3600");
        let settings = Settings {
            command_limit_s: 3_600,
            ..hands.settings.clone()
        };
        assert_eq!(out, [Action::SetSettings(settings)]);
    }
    // One that somebody wrote into the file is marked.
    let mut hands = Hands::new();
    hands.settings.command_limit_s = 0;
    hands.find("A whole number from 1 to 86400");
}

#[test]
fn settings_of_before_have_the_limit_that_commands_had() {
    let old = r#"(theme:"nerv",probation_frames:60,build_profile:Host,build_limit_s:9,editor:"e",
        provider:Echo,base_url:"u",model:"m",perf_profiling_enabled:false)"#;
    let settings: Settings = ron::from_str(old).unwrap();
    assert_eq!(
        (settings.theme.as_str(), settings.build_limit_s),
        ("nerv", 9)
    );
    assert_eq!(settings.command_limit_s, 600);
    assert_eq!(settings.context_window(), 128_000);
}

/// Prices of the model `m`.
fn prices(price: Price) -> Prices {
    let of = ModelId {
        server: Settings::default().base_url,
        model: "m".to_owned(),
    };
    let mut prices = Prices::default();
    prices.set(of, price);
    prices
}

#[test]
fn prices_are_of_the_model_that_is_set() {
    let mut hands = Hands::new();
    let price = Price {
        input: Some(Money(250_000)),
        output: Some(Money(1_500_000)),
        cached: None,
    };
    hands.settings.prices = prices(price);
    let (out, shown) = hands.fill("0.25", "a few");
    assert_eq!(out, []);
    assert!(shown.contains("An amount such as 0.25"), "{shown}");
    let (out, _) = hands.fill("a few", "0.3");
    let input = Some(Money(300_000));
    let settings = Settings {
        prices: prices(Price { input, ..price }),
        ..hands.settings.clone()
    };
    assert_eq!(out, [Action::SetSettings(settings)]);
    // An empty field is one that nothing is known of.
    let (out, _) = hands.fill("1.50", " ");
    let settings = Settings {
        prices: prices(Price {
            output: None,
            ..price
        }),
        ..hands.settings.clone()
    };
    assert_eq!(out, [Action::SetSettings(settings)]);
    hands.settings.model = "another".to_owned();
    let shown = hands.frame(Vec::new()).1;
    let of_m = shown.iter().position(|(text, _)| text == "… of m");
    let price = shown.iter().position(|(text, _)| text == "1.50");
    assert!(of_m.is_some() && of_m < price, "{shown:?}");
}

#[test]
fn a_model_has_a_window_of_its_own_or_that_of_all() {
    let mut hands = Hands::new();
    hands.find("tokens; empty: 128000");
    let of = hands.settings.model_id().unwrap();
    hands.settings.context_windows.set(of.clone(), Some(4_000));
    let (out, shown) = hands.fill("4000", "few");
    assert_eq!(out, []);
    assert!(shown.contains("A whole number from 1000"), "{shown}");
    let (out, _) = hands.fill("few", "8000");
    let mut settings = hands.settings.clone();
    settings.context_windows.set(of.clone(), Some(8_000));
    assert_eq!(out, [Action::SetSettings(settings)]);
    let (out, _) = hands.fill("4000", " ");
    let mut settings = hands.settings.clone();
    settings.context_windows.set(of, None);
    assert_eq!(out, [Action::SetSettings(settings)]);
    // It is known of which model, whichever is set.
    hands.settings.model = "another".to_owned();
    hands.find("… of m");
    hands.find("4000");
}

#[test]
fn models_that_were_asked_can_have_a_price_whichever_is_set() {
    let mut hands = Hands::new();
    let named = |model: &str| ModelId {
        server: "http://a".to_owned(),
        model: model.to_owned(),
    };
    hands.asked = vec![named("asked"), named("both")];
    let set = hands.settings.model_id().unwrap();
    hands.asked.push(set);
    let price = Price {
        input: Some(Money(250_000)),
        ..Price::default()
    };
    for model in ["both", "priced"] {
        hands.settings.prices.set(named(model), price);
    }
    hands.frame(Vec::new());
    let (_, shown) = hands.frame(Vec::new());
    let labels = shown.iter().map(|(text, _)| text.as_str());
    let is_row = |text: &&str| text.starts_with('…') || text.starts_with("Price ");
    let labels: Vec<_> = labels.filter(is_row).collect();
    let expected = [
        "Price of a million tokens",
        "… of asked",
        "… of both",
        "… of priced",
    ];
    assert_eq!(labels, expected);
    // The first field with this text is that of `both`.
    let (out, _) = hands.fill("0.25", "4");
    let mut settings = hands.settings.clone();
    let input = Some(Money(4_000_000));
    settings.prices.set(named("both"), Price { input, ..price });
    assert_eq!(out, [Action::SetSettings(settings)]);
    // A tier may have asked it.
    hands.settings.provider = ProviderKind::Echo;
    hands.find("… of asked");
}

#[test]
fn the_models_are_asked_for() {
    let mut hands = Hands::new();
    let list = hands.find("List models");
    assert_eq!(
        hands.click(list.center()),
        [Action::ListModels(Whose::Settings)]
    );
    hands.models = Models::Known(Ok(vec!["small".to_owned(), "large".to_owned()]));
    let choose = hands.find("Choose");
    hands.click(choose.center());
    let large = hands.find("large");
    let settings = Settings {
        model: "large".to_owned(),
        ..hands.settings.clone()
    };
    assert_eq!(hands.click(large.center()), [Action::SetSettings(settings)]);
}

#[test]
fn why_there_are_no_models_is_told_where_they_were_asked_for() {
    let mut hands = Hands::new();
    let error = AssistantError::Reported {
        text: "no".to_owned(),
    };
    let told = error.to_string();
    hands.models = Models::Known(Err(error));
    hands.unkeyed = hands.server().unwrap();
    hands.find(&told);
    hands.find("No API key is stored for 127.0.0.1:8080");
    hands.models = Models::Known(Ok(Vec::new()));
    hands.find("The server names no model");
}

#[test]
fn roles_are_ordered_added_and_removed() {
    let mut hands = Hands::new();
    let add = hands.find("➕ Add a role");
    let out = hands.click(add.center());
    let set = |roles: &[&str]| {
        let roles = roles.iter().map(ToString::to_string);
        [Action::SetRoles(roles.collect())]
    };
    assert_eq!(out, set(&["User", "AI", "Role 1"]));
    // At the last of them; nothing has changed yet.
    let last = |hands: &mut Hands, text: &str| {
        let (_, texts) = hands.frame(Vec::new());
        let found = texts.iter().rfind(|(shown, _)| shown == text);
        found.expect("it is to be seen").1.center()
    };
    let raise = last(&mut hands, "⬆");
    assert_eq!(hands.click(raise), set(&["AI", "User"]));
    let remove = last(&mut hands, "🗑");
    assert_eq!(hands.click(remove), set(&["User"]));
    hands.roles.truncate(1);
    let remove = last(&mut hands, "🗑");
    assert_eq!(hands.click(remove), [], "there is always one");
}

fn whole(pattern: &str) -> Tracked {
    Tracked {
        pattern: pattern.to_owned(),
        mode: TrackMode::Whole,
    }
}

#[test]
fn what_was_tracked_before_there_were_modes_is_not_sent() {
    let old = r#"(name: "n", root: "/r", tracked_files: ["a.rs"])"#;
    let project: Project = ron::from_str(old).unwrap();
    let tracked = Tracked {
        pattern: "a.rs".to_owned(),
        mode: TrackMode::None,
    };
    assert_eq!((project.name.as_str(), project.root.as_str()), ("n", "/r"));
    assert_eq!(project.tracked, [tracked]);
    let project = Project {
        tracked: vec![whole("*"), whole("b.rs")],
        ..project
    };
    let written = ron::to_string(&project).unwrap();
    assert_eq!(ron::from_str::<Project>(&written), Ok(project));
}

#[test]
fn patterns_are_added_and_get_a_mode() {
    let mut hands = Hands::new();
    hands.project.root = "/nowhere".to_owned();
    let (out, shown) = hands.fill("src/**/*.rs", "../*");
    assert_eq!(out, []);
    assert!(shown.contains("../* has .. in it"), "{shown}");
    let (out, _) = hands.fill("../*", "*.md");
    let project = Project {
        tracked: vec![whole("*.md")],
        ..hands.project.clone()
    };
    assert_eq!(out, [Action::SetProject(project.clone())]);

    hands.project = project;
    let mode = hands.find("Whole");
    hands.click(mode.center());
    let outline = hands.find("Outline");
    let mut project = hands.project.clone();
    project.tracked[0].mode = TrackMode::Outline;
    assert_eq!(hands.click(outline.center()), [Action::SetProject(project)]);
    let remove = hands.find("✖");
    let out = hands.click(remove.center());
    let tracked = Vec::new();
    let project = hands.project.clone();
    assert_eq!(out, [Action::SetProject(Project { tracked, ..project })]);
}

#[test]
fn files_are_picked_from_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["a.rs", "b.md"] {
        fs::write(folder.path().join(file), "").unwrap();
    }
    let mut hands = Hands::new();
    hands.project.root = folder.path().display().to_string();
    let add = hands.find("➕ Add files…");
    hands.click(add.center());
    hands.find("b.md");
    hands.draft.picker = Some("RS".to_owned());
    let file = hands.find("a.rs");
    let (_, texts) = hands.frame(Vec::new());
    assert!(texts.iter().all(|(text, _)| text != "b.md"), "{texts:?}");
    let tracked = vec![whole("a.rs")];
    let project = hands.project.clone();
    let wanted = Action::SetProject(Project { tracked, ..project });
    assert_eq!(hands.click(file.center()), [wanted]);
    let done = hands.find("Done");
    hands.click(done.center());
    assert_eq!(hands.draft, Draft::default());
}

#[test]
fn files_are_listed_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["b.rs", "a/c.rs", "target/x", ".git/y", "node_modules/z"] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    assert_eq!(files_below(folder.path()), ["a/c.rs", "b.rs"]);
    let project = Project {
        root: folder.path().display().to_string(),
        tracked: ["b.rs", "gone.rs", "*.md"].map(whole).to_vec(),
        ..Project::default()
    };
    assert_eq!(Cache::default().missing(&project), ["gone.rs"]);
}

#[test]
fn a_folder_is_kept_by_its_whole_path() {
    let home = env::home_dir().unwrap().display().to_string();
    assert_eq!(folder(" ~ "), Ok(home.clone()));
    assert_eq!(folder("~/"), Ok(home.clone()));
    assert_eq!(folder(""), Ok(String::new()));
    // The tests run in the folder of their crate.
    let source = env::current_dir().unwrap().join("src");
    assert_eq!(folder("src"), Ok(source.display().to_string()));
    let told = folder("~/no such folder").unwrap_err();
    assert!(told.contains(&format!("{home}/no such folder;")), "{told}");
}
