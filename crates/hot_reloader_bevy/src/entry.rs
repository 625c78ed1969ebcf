//! How a library says what modules it has.

use crate::HotApp;

/// The modules of one library. `hot_library!` writes it.
#[derive(Debug)]
pub struct LibraryEntry {
    /// In the order in which they were listed.
    pub modules: &'static [ModuleEntry],
}

/// One module of a library. `#[hot_module]` writes it.
#[derive(Clone, Copy, Debug)]
pub struct ModuleEntry {
    /// The name of its setup function.
    pub name: &'static str,
    /// The source file of its setup function, as the compiler was told it.
    pub file: &'static str,
    /// The types in `state_keys`, as written.
    pub state_keys: &'static [&'static str],
    /// The functions in `targets`, by the last segment of their paths.
    pub targets: &'static [&'static str],
    /// The modules in `after`.
    pub after: &'static [&'static str],
    /// Declares the state keys.
    pub declare: fn(&mut HotApp<'_>),
    /// Adds the systems.
    pub setup: fn(&mut HotApp<'_>),
}

impl ModuleEntry {
    /// Declares the module's state keys and runs its setup.
    pub(crate) fn build(&self, app: &mut HotApp<'_>) {
        (self.declare)(app);
        (self.setup)(app);
    }
}

/// Links the name of a setup function to its [`ModuleEntry`].
pub trait HotModuleDef {
    /// The module.
    const ENTRY: ModuleEntry;
}
