//! Types of the core's declarations, as far as their JSON is concerned.

use syn::{GenericArgument, PathArguments, ReturnType, Type};

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    Text,
    Decimal,
    /// Unix milliseconds.
    Time,
    Integer,
    Boolean,
    /// Fields that are not declared.
    Extra,
    /// An object or an enum.
    Named(String),
    List(Box<Self>),
    Optional(Box<Self>),
}

/// The type of a field; the empty name if its syntax is not one of a field.
pub fn field_type(of: &Type) -> FieldType {
    let Some((name, inner)) = named(of) else { return FieldType::Named(String::new()) };
    let inner = || Box::new(inner.map_or(FieldType::Named(String::new()), field_type));
    match name.as_str() {
        "String" | "Secret" | "Pan" | "str" => FieldType::Text,
        "Decimal" => FieldType::Decimal,
        "SystemTime" => FieldType::Time,
        "i64" => FieldType::Integer,
        "bool" => FieldType::Boolean,
        "Extra" => FieldType::Extra,
        "Vec" => FieldType::List(inner()),
        "Option" => FieldType::Optional(inner()),
        _ => FieldType::Named(name),
    }
}

/// The object that a parameter refers to: `Ask` of `&Ask`.
pub fn parameter_type(of: &Type) -> Option<String> {
    let Type::Reference(reference) = of else { return None };
    match field_type(&reference.elem) {
        FieldType::Named(name) => Some(name),
        _ => None,
    }
}

/// The type that a method returns, without `Result` and paths: `Card`, `Pager<Card>`, or an empty text for `()`.
pub fn returned_type(output: &ReturnType) -> String {
    let ReturnType::Type(_, of) = output else { return String::new() };
    let value = match named(of) {
        Some((name, Some(value))) if name == "Result" => value,
        _ => of,
    };
    match named(value) {
        Some((name, Some(inner))) => named(inner).map_or(name.clone(), |(inner, _)| format!("{name}<{inner}>")),
        Some((name, None)) => name,
        None => String::new(),
    }
}

/// The last name of a path, and its first argument that is a type.
fn named(of: &Type) -> Option<(String, Option<&Type>)> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last()?;
    let inner = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(of) => Some(of),
            _ => None,
        }),
        _ => None,
    };
    Some((last.ident.to_string(), inner))
}
