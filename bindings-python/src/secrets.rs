//! Objects that hold a secret: they print masked and refuse to become a dict, JSON or a pickle.

use keysecure::python_time;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// Refuses a conversion, with the reason.
fn refuse<T>(class: &str, target: &str) -> PyResult<T> {
    Err(PyTypeError::new_err(format!(
        "{class} holds a secret and does not become {target}; expose the parts you need by name"
    )))
}

/// Declares the Python class of a core type that holds a secret, with the methods that all of them have.
macro_rules! secret_class {
    ($(#[$meta:meta])* $name:ident($core:ty) { $($methods:tt)* }) => {
        $(#[$meta])*
        #[pyclass(frozen, eq, module = "keysecure")]
        #[derive(PartialEq, Eq)]
        pub struct $name(pub $core);

        #[pymethods]
        impl $name {
            $($methods)*

            fn __repr__(&self) -> String {
                self.redacted()
            }

            /// Refused: a pickle would carry the secret.
            fn __reduce__(&self) -> PyResult<()> {
                refuse(stringify!($name), "a pickle or a copy")
            }

            /// Refused: a dict would carry the secret.
            #[pyo3(signature = (*, mode=None), text_signature = "($self, *, mode='python')")]
            fn to_dict(&self, mode: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
                let _ = mode;
                refuse(stringify!($name), "a dict")
            }

            /// Refused: pydantic would print and serialize the secret.
            #[classmethod]
            fn __get_pydantic_core_schema__(
                _: &Bound<'_, PyType>,
                _source: &Bound<'_, PyAny>,
                _handler: &Bound<'_, PyAny>,
            ) -> PyResult<()> {
                refuse(stringify!($name), "a field of pydantic or a response of FastAPI")
            }

            /// Refused: JSON would carry the secret.
            fn to_json(&self) -> PyResult<()> {
                refuse(stringify!($name), "JSON")
            }
        }
    };
}

impl CardSecrets {
    fn redacted(&self) -> String {
        let Self(card) = self;
        let (pan, year, month) = (card.masked_pan(), card.exp_year(), card.exp_month());
        format!("CardSecrets(card_no={:?}, masked_pan={pan:?}, exp_year={year:?}, exp_month={month:?})", card.card_no())
    }
}

impl ClientToken {
    fn redacted(&self) -> String {
        format!("ClientToken(expires_in={})", self.0.expires_in())
    }
}

impl AccessToken {
    fn redacted(&self) -> String {
        "AccessToken(***)".to_owned()
    }
}

secret_class! {
    /// The PAN, CVV and expiry of a card. The PAN prints masked, the CVV is hidden.
    CardSecrets(keysecure::CardSecrets) {
        /// The platform's number of the card (not its PAN).
        #[getter]
        fn card_no(&self) -> &str {
            self.0.card_no()
        }

        /// The merchant reference of the card.
        #[getter]
        fn card_unique_no(&self) -> Option<&str> {
            self.0.card_unique_no()
        }

        /// The PAN with at most its first six and last four digits.
        #[getter]
        fn masked_pan(&self) -> String {
            self.0.masked_pan()
        }

        /// The expiry month, two digits: `01` to `12`.
        #[getter]
        fn exp_month(&self) -> &str {
            self.0.exp_month()
        }

        /// The expiry year, four digits, such as `2028`.
        #[getter]
        fn exp_year(&self) -> &str {
            self.0.exp_year()
        }

        /// Returns the whole PAN. Keep the str out of logs and storage: Python does not wipe it from memory.
        fn expose_pan(&self) -> &str {
            self.0.expose_pan()
        }

        /// Returns the CVV, three digits. Keep the str out of logs and storage: Python does not wipe it from memory.
        fn expose_cvv(&self) -> &str {
            self.0.expose_cvv()
        }
    }
}

secret_class! {
    /// A token with which the hosted card page shows one card, once.
    ClientToken(keysecure::ClientToken) {
        /// Returns the token itself, for the hosted page.
        fn expose(&self) -> &str {
            self.0.expose()
        }

        /// The lifetime, in seconds.
        #[getter]
        fn expires_in(&self) -> i64 {
            self.0.expires_in()
        }
    }
}

secret_class! {
    /// An access token and its expiry.
    AccessToken(keysecure::AccessToken) {
        /// Returns the token itself.
        fn expose(&self) -> &str {
            self.0.expose()
        }

        /// The time at which the platform ends it.
        #[getter]
        fn expires_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            python_time(py, self.0.expires_at())
        }
    }
}
