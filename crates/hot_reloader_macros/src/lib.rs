//! The attributes that turn a function into a hot module, and say what becomes of a type's values.

mod hot_module;
mod state;

use proc_macro::TokenStream;

/// Makes a setup function a hot module of the same name.
///
/// - `state_keys = [Type, …]`: resources and components whose values the module owns. They derive
///   `Clone`; if they derive `Reflect` too, changes of their fields are noticed.
/// - `targets = [function, …]`: the systems that do its work. Each must be one of the systems that
///   it adds.
/// - `after = [module, …]`: modules that are set up, and run, before it.
///
/// The function takes a `&mut HotApp`.
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
