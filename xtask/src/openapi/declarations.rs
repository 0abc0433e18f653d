//! The declarations of the core: operation table, methods, models, requests and open enums, read from its sources.

use std::collections::BTreeMap;

use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, FnArg, Ident, ImplItem, Item, Lit, LitInt, LitStr, Meta, Token, Type, Visibility};
use syn::{braced, bracketed};

use super::types::{FieldType, field_type, parameter_type, returned_type};

/// Everything that the document is made of.
#[derive(Default)]
pub struct Declarations {
    pub operations: Vec<Operation>,
    pub methods: BTreeMap<(String, String), Method>,
    pub objects: BTreeMap<String, Object>,
    pub enums: BTreeMap<String, Enum>,
}

/// A row of the operation table.
pub struct Operation {
    pub number: u32,
    pub resource: String,
    pub call: String,
    pub method: String,
    pub path: String,
    pub effect: String,
    pub auth: String,
    pub mode: String,
    pub window: bool,
}

/// A public method of a resource.
pub struct Method {
    pub docs: Vec<String>,
    /// The objects among its parameters.
    pub takes: Vec<String>,
    pub returns: String,
}

/// A model, a request, a query or a struct.
pub struct Object {
    pub docs: Vec<String>,
    pub fields: Vec<Field>,
}

/// A field of an object.
#[derive(Clone)]
pub struct Field {
    /// Its name in JSON.
    pub name: String,
    pub docs: Vec<String>,
    pub of: FieldType,
    /// Whether a value is used when it is missing.
    pub has_default: bool,
}

/// An open enum with the texts of its values.
pub struct Enum {
    pub docs: Vec<String>,
    /// The texts, each with its documentation.
    pub values: Vec<(String, Vec<String>)>,
}

