//! Which modules there are, and in which order they are reloaded.

use thiserror::Error;

use crate::HotModule;

/// A module that cannot be registered, or a name that is not registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// Two modules share a name.
    #[error("module `{name}` is registered twice; give one of the two another name")]
    Duplicate {
        /// The shared name.
        name: String,
    },
    /// `after` names a module that does not exist.
    #[error("module `{module}` comes after `{after}`, which is not registered; register `{after}` or remove it from `after`")]
    UnknownPredecessor {
        /// The module with the bad entry.
        module: String,
        /// The entry.
        after: String,
    },
    /// Modules wait for each other.
    #[error("modules wait for each other: {}; remove one `after`", .path.join(" after "))]
    Circle {
        /// The names along the circle; the first is also the last.
        path: Vec<String>,
    },
    /// A module lists a target that none of its systems is.
    #[error("module `{module}` lists the target `{target}`, but adds no system of that name; add it or remove it from `targets`")]
    UnknownTarget {
        /// The module with the bad entry.
        module: String,
        /// The entry.
        target: String,
    },
    /// The app registers a module that the library lacks.
    #[error("the app registers module `{name}`, and no library has one of that name; add it to a `hot_library!`")]
    MissingModule {
        /// The name.
        name: String,
    },
    /// The app registers a state key that the library's module does not own.
    #[error("the app registers the state key `{key}` of module `{module}`, which does not list it; add it to `state_keys`")]
    MissingStateKey {
        /// The module.
        module: String,
        /// The type, as written.
        key: String,
    },
    /// A reload was asked for a module that does not exist.
    #[error("there is no module `{name}`; there are: {}", .known.join(", "))]
    UnknownModule {
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
}

/// The modules, always in an order in which each follows those it names in `after`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleRegistry {
    modules: Vec<HotModule>,
}

impl ModuleRegistry {
    /// Puts the modules of all libraries into order. Where `after` leaves the order open, it is the
    /// order of `modules`.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Duplicate`], [`RegistryError::UnknownPredecessor`] and
    /// [`RegistryError::Circle`].
    pub fn new(modules: impl IntoIterator<Item = HotModule>) -> Result<Self, RegistryError> {
        let mut waiting: Vec<HotModule> = modules.into_iter().collect();
        for (index, module) in waiting.iter().enumerate() {
            if waiting[..index].iter().any(|m| m.name == module.name) {
                return Err(RegistryError::Duplicate {
                    name: module.name.clone(),
                });
            }
            if let Some(after) = module
                .after
                .iter()
                .find(|after| waiting.iter().all(|m| m.name != **after))
            {
                return Err(RegistryError::UnknownPredecessor {
                    module: module.name.clone(),
                    after: after.clone(),
                });
            }
        }
        let mut ordered: Vec<HotModule> = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let ready = waiting.iter().position(|module| {
                module
                    .after
                    .iter()
                    .all(|after| ordered.iter().any(|m| m.name == *after))
            });
            match ready {
                Some(index) => ordered.push(waiting.remove(index)),
                None => {
                    return Err(RegistryError::Circle {
                        path: circle(&waiting),
                    })
                }
            }
        }
        Ok(Self { modules: ordered })
    }

    /// Adds one module. On an error the registry is what it was.
    ///
    /// # Errors
    ///
    /// As [`ModuleRegistry::new`].
    pub fn register(&mut self, module: HotModule) -> Result<(), RegistryError> {
        let mut modules = self.modules.clone();
        modules.push(module);
        *self = Self::new(modules)?;
        Ok(())
    }

    /// Holds what a library has against the modules that it must have: those of this registry.
    /// Their `after` and `delegation_targets` are added to its own.
    ///
    /// # Errors
    ///
    /// [`RegistryError::MissingModule`] and [`RegistryError::MissingStateKey`].
    pub fn demand(&self, library: &mut [HotModule]) -> Result<(), RegistryError> {
        for wanted in &self.modules {
            let Some(module) = library.iter_mut().find(|m| m.name == wanted.name) else {
                return Err(RegistryError::MissingModule {
                    name: wanted.name.clone(),
                });
            };
            let key = wanted
                .state_keys
                .iter()
                .find(|key| !module.state_keys.contains(key));
            if let Some(key) = key {
                return Err(RegistryError::MissingStateKey {
                    module: module.name.clone(),
                    key: key.clone(),
                });
            }
            for (of, own) in [
                (&wanted.after, &mut module.after),
                (&wanted.delegation_targets, &mut module.delegation_targets),
            ] {
                let missing: Vec<_> = of
                    .iter()
                    .filter(|name| !own.contains(name))
                    .cloned()
                    .collect();
                own.extend(missing);
            }
        }
        Ok(())
    }

    /// The modules in dependency order.
    pub fn iter(&self) -> impl Iterator<Item = &HotModule> {
        self.modules.iter()
    }

    /// The module of this name.
    pub fn get(&self, name: &str) -> Option<&HotModule> {
        self.modules.iter().find(|module| module.name == name)
    }

    /// All of `names` in dependency order, each once.
    ///
    /// # Errors
    ///
    /// [`RegistryError::UnknownModule`] for the first name that is not registered.
    pub fn select(&self, names: &[String]) -> Result<Vec<&HotModule>, RegistryError> {
        if let Some(name) = names.iter().find(|name| self.get(name).is_none()) {
            return Err(RegistryError::UnknownModule {
                name: name.clone(),
                known: self.modules.iter().map(|m| m.name.clone()).collect(),
            });
        }
        Ok(self
            .iter()
            .filter(|module| names.contains(&module.name))
            .collect())
    }
}

