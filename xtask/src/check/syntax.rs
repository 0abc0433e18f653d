//! Paths to modules in the syntax of one Rust file.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemMod, ItemUse, Macro, Meta, Token, UseTree, Visibility};

/// The child modules that a file declares, and the paths in it.
#[derive(Default)]
pub struct FileSyntax {
    pub children: Vec<Child>,
    pub references: Vec<Reference>,
}

/// A module that has its own file.
pub struct Child {
    /// Its name, after the names of the inline modules around it.
    pub name: Vec<String>,
    /// The value of `#[path]`.
    pub path: Option<String>,
}

/// A path that may lead to another module.
pub struct Reference {
    /// The inline modules around it.
    pub inline: Vec<String>,
    pub segments: Vec<String>,
    pub line: usize,
    /// The name under which `pub use` exports it.
    pub exported_as: Option<String>,
}

/// Reads a file; items for tests are left out.
pub fn read(text: &str) -> syn::Result<FileSyntax> {
    let mut reader = Reader::default();
    reader.visit_file(&syn::parse_file(text)?);
    Ok(reader.syntax)
}

#[derive(Default)]
struct Reader {
    syntax: FileSyntax,
    inline: Vec<String>,
}

impl Reader {
    fn push(&mut self, segments: Vec<String>, line: usize, exported_as: Option<String>) {
        if segments.len() > 1 {
            self.syntax.references.push(Reference { inline: self.inline.clone(), segments, line, exported_as });
        }
    }

    fn read_tree(&mut self, tree: &UseTree, prefix: &[String], is_public: bool) {
        let with = |name: &syn::Ident| [prefix, &[name.unraw().to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.read_tree(&path.tree, &with(&path.ident), is_public),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.read_tree(item, prefix, is_public)),
            UseTree::Glob(glob) => {
                self.push([prefix, &["*".to_owned()]].concat(), glob.star_token.spans[0].start().line, None);
            }
            UseTree::Name(name) => {
                let segments = if name.ident == "self" { prefix.to_vec() } else { with(&name.ident) };
                let exported_as = segments.last().filter(|_| is_public).cloned();
                self.push(segments, name.ident.span().start().line, exported_as);
            }
            UseTree::Rename(rename) => {
                let segments = if rename.ident == "self" { prefix.to_vec() } else { with(&rename.ident) };
                let exported_as = is_public.then(|| rename.rename.to_string());
                self.push(segments, rename.ident.span().start().line, exported_as);
            }
        }
    }

    /// Reads paths from the tokens of a macro, which has no syntax tree.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        // Whether the last token was the second colon of `::`.
        let mut continues = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.read_tokens(group.stream()),
                TokenTree::Ident(first) if !continues => {
                    let line = first.span().start().line;
                    let mut segments = vec![first.unraw().to_string()];
                    while tokens.next_if(is_colon).is_some() && tokens.next_if(is_colon).is_some() {
                        match tokens.next_if(|token| matches!(token, TokenTree::Ident(_))) {
                            Some(TokenTree::Ident(next)) => segments.push(next.unraw().to_string()),
                            _ => break,
                        }
                    }
                    self.push(segments, line, None);
                    continue;
                }
                _ => {}
            }
            continues = false;
            if tokens.next_if(is_colon).is_some() {
                continues = tokens.next_if(is_colon).is_some();
            }
        }
    }
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':')
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(item_attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !matches!(item, ImplItem::Fn(function) if is_for_tests(&function.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.inline.push(item.ident.unraw().to_string());
        if item.content.is_some() {
            visit::visit_item_mod(self, item);
        } else {
            let path = item.attrs.iter().find_map(path_attribute);
            self.syntax.children.push(Child { name: self.inline.clone(), path });
        }
        self.inline.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.read_tree(&item.tree, &[], matches!(item.vis, Visibility::Public(_)));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let (None, Some(first)) = (&path.leading_colon, path.segments.first()) {
            let line = first.ident.span().start().line;
            self.push(path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect(), line, None);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.read_tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.read_tokens(list.tokens.clone());
        }
    }

    /// Ignores visibilities: `pub(in crate::x)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

fn item_attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether the item is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<Meta>().is_ok_and(|condition| needs_test(&condition))
    })
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test") || path.is_ident("doctest"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|parts| parts.iter().any(needs_test)),
        _ => false,
    }
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
