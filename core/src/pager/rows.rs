//! Decoding the rows of a list response. A row without its number does not affect the other rows.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Page;
use crate::codec::json::Extra;
use crate::codec::{Decode, Fields, Object, OnMismatch, PATH_SEPARATOR, at, read_object, refuse, value};
use crate::error::Error;

/// Row with a number assigned by the platform, by which a repeated row is recognised.
pub(crate) trait Row: Object {
    /// Name of the field with the number.
    const NUMBER: &'static str;

    fn number(&self) -> &str;
}

/// Implements [`Row`] by the name of the field with the number.
macro_rules! row {
    ($type:ty, $number:ident) => {
        impl $crate::pager::Row for $type {
            const NUMBER: &'static str = stringify!($number);

            fn number(&self) -> &str {
                &self.$number
            }
        }
    };
}
pub(crate) use row;

/// A row, or the reason why it is unusable.
pub(super) type RowResult<T> = Result<T, String>;

/// The `data` of a list response.
pub(super) struct Rows<T> {
    pub list: Vec<RowResult<T>>,
    /// Fields other than `list` and `data`.
    pub extra: Extra,
}

impl<T> Rows<T> {
    pub(super) fn into_page(self, page: u32) -> Result<Page<T>, Error> {
        let rows = self.list.into_iter().enumerate();
        let list =
            rows.map(|(index, row)| row.map_err(|fault| unusable(index, page, &fault))).collect::<Result<_, _>>()?;
        Ok(Page { list, extra: self.extra })
    }
}

/// Error of one unusable row.
pub(super) fn unusable(index: usize, page: u32, fault: &str) -> Error {
    Error::invalid_response(format!("list[{index}] on page {page}: {fault}"))
}

impl<T: Row> Decode for Rows<T> {
    const EXPECTED: &'static str = "an object";

    fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error> {
        read_object(deserializer, Partial { on_mismatch, list: None, extra: Extra::default() })
    }

    /// Adds fields such as a `total` next to `data`; fields within `data` take precedence.
    fn add_envelope_fields(&mut self, fields: Extra) {
        for (name, value) in fields.iter().filter(|(name, _)| self.extra.get(name).is_none()).collect::<Vec<_>>() {
            self.extra.insert(name, value.clone());
        }
    }
}

struct Partial<T> {
    on_mismatch: OnMismatch,
    list: Option<RowArray<T>>,
    extra: Extra,
}

impl<T: Row> Fields for Partial<T> {
    type Whole = Rows<T>;

    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if name == "list" {
            // A second, empty list would hide the rows of the first.
            if self.list.replace(value(map, self.on_mismatch)?).is_some() {
                return Err(serde::de::Error::custom("list: appears twice"));
            }
        } else {
            self.extra.insert(name, map.next_value()?);
        }
        Ok(())
    }

    fn finish<E: serde::de::Error>(self) -> Result<Rows<T>, E> {
        // A missing list must not look like an empty page: rows would be lost silently.
        let RowArray(list) = self.list.ok_or_else(|| E::custom(format_args!("list{PATH_SEPARATOR}is missing")))?;
        Ok(Rows { list, extra: self.extra })
    }
}

/// Array of rows; `null` counts as empty.
struct RowArray<T>(Vec<RowResult<T>>);

impl<T: Row> Decode for RowArray<T> {
    const EXPECTED: &'static str = "an array";

    fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowArrayVisitor(on_mismatch, PhantomData))
    }
}

struct RowArrayVisitor<T>(OnMismatch, PhantomData<T>);

impl<'de, T: Row> Visitor<'de> for RowArrayVisitor<T> {
    type Value = RowArray<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        loop {
            match seq.next_element_seed(OneRow(self.0, PhantomData)) {
                Ok(Some(row)) => rows.push(row),
                Ok(None) => return Ok(RowArray(rows)),
                Err(error) => return Err(at(format_args!("[{}]", rows.len()), &error)),
            }
        }
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(RowArray(Vec::new()))
    }

    refuse!("an array"; bool number text object);
}

/// Reads one row.
struct OneRow<T>(OnMismatch, PhantomData<T>);

impl<'de, T: Row> DeserializeSeed<'de> for OneRow<T> {
    type Value = RowResult<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RowResult<T>, D::Error> {
        Ok(match T::try_read(deserializer, self.0)? {
            // Rows with an empty number would all count as one row.
            Ok(row) if row.number().trim().is_empty() => Err(format!("{} is empty", T::NUMBER)),
            Ok(row) => Ok(row),
            Err(fault) => Err(fault.replace(&format!("{PATH_SEPARATOR}is missing"), " is missing")),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::TransferRecord;
    use crate::codec::value_ahead;
    use crate::pager::rows::Rows;

    #[test]
    fn a_list_that_appears_twice_hides_no_row() {
        let read = |json: &str| value_ahead::<Rows<TransferRecord>>(json).map(|(rows, _)| rows.list.len());
        assert_eq!(read(r#"{"list":[{"transfer_no":"1"}]}"#).unwrap(), 1);
        for json in [r#"{"list":[{"transfer_no":"1"}],"list":[]}"#, r#"{"list":null,"list":[]}"#] {
            assert!(read(json).unwrap_err().to_string().contains("twice"), "{json}");
        }
    }
}
