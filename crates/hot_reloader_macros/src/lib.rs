//! What lists the modules of a library, says more of one of them, and what becomes of a type's values.

mod entries;
mod hot_module;
mod state;

use proc_macro::TokenStream;

/// The entries of the plugins of a library; `hot_library!` expands to it.
#[doc(hidden)]
#[proc_macro]
pub fn module_entries(input: TokenStream) -> TokenStream {
    entries::expand(input.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Says more of a module than its plugin does. It goes on a function that takes a `&mut App`; a type that is
/// a plugin is added by such a function.
///
/// - `state_keys = [Type, …]`: resources and components whose values the module owns. They derive
///   `Clone`. If they derive `Reflect` too, or serde's traits, their values go over when the type changes.
/// - `targets = [function, …]`: systems that do its work. Each must be one of those that it adds; the others
///   are found by themselves.
/// - `after = [module, …]`: modules that build before it and, with the feature `hot`, run before it.
#[proc_macro_attribute]
pub fn hot_module(attribute: TokenStream, item: TokenStream) -> TokenStream {
    hot_module::expand(attribute.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Says what becomes of the values of a type that changed.
///
/// - `was = "game::old::Name"`, on a struct or enum: it was called so before, so values of that become
///   values of this.
/// - `migrate = function`, on a struct or enum that is a state key: the function makes a value of what it
///   was. It takes a `&dyn Reflect` and a `&World`, and returns a `Result` of the type or a text that says why
///   it cannot.
/// - `discard = "game::Gone"`, on any item: values of a type that is gone may go with it.
///
/// `was` and `discard` name the type with its crate and modules, as the refusal does.
#[proc_macro_attribute]
pub fn state(attribute: TokenStream, item: TokenStream) -> TokenStream {
    state::expand(attribute.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