/// Follows `after` among modules that all wait for one another until a name comes up again.
fn circle(waiting: &[HotModule]) -> Vec<String> {
    let mut path: Vec<String> = vec![waiting[0].name.clone()];
    loop {
        let last = &path[path.len() - 1];
        let next = waiting
            .iter()
            .find(|module| module.name == *last)
            .and_then(|module| {
                module
                    .after
                    .iter()
                    .find(|after| waiting.iter().any(|m| m.name == **after))
            })
            .expect("a module that is not ready waits for one that is not ready")
            .clone();
        if let Some(start) = path.iter().position(|name| *name == next) {
            path.push(next);
            return path.split_off(start);
        }
        path.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, after: &[&str]) -> HotModule {
        HotModule {
            name: name.to_owned(),
            file_path: format!("src/{name}.rs").into(),
            state_keys: Vec::new(),
            delegation_targets: Vec::new(),
            after: after.iter().map(ToString::to_string).collect(),
        }
    }

    #[track_caller]
    fn check_order(modules: Vec<HotModule>, expected: &[&str]) {
        let registry = ModuleRegistry::new(modules).unwrap();
        let names: Vec<_> = registry.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn what_is_demanded_must_be_there_and_is_added() {
        let mut demanded = module("gui", &[]);
        demanded.state_keys = vec!["Layout".to_owned()];
        demanded.delegation_targets = vec!["draw".to_owned()];
        let demands = ModuleRegistry::new([demanded]).unwrap();

        let missing = demands.demand(&mut [module("controller", &[])]);
        let name = "gui".to_owned();
        assert_eq!(missing, Err(RegistryError::MissingModule { name }));
        let keyless = demands.demand(&mut [module("gui", &[])]);
        assert!(
            matches!(keyless, Err(RegistryError::MissingStateKey { key, .. }) if key == "Layout")
        );

        let mut library = [module("gui", &[])];
        library[0].state_keys = vec!["Layout".to_owned()];
        demands.demand(&mut library).unwrap();
        assert_eq!(library[0].delegation_targets, ["draw"]);
        // A second time adds nothing.
        demands.demand(&mut library).unwrap();
        assert_eq!(library[0].delegation_targets, ["draw"]);
    }

    #[test]
    fn order_follows_after_and_is_stable() {
        check_order(vec![module("b", &[]), module("a", &[])], &["b", "a"]);
        check_order(
            vec![
                module("gui", &["controller"]),
                module("ai", &[]),
                module("controller", &["ai"]),
            ],
            &["ai", "controller", "gui"],
        );
    }

    #[test]
    fn duplicates_are_refused_and_leave_the_registry_alone() {
        let mut registry = ModuleRegistry::new([module("a", &[])]).unwrap();
        let before = registry.clone();
        assert_eq!(
            registry.register(module("a", &[])),
            Err(RegistryError::Duplicate { name: "a".into() })
        );
        assert_eq!(registry, before);
    }

    #[test]
    fn unknown_predecessors_are_named() {
        assert_eq!(
            ModuleRegistry::new([module("a", &["z"])]),
            Err(RegistryError::UnknownPredecessor {
                module: "a".into(),
                after: "z".into()
            })
        );
    }

    #[test]
    fn circles_are_named_without_what_merely_leads_into_them() {
        let error = ModuleRegistry::new([
            module("lead", &["a"]),
            module("a", &["b"]),
            module("b", &["c"]),
            module("c", &["a"]),
        ])
        .unwrap_err();
        assert_eq!(
            error,
            RegistryError::Circle {
                path: ["a", "b", "c", "a"].map(String::from).to_vec()
            }
        );
        assert_eq!(
            error.to_string(),
            "modules wait for each other: a after b after c after a; remove one `after`"
        );
    }

    #[test]
    fn select_orders_and_refuses_unknown_names() {
        let registry = ModuleRegistry::new([module("gui", &["ctl"]), module("ctl", &[])]).unwrap();
        let names = ["gui".to_owned(), "ctl".to_owned(), "gui".to_owned()];
        let selected: Vec<_> = registry
            .select(&names)
            .unwrap()
            .iter()
            .map(|m| m.name.as_str())
            .collect();
        assert_eq!(selected, ["ctl", "gui"]);
        assert!(matches!(
            registry.select(&["nope".to_owned()]),
            Err(RegistryError::UnknownModule { name, .. }) if name == "nope"
        ));
    }
}
