//! What one source file says that decides how values lie in memory and how calls find their way.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    visit::{self, Visit},
    Attribute, Fields, ImplItem, Item, Meta, TraitItem, UseTree,
};

use super::{
    digest_of,
    tokens::{
        body, counted, fields, head, last, leave_out, names, says, variants, IGNORES, INCLUDED,
        INCLUDES, SKIPS,
    },
    Variants,
};

/// Macros that are known to make no types.
const TYPELESS: [&str; 4] = ["hot_library", "hot_plugin", "thread_local", "compile_error"];

/// What a path begins with that leads to the modules around.
pub(super) const AROUND: [&str; 3] = ["crate", "self", "super"];

/// By what sources ask for features.
pub(super) const CONDITION: &str = "cfg";

/// A piece of source on which types may depend.
#[derive(Clone, Debug, Hash)]
pub(super) struct Piece {
    /// How others mention it.
    pub(super) name: String,
    /// The modules and functions around it in its file.
    pub(super) scope: String,
    /// Whether its own path is known, as it is for types and traits that are written out.
    pub(super) has_path: bool,
    /// If it is a name that stands for another: whether others see it than what is below its module.
    pub(super) import: Option<bool>,
    /// Whether its values may be in a world, so that a change of it matters by itself.
    pub(super) is_type: bool,
    /// Of all that counts.
    pub(super) digest: u64,
    /// Of the same without its name.
    pub(super) body: u64,
    /// All names that it mentions.
    pub(super) mentions: BTreeSet<String>,
    /// Of an enum whose variants have no fields.
    pub(super) variants: Option<Variants>,
    /// Whether reflection ignores a field of it. That lays nothing out, so it is none of the digests'.
    pub(super) ignores_fields: bool,
    /// Whether serde leaves out a field of it, likewise.
    pub(super) skips_fields: bool,
}

/// A module in a file of its own.
#[derive(Clone, Debug, Hash)]
pub(super) struct Child {
    /// The modules within the file that it is declared in.
    pub(super) within: Vec<String>,
    pub(super) name: String,
    /// What `#[path]` says.
    pub(super) path: Option<String>,
}

/// What a file says.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Pieces {
    pub(super) pieces: Vec<Piece>,
    pub(super) children: Vec<Child>,
    /// Where the engine is to keep the values of types. They are what they were wherever they are kept.
    pub(super) storages: Vec<u64>,
    /// Whether all names come in that the modules around it have.
    pub(super) sees_around: bool,
    /// Whether it includes files as items, which need not be Rust by their name.
    pub(super) includes: bool,
    /// `#[state(was = "…")]`: the old path of a type, beside its path.
    pub(super) was: Vec<(String, String)>,
    /// `#[state(discard = "…")]`.
    pub(super) discarded: Vec<String>,
    /// `#[serde(alias = "…")]` and `rename`: under which other names fields are read.
    pub(super) read_as: Vec<String>,
}

impl Pieces {
    /// Reads the text of a file. What cannot be read counts as a whole.
    pub(super) fn of(text: &str) -> Self {
        let Ok(file) = syn::parse_file(text) else {
            return Self::whole(text);
        };
        let globs = globs(&file);
        let mut reader = Reader {
            globs: globs.concat(),
            ..Reader::default()
        };
        let is_around = |glob: &String| {
            let first = glob.split("::").next().unwrap_or_default();
            AROUND.contains(&first)
        };
        reader.found.sees_around = globs.iter().any(is_around);
        reader.visit_file(&file);
        reader.found
    }

    /// A text of which nothing is known.
    pub(super) fn whole(text: &str) -> Self {
        let includes = INCLUDES.iter().any(|name| text.contains(name));
        let mentions = includes.then(|| INCLUDED.to_owned());
        let mut whole = Self::one("", true, digest_of(text), mentions);
        whole.pieces[0].ignores_fields = text.contains("ignore");
        whole.pieces[0].skips_fields = text.contains("skip");
        whole
    }

    /// Files that are no modules, by the digests of all that is in them: for whatever includes one.
    pub(super) fn included(files: &[u64]) -> Self {
        Self::one(INCLUDED, false, digest_of(files), None)
    }

