//! What of the tokens of an item counts.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Fields, Generics};

use super::Variants;

/// Attributes that change nothing of how a type is laid out. Any other may be a macro, and counts.
const HARMLESS: [&str; 20] = [
    "allow",
    "automatically_derived",
    "clippy",
    "component",
    "default",
    "deny",
    "deprecated",
    "derive",
    "diagnostic",
    "doc",
    "error",
    "expect",
    "from",
    "inline",
    "must_use",
    "non_exhaustive",
    "reflect",
    "rustfmt",
    "serde",
    "warn",
];

/// Macros that stand for what is in a file.
pub(super) const INCLUDES: [&str; 3] = ["include", "include_bytes", "include_str"];

/// How a piece is mentioned of a file that is included, by whichever of these macros. It is no name in Rust.
pub(super) const INCLUDED: &str = "include*!";

/// An attribute of fields, and the words by which it says that one is left out.
pub(super) type LeavesOut = (&'static str, &'static [&'static str]);

/// By reflection.
pub(super) const IGNORES: LeavesOut = ("reflect", &["ignore"]);

/// By serde, in both directions or in one.
pub(super) const SKIPS: LeavesOut = ("serde", &["skip", "skip_serializing", "skip_deserializing"]);

pub(super) fn last(path: &syn::Path) -> String {
    let last = path.segments.last();
    last.map_or_else(String::new, |segment| segment.ident.to_string())
}

/// The attributes that count.
pub(super) fn counted(attributes: &[Attribute]) -> TokenStream {
    let mut counted = TokenStream::new();
    for attribute in attributes {
        let first = attribute.path().segments.first();
        let first = first.map_or_else(String::new, |segment| segment.ident.to_string());
        let is_direction = attribute
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "state");
        if !is_direction && !HARMLESS.contains(&&*first) {
            attribute.to_tokens(&mut counted);
        }
    }
    counted
}

pub(super) fn head(kind: &str, attributes: &[Attribute], generics: &Generics) -> TokenStream {
    let mut head = TokenStream::new();
    syn::Ident::new_raw(kind, proc_macro2::Span::call_site()).to_tokens(&mut head);
    counted(attributes).to_tokens(&mut head);
    generics.to_tokens(&mut head);
    generics.where_clause.to_tokens(&mut head);
    head
}

pub(super) fn body(
    kind: &str,
    attributes: &[Attribute],
    generics: &Generics,
    of: &Fields,
) -> TokenStream {
    let mut body = head(kind, attributes, generics);
    fields(of).to_tokens(&mut body);
    body
}

/// In their order, since that may be theirs in memory. Their names are texts, as those of variants: they mention nothing.
pub(super) fn fields(fields: &Fields) -> TokenStream {
    let mut all = TokenStream::new();
    for field in fields {
        counted(&field.attrs).to_tokens(&mut all);
        let name = field.ident.as_ref().map(ToString::to_string);
        name.to_tokens(&mut all);
        field.ty.to_tokens(&mut all);
        <syn::Token![,]>::default().to_tokens(&mut all);
    }
    all
}

/// The variants of an enum without fields, with their numbers, if these are plain to see.
pub(super) fn variants(item: &syn::ItemEnum) -> Option<Variants> {
    let is_generic = !item.generics.params.is_empty();
    if is_generic
        || item
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("repr"))
    {
        return None;
    }
    let mut next = 0_i64;
    let numbered = item.variants.iter().map(|variant| {
        if !variant.fields.is_empty() || !counted(&variant.attrs).is_empty() {
            return None;
        }
        if let Some((_, value)) = &variant.discriminant {
            next = match value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Int(number),
                    ..
                }) => number.base10_parse().ok()?,
                _ => return None,
            };
        }
        let number = next;
        next += 1;
        Some((variant.ident.to_string(), number))
    });
    numbered.collect()
}

/// Whether an attribute leaves out one of the fields that is anything at all.
pub(super) fn leave_out(fields: &Fields, by: LeavesOut) -> bool {
    let is_nothing = |of: &syn::Type| match of {
        syn::Type::Path(of) => last(&of.path) == "PhantomData",
        _ => false,
    };
    fields.iter().any(|field| {
        let mut attributes = field.attrs.iter();
        !is_nothing(&field.ty) && attributes.any(|of| says(of.to_token_stream(), by))
    })
}

/// Whether the attribute is in the tokens, with whatever else it says.
pub(super) fn says(tokens: TokenStream, by: LeavesOut) -> bool {
    let (attribute, words) = by;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_one = |token: TokenTree| match token {
        TokenTree::Ident(name) => words.iter().any(|word| name == word),
        _ => false,
    };
    let mut pairs = tokens.windows(2);
    let is_said = pairs.any(|pair| match pair {
        [TokenTree::Ident(name), TokenTree::Group(what)] => {
            name == attribute && what.stream().into_iter().any(is_one)
        }
        _ => false,
    });
    is_said
        || tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => says(group.stream(), by),
            _ => false,
        })
}

/// Each name in the tokens.
pub(super) fn names(tokens: TokenStream, into: &mut BTreeSet<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                let is_call =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '!');
                if is_call && INCLUDES.contains(&&*name) {
                    into.insert(INCLUDED.to_owned());
                }
                into.insert(name);
            }
            TokenTree::Group(group) => names(group.stream(), into),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
