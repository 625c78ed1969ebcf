//! The project, its files, and everything that a person can set.
//!
//! A field keeps what is typed in the [`Draft`] until it is left. Then it is asked for if it is
//! valid; if not, it stays in the draft, marked, and nothing is asked for. An address with a secret in it
//! does not even stay in the draft, which is kept on disk.

mod prices;
mod tiers;

use std::{
    fs,
    path::{Path, PathBuf},
};

use slop_engine::{
    assistants::{address_holds_a_secret, AssistantError, Recipient},
    egui,
};
use slop_state::{Action, BuildProfile, Draft, Limits, ModelId, Project, Settings, Tiers, Whose};
use slop_ui::{
    field,
    servers::{address, key_field, provider_name, Offer, HOLDS_A_SECRET, PROVIDERS},
    tracked, Theme,
};

/// The width of a field, in points.
const FIELD: f32 = 320.0;
/// That of one for a model, with a choice of models beside it.
const MODEL: f32 = 170.0;
/// Files offered at most.
const OFFERED: usize = 5_000;
/// Folders in folders that are looked into.
const DEPTH: usize = 8;

/// What the panel draws.
pub(super) struct View<'a> {
    pub(super) project: &'a Project,
    pub(super) settings: &'a Settings,
    pub(super) tiers: &'a Tiers,
    pub(super) roles: &'a [String],
    pub(super) themes: &'a [String],
    /// The server that is set, if one is wanted.
    pub(super) server: &'a Result<Option<Recipient>, AssistantError>,
    /// Whether there is a key for it.
    pub(super) has_key: bool,
    /// The servers that may be asked for which there is a key.
    pub(super) keyed: &'a [Recipient],
    /// The models of the servers that the assistant and the tiers would ask.
    pub(super) offers: &'a [Offer<'a>],
    /// The models that were asked or would be, whichever is set now.
    pub(super) asked: &'a [ModelId],
    pub(super) draft: &'a mut Draft,
    pub(super) cache: &'a mut Cache,
    /// Where the app keeps its files.
    pub(super) folder: &'a Path,
    pub(super) theme: &'a Theme,
}

/// What was read of the disk.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// Of a root, the files below it.
    files: Option<(String, Vec<String>)>,
    /// The tracked files when it was last looked whether they are there, and those that are not.
    missing: Option<(Project, Vec<String>)>,
}

pub(super) fn panel(ui: &mut egui::Ui, view: View<'_>, out: &mut Vec<Action>) {
    let View {
        project,
        settings,
        tiers,
        roles,
        themes,
        server,
        has_key,
        keyed,
        offers,
        asked,
        draft,
        cache,
        folder,
        theme,
    } = view;
    let mut form = Form { draft, theme };
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            theme.header(ui, "Project");
            of_project(ui, &mut form, project, out);
            ui.add_space(12.0);
            theme.header(ui, "Tracked files");
            tracked_files(ui, &mut form, cache, project, out);
            ui.add_space(12.0);
            let mut new = settings.clone();
            theme.header(ui, "Appearance");
            grid(ui, "appearance", |ui| {
                choice(
                    ui,
                    "Theme",
                    &mut new.theme,
                    themes.iter().cloned(),
                    |name| name.clone(),
                );
            });
            ui.add_space(12.0);
            theme.header(ui, "Hot reload");
            of_reloads(ui, &mut form, &mut new);
            ui.add_space(12.0);
            theme.header(ui, "Assistant");
            let offer = offer_for(offers, Whose::Settings);
            of_assistant(ui, &mut form, &mut new, server, has_key, offer, asked, out);
            ui.add_space(12.0);
            theme.header(ui, "Tiers");
            tiers::of_tiers(ui, &mut form, tiers, settings, keyed, offers, out);
            ui.add_space(12.0);
            theme.header(ui, "Roles");
            of_roles(ui, &mut form, roles, out);
            ui.add_space(12.0);
            theme.header(ui, "Profiling");
            let measure = "Measure frames, input lag, memory and each part of the app";
            ui.checkbox(&mut new.perf_profiling_enabled, measure);
            ui.add_space(12.0);
            ui.weak(format!("All of this is kept in {}", folder.display()));
            if new != *settings {
                out.push(Action::SetSettings(new));
            }
        });
}

