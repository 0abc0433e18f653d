//! Types and default values as Kotlin writes them.

use heck::ToUpperCamelCase as _;
use uniffi_bindgen::interface::{DefaultValue, Literal, Type};

use crate::Result;

/// The type of a field, in the package that declares the models.
pub fn label(of: &Type) -> Result<String> {
    Ok(match of {
        Type::Boolean => "kotlin.Boolean".into(),
        Type::Int32 => "kotlin.Int".into(),
        Type::Int64 => "kotlin.Long".into(),
        Type::String => "kotlin.String".into(),
        Type::Bytes => "kotlin.ByteArray".into(),
        Type::Timestamp => "java.time.Instant".into(),
        Type::Duration => "java.time.Duration".into(),
        Type::Enum { name, .. } | Type::Record { name, .. } | Type::Custom { name, .. } => name.to_upper_camel_case(),
        Type::Optional { inner_type } => format!("{}?", label(inner_type)?),
        Type::Sequence { inner_type } => format!("List<{}>", label(inner_type)?),
        _ => return Err(format!("{of:?} is no type of a field").into()),
    })
}

/// The default value of a field.
pub fn literal(value: &DefaultValue) -> Result<String> {
    Ok(match value {
        DefaultValue::Literal(Literal::None) => "null".into(),
        DefaultValue::Literal(Literal::EmptySequence) => "listOf()".into(),
        DefaultValue::Literal(Literal::Boolean(value)) => value.to_string(),
        DefaultValue::Literal(Literal::String(text)) => format!("{text:?}"),
        DefaultValue::Literal(Literal::Int(number, ..)) => number.to_string(),
        DefaultValue::Literal(Literal::UInt(number, ..)) => number.to_string(),
        _ => return Err(format!("{value:?} is no default value of a field").into()),
    })
}

#[cfg(test)]
mod tests {
    use uniffi_bindgen::interface::{DefaultValue, Literal, Type};

    use super::{label, literal};

    #[test]
    fn fields_have_the_types_of_kotlin() {
        let optional = Type::Optional { inner_type: Box::new(Type::Duration) };
        let list = Type::Sequence { inner_type: Box::new(Type::String) };
        assert_eq!(label(&optional).unwrap(), "java.time.Duration?");
        assert_eq!(label(&list).unwrap(), "List<kotlin.String>");
        assert!(label(&Type::Float64).is_err());
    }

    #[test]
    fn default_values_are_those_of_kotlin() {
        let of = |literal_value| literal(&DefaultValue::Literal(literal_value)).unwrap();
        assert_eq!(of(Literal::None), "null");
        assert_eq!(of(Literal::String("{}".into())), "\"{}\"");
        assert!(literal(&DefaultValue::Default).is_err());
    }
}
