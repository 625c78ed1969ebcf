//! `#[state]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    parse::{Parse, ParseStream},
    Error, Item, LitStr, Path, Result, Token,
};

/// What stands in the attribute.
#[derive(Default)]
struct Arguments {
    was: Option<LitStr>,
    migrate: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let name: syn::Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "was" => arguments.was = Some(path(input.parse()?)?),
                "discard" => drop(path(input.parse()?)?),
                "migrate" => arguments.migrate = Some(input.parse()?),
                _ => {
                    return Err(Error::new(
                        name.span(),
                        format!(
                            "unknown argument `{name}`; there are `was`, `discard` and `migrate`"
                        ),
                    ))
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

/// The path of a type that is no more, with its crate.
fn path(text: LitStr) -> Result<LitStr> {
    let parsed: Path = text.parse()?;
    if parsed.segments.len() < 2 {
        return Err(Error::new(
            text.span(),
            "name the type with its crate and modules, as in `game::player::Player`",
        ));
    }
    Ok(text)
}

/// The item as it is. `was` and `discard` are read from the source by whoever builds it.
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let arguments: Arguments = syn::parse2(attribute)?;
    let parsed: Item = syn::parse2(item.clone())?;
    let of_type = match &parsed {
        Item::Struct(item) => Some((&item.ident, &item.generics)),
        Item::Enum(item) => Some((&item.ident, &item.generics)),
        _ => None,
    };
    if let (Some(was), None) = (&arguments.was, of_type) {
        return Err(Error::new(
            was.span(),
            "`was` goes on the struct or enum that the type has become",
        ));
    }
    let migrate = match (&arguments.migrate, of_type) {
        (None, _) => TokenStream::new(),
        (Some(function), None) => {
            return Err(Error::new_spanned(
                function,
                "`migrate` goes on the struct or enum that it makes",
            ))
        }
        (Some(function), Some((name, generics))) => {
            let (parameters, arguments, bounds) = generics.split_for_impl();
            quote! {
                impl #parameters ::hot_reloader::Migrate for #name #arguments #bounds {
                    fn migrate(
                        was: &dyn ::hot_reloader::private::Reflect,
                        world: &::hot_reloader::private::World,
                    ) -> ::core::result::Result<Self, ::std::string::String> {
                        #function(was, world)
                    }
                }
            }
        }
    };
    Ok(quote!(#item #migrate))
}
