//! The entries of what `hot_library!` lists.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    parse::Parser, punctuated::Punctuated, spanned::Spanned, Error, Expr, ExprPath, Ident, Result,
    Token,
};

/// A slice of entries, one for each plugin.
///
/// A path may name a type, a function, or both, which cannot be seen here. So it is imported under a name
/// that has a meaning of its own as a type and as a value, and what it does not name keeps that meaning.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let listed = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(input)?;
    let names = listed.iter().map(name_of).collect::<Result<Vec<_>>>()?;
    let entries = listed.iter().zip(&names).map(|(listed, name)| {
        let is_shared = names.iter().filter(|other| *other == name).count() > 1;
        entry(listed, name, is_shared)
    });
    Ok(quote!(&[#(#entries),*]))
}

/// `is_shared` says that others are listed under the same name.
fn entry(listed: &Expr, name: &Ident, is_shared: bool) -> TokenStream {
    if let Expr::Path(path) = listed {
        if is_plain(path) {
            return of_path(path, is_shared);
        }
    }
    quote_spanned! {listed.span()=>
        ::hot_reloader::private::ModuleEntry::of_plugin(stringify!(#name), file!(), |app| {
            app.add_plugins(#listed);
        })
    }
}

fn of_path(path: &ExprPath, is_shared: bool) -> TokenStream {
    let segments = path
        .path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string());
    let segments: Vec<_> = segments.collect();
    let name = match segments.last() {
        Some(last) if !is_shared => last.clone(),
        _ => segments.join("::"),
    };
    let attributes = &path.attrs;
    let path = &path.path;
    quote_spanned! {path.span()=>
        #(#attributes)*
        {
            #[allow(unused_imports, clippy::allow_attributes_without_reason)]
            use ::hot_reloader::private::{named::*, Undeclared as _};
            #[allow(unused_imports, clippy::allow_attributes_without_reason)]
            use #path as Named;
            let build: fn(&mut ::hot_reloader::private::App) = |app| {
                #[allow(unused_imports, clippy::allow_attributes_without_reason)]
                use ::hot_reloader::private::{AddDefault as _, AddNothing as _, AddValue as _};
                let named = ::hot_reloader::private::Listed::<Named, _>::new(Named);
                ::hot_reloader::private::is_plugin::<Named, _>((&&&named).add(app));
            };
            match ::hot_reloader::private::Declared::<Named>::ENTRY {
                Some(entry) => entry,
                None => ::hot_reloader::private::ModuleEntry::of_plugin(
                    #name, file!(), build,
                ),
            }
        }
    }
}

fn is_plain(path: &ExprPath) -> bool {
    let mut segments = path.path.segments.iter();
    path.qself.is_none() && segments.all(|segment| segment.arguments.is_none())
}

/// What a module is called that an expression makes: the type of `Game { … }`, `Game::new(…)` and
/// `Game::new(…).with(…)`.
fn name_of(expression: &Expr) -> Result<Ident> {
    let of_type = |path: &syn::Path| {
        let is_type = |ident: &&Ident| ident.to_string().starts_with(char::is_uppercase);
        let idents = path.segments.iter().map(|segment| &segment.ident);
        let ident = idents.clone().filter(is_type).last().or(idents.last());
        ident.cloned()
    };
    let name = match expression {
        Expr::Struct(expression) => of_type(&expression.path),
        Expr::Path(expression) => of_type(&expression.path),
        Expr::Call(call) => return name_of(&call.func),
        Expr::MethodCall(call) => return name_of(&call.receiver),
        Expr::Paren(inner) => return name_of(&inner.expr),
        _ => None,
    };
    name.ok_or_else(|| {
        Error::new_spanned(
            expression,
            "a module needs a name: list a plugin's type, a value of one, or a function that takes a `&mut App`",
        )
    })
}
