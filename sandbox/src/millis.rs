//! A duration in whole milliseconds, for serde.

use std::time::Duration;

use serde::{Deserialize as _, Deserializer, Serializer};

use crate::clock;

pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(clock::to_ms(*duration))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}
