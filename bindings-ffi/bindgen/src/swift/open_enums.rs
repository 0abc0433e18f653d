//! Open enums from the platform's text, and back.

use std::fmt::Write as _;

use heck::ToLowerCamelCase as _;

use super::types::class_name;
use crate::Result;
use crate::interface::Interface;

/// The conformance of every open enum to the package's `OpenEnum`.
pub fn extensions(interface: &Interface) -> Result<String> {
    let mut text = String::new();
    for (one, function) in interface.open_enums()? {
        let _ = write!(
            text,
            "
extension {name}: OpenEnum {{
    public init(_ text: String) {{ self = {function}(text: text) }}
    public var text: String {{ if case let .unknown(raw) = self {{ raw }} else {{ description }} }}
}}
",
            name = class_name(one.name()),
            function = function.to_lower_camel_case()
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::extensions;
    use crate::interface::Interface;

    #[test]
    fn every_open_enum_is_made_from_its_text() {
        let interface = Interface::from_udl(
            "namespace keysecure { FeeType fee_type_from_text(string text); };
            [Enum] interface FeeType { AtmFee(); Unknown(string raw); };",
        );
        let swift = extensions(&interface).unwrap();
        assert!(swift.contains("extension FeeType: OpenEnum {"), "{swift}");
        assert!(swift.contains("self = feeTypeFromText(text: text)"), "{swift}");
    }
}