/// What the server offers that somebody would ask.
fn offer_for<'a, 'b>(offers: &'a [Offer<'b>], whose: Whose) -> Option<&'a Offer<'b>> {
    offers.iter().find(|offer| offer.whose == whose)
}

fn grid(ui: &mut egui::Ui, name: &str, rows: impl FnOnce(&mut egui::Ui)) {
    let grid = egui::Grid::new(name).num_columns(2).min_col_width(160.0);
    grid.spacing([16.0, 8.0]).show(ui, rows);
}

/// Fields whose texts are in a draft.
struct Form<'a> {
    draft: &'a mut Draft,
    theme: &'a Theme,
}

impl Form<'_> {
    /// A row of a grid with a text field. Returns the value when the field is left with another one
    /// that `parse` accepts. What it does not accept is marked, with what it says about it.
    fn row<T>(
        &mut self,
        ui: &mut egui::Ui,
        label: &str,
        now: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        ui.label(label);
        let value = self.field(ui, label, now, FIELD, parse);
        ui.end_row();
        value
    }

    /// The field of [`row`](Self::row), whose text is kept under `name`.
    fn field<T>(
        &mut self,
        ui: &mut egui::Ui,
        name: &str,
        now: &str,
        width: f32,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        // What holds a secret is remembered for as long as the app runs.
        let secret = secret_id(name);
        let kept = self.draft.texts.get(name).cloned();
        let is_kept = kept.is_some();
        let typed = kept.or_else(|| ui.data(|data| data.get_temp::<String>(secret)));
        let is_typed = typed.is_some();
        let mut text = typed.unwrap_or_else(|| now.to_owned());
        let reason = parse(&text).err();
        // A field for addresses knows one that has no scheme yet.
        let holds_a_secret = |text: &str| {
            parse(text).is_err_and(|reason| reason == HOLDS_A_SECRET)
                || (text.contains("://") && address_holds_a_secret(text))
        };
        let mut is_left = false;
        ui.vertical(|ui| {
            if reason.is_some() {
                let stroke = egui::Stroke::new(1.0, self.theme.error);
                let visuals = ui.visuals_mut();
                visuals.widgets.inactive.bg_stroke = stroke;
                visuals.widgets.hovered.bg_stroke = stroke;
                visuals.selection.stroke = stroke;
            }
            let response = field::line(ui, &mut text, |edit| {
                edit.id_salt(name).desired_width(width)
            });
            // It is left too when the window was closed under it.
            is_left = response.lost_focus() || (is_typed && !response.has_focus());
            let holds_a_secret = (response.changed() || is_kept) && holds_a_secret(&text);
            if response.changed() || (is_kept && holds_a_secret) {
                self.draft.texts.remove(name);
                ui.data_mut(|data| data.remove::<String>(secret));
                if holds_a_secret {
                    ui.data_mut(|data| data.insert_temp(secret, text.clone()));
                } else {
                    self.draft.texts.insert(name.to_owned(), text.clone());
                }
            }
            if let Some(reason) = &reason {
                ui.colored_label(self.theme.error, reason);
            }
        });
        if !is_left {
            return None;
        }
        let value = parse(&text).ok()?;
        self.forget(ui, name);
        (text != now).then_some(value)
    }

    /// Forgets what was typed in the field of this name.
    fn forget(&mut self, ui: &egui::Ui, name: &str) {
        self.draft.texts.remove(name);
        ui.data_mut(|data| data.remove::<String>(secret_id(name)));
    }
}

/// Where what is typed in the field of this name is remembered if it holds a secret.
fn secret_id(name: &str) -> egui::Id {
    egui::Id::new(("secret", name))
}

