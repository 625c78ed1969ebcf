//! The documents that can be imported.

use std::path::Path;

use slop_engine::{documents, egui};
use slop_state::Action;

/// After how many seconds the folder is looked at again.
const STALE: f64 = 1.0;

/// What was in the folder when it was last looked at.
#[derive(Debug, Default)]
pub(super) struct Documents {
    names: Vec<String>,
    looked: Option<f64>,
}

impl Documents {
    /// The names of the documents, and where they are.
    pub(super) fn list(&mut self, ui: &mut egui::Ui, folder: &Path, out: &mut Vec<Action>) {
        let now = ui.input(|input| input.time);
        if self.looked.is_none_or(|looked| now - looked > STALE) {
            self.names = documents::list(folder);
            self.looked = Some(now);
        }
        ui.weak(format!("Import from {}", folder.display()));
        if self.names.is_empty() {
            ui.weak("No document is there. Export a discussion, or put a Markdown file there.");
        }
        let height = 0.5 * ui.available_height();
        egui::ScrollArea::vertical()
            .id_salt("documents")
            .max_height(height)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                for name in &self.names {
                    let button = egui::Button::new(name).truncate();
                    if ui.add(button).clicked() {
                        out.push(Action::ImportDiscussion(name.clone()));
                    }
                }
            });
        ui.separator();
    }
}
