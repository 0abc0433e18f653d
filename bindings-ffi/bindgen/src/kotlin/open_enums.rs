//! The former way to an open enum from the platform's text.

use std::fmt::Write as _;

use heck::{ToLowerCamelCase as _, ToUpperCamelCase as _};

use crate::Result;
use crate::interface::Interface;

/// An extension `of` of the companion of every open enum, which has a member of this name now. For one version.
pub fn functions(interface: &Interface) -> Result<String> {
    let mut text = String::from("\npackage io.keysecure\n");
    for (one, function) in interface.open_enums()? {
        let (class, function) = (one.name().to_upper_camel_case(), function.to_lower_camel_case());
        let _ = write!(
            text,
            "
@Deprecated(\"A member of the companion now: remove the import\")
public fun io.keysecure.model.{class}.Companion.of(text: String): io.keysecure.model.{class} =
    io.keysecure.internal.ffi.{function}(text)
"
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::functions;
    use crate::interface::Interface;

    #[test]
    fn every_open_enum_is_made_from_its_text() {
        let interface = Interface::from_udl(
            "namespace keysecure { FeeType fee_type_from_text(string text); };
            [Enum] interface FeeType { AtmFee(); Unknown(string raw); };",
        );
        let kotlin = functions(&interface).unwrap();
        assert!(kotlin.contains("FeeType.Companion.of(text: String): io.keysecure.model.FeeType ="), "{kotlin}");
        assert!(kotlin.contains("io.keysecure.internal.ffi.feeTypeFromText(text)"), "{kotlin}");
    }
}