impl Declarations {
    /// Adds the declarations of a file.
    pub fn read(&mut self, text: &str) -> syn::Result<()> {
        for item in syn::parse_file(text)?.items {
            match item {
                Item::Macro(call) => {
                    let name = call.mac.path.segments.last().map(|segment| segment.ident.to_string());
                    match name.as_deref() {
                        Some("model" | "request" | "query") => {
                            let Declared { name, object } = call.mac.parse_body()?;
                            self.objects.insert(name, object);
                        }
                        Some("open_enum") => {
                            let DeclaredEnum { name, list } = call.mac.parse_body()?;
                            self.enums.insert(name, list);
                        }
                        Some("operations") => {
                            let Table(rows) = call.mac.parse_body()?;
                            self.operations.extend(rows);
                        }
                        _ => {}
                    }
                }
                Item::Struct(one) => {
                    let fields = one.fields.iter().filter_map(|field| {
                        let name = field.ident.as_ref()?.unraw().to_string();
                        let of = field_type(&field.ty);
                        Some(Field { name, docs: docs(&field.attrs), of, has_default: false })
                    });
                    let object = Object { docs: docs(&one.attrs), fields: fields.collect() };
                    self.objects.entry(one.ident.to_string()).or_insert(object);
                }
                Item::Impl(one) if one.trait_.is_none() => {
                    let FieldType::Named(of) = field_type(&one.self_ty) else { continue };
                    for item in &one.items {
                        if let ImplItem::Fn(method) = item
                            && matches!(method.vis, Visibility::Public(_))
                        {
                            let typed = method.sig.inputs.iter().filter_map(|argument| match argument {
                                FnArg::Typed(typed) => parameter_type(&typed.ty),
                                FnArg::Receiver(_) => None,
                            });
                            let described = Method {
                                docs: docs(&method.attrs),
                                takes: typed.collect(),
                                returns: returned_type(&method.sig.output),
                            };
                            self.methods.insert((of.clone(), method.sig.ident.unraw().to_string()), described);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The lines of a documentation comment.
fn docs(attributes: &[Attribute]) -> Vec<String> {
    attributes.iter().filter_map(doc_line).collect()
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        Expr::Lit(value) if pair.path.is_ident("doc") => match &value.lit {
            Lit::Str(text) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// The body of `model!`, `request!` or `query!`.
struct Declared {
    name: String,
    object: Object,
}

impl Parse for Declared {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        if input.peek(Ident) {
            input.parse::<Ident>()?; // `secret`
        }
        input.parse::<Token![struct]>()?;
        let name = input.parse::<Ident>()?.to_string();
        let content;
        braced!(content in input);
        let mut fields = Vec::new();
        while !content.is_empty() {
            if content.peek(Token![..]) {
                content.parse::<Token![..]>()?;
                content.parse::<Ident>()?;
                continue;
            }
            fields.push(declared_field(&content)?);
        }
        Ok(Self { name, object: Object { docs: docs(&attributes), fields } })
    }
}

/// `pub amount: Option<Decimal> as balance [or default] = None,`
fn declared_field(input: ParseStream<'_>) -> syn::Result<Field> {
    let attributes = input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    let own = input.call(Ident::parse_any)?.unraw().to_string();
    input.parse::<Token![:]>()?;
    let of = field_type(&input.parse::<Type>()?);
    let mut name = own;
    if input.peek(Token![as]) {
        input.parse::<Token![as]>()?;
        name = input.call(Ident::parse_any)?.unraw().to_string();
    }
    let has_default = input.peek(syn::token::Bracket);
    if has_default {
        let absent;
        bracketed!(absent in input);
        absent.parse::<proc_macro2::TokenStream>()?;
    }
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        input.parse::<proc_macro2::TokenTree>()?;
    }
    input.parse::<Token![,]>()?;
    Ok(Field { name, docs: docs(&attributes), of, has_default })
}

/// The body of `open_enum!`.
struct DeclaredEnum {
    name: String,
    list: Enum,
}

impl Parse for DeclaredEnum {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        input.parse::<Token![enum]>()?;
        let name = input.parse::<Ident>()?.to_string();
        let content;
        braced!(content in input);
        let mut values = Vec::new();
        while !content.is_empty() {
            let attributes = content.call(Attribute::parse_outer)?;
            content.parse::<Ident>()?;
            content.parse::<Token![=]>()?;
            values.push((content.parse::<LitStr>()?.value(), docs(&attributes)));
            content.parse::<Token![,]>()?;
        }
        Ok(Self { name, list: Enum { docs: docs(&attributes), values } })
    }
}

/// The body of `operations!`.
struct Table(Vec<Operation>);

impl Parse for Table {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut rows = Vec::new();
        while !input.is_empty() {
            input.parse::<Ident>()?;
            input.parse::<Token![:]>()?;
            let number = input.parse::<LitInt>()?.base10_parse()?;
            let resource = input.parse::<Ident>()?.to_string();
            input.parse::<Token![.]>()?;
            let call = input.parse::<Ident>()?.to_string();
            let method = input.parse::<Ident>()?.to_string().to_lowercase();
            let path = input.parse::<LitStr>()?.value();
            let [effect, auth, mode] =
                [input.parse::<Ident>()?, input.parse()?, input.parse()?].map(|word| word.to_string());
            let window = input.peek(Ident);
            if window {
                input.parse::<Ident>()?;
            }
            input.parse::<Token![;]>()?;
            rows.push(Operation { number, resource, call, method, path, effect, auth, mode, window });
        }
        Ok(Self(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::Declarations;
    use crate::openapi::types::FieldType;

    #[test]
    fn all_parts_of_a_declaration_are_read() {
        let mut found = Declarations::default();
        let text = r#"
            model! {
                /// A fee.
                pub struct Fee {
                    /// Its number.
                    pub fee_no: String,
                    pub amount: Option<Decimal> as balance = None,
                    pub status: Status [or default],
                }
            }
            model! { pub secret struct Token { token: Secret, } }
            request! { pub struct Ask { pub r#type: Option<Kind> = None, pub list: Vec<Fee> = [], ..extra } }
            open_enum! { pub enum Status { /// Done.
                Success = "Success", } }
            operations! { FEES_LIST: 3 fees.list Post "/v1/fee/list" Read Token Both window; }
            impl Fees<'_> { pub fn list(&self, query: &Ask) -> Result<Pager<Fee>, Error> { todo!() } fn inner(&self) {} }
        "#;
        found.read(text).unwrap();
        let fee = &found.objects["Fee"];
        assert_eq!((fee.docs.join(" "), fee.fields[0].docs.join(" ")), ("A fee.".into(), "Its number.".into()));
        let names: Vec<_> = fee.fields.iter().map(|field| (field.name.as_str(), field.has_default)).collect();
        assert_eq!(names, [("fee_no", false), ("balance", false), ("status", true)]);
        assert_eq!(fee.fields[1].of, FieldType::Optional(Box::new(FieldType::Decimal)));
        assert_eq!(found.objects["Token"].fields[0].of, FieldType::Text);
        assert_eq!(found.objects["Ask"].fields[1].of, FieldType::List(Box::new(FieldType::Named("Fee".into()))));
        assert_eq!(found.enums["Status"].values, [("Success".to_owned(), vec!["Done.".to_owned()])]);
        let row = &found.operations[0];
        assert_eq!((row.number, row.path.as_str(), row.method.as_str(), row.window), (3, "/v1/fee/list", "post", true));
        let method = &found.methods[&("Fees".to_owned(), "list".to_owned())];
        assert_eq!((method.takes.as_slice(), method.returns.as_str()), (&["Ask".to_owned()][..], "Pager<Fee>"));
        assert_eq!(found.methods.len(), 1);
    }
}
