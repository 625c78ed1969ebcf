//! The attribute that turns a function into a hot module.

mod hot_module;

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
