//! Conversion of Python values, by type. The names of the arguments are in `arguments.rs`.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

use keysecure::{
    AesSettings, CardStatus, CardType, CipherMode, ConsumptionType, Cvv, Date, Decimal, Environment, Error, Extra,
    FeeType, Json, KeyScheme, Language, Method, OnStoreFailure, Pin, Secret, TransferType, WindowBound, is_date,
    is_datetime,
};
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDelta, PyFloat, PyString, PyType};

use crate::errors::{config, invalid_input};
use crate::json::to_json;

/// Why a value is refused. It holds nothing of the value.
pub enum Mismatch {
    /// The rule that the value breaks, such as `must be a str`.
    Rule(&'static str),
    /// The same, for a rule that names the type of the value, a field or a failure.
    RuleForType(String),
    /// An exception that names the argument already, or that is not about the value.
    Raised(PyErr),
}

impl Mismatch {
    /// The exception for an argument of a call.
    pub fn of_argument(self, py: Python<'_>, name: &str) -> PyErr {
        match self {
            Self::Rule(rule) => invalid_input(py, name, rule),
            Self::RuleForType(rule) => invalid_input(py, name, &rule),
            Self::Raised(raised) => raised,
        }
    }

    /// The exception for a setting of an object.
    pub fn of_setting(self, py: Python<'_>, name: &str) -> PyErr {
        match self {
            Self::Rule(rule) => config(py, &format!("{name} {rule}")),
            Self::RuleForType(rule) => config(py, &format!("{name} {rule}")),
            Self::Raised(raised) => raised,
        }
    }
}

impl Mismatch {
    /// A rule, followed by the type of the value.
    fn got(rule: &str, value: &Bound<'_, PyAny>) -> Self {
        let name = value.get_type().fully_qualified_name().map(|name| name.to_string());
        Self::RuleForType(format!("{rule}; got {}", name.as_deref().unwrap_or("another type")))
    }

    /// A rule that replaces the exception that a method of the value raised. Ctrl-C stays what it is.
    pub fn instead_of(raised: PyErr, py: Python<'_>, rule: &'static str) -> Self {
        if raised.is_instance_of::<PyException>(py) { Self::Rule(rule) } else { Self::Raised(raised) }
    }
}

impl From<PyErr> for Mismatch {
    fn from(raised: PyErr) -> Self {
        Self::Raised(raised)
    }
}

impl From<Error> for Mismatch {
    fn from(error: Error) -> Self {
        Self::Raised(error.into())
    }
}

/// A type that arguments are converted to.
pub trait FromArgument: Sized {
    /// Converts a value; `name` is the argument's.
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch>;
}

/// Converts an argument whose name is known at run time only.
pub fn read<T: FromArgument>(name: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
    T::read(name, value).map_err(|mismatch| mismatch.of_argument(value.py(), name))
}

/// The same, with `None` for a value that is left out.
pub fn read_optional<T: FromArgument>(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<T>> {
    value.filter(|value| !value.is_none()).map(|value| read(name, value)).transpose()
}

/// Text. Identifiers are text too: an int would lose leading zeros.
impl FromArgument for String {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        let Ok(text) = value.cast::<PyString>() else {
            let is_number = !value.is_instance_of::<PyBool>() && as_int(value)?.is_some();
            let rule = if is_number && may_begin_with_zero(name) {
                "must be a str: an int would lose leading zeros"
            } else {
                "must be a str"
            };
            return Err(Mismatch::got(rule, value));
        };
        text.to_str().map(str::to_owned).map_err(|_| Mismatch::Rule("must be valid Unicode"))
    }
}

/// Whether the text of this argument may begin with zeros: an identifier, or other digits.
fn may_begin_with_zero(name: &str) -> bool {
    name.ends_with("_no") || matches!(name, "cvv" | "pin" | "phone" | "phone_code" | "postal_code" | "merchant_mcc")
}

/// Types that are converted from text.
macro_rules! from_text {
    ($($type:ty: $convert:expr),+ $(,)?) => {
        $(
            impl FromArgument for $type {
                fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
                    let convert: fn(String) -> Result<Self, Error> = $convert;
                    Ok(convert(String::read(name, value)?)?)
                }
            }
        )+
    };
}

// In Python a value of an open enum is its text.
from_text! {
    CardStatus: |text| Ok(text.into()),
    CardType: |text| Ok(text.into()),
    ConsumptionType: |text| Ok(text.into()),
    FeeType: |text| Ok(text.into()),
    TransferType: |text| Ok(text.into()),
    Secret: |text| Ok(text.into()),
    Cvv: |text| Cvv::new(text),
    Pin: |text| Pin::new(text),
    Environment: |text| Environment::from_str(&text),
    Language: |text| Language::from_str(&text),
}