/// Chooses one of several values.
fn choice<T: PartialEq>(
    ui: &mut egui::Ui,
    label: &str,
    value: &mut T,
    choices: impl Iterator<Item = T>,
    text: impl Fn(&T) -> String,
) {
    ui.label(label);
    egui::ComboBox::from_id_salt(label)
        .width(FIELD)
        .selected_text(text(value))
        .show_ui(ui, |ui| {
            for choice in choices {
                let name = text(&choice);
                ui.selectable_value(value, choice, name);
            }
        });
    ui.end_row();
}

fn of_project(ui: &mut egui::Ui, form: &mut Form<'_>, project: &Project, out: &mut Vec<Action>) {
    grid(ui, "project", |ui| {
        let name = form.row(ui, "Name", &project.name, |text| Ok(text.trim().to_owned()));
        if let Some(name) = name {
            let project = project.clone();
            out.push(Action::SetProject(Project { name, ..project }));
        }
        let root = form.row(ui, "Folder", &project.root, |text| match text.trim() {
            "" => Ok(String::new()),
            folder if Path::new(folder).is_dir() => Ok(folder.to_owned()),
            folder => Err(format!("There is no folder {folder}")),
        });
        if let Some(root) = root {
            let project = project.clone();
            out.push(Action::SetProject(Project { root, ..project }));
        }
    });
}

fn tracked_files(
    ui: &mut egui::Ui,
    form: &mut Form<'_>,
    cache: &mut Cache,
    project: &Project,
    out: &mut Vec<Action>,
) {
    if project.root.is_empty() {
        ui.weak("Choose a folder first.");
        return;
    }
    let mut tracked = project.tracked.clone();
    tracked::list(ui, &mut tracked, cache.missing(project), form.theme);
    tracked::add(ui, "settings", &mut tracked, form.theme);
    match &mut form.draft.picker {
        None => {
            if ui.button("➕ Add files…").clicked() {
                form.draft.picker = Some(String::new());
                cache.files = None;
            }
        }
        Some(filter) => {
            let mut is_over = false;
            ui.group(|ui| {
                ui.horizontal(|ui| {
                    field::line(ui, filter, |edit| {
                        edit.hint_text("🔍 Filter").desired_width(FIELD)
                    });
                    is_over = ui.button("Done").clicked();
                });
                let files = cache.files(&project.root);
                let wanted = filter.to_lowercase();
                let offered: Vec<_> = files
                    .iter()
                    .filter(|file| tracked.iter().all(|one| one.pattern != **file))
                    .filter(|file| file.to_lowercase().contains(&wanted))
                    .cloned()
                    .collect();
                if offered.is_empty() {
                    ui.weak("No other file matches.");
                }
                egui::ScrollArea::vertical()
                    .id_salt("offered")
                    .max_height(180.0)
                    // In what scrolls itself there is no room further down.
                    .min_scrolled_height(180.0)
                    .auto_shrink([false, true])
                    .show_rows(ui, 20.0, offered.len(), |ui, rows| {
                        for file in &offered[rows] {
                            if ui.selectable_label(false, file).clicked() {
                                tracked::put(&mut tracked, file);
                            }
                        }
                    });
            });
            if is_over {
                form.draft.picker = None;
            }
        }
    }
    if tracked != project.tracked {
        out.push(Action::SetProject(Project {
            tracked,
            ..project.clone()
        }));
    }
}

impl Cache {
    /// The files below a folder, read once while the picker is open.
    fn files(&mut self, root: &str) -> &[String] {
        if self.files.as_ref().is_none_or(|(of, _)| of != root) {
            self.files = Some((root.to_owned(), files_below(Path::new(root))));
        }
        self.files.as_ref().map_or(&[], |(_, files)| files)
    }

    /// The tracked files that are not there, looked for when the project has changed.
    fn missing(&mut self, project: &Project) -> &[String] {
        if self.missing.as_ref().is_none_or(|(of, _)| of != project) {
            let root = Path::new(&project.root);
            let files = project.tracked.iter().map(|one| &one.pattern);
            let files = files.filter(|file| !file.contains(['*', '?']));
            let missing = files.filter(|file| !root.join(file).is_file());
            self.missing = Some((project.clone(), missing.cloned().collect()));
        }
        self.missing.as_ref().map_or(&[], |(_, files)| files)
    }
}

