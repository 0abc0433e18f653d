//! Stores, which the workers of a fleet share: access tokens, the record of attempts, and accepted webhooks.

mod classes;
mod own;
mod own_token;
mod setting;

pub use classes::{FileStore, MemoryReplayStore, MemoryStore, MemoryTokenStore, RedisStore};
pub use own_token::OwnToken;
pub use setting::{Purpose, Setting};