impl FromArgument for OnStoreFailure {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        match String::read(name, value)?.as_str() {
            "reject" => Ok(Self::Reject),
            "accept" => Ok(Self::Accept),
            _ => Err(Mismatch::Rule("must be reject or accept")),
        }
    }
}

impl FromArgument for Method {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        match String::read(name, value)?.as_str() {
            "GET" => Ok(Self::Get),
            "POST" => Ok(Self::Post),
            _ => Err(Mismatch::Rule("must be GET or POST")),
        }
    }
}

/// A scheme such as `md5hex`, or with a mode behind it, `md5hex/cbc`.
impl FromArgument for AesSettings {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        let text = String::read(name, value)?;
        let (scheme, mode) = text.split_once('/').unwrap_or((&text, "ecb"));
        let scheme = KeyScheme::ALL.into_iter().find(|known| known.as_str() == scheme);
        let mode = [CipherMode::Ecb, CipherMode::Cbc].into_iter().find(|known| known.as_str() == mode);
        let (Some(scheme), Some(mode)) = (scheme, mode) else {
            return Err(Mismatch::Rule(
                "must be one of utf8, hex, base64, md5, md5hex, sha256, sha1prng, with /cbc behind it for CBC",
            ));
        };
        Ok(Self { scheme, mode })
    }
}

const NOT_EXACT: &str = "must be a decimal number of at most 28 digits";

/// Money: a `Decimal`, an int or text such as `"25.00"`. A float is refused, because it is not exact.
impl FromArgument for Decimal {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        if value.is_instance_of::<PyBool>() {
            return Err(Mismatch::Rule("must be a Decimal, an int or a str, not a bool"));
        }
        if !value.is_instance_of::<PyString>() && !is_decimal(value)? {
            let Some(whole) = as_int(value)? else {
                return Err(if is_float(value) {
                    Mismatch::Rule("must be a Decimal, an int or a str; a float is not exact")
                } else {
                    Mismatch::got("must be a Decimal, an int or a str", value)
                });
            };
            let whole: i128 = whole.extract().map_err(|_| Mismatch::Rule(NOT_EXACT))?;
            return Self::try_from_i128_with_scale(whole, 0).map_err(|_| Mismatch::Rule(NOT_EXACT));
        }
        let text = value.str()?;
        text.to_str().ok().and_then(keysecure::parse_decimal).ok_or(Mismatch::Rule(NOT_EXACT))
    }
}

/// Whether a value is Python's `Decimal`.
pub fn is_decimal(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    value.is_instance(DECIMAL.import(value.py(), "decimal", "Decimal")?)
}

/// The int of a value, also of a whole number of another library (anything with `__index__`).
pub fn as_int<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static INDEX: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    let index = INDEX.get_or_try_init(py, || PyResult::Ok(py.import("operator")?.getattr("index")?.unbind()))?;
    match index.bind(py).call1((value,)) {
        Ok(whole) => Ok(Some(whole)),
        Err(raised) if raised.is_instance_of::<PyTypeError>(py) => Ok(None),
        Err(raised) => Err(raised),
    }
}

/// Whether a value is a float, also of another library (anything with `__float__`).
pub fn is_float(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyFloat>() || value.hasattr(intern!(value.py(), "__float__")).unwrap_or(false)
}

const OUT_OF_RANGE: &str = "must be in the years 1970 to 9999";

/// One end of a window: an aware `datetime`, or a `date` for a whole day.
impl FromArgument for WindowBound {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        if is_datetime(value)? {
            return SystemTime::read(name, value).map(Self::from);
        }
        if !is_date(value)? {
            return Err(Mismatch::got("must be a datetime with a time zone, or a date", value));
        }
        let part = |name: &str| value.getattr(name);
        let date = Date::new(part("year")?.extract()?, part("month")?.extract()?, part("day")?.extract()?);
        date.map(Self::from).map_err(|_| Mismatch::Rule(OUT_OF_RANGE))
    }
}

/// An instant: an aware `datetime`.
impl FromArgument for SystemTime {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        if !is_datetime(value)? {
            return Err(Mismatch::got("must be a datetime with a time zone", value));
        }
        // pandas.NaT is a datetime too.
        let offset = value.call_method0(intern!(value.py(), "utcoffset"));
        let none = "must be a point in time: its utcoffset() raises an exception, as that of pandas.NaT does";
        if offset.map_err(|raised| Mismatch::instead_of(raised, value.py(), none))?.is_none() {
            return Err(Mismatch::Rule("must have a time zone: a naive datetime could mean any of them"));
        }
        value.extract().map_err(|_| Mismatch::Rule(OUT_OF_RANGE))
    }
}

