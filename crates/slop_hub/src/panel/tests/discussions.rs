//! The list of discussions, their setup, and the first steps.

use slop_engine::assistants::AssistantError;
use slop_state::{ProviderKind, Tier, TypedKey};
use slop_ui::{servers::HOLDS_A_SECRET, testing::key};

use super::*;

#[test]
fn the_first_steps_lead_to_where_they_are_done() {
    let mut bench = Bench::new([""; 0]);
    assert!(bench.find("Choose a provider").is_empty());
    bench.steps = Some(Steps::default());
    assert!(bench.find("Nothing has been said yet").is_empty());
    for text in ["Choose a provider", "Enter its key"] {
        assert_eq!(bench.click_first(text), []);
        assert_eq!(bench.reveal.take(), Some(Window::ProjectSettings));
    }
    bench.click_first("Write");
    bench.write("hello");
    assert_eq!(bench.composer.text, "hello");
    let sent = bench.key(egui::Key::Enter, egui::Modifiers::CTRL);
    assert_eq!(sent, [Action::AddEntry]);
    // What was done is ticked.
    assert!(bench.find("✔").is_empty());
    bench.steps = Some(Steps {
        has_provider: true,
        has_key: true,
    });
    assert_eq!(bench.find("✔").len(), 2);
}

#[test]
fn discussions_are_selected_and_managed() {
    let mut bench = Bench::new([""; 0]);
    bench.discussions.list.push(Discussion {
        id: 2,
        name: "Second".to_owned(),
        ..Discussion::default()
    });
    let selected = bench.click_last("Second");
    assert_eq!(selected, [Action::SelectDiscussion(2)]);
    assert_eq!(bench.click_first("➕"), [Action::AddDiscussion]);
    assert_eq!(bench.click_first("🗐"), [Action::DuplicateDiscussion(1)]);
    assert_eq!(bench.click_first("🗑"), [Action::DeleteDiscussion(1)]);
}

#[test]
fn of_many_discussions_those_in_view_are_laid_out() {
    let mut bench = Bench::new([""; 0]);
    let more = (2..=5_000).map(|id| Discussion {
        id,
        name: format!("topic {id}."),
        ..Discussion::default()
    });
    bench.discussions.list.extend(more);
    bench.look();
    let laid_out = bench.context.fonts(|fonts| fonts.num_galleys_in_cache());
    assert!(laid_out < 500, "{laid_out} texts");
    assert_eq!(bench.find("topic 5000.").len(), 0);
    bench.run(vec![
        egui::Event::PointerMoved(egui::pos2(90.0, 400.0)),
        egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -1e7),
            modifiers: egui::Modifiers::NONE,
        },
    ]);
    for _ in 0..80 {
        bench.run(Vec::new());
    }
    let selected = bench.click_first("topic 5000.");
    assert_eq!(selected, [Action::SelectDiscussion(5_000)]);
    // One that is renamed is drawn wherever it is.
    bench.hub.renaming = Some((2, "topic".to_owned()));
    bench.focus(name_field(2));
    bench.write(" two");
    assert_eq!(bench.hub.renaming, Some((2, "topic two".to_owned())));
}

#[test]
fn a_name_is_accepted_with_enter_and_given_up_with_escape() {
    let mut bench = Bench::new([""; 0]);
    assert_eq!(bench.click_first("✏"), []);
    assert_eq!(bench.hub.renaming, Some((1, "Main".to_owned())));
    bench.write(" hall");
    let renamed = bench.key(egui::Key::Enter, egui::Modifiers::NONE);
    let name = "Main hall".to_owned();
    assert_eq!(renamed, [Action::RenameDiscussion(1, name)]);
    assert_eq!(bench.hub.renaming, None);

    bench.click_first("✏");
    bench.write(" hall");
    assert_eq!(bench.key(egui::Key::Escape, egui::Modifiers::NONE), []);
    assert_eq!(bench.hub.renaming, None);
}

#[test]
fn that_another_model_is_asked_than_was_chosen_is_told() {
    let mut bench = Bench::new(["hello"]);
    assert!(bench.find("is asked").is_empty());
    bench.other_model = Some("The model a is of b; c is asked".to_owned());
    assert_eq!(bench.find("is asked").len(), 1);
    assert!(bench.sees("hello"));
}

#[test]
fn model_and_system_prompt_are_asked_for_as_they_are_typed() {
    let mut bench = Bench::new(["hello"]);
    assert!(bench.find("System prompt").is_empty());
    assert_eq!(bench.click_first("⚙"), []);
    assert_eq!(bench.find("System prompt").len(), 1);
    bench.click_first("As in Project Settings");
    let typed = bench.run(vec![egui::Event::Text("m".to_owned())]).0;
    assert_eq!(typed, [Action::SetModel(1, "m".to_owned())]);
    bench.click_first("Told to the assistant");
    let typed = bench.run(vec![egui::Event::Text("Be brief.".to_owned())]).0;
    assert_eq!(typed, [Action::SetSystem(1, "Be brief.".to_owned())]);
    assert!(bench.sees("hello"));
    assert_eq!(bench.click_first("⚙"), []);
    assert!(bench.find("System prompt").is_empty());
}

