//! Reading and writing of models.

/// Implements reading and writing for an object of a response.
macro_rules! model_codec {
    ($name:ident { $($field:ident: $type:ty $(as $wire:ident)? $([or $absent:ident])?,)+ }) => {
        const _: () = {
            struct Partial {
                on_mismatch: $crate::codec::OnMismatch,
                $( $field: Option<$type>, )+
                extra: $crate::Extra,
            }

            impl Partial {
                fn new(on_mismatch: $crate::codec::OnMismatch) -> Self {
                    Self { on_mismatch, $( $field: None, )+ extra: $crate::Extra::default() }
                }
            }

            impl $crate::codec::Fields for Partial {
                type Whole = $name;

                fn field<'de, A: serde::de::MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
                    use $crate::codec::{field_value, name_in_json};
                    $(
                        if name == name_in_json!($field $($wire)?) {
                            let name = name_in_json!($field $($wire)?);
                            self.$field = field_value(map, self.on_mismatch, stringify!($name), name, &mut self.extra)?;
                            return Ok(());
                        }
                    )+
                    self.extra.insert(name, map.next_value()?);
                    Ok(())
                }

                fn finish<E: serde::de::Error>(self) -> Result<$name, E> {
                    use $crate::codec::{name_in_json, or_absent};
                    Ok($name {
                        $( $field: or_absent(
                            name_in_json!($field $($wire)?),
                            self.$field $(.or_else(|| Some(<$type>::$absent())))?,
                            &self.extra,
                        )?, )+
                        extra: self.extra,
                    })
                }
            }

            impl $crate::codec::Decode for $name {
                const EXPECTED: &'static str = "an object";

                fn read<'de, D: serde::Deserializer<'de>>(
                    deserializer: D,
                    on_mismatch: $crate::codec::OnMismatch,
                ) -> Result<Self, D::Error> {
                    $crate::codec::read_object(deserializer, Partial::new(on_mismatch))
                }
            }

            impl $crate::codec::Object for $name {
                fn try_read<'de, D: serde::Deserializer<'de>>(
                    deserializer: D,
                    on_mismatch: $crate::codec::OnMismatch,
                ) -> Result<Result<Self, String>, D::Error> {
                    $crate::codec::try_object(deserializer, Partial::new(on_mismatch))
                }
            }
        };

        impl $crate::codec::Encode for $name {
            fn write<S: serde::Serializer>(&self, serializer: S, money: $crate::codec::DecimalFormat) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                use $crate::codec::{Decode as _, Write, name_in_json};
                let mut map = serializer.serialize_map(None)?;
                $(
                    // An empty string in a required field is written too: without the field the object could not be read again.
                    let may_be_left_out = <$type>::missing().is_some() $(|| !stringify!($absent).is_empty())?;
                    if !(may_be_left_out && self.$field.is_absent()) {
                        map.serialize_entry(name_in_json!($field $($wire)?), &Write(&self.$field, money))?;
                    }
                )+
                for (name, value) in self.extra.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    };
}
pub(crate) use model_codec;

/// Implements reading for an object that holds a secret.
macro_rules! secret_codec {
    ($name:ident { $($field:ident: $type:ty,)+ }) => {
        const _: () = {
            #[derive(Default)]
            struct Partial {
                $( $field: Option<$type>, )+
            }

            impl $crate::codec::Fields for Partial {
                type Whole = $name;

                fn field<'de, A: serde::de::MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
                    match name {
                        $( stringify!($field) => self.$field = Some($crate::codec::value(map, $crate::codec::OnMismatch::Fail)?), )+
                        // An unknown field may hold a secret: it is not kept.
                        _ => $crate::codec::skip(map)?,
                    }
                    Ok(())
                }

                fn finish<E: serde::de::Error>(self) -> Result<$name, E> {
                    Ok($name { $( $field: $crate::codec::or_missing(stringify!($field), self.$field)?, )+ })
                }
            }

            impl $crate::codec::Decode for $name {
                const EXPECTED: &'static str = "an object";

                fn read<'de, D: serde::Deserializer<'de>>(
                    deserializer: D,
                    _: $crate::codec::OnMismatch,
                ) -> Result<Self, D::Error> {
                    $crate::codec::read_object(deserializer, Partial::default())
                }
            }
        };
    };
}
pub(crate) use secret_codec;