/// A count, such as the number of a page or its size.
impl FromArgument for u32 {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        const RULE: &str = "must be a whole number, zero or more";
        if value.is_instance_of::<PyBool>() {
            return Err(Mismatch::Rule(RULE));
        }
        value.extract().map_err(|_| Mismatch::Rule(RULE))
    }
}

fn seconds(value: &Bound<'_, PyAny>) -> Option<Duration> {
    if value.is_instance_of::<PyBool>() {
        return None;
    }
    Duration::try_from_secs_f64(value.extract().ok()?).ok()
}

/// A number of seconds, zero or more.
impl FromArgument for Duration {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        seconds(value).ok_or(Mismatch::Rule("must be a number of seconds, zero or more"))
    }
}

/// A number of seconds, more than zero.
#[derive(Clone, Copy)]
pub struct Positive(pub Duration);

impl FromArgument for Positive {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        let duration = seconds(value).filter(|duration| !duration.is_zero());
        duration.map(Self).ok_or(Mismatch::Rule("must be a number of seconds, longer than zero"))
    }
}

/// A number of seconds or a `timedelta`, zero or more.
pub struct Span(pub Duration);

impl FromArgument for Span {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        let span = if value.is_instance_of::<PyDelta>() { value.extract().ok() } else { seconds(value) };
        span.map(Self).ok_or(Mismatch::Rule("must be a number of seconds or a timedelta, zero or more"))
    }
}

/// JSON-like values.
impl FromArgument for Json {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        Ok(to_json(name, value)?)
    }
}

/// Further fields of a body: a dict of JSON-like values.
impl FromArgument for Extra {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        let json = to_json(name, value)?;
        Self::from_json(json.as_str()).map_err(|_| Mismatch::Rule("must be a dict"))
    }
}

/// Certificates in PEM form: bytes, a text with `-----BEGIN`, or else the path of a file, which is read at once.
pub struct Pem(pub String);

impl Pem {
    /// Reads the file of a path. The error is a rule, such as `is no PEM text, and no file can be read at that path`.
    fn from_file(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path)
            .map_err(|error| format!("is no PEM text, and no file can be read at that path: {}", error.kind()))?;
        Ok(Self::from_bytes(&bytes))
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into_owned())
    }

    /// A text: PEM, or the path of a file.
    pub fn from_text(text: &str) -> Result<Self, String> {
        if text.contains("-----BEGIN") { Ok(Self(text.to_owned())) } else { Self::from_file(Path::new(text)) }
    }
}

impl FromArgument for Pem {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Self::from_bytes(bytes.as_bytes()));
        }
        let text = value.cast::<PyString>().ok().and_then(|text| text.to_str().ok());
        let read = match text {
            Some(text) => Self::from_text(text),
            // A path object, or a path with bytes that are no Unicode.
            None => match value.extract::<PathBuf>() {
                Ok(path) => Self::from_file(&path),
                Err(raised) if raised.is_instance_of::<PyTypeError>(value.py()) => {
                    return Err(Mismatch::got("must be PEM text, bytes or the path of a file", value));
                }
                Err(raised) => return Err(raised.into()),
            },
        };
        read.map_err(Mismatch::RuleForType)
    }
}

/// Host names: an iterable of text, but not text itself, which is iterable too.
pub struct Hosts(pub Vec<String>);

impl FromArgument for Hosts {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        texts(name, value, "must be a list of host names").map(Self)
    }
}

/// Names of grants: an iterable of text, but not text itself, which would be read letter by letter.
pub struct GrantNames(pub Vec<String>);

impl FromArgument for GrantNames {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        texts(name, value, "must be a list of names of operations").map(Self)
    }
}

fn texts(name: &str, value: &Bound<'_, PyAny>, rule: &'static str) -> Result<Vec<String>, Mismatch> {
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(Mismatch::Rule(rule));
    }
    let values = value.try_iter().map_err(|_| Mismatch::Rule(rule))?;
    values.map(|value| String::read(name, &value?)).collect()
}

/// Secrets: text, or an iterable of text.
pub struct Secrets(pub Vec<String>);

impl FromArgument for Secrets {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        if value.is_instance_of::<PyString>() {
            return Ok(Self(vec![String::read(name, value)?]));
        }
        let secrets = value.try_iter().map_err(|_| Mismatch::Rule("must be a str or an iterable of str"))?;
        secrets.map(|secret| String::read(name, &secret?)).collect::<Result<_, _>>().map(Self)
    }
}
