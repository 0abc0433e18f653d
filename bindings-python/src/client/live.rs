//! The part of a client that belongs to one process.

use std::sync::Arc;

use keysecure::Store;
use pyo3::prelude::*;

use crate::deprecated::deprecated;
use crate::errors::config;
use crate::settings::Settings;
use crate::stores::{OwnToken, Purpose, Setting};

/// The setting `store`, or its deprecated name `token_store`.
pub struct SharedStore {
    pub setting: Setting,
    tokens_only: bool,
}

impl SharedStore {
    pub fn of(store: Option<&Bound<'_, PyAny>>, token_store: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Self>> {
        match (store, token_store) {
            (Some(store), None) => {
                Ok(Some(Self { setting: Setting::of("store", store, Purpose::Client)?, tokens_only: false }))
            }
            (None, Some(store)) => {
                let py = store.py();
                deprecated(py, c"token_store is deprecated: use store, which the ensure_* calls need too")?;
                Ok(Some(Self { setting: Setting::of("token_store", store, Purpose::Client)?, tokens_only: true }))
            }
            (Some(store), Some(_)) => Err(config(store.py(), "token_store is the old name of store: give one of them")),
            (None, None) => Ok(None),
        }
    }

    /// The store as this process uses it.
    fn here(&self, py: Python<'_>) -> PyResult<Store> {
        let store = self.setting.here(py)?;
        if !self.tokens_only {
            return Ok(store);
        }
        Ok(store.token_store().map_or_else(Store::new, |tokens| Store::new().tokens(tokens)))
    }
}

/// The part that belongs to one process.
#[derive(Clone)]
pub struct Live {
    pub client: keysecure::Client,
    /// The client's token, unless a store shares it.
    pub token: Arc<OwnToken>,
}

impl Live {
    pub fn start(py: Python<'_>, settings: &Settings, store: Option<&SharedStore>, token: OwnToken) -> PyResult<Self> {
        let token = Arc::new(token);
        let store = store.map_or_else(|| Ok(Store::new()), |store| store.here(py))?;
        let store = if store.token_store().is_some() { store } else { store.tokens(token.clone()) };
        Ok(Self { client: settings.build(store)?, token })
    }
}
