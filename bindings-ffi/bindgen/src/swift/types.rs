//! Types and default values as UniFFI writes them in Swift.

use heck::{ToLowerCamelCase as _, ToUpperCamelCase as _};
use uniffi_bindgen::interface::{DefaultValue, Literal, Type};

use crate::{Result, patches};

/// The name of a type of the interface.
pub fn class_name(name: &str) -> String {
    let renamed = patches::renamed(name);
    if renamed == name { name.to_upper_camel_case() } else { renamed.into() }
}

/// A type in a declaration.
pub fn label(of: &Type) -> Result<String> {
    Ok(match of {
        // See the patch `swift_integers`.
        Type::Int32 | Type::Int64 => "Int".into(),
        Type::Float32 => "Float".into(),
        Type::Float64 => "Double".into(),
        Type::Boolean => "Bool".into(),
        Type::String => "String".into(),
        Type::Bytes => "Data".into(),
        Type::Timestamp => "Date".into(),
        Type::Duration => "Duration".into(),
        Type::Object { name, .. }
        | Type::Record { name, .. }
        | Type::Enum { name, .. }
        | Type::CallbackInterface { name, .. }
        | Type::Custom { name, .. } => class_name(name),
        Type::Optional { inner_type } => format!("{}?", label(inner_type)?),
        Type::Sequence { inner_type } => format!("[{}]", label(inner_type)?),
        Type::Box { inner_type } => label(inner_type)?,
        _ => return Err(format!("{of:?} has no name in Swift here").into()),
    })
}

/// A default value in a declaration, of a parameter or field of this type.
pub fn default(value: &DefaultValue, of: &Type) -> Result<String> {
    let unknown = || format!("the default value {value:?} of {of:?} has no form in Swift here").into();
    Ok(match (of, value) {
        (Type::Custom { builtin, .. }, value) => default(value, builtin)?,
        (Type::Optional { .. }, DefaultValue::Default | DefaultValue::Literal(Literal::None)) => "nil".into(),
        (Type::Optional { inner_type }, DefaultValue::Literal(Literal::Some { inner })) => default(inner, inner_type)?,
        (Type::Sequence { .. }, DefaultValue::Default | DefaultValue::Literal(Literal::EmptySequence)) => "[]".into(),
        (Type::Boolean, DefaultValue::Literal(Literal::Boolean(value))) => value.to_string(),
        (Type::String, DefaultValue::Literal(Literal::String(text))) => format!("\"{text}\""),
        (Type::Enum { .. }, DefaultValue::Literal(Literal::Enum(case, _))) => {
            format!(".{}", case.to_lower_camel_case())
        }
        _ => return Err(unknown()),
    })
}

#[cfg(test)]
mod tests {
    use uniffi_bindgen::interface::{DefaultValue, Literal, Type};

    use super::{default, label};

    fn optional(inner: Type) -> Type {
        Type::Optional { inner_type: Box::new(inner) }
    }

    #[test]
    fn types_have_the_names_that_uniffi_gives_them() {
        let method = Type::Enum { module_path: "keysecure".into(), name: "Method".into() };
        let cases = [
            (optional(Type::Duration), "Duration?"),
            (Type::Sequence { inner_type: Box::new(Type::Bytes) }, "[Data]"),
            (method, "HTTPMethod"),
        ];
        for (of, expected) in cases {
            assert_eq!(label(&of).unwrap(), expected);
        }
    }

    #[test]
    fn default_values_are_literals() {
        let extra =
            Type::Custom { module_path: "keysecure".into(), name: "Extra".into(), builtin: Box::new(Type::String) };
        let literal = DefaultValue::Literal;
        let cases = [
            (literal(Literal::None), optional(Type::String), "nil"),
            (literal(Literal::Boolean(false)), Type::Boolean, "false"),
            (literal(Literal::String("{}".into())), extra, "\"{}\""),
            (literal(Literal::EmptySequence), Type::Sequence { inner_type: Box::new(Type::String) }, "[]"),
        ];
        for (value, of, expected) in cases {
            assert_eq!(default(&value, &of).unwrap(), expected);
        }
        assert!(default(&literal(Literal::EmptyMap), &Type::String).is_err());
    }
}
