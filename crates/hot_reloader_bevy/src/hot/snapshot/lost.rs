//! What could not be brought back.

use std::collections::{BTreeMap, HashSet};

use bevy::{
    ecs::{component::ComponentId, entity::Entity},
    prelude::World,
};
use hot_reloader_core::panics;

/// What is not as it was.
#[derive(Default)]
pub(super) struct Lost {
    /// By type: why, how many, and some of the entities.
    types: BTreeMap<ComponentId, (&'static str, usize, Vec<Entity>)>,
    seen: HashSet<(ComponentId, Option<Entity>)>,
    texts: Vec<String>,
}

impl Lost {
    pub(super) fn note(
        &mut self,
        id: ComponentId,
        why: Option<&'static str>,
        entity: Option<Entity>,
    ) {
        if !self.seen.insert((id, entity)) {
            return;
        }
        let why = why.unwrap_or("it cannot be copied");
        let (_, count, entities) = self.types.entry(id).or_insert((why, 0, Vec::new()));
        *count += 1;
        if entities.len() < 3 {
            entities.extend(entity);
        }
    }

    pub(super) fn note_text(&mut self, text: String) {
        if !self.texts.contains(&text) {
            self.texts.push(text);
        }
    }

    /// Runs what may run code of the library, such as a destructor.
    pub(super) fn guard(&mut self, what: &str, work: impl FnOnce()) {
        if let Err(panic) = panics::guard(work) {
            self.note_text(format!("taking back {what} panicked: {panic}"));
        }
    }

    pub(super) fn guard_copy(&mut self, work: impl FnOnce() -> Option<()>) -> Option<()> {
        match panics::guard(work) {
            Ok(done) => done,
            Err(panic) => {
                self.note_text(format!("putting a value back panicked: {panic}"));
                Some(())
            }
        }
    }

    pub(super) fn lines(self, world: &World) -> Vec<String> {
        let types = self.types.into_iter().map(|(id, (why, count, entities))| {
            let name = world.components().get_name(id).unwrap_or("a component");
            if entities.is_empty() {
                return format!("resource {name}: {why}");
            }
            let shown: Vec<_> = entities.iter().map(ToString::to_string).collect();
            let more = if count > shown.len() { ", …" } else { "" };
            format!(
                "{name} of {count} entities ({}{more}): {why}",
                shown.join(", ")
            )
        });
        types.chain(self.texts).collect()
    }
}