#[test]
fn a_discussion_gets_a_provider_an_address_and_a_key() {
    let mut bench = Bench::new(["hello"]);
    bench.hub.setup = true;
    bench.discussions.list[0].tier = Some(Tier::Qa);
    assert!(bench.sees("As the tier QA: Echo (offline)"));
    bench.discussions.list[0].tier = None;
    bench.click_first("As the assistant: Echo (offline)");
    let own = Some(ProviderKind::Anthropic);
    let out = bench.click_first("Anthropic");
    assert_eq!(out, [Action::SetProvider(1, own)]);
    bench.discussions.list[0].provider = own;
    assert!(bench.sees("None is stored for api.anthropic.com"));

    bench.click_first("Empty: https://api.anthropic.com/v1");
    let typed = |text: &str| vec![egui::Event::Text(text.to_owned())];
    let leave = || vec![key(egui::Key::Enter, true, egui::Modifiers::NONE)];
    let secret = "https://me:hunter2@a.example";
    assert_eq!(bench.run(typed(secret)).0, []);
    assert_eq!(bench.run(leave()).0, []);
    assert!(bench.sees(HOLDS_A_SECRET));
    let memory = bench
        .context
        .memory(|memory| ron::to_string(memory).unwrap());
    assert!(!memory.contains("hunter2"), "{memory}");
    bench.click_first(secret);
    let all = key(egui::Key::A, true, egui::Modifiers::COMMAND);
    bench.run([vec![all], typed("https://a.example/")].concat());
    let mut out = bench.run(leave()).0;
    out.extend(bench.run(Vec::new()).0);
    let address = "https://a.example".to_owned();
    assert_eq!(out, [Action::SetAddress(1, address.clone())]);
    bench.discussions.list[0].base_url = address;

    bench.click_first("paste it here");
    bench.run(typed("sk-1"));
    let server = "anthropic-a.example-443".to_owned();
    let key = TypedKey("sk-1".to_owned());
    let set = Action::SetKey { server, key };
    assert_eq!(bench.click_first("Store"), [set]);
}

#[test]
fn models_are_offered_where_a_model_is_entered() {
    let mut bench = Bench::new(["hello"]);
    bench.hub.setup = true;
    // The echo has none.
    assert!(!bench.sees("List models"));
    bench.settings.provider = ProviderKind::OpenAi;
    let asked = Action::ListModels(Whose::Discussion(1));
    assert_eq!(bench.click_first("List models"), [asked]);
    let error = AssistantError::Reported {
        text: "no".to_owned(),
    };
    let told = error.to_string();
    bench.models = Models::Known(Err(error));
    assert!(bench.sees(&told));
    assert!(bench.sees("No API key is stored for 127.0.0.1:8080"));
    bench.has_key = true;
    assert!(!bench.sees("No API key is stored"));
    bench.models = Models::Known(Ok(vec!["small".to_owned()]));
    bench.click_first("Choose");
    let chosen = bench.click_first("small");
    assert_eq!(chosen, [Action::SetModel(1, "small".to_owned())]);
}

#[test]
fn of_a_huge_system_prompt_the_beginning_is_laid_out() {
    let mut bench = Bench::new(["hello"]);
    bench.hub.setup = true;
    bench.click_first("Told to the assistant");
    let pasted = "many words ".repeat(100_000);
    let out = bench.run(vec![egui::Event::Paste(pasted.clone())]).0;
    assert!(out == [Action::SetSystem(1, pasted.clone())]);
    bench.discussions.list[0].system = pasted;
    let seen = bench.look();
    let longest = seen.iter().map(|(text, _)| text.len()).max();
    assert!(longest.is_some_and(|longest| (10_000..50_000).contains(&longest)));
    let removed = bench.click_first("Remove");
    assert_eq!(removed, [Action::SetSystem(1, String::new())]);
}

#[test]
fn documents_are_exported_and_imported() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(["hello"]);
    bench.folder = folder.path().to_owned();
    assert_eq!(bench.click_first("📤"), [Action::ExportDiscussion(1)]);
    assert_eq!(bench.click_first("📥"), []);
    assert_eq!(bench.find("No document").len(), 1);
    std::fs::write(folder.path().join("a.md"), "").unwrap();
    bench.time += 2.0;
    let imported = bench.click_first("a.md");
    assert_eq!(imported, [Action::ImportDiscussion("a.md".to_owned())]);
    assert_eq!(bench.click_first("📥"), []);
    assert!(bench.find("a.md").is_empty());
}
