//! `#[hot_module]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned, ToTokens};
use syn::{
    bracketed,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    spanned::Spanned,
    Error, ExprPath, FnArg, Ident, ItemFn, Result, ReturnType, Token, Type,
};

/// What stands in the attribute.
#[derive(Default)]
struct Arguments {
    state_keys: Option<Vec<Type>>,
    targets: Option<Vec<ExprPath>>,
    after: Option<Vec<Ident>>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "state_keys" => list(&name, &mut arguments.state_keys, input)?,
                "targets" => list(&name, &mut arguments.targets, input)?,
                "after" => list(&name, &mut arguments.after, input)?,
                _ => {
                    return Err(Error::new(
                        name.span(),
                        format!(
                        "unknown argument `{name}`; there are `state_keys`, `targets` and `after`"
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

fn list<T: Parse>(name: &Ident, into: &mut Option<Vec<T>>, input: ParseStream) -> Result<()> {
    if into.is_some() {
        return Err(Error::new(name.span(), format!("`{name}` is given twice")));
    }
    let content;
    bracketed!(content in input);
    let items = Punctuated::<T, Token![,]>::parse_terminated(&content)?;
    *into = Some(items.into_iter().collect());
    Ok(())
}

/// The function, and beside it a type of the same name that carries the module's entry. A function
/// and a type of one name do not collide, and `use` brings both.
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let arguments: Arguments = syn::parse2(attribute)?;
    let function: ItemFn = syn::parse2(item).map_err(|error| {
        Error::new(
            error.span(),
            "`#[hot_module]` goes on a function that takes a `&mut App`",
        )
    })?;
    check(&function)?;

    let name = &function.sig.ident;
    let visibility = &function.vis;
    let cfgs = function.attrs.iter().filter(|a| a.path().is_ident("cfg"));
    let cfgs: Vec<_> = cfgs.collect();
    let keys = arguments.state_keys.unwrap_or_default();
    let targets = arguments.targets.unwrap_or_default();
    let after = arguments.after.unwrap_or_default();
    let key_names = keys.iter().map(as_written);
    // An error in it is one of the key.
    let known = keys
        .iter()
        .map(|key| quote_spanned!(key.span()=> make_known::<#key, _>(probe.make_known())));
    let target_names = targets.iter().map(|target| {
        // As systems are named by the compiler, without `r#`.
        let last = target.path.segments.last();
        last.map_or_else(String::new, |segment| segment.ident.unraw().to_string())
    });
    Ok(quote! {
        #function

        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_docs, missing_debug_implementations, clippy::allow_attributes_without_reason)]
        #visibility enum #name {}

        #(#cfgs)*
        #[allow(deprecated, clippy::allow_attributes_without_reason)]
        impl ::hot_reloader::HotModuleDef for #name {
            const ENTRY: ::hot_reloader::ModuleEntry = ::hot_reloader::ModuleEntry {
                name: stringify!(#name),
                file: file!(),
                state_keys: &[#(#key_names),*],
                targets: &[#(#target_names),*],
                after: &[#(stringify!(#after)),*],
                declare: |keys| {
                    #[allow(unused_imports, clippy::allow_attributes_without_reason)]
                    use ::hot_reloader::private::{
                        make_known, Defaulted as _, IsBoth as _, IsComponent as _, IsNeither as _,
                        IsResource as _, Migrating as _, Otherwise as _, Reflected as _,
                        WrittenDown as _,
                    };
                    #(keys.add::<#keys>({
                        let probe = &&&&::hot_reloader::Probe::<#keys>::new();
                        ::hot_reloader::Abilities {
                            make_known: #known,
                            register: probe.register(),
                            default: probe.default_value(),
                            written: probe.written(),
                            migrate: probe.migrate(),
                        }
                    });)*
                    // A target that does not exist is an error here, at its name.
                    #(let _ = #targets;)*
                    let _ = keys;
                },
                build: |app| {
                    app.add_plugins(#name);
                },
            };
        }
    })
}

/// The type without the spaces that the compiler puts between any two tokens.
fn as_written(of: &Type) -> String {
    let spaced = of.to_token_stream().to_string();
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut text = String::new();
    let mut rest = spaced.chars().peekable();
    while let Some(c) = rest.next() {
        let between_words = is_word(text.chars().next_back()) && is_word(rest.peek().copied());
        if c != ' ' || between_words {
            text.push(c);
        }
    }
    text
}

fn check(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(word) = &signature.asyncness {
        return refuse(word, "cannot be `async`: it runs at once");
    }
    if let Some(word) = &signature.unsafety {
        return refuse(word, "cannot be `unsafe`: the reloader calls it");
    }
    if !signature.generics.params.is_empty() {
        return refuse(
            &signature.generics,
            "cannot be generic: the library exports one of each",
        );
    }
    let takes: Vec<_> = signature.inputs.iter().collect();
    if !matches!(takes[..], [FnArg::Typed(_)]) {
        const SAYS: &str = "takes one argument, a `&mut App`";
        return match takes[..] {
            [] => refuse(&signature.ident, SAYS),
            _ => refuse(&signature.inputs, SAYS),
        };
    }
    if let ReturnType::Type(_, returned) = &signature.output {
        return refuse(returned, "returns nothing");
    }
    Ok(())
}

fn refuse(what: impl ToTokens, text: &str) -> Result<()> {
    Err(Error::new_spanned(what, format!("a hot module {text}")))
}
