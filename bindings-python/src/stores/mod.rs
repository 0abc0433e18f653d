//! What the workers of a fleet share: access tokens, the record of attempts, and webhooks that were accepted.

mod classes;
mod own;
mod own_token;
mod setting;

pub use classes::{FileStore, MemoryReplayStore, MemoryStore, MemoryTokenStore, RedisStore};
pub use own::check_raised;
pub use own_token::OwnToken;
pub use setting::{Setting, Use};
