//! The parameters of a call in one of its forms.

use uniffi_bindgen::interface::{DefaultValue, Type};

use super::types::{default, label};
use crate::Result;
use crate::patches::member;

/// The limit of most calls of a remote object.
const TIMEOUT: &str = "limits.timeout";

/// The deadline of the `ensure` calls, for the wait for a thread alone: the core knows the default.
const DEFAULT_DEADLINE: &str = "deadline ?? limits.ensureDeadline()";

/// Former labels of the parameters of constructors.
const FORMER: [(&str, &str); 1] = [("appID", "appId")];

/// A parameter of a call.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The label and name in Swift.
    pub name: String,
    /// The label, when it is another than the name.
    pub former: Option<&'static str>,
    /// Whether a caller leaves the label out.
    pub positional: bool,
    /// The type.
    pub label: String,
    pub default: Option<String>,
    pub doc: Option<String>,
}

/// The parameters of a form, and what they become for UniFFI's class.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    pub parameters: Vec<Parameter>,
    pub arguments: Vec<String>,
}

impl Signature {
    pub fn declared(&self) -> String {
        let declared = self.parameters.iter().map(|one| {
            let default = one.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
            let label = match one.former {
                _ if one.name == "window" => "in ".to_owned(),
                Some(former) => format!("{former} "),
                None => if one.positional { "_ " } else { "" }.to_owned(),
            };
            format!("{label}{}: {}{default}", one.name, one.label)
        });
        declared.collect::<Vec<_>>().join(", ")
    }

    /// The limit of a call that waits for a thread.
    pub fn limit(&self) -> String {
        if self.parameters.iter().any(|one| one.name == "deadline") {
            DEFAULT_DEADLINE.into()
        } else if self.parameters.iter().any(|one| one.label == "EnsureOptions") {
            format!("options.{DEFAULT_DEADLINE}")
        } else {
            TIMEOUT.into()
        }
    }

    /// The form with one argument in place of the ends of a window, when it has them.
    pub fn with_window(&self) -> Option<Self> {
        let [start, end, ..] = &self.parameters[..] else { return None };
        if start.name != "start" || end.name != "end" {
            return None;
        }
        let window = Parameter {
            name: "window".into(),
            former: None,
            positional: false,
            label: "some WindowConvertible".into(),
            default: None,
            doc: Some("The window, both ends included, such as `.last(days: 30)` or a range of dates.".into()),
        };
        let ends = |argument: &String| {
            argument
                .replace("start: start.windowBound", "start: window.window.start")
                .replace("end: end.windowBound", "end: window.window.end")
        };
        Some(Self {
            parameters: std::iter::once(window).chain(self.parameters.iter().skip(2).cloned()).collect(),
            arguments: self.arguments.iter().map(ends).collect(),
        })
    }

    /// The former form, in which every argument has a label, when one has none now.
    pub fn with_all_labels(&self) -> Option<Self> {
        let labelled =
            self.parameters.iter().map(|one| Parameter { positional: false, ..one.clone() }).collect::<Vec<_>>();
        let changed = self.parameters.iter().any(|one| one.positional);
        changed.then(|| Self { parameters: labelled, arguments: self.arguments.clone() })
    }

    /// With the former labels, when one has changed: it must be given, so that a call without it has one meaning.
    pub fn with_former_labels(&self) -> Option<Self> {
        let former = |name: &str| FORMER.iter().find(|(now, _)| *now == name).map(|(_, former)| *former);
        let parameters = self.parameters.iter().map(|one| match former(&one.name) {
            Some(label) => Parameter { former: Some(label), default: None, ..one.clone() },
            None => one.clone(),
        });
        let parameters: Vec<_> = parameters.collect();
        let changed = parameters.iter().any(|one| one.former.is_some());
        changed.then(|| Self { parameters, arguments: self.arguments.clone() })
    }

    pub fn labels(&self) -> String {
        self.parameters.iter().map(|one| if one.positional { "_:".into() } else { format!("{}:", one.name) }).collect()
    }
}

impl Parameter {
    pub fn new(name: &str, of: &Type, value: Option<&DefaultValue>, doc: Option<&str>) -> Result<Self> {
        let page = match name {
            "page" => Some("0".to_owned()),
            "size" => Some("100".to_owned()),
            _ => None,
        };
        Ok(Self {
            name: member(name),
            former: None,
            positional: false,
            label: label(of)?,
            default: value.map(|value| default(value, of)).transpose()?.or(page),
            doc: doc.map(str::to_owned),
        })
    }

    /// With the type that a caller of Swift would rather pass.
    pub fn convenient(self) -> Self {
        let label = match self.label.as_str() {
            "WindowBound" => "some WindowBoundConvertible".into(),
            "WindowBound?" => "(any WindowBoundConvertible)?".into(),
            _ => self.label,
        };
        Self { label, ..self }
    }

    /// The parameter of the convenient type as an argument of UniFFI's.
    pub fn passed(&self, of: &Type) -> String {
        let name = &self.name;
        match self.label.as_str() {
            "WindowBound" => format!("{name}.windowBound"),
            "WindowBound?" => format!("{name}?.windowBound"),
            "Duration" | "Duration?" => format!("try checked(\"{name}\", {name})"),
            _ => match of {
                Type::Object { imp, .. } if !imp.has_callback_interface() => format!("{name}.ffi"),
                Type::Optional { inner_type } if matches!(&**inner_type, Type::Object { imp, .. } if !imp.has_callback_interface()) =>
                {
                    format!("{name}?.ffi")
                }
                _ => name.clone(),
            },
        }
    }
}