    fn one(name: &str, is_type: bool, digest: u64, mentions: Option<String>) -> Self {
        let piece = Piece {
            name: name.to_owned(),
            scope: String::new(),
            has_path: false,
            import: None,
            is_type,
            digest,
            body: 0,
            mentions: mentions.into_iter().collect(),
            variants: None,
            ignores_fields: false,
            skips_fields: false,
        };
        Self {
            pieces: vec![piece],
            ..Self::default()
        }
    }
}

#[derive(Default)]
struct Reader {
    found: Pieces,
    /// The modules and functions around.
    around: Vec<String>,
    /// The modules among them.
    modules: Vec<String>,
    /// The trait and type of the implementation around.
    of: TokenStream,
    /// Whether something around has no name that is in paths: an implementation, a trait, a closure.
    is_hidden: bool,
    /// What names may come from besides.
    globs: String,
}

impl Reader {
    fn note(&mut self, name: &str, is_type: bool, body: TokenStream) -> &mut Piece {
        let text = body.to_string() + &self.globs;
        let mut mentions = BTreeSet::new();
        names(body, &mut mentions);
        self.found.pieces.push(Piece {
            name: name.to_owned(),
            scope: self.around.join("::"),
            has_path: is_type && !self.is_hidden,
            import: None,
            is_type,
            digest: digest_of(&(name, &text)),
            body: digest_of(&text),
            mentions,
            variants: None,
            ignores_fields: false,
            skips_fields: false,
        });
        self.found.pieces.last_mut().expect("one was put in")
    }