/// Paths from `root`, sorted; none that are hidden, and none of what was built.
fn files_below(root: &Path) -> Vec<String> {
    fn visit(root: &Path, folder: &Path, depth: usize, files: &mut Vec<String>) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_built = name == "target" || name == "node_modules";
            if files.len() == OFFERED || name.starts_with('.') {
                continue;
            }
            // Links are not followed, for they may lead back.
            let Ok(kind) = fs::symlink_metadata(&path).map(|m| m.file_type()) else {
                continue;
            };
            if kind.is_dir() && !is_built && depth > 0 {
                visit(root, &path, depth - 1, files);
            } else if kind.is_file() {
                let below = path.strip_prefix(root).unwrap_or(&path);
                files.push(below.to_string_lossy().into_owned());
            }
        }
    }
    let mut files = Vec::new();
    visit(root, root, DEPTH, &mut files);
    files
}

/// A whole number within bounds.
fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("A whole number from {least} to {most}"))
}

/// How many tokens a model takes.
fn window_tokens(text: &str) -> Result<u32, String> {
    number(text, 1_000, 100_000_000)
}

fn of_reloads(ui: &mut egui::Ui, form: &mut Form<'_>, new: &mut Settings) {
    grid(ui, "reloads", |ui| {
        let now = new.probation_frames.to_string();
        let frames = form.row(ui, "Probation, in frames", &now, |text| {
            number(text, 0, 3_600)
        });
        new.probation_frames = frames.unwrap_or(new.probation_frames);
        let now = new.build_limit_s.to_string();
        let limit = form.row(ui, "Build limit, in seconds", &now, |text| {
            number(text, 1, 3_600)
        });
        new.build_limit_s = limit.unwrap_or(new.build_limit_s);
        let profiles = [BuildProfile::Host, BuildProfile::Dev, BuildProfile::Release];
        choice(
            ui,
            "Build profile",
            &mut new.build_profile,
            profiles.into_iter(),
            |profile| {
                let text = match profile {
                    BuildProfile::Host => "As the app was built",
                    BuildProfile::Dev => "dev",
                    BuildProfile::Release => "release",
                };
                text.to_owned()
            },
        );
        let editor = form.row(ui, "Editor command", &new.editor, |text| {
            if text.contains("{file}") {
                Ok(text.trim().to_owned())
            } else {
                Err("It must say where {file} goes; {line} and {column} may be in it".to_owned())
            }
        });
        if let Some(editor) = editor {
            new.editor = editor;
        }
    });
}

fn of_assistant(
    ui: &mut egui::Ui,
    form: &mut Form<'_>,
    new: &mut Settings,
    server: &Result<Option<Recipient>, AssistantError>,
    has_key: bool,
    offer: Option<&Offer<'_>>,
    asked: &[ModelId],
    out: &mut Vec<Action>,
) {
    grid(ui, "assistant", |ui| {
        let before = new.provider;
        choice(
            ui,
            "Provider",
            &mut new.provider,
            PROVIDERS.into_iter(),
            |provider| provider_name(*provider).to_owned(),
        );
        if new.provider != before {
            // What was typed for one provider, and could not be taken, is not offered to the next.
            form.forget(ui, "Address");
            form.forget(ui, "Model");
        }
        let now = new.window_tokens.to_string();
        let tokens = form.row(ui, "Context window, in tokens", &now, window_tokens);
        new.window_tokens = tokens.unwrap_or(new.window_tokens);
        let now = new.command_limit_s.to_string();
        let limit = form.row(ui, "Limit of a command, in seconds", &now, |text| {
            number(text, 1, 86_400)
        });
        new.command_limit_s = limit.unwrap_or(new.command_limit_s);
        let Some((base_url, model)) = new.server_mut() else {
            prices::rows(ui, form, None, asked, new);
            return;
        };
        let url = form.row(ui, "Address", base_url, address);
        if let Some(url) = url {
            *base_url = url;
        }
        choose_model(ui, form, model, offer, out);
        let set = new.model_id();
        prices::rows(ui, form, set.as_ref(), asked, new);
        match server {
            Ok(Some(server)) => key(ui, server, has_key, form.theme, out),
            // The provider was chosen in this frame, and is not set yet.
            Ok(None) => {}
            Err(error) => {
                ui.label("API key");
                ui.colored_label(form.theme.error, error.to_string());
                ui.end_row();
            }
        }
        of_limits(ui, form, &mut new.limits);
    });
}

