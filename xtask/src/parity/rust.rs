//! The public items of Rust sources: methods, fields and functions of each type.

use std::collections::BTreeMap;

use syn::ext::IdentExt as _;
use syn::{Attribute, Field, FnArg, ImplItem, Item, Pat, ReturnType, Signature, TraitItem, Type, Visibility};

/// The names that a type has, in the order of their declaration. Functions without a type belong to the empty name.
pub type Members = BTreeMap<String, Vec<String>>;

/// Adds the public items of a file. With `parameters`, those of constructors are names too.
pub fn read(text: &str, parameters: bool, members: &mut Members) -> Result<(), String> {
    let file = syn::parse_file(text).map_err(|error| error.to_string())?;
    for item in &file.items {
        match item {
            Item::Impl(one) if one.trait_.is_none() && is_read(&one.attrs) => {
                let Some(of) = type_name(&one.self_ty) else { continue };
                for item in &one.items {
                    if let ImplItem::Fn(method) = item
                        && is_public(&method.vis)
                        && is_read(&method.attrs)
                    {
                        add(members, &of, method.sig.ident.unraw().to_string());
                        if parameters && creates(&method.sig) {
                            method.sig.inputs.iter().filter_map(parameter).for_each(|name| add(members, &of, name));
                        }
                    }
                }
            }
            Item::Impl(one) if one.trait_.as_ref().is_some_and(|(path, _)| path.is_ident("FromStr")) => {
                if let Some(of) = type_name(&one.self_ty) {
                    add(members, &of, "from_str".to_owned());
                }
            }
            Item::Trait(one) if is_public(&one.vis) && is_read(&one.attrs) => {
                for item in &one.items {
                    if let TraitItem::Fn(method) = item {
                        add(members, &one.ident.to_string(), method.sig.ident.unraw().to_string());
                    }
                }
            }
            Item::Struct(one) if is_public(&one.vis) && is_read(&one.attrs) => {
                members.entry(one.ident.to_string()).or_default();
                let public = one.fields.iter().filter(|field| is_public(&field.vis));
                public.filter_map(field_name).for_each(|name| add(members, &one.ident.to_string(), name));
            }
            Item::Fn(one) if is_public(&one.vis) && is_read(&one.attrs) => {
                add(members, "", one.sig.ident.unraw().to_string());
            }
            _ => {}
        }
    }
    Ok(())
}

fn add(members: &mut Members, of: &str, name: String) {
    let names = members.entry(of.to_owned()).or_default();
    if !names.contains(&name) {
        names.push(name);
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether an item is for users: neither hidden nor for tests alone.
fn is_read(attributes: &[Attribute]) -> bool {
    !attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let text = list.tokens.to_string();
        attribute.path().is_ident("doc") && text == "hidden" || attribute.path().is_ident("cfg") && text == "test"
    })
}

fn type_name(of: &Type) -> Option<String> {
    let Type::Path(path) = of else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}

fn field_name(field: &Field) -> Option<String> {
    field.ident.as_ref().map(|name| name.unraw().to_string())
}

/// Whether a function has no receiver and returns a value of its type.
fn creates(signature: &Signature) -> bool {
    signature.receiver().is_none() && !matches!(signature.output, ReturnType::Default)
}

fn parameter(argument: &FnArg) -> Option<String> {
    match argument {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) => Some(name.ident.unraw().to_string()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Members, read};

    #[test]
    fn public_methods_fields_and_functions_are_read() {
        let mut members = Members::new();
        let text = "
            pub struct Client { pub id: u8, hidden: u8 }
            impl Client {
                pub fn new(key: u8) -> Self { todo!() }
                pub fn get(&self) {}
                pub(crate) fn inner(&self) {}
                #[doc(hidden)] pub fn hidden(&self) {}
            }
            impl FromStr for Store { fn from_str(text: &str) -> Result<Self, Error> { todo!() } }
            impl Clone for Client { fn clone(&self) -> Self { todo!() } }
            pub trait Store { fn load(&self); }
            pub fn reply() {}
            fn private() {}
        ";
        read(text, true, &mut members).unwrap();
        assert_eq!(members["Client"], ["id", "new", "key", "get"]);
        assert_eq!(members["Store"], ["from_str", "load"]);
        assert_eq!(members[""], ["reply"]);
        assert_eq!(members.len(), 3);
    }
}
