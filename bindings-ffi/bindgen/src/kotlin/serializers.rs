//! The serializers of kotlinx.serialization for all open enums and models.

use std::fmt::Write as _;

use heck::ToUpperCamelCase as _;

use crate::Result;
use crate::interface::Interface;

/// A module with all serializers.
pub fn module(interface: &Interface) -> Result<String> {
    let mut text = String::from(
        "
package io.keysecure.json

import kotlinx.serialization.modules.SerializersModule
import io.keysecure.model.*

/**
 * The serializers of all open enums and models for kotlinx.serialization: open enums as their text, models in the platform's form.
 *
 *     val json = Json { serializersModule = keySecureSerializersModule }
 *
 *     @Serializable
 *     class Order(@Contextual val status: CardStatus, @Contextual val card: Card)
 *
 * Needs `kotlinx-serialization-json` in your project.
 */
public val keySecureSerializersModule: SerializersModule = SerializersModule {
",
    );
    for (one, _) in interface.open_enums()? {
        let name = one.name().to_upper_camel_case();
        let _ = writeln!(text, "    contextual({name}::class, OpenEnumSerializer(\"{name}\", {name}::of))");
    }
    for record in interface.records() {
        if interface.reader_of(record)?.is_some() {
            let name = record.name().to_upper_camel_case();
            let _ = writeln!(text, "    contextual({name}::class, ModelSerializer({name}::fromJson))");
        }
    }
    text.push_str("}\n");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::module;
    use crate::interface::Interface;

    #[test]
    fn every_open_enum_and_model_has_a_serializer() {
        let interface = Interface::from_udl(
            "namespace keysecure { FeeType fee_type_from_text(string text); Fee fee_from_json(string text); };
            [Enum] interface FeeType { AtmFee(); Unknown(string raw); };
            dictionary Fee { string amount; };",
        );
        let kotlin = module(&interface).unwrap();
        assert!(
            kotlin.contains("contextual(FeeType::class, OpenEnumSerializer(\"FeeType\", FeeType::of))"),
            "{kotlin}"
        );
        assert!(kotlin.contains("contextual(Fee::class, ModelSerializer(Fee::fromJson))"), "{kotlin}");
    }
}