/// The model, typed or chosen among those that the server has.
fn choose_model(
    ui: &mut egui::Ui,
    form: &mut Form<'_>,
    model: &mut String,
    offer: Option<&Offer<'_>>,
    out: &mut Vec<Action>,
) {
    ui.label("Model");
    ui.vertical(|ui| {
        ui.horizontal(|ui| {
            let typed = form.field(ui, "Model", model, MODEL, |text| match text.trim() {
                "" => Err("The server must be told which model".to_owned()),
                model => Ok(model.to_owned()),
            });
            let chosen = offer.and_then(|offer| offer.choose(ui, out));
            if chosen.is_some() {
                form.draft.texts.remove("Model");
            }
            if let Some(name) = chosen.or(typed) {
                *model = name;
            }
        });
        if let Some(offer) = offer {
            offer.tell(ui, form.theme);
        }
    });
    ui.end_row();
}

/// How patient to be.
fn of_limits(ui: &mut egui::Ui, form: &mut Form<'_>, limits: &mut Limits) {
    let rows = [
        ("Limit to connect, in seconds", &mut limits.connect_s, 300),
        (
            "Limit to the first word, in seconds",
            &mut limits.first_s,
            7_200,
        ),
        ("Limit between words, in seconds", &mut limits.idle_s, 3_600),
    ];
    for (label, limit, most) in rows {
        let now = limit.to_string();
        let typed = form.row(ui, label, &now, |text| number(text, 1, most));
        *limit = typed.unwrap_or(*limit);
    }
}

/// The API key for a server.
fn key(ui: &mut egui::Ui, server: &Recipient, has_key: bool, theme: &Theme, out: &mut Vec<Action>) {
    ui.label("API key");
    ui.vertical(|ui| key_field(ui, server, has_key, theme, out));
    ui.end_row();
}

fn of_roles(ui: &mut egui::Ui, form: &mut Form<'_>, roles: &[String], out: &mut Vec<Action>) {
    let mut new = roles.to_vec();
    let mut removed = None;
    let mut raised = None;
    for (index, role) in roles.iter().enumerate() {
        ui.horizontal(|ui| {
            let others = || {
                roles
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index)
            };
            let name = form.field(ui, &format!("role {index}"), role, 180.0, |text| {
                let text = text.trim();
                if text.is_empty() {
                    Err("A role has a name".to_owned())
                } else if others().any(|(_, other)| other == text) {
                    Err(format!("There is a role {text} already"))
                } else {
                    Ok(text.to_owned())
                }
            });
            if let Some(name) = name {
                new[index] = name;
            }
            let up = ui.add_enabled(index > 0, egui::Button::new("⬆"));
            if up.on_hover_text("Offer it earlier").clicked() {
                raised = Some(index);
            }
            let remove = ui.add_enabled(roles.len() > 1, egui::Button::new("🗑"));
            if remove.on_hover_text("Remove; entries keep it").clicked() {
                removed = Some(index);
            }
        });
    }
    if let Some(index) = raised {
        new.swap(index, index - 1);
    }
    if let Some(index) = removed {
        new.remove(index);
    }
    if ui.button("➕ Add a role").clicked() {
        let names = (1..).map(|number| format!("Role {number}"));
        new.extend(names.into_iter().find(|name| !roles.contains(name)));
    }
    if new != roles {
        form.draft
            .texts
            .retain(|name, _| !name.starts_with("role "));
        out.push(Action::SetRoles(new));
    }
}

#[cfg(test)]
mod tests;