    /// What `#[component(…)]` and `#[state(…)]` say of the type of this name.
    fn directions(&mut self, name: &str, attributes: &[Attribute]) {
        let component = attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("component"));
        let component = component.map(|attribute| attribute.to_token_stream().to_string());
        let component: Vec<_> = component.collect();
        if !component.is_empty() {
            let storage = digest_of(&(&self.around, name, component));
            self.found.storages.push(storage);
        }
        for attribute in attributes {
            let is_state = attribute.path().segments.last();
            if is_state.is_none_or(|segment| segment.ident != "state") {
                continue;
            }
            let mut path = self.around.clone();
            path.push(name.to_owned());
            // Its macro refuses what cannot be read.
            let _ = attribute.parse_nested_meta(|meta| {
                let value: syn::LitStr = meta.value()?.parse()?;
                if meta.path.is_ident("was") {
                    self.found.was.push((path.join("::"), value.value()));
                } else if meta.path.is_ident("discard") {
                    self.found.discarded.push(value.value());
                }
                Ok(())
            });
        }
    }

    fn within(&mut self, name: String, is_module: bool, visit: impl FnOnce(&mut Self)) {
        self.around.push(name.clone());
        if is_module {
            self.modules.push(name);
        }
        visit(self);
        if is_module {
            self.modules.pop();
        }
        self.around.pop();
    }

    fn hidden(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.is_hidden, true);
        visit(self);
        self.is_hidden = outer;
    }

    fn note_struct(&mut self, item: &syn::ItemStruct) {
        let name = item.ident.to_string();
        let body = body("struct", &item.attrs, &item.generics, &item.fields);
        let piece = self.note(&name, true, body);
        piece.ignores_fields = leave_out(&item.fields, IGNORES);
        piece.skips_fields = leave_out(&item.fields, SKIPS);
        self.directions(&name, &item.attrs);
    }

    fn note_enum(&mut self, item: &syn::ItemEnum) {
        let name = item.ident.to_string();
        let mut body = head("enum", &item.attrs, &item.generics);
        for variant in &item.variants {
            counted(&variant.attrs).to_tokens(&mut body);
            variant.ident.to_string().to_tokens(&mut body);
            fields(&variant.fields).to_tokens(&mut body);
            if let Some((_, value)) = &variant.discriminant {
                value.to_tokens(&mut body);
            }
        }
        let fields = item.variants.iter().map(|variant| &variant.fields);
        let piece = self.note(&name, true, body);
        piece.variants = variants(item);
        let leave_out = |by| fields.clone().any(|of| leave_out(of, by));
        piece.ignores_fields = leave_out(IGNORES);
        piece.skips_fields = leave_out(SKIPS);
        self.directions(&name, &item.attrs);
    }

    fn note_macro(&mut self, item: &syn::ItemMacro) {
        let made = item.ident.as_ref().map(ToString::to_string);
        let called = last(&item.mac.path);
        self.found.includes |= called == "include";
        if let Some(name) = made {
            let piece = self.note(&name, false, item.mac.tokens.clone());
            piece.ignores_fields = says(item.mac.tokens.clone(), IGNORES);
            piece.skips_fields = says(item.mac.tokens.clone(), SKIPS);
            let makes = ["struct", "enum", "union", "trait"];
            if makes.iter().any(|word| piece.mentions.contains(*word)) {
                // It may be called within a function.
                piece.is_type = true;
                piece.mentions.insert(call(&name));
            }
        } else if !TYPELESS.contains(&&*called) {
            let piece = self.note("", true, item.mac.to_token_stream());
            piece.ignores_fields = says(item.mac.tokens.clone(), IGNORES);
            piece.skips_fields = says(item.mac.tokens.clone(), SKIPS);
            // What it makes has names that are not known.
            piece.has_path = false;
            if called == "include" {
                // Its items are read themselves.
                piece.mentions.remove(INCLUDED);
            }
        }
    }

    fn note_child(&mut self, item: &syn::ItemMod) {
        self.found.children.push(Child {
            within: self.modules.clone(),
            name: item.ident.to_string(),
            path: path_of(&item.attrs),
        });
    }

    fn uses(&mut self, tree: &UseTree, before: &str, is_public: bool) {
        let (name, last) = match tree {
            UseTree::Path(path) => {
                let before = format!("{before}{}::", path.ident);
                return self.uses(&path.tree, &before, is_public);
            }
            UseTree::Group(group) => {
                let trees = group.items.iter();
                return trees.for_each(|tree| self.uses(tree, before, is_public));
            }
            UseTree::Glob(_) => return,
            UseTree::Name(name) => (&name.ident, &name.ident),
            UseTree::Rename(rename) => (&rename.rename, &rename.ident),
        };
        let path = format!("{before}{last}");
        let piece = self.note(&name.to_string(), false, TokenStream::new());
        piece.import = Some(is_public);
        piece.digest = digest_of(&path);
        piece.mentions = path.split("::").map(str::to_owned).collect();
    }

    fn trait_body(&mut self, items: &[TraitItem]) -> TokenStream {
        let mut body = TokenStream::new();
        for item in items {
            match item {
                TraitItem::Fn(function) => {
                    counted(&function.attrs).to_tokens(&mut body);
                    function.sig.to_tokens(&mut body);
                }
                other => other.to_tokens(&mut body),
            }
        }
        body
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Struct(item) => self.note_struct(item),
            Item::Enum(item) => self.note_enum(item),
            Item::Union(item) => {
                let body = body(
                    "union",
                    &item.attrs,
                    &item.generics,
                    &Fields::Named(item.fields.clone()),
                );
                self.note(&item.ident.to_string(), true, body);
            }
            Item::Trait(item) => {
                let mut body = head("trait", &item.attrs, &item.generics);
                item.supertraits.to_tokens(&mut body);
                body.extend(self.trait_body(&item.items));
                self.note(&item.ident.to_string(), true, body);
            }
            Item::Type(item) => {
                let mut body = head("type", &item.attrs, &item.generics);
                item.ty.to_tokens(&mut body);
                self.note(&item.ident.to_string(), false, body);
            }
            Item::Const(item) => {
                let mut body = head("const", &item.attrs, &item.generics);
                item.ty.to_tokens(&mut body);
                item.expr.to_tokens(&mut body);
                self.note(&item.ident.to_string(), false, body);
            }
            Item::Fn(item) => {
                self.directions("", &item.attrs);
                if item.sig.constness.is_some() {
                    self.note(&item.sig.ident.to_string(), false, item.to_token_stream());
                }
            }
            Item::Use(item) => {
                let is_public = !matches!(item.vis, syn::Visibility::Inherited);
                let first = self.found.pieces.len();
                self.uses(&item.tree, "", is_public);
                if item.attrs.iter().any(|of| of.path().is_ident(CONDITION)) {
                    for piece in &mut self.found.pieces[first..] {
                        piece.mentions.insert(CONDITION.to_owned());
                    }
                }
            }
            Item::Macro(item) => self.note_macro(item),
            Item::Mod(item) if item.content.is_none() => self.note_child(item),
            _ => {}
        }
        match item {
            Item::Mod(module) => {
                let name = module.ident.to_string();
                self.within(name, true, |this| visit::visit_item(this, item));
            }
            Item::Fn(function) => {
                let name = function.sig.ident.to_string();
                self.within(name, false, |this| visit::visit_item(this, item));
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let (true, Meta::List(list)) = (attribute.path().is_ident("serde"), &attribute.meta) {
            let tokens: Vec<TokenTree> = list.tokens.clone().into_iter().collect();
            for window in tokens.windows(3) {
                if let [TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Literal(text)] =
                    window
                {
                    if name == "alias" || name == "rename" {
                        let text = text.to_string();
                        self.found.read_as.push(text.trim_matches('"').to_owned());
                    }
                }
            }
        }
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.note(&call(&last(&item.path)), false, item.tokens.clone());
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let name = match item {
            ImplItem::Type(item) => Some(&item.ident),
            ImplItem::Const(item) => Some(&item.ident),
            ImplItem::Fn(item) => Some(&item.sig.ident).filter(|_| item.sig.constness.is_some()),
            _ => None,
        };
        if let Some(name) = name {
            // Of what it is counts too.
            let mut body = self.of.clone();
            item.to_tokens(&mut body);
            self.note(&name.to_string(), false, body);
        }
        visit::visit_impl_item(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        // A component's storage is part of what it is.
        let is_component = item.trait_.as_ref().map(|(_, path, _)| last(path));
        if is_component.is_some_and(|name| name == "Component") {
            if let syn::Type::Path(of) = &*item.self_ty {
                let mut storage = vec![of.to_token_stream().to_string()];
                for item in &item.items {
                    if matches!(item, ImplItem::Const(_) | ImplItem::Type(_)) {
                        storage.push(item.to_token_stream().to_string());
                    }
                }
                let storage = digest_of(&(&self.around, storage));
                self.found.storages.push(storage);
            }
        }
        let mut of = TokenStream::new();
        if let Some((_, path, _)) = &item.trait_ {
            path.to_tokens(&mut of);
        }
        item.self_ty.to_tokens(&mut of);
        let outer = std::mem::replace(&mut self.of, of);
        self.hidden(|this| visit::visit_item_impl(this, item));
        self.of = outer;
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.hidden(|this| visit::visit_item_trait(this, item));
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.hidden(|this| visit::visit_expr_closure(this, closure));
    }
}

/// What the calls of a macro within functions are found by.
fn call(name: &str) -> String {
    format!("{name}!")
}

/// What `#[path]` says.
fn path_of(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(path),
                    ..
                }) => Some(path.value()),
                _ => None,
            },
            _ => None,
        })
}

/// All names that come without being named.
fn globs(file: &syn::File) -> Vec<String> {
    #[derive(Default)]
    struct Globs(BTreeSet<String>);
    impl Globs {
        fn find(&mut self, tree: &UseTree, before: &str) {
            match tree {
                UseTree::Path(path) => self.find(&path.tree, &format!("{before}{}::", path.ident)),
                UseTree::Group(group) => {
                    group.items.iter().for_each(|tree| self.find(tree, before));
                }
                UseTree::Glob(_) => {
                    self.0.insert(before.to_owned());
                }
                UseTree::Name(_) | UseTree::Rename(_) => {}
            }
        }
    }
    impl Visit<'_> for Globs {
        fn visit_item_use(&mut self, item: &syn::ItemUse) {
            self.find(&item.tree, "");
        }
    }
    let mut found = Globs::default();
    found.visit_file(file);
    found.0.into_iter().collect()
}

#[cfg(test)]
mod tests;
