//! The interface of the library as UniFFI's metadata describes it.

use heck::ToSnakeCase as _;
use uniffi_bindgen::bindings::GenerateOptions;
use uniffi_bindgen::interface::{AsType, Callable as _, Enum, Function, Object, Record, Type};
use uniffi_bindgen::{BindgenLoader, BindgenPaths, ComponentInterface, GlobalConfig};

use crate::Result;

/// The crate of the records and enums.
const CORE: &str = "keysecure";

/// The object from which all calls start.
const CLIENT: &str = "Client";

/// The variant of an open enum for a text that this version does not know.
const UNKNOWN: &str = "Unknown";

/// The method of the pages of a lazy list.
const NEXT_PAGE: &str = "next_page";

/// The method of a model that writes it.
const TO_JSON: &str = "to_json";

/// The field of a model for the fields of the response that this version does not know.
const EXTRA: &str = "extra";

/// Interfaces that the package implements, not its users.
pub const INTERNAL_INTERFACES: [&str; 4] = ["Decider", "InterruptPoll", "LocalZone", "WarningSink"];

/// All crates of the library together: their types share one name space.
#[derive(Debug)]
pub struct Interface {
    components: Vec<ComponentInterface>,
}

impl Interface {
    /// Reads the metadata of the library that `options` names.
    pub fn load(options: &GenerateOptions) -> Result<Self> {
        let loader = BindgenLoader::new(BindgenPaths::default(), GlobalConfig::default());
        let metadata = loader.load_metadata(&options.source)?;
        Ok(Self::from_components(loader.load_cis(metadata)?))
    }

    fn from_components(mut components: Vec<ComponentInterface>) -> Self {
        components.sort_by(|one, other| one.crate_name().cmp(other.crate_name()));
        Self { components }
    }

    /// An interface that is written down in UniFFI's definition language.
    #[cfg(test)]
    pub fn from_udl(udl: &str) -> Self {
        Self::from_components(vec![ComponentInterface::from_webidl(udl, "keysecure").unwrap()])
    }

    /// All records, by name.
    pub fn records(&self) -> Vec<&Record> {
        let mut records: Vec<_> = self.components.iter().flat_map(ComponentInterface::record_definitions).collect();
        records.sort_by(|one, other| one.name().cmp(other.name()));
        records
    }

    /// The record of this name.
    pub fn record(&self, name: &str) -> Option<&Record> {
        self.components.iter().find_map(|component| component.get_record_definition(name))
    }

    /// The enum of this name.
    pub fn enumeration(&self, name: &str) -> Option<&Enum> {
        self.components.iter().find_map(|component| component.get_enum_definition(name))
    }

    /// All enums, errors among them, by name.
    pub fn enums(&self) -> Vec<&Enum> {
        let mut enums: Vec<_> = self.components.iter().flat_map(ComponentInterface::enum_definitions).collect();
        enums.sort_by(|one, other| one.name().cmp(other.name()));
        enums
    }

    /// The enums that calls throw.
    pub fn errors(&self) -> Vec<&Enum> {
        let is_error = |name: &str| self.components.iter().any(|component| component.is_name_used_as_error(name));
        self.enums().into_iter().filter(|one| is_error(one.name())).collect()
    }

    /// The enums that keep an unknown text, each with the function that makes it from a text. Without that function the
    /// languages could not make it, so its absence is an error.
    pub fn open_enums(&self) -> Result<Vec<(&Enum, String)>> {
        let open = self.enums().into_iter().filter(|one| is_open(one));
        open.map(|one| {
            let function = format!("{}_from_text", one.name().to_snake_case());
            let has_function = |component: &ComponentInterface| component.get_function_definition(&function).is_some();
            if self.components.iter().any(has_function) {
                Ok((one, function))
            } else {
                Err(format!("the open enum {} has no function `{function}`", one.name()).into())
            }
        })
        .collect()
    }

    /// The function that reads a model from JSON. A record is a model if it keeps unknown fields; without its function
    /// the languages could not read it, so its absence is an error.
    pub fn reader_of(&self, record: &Record) -> Result<Option<String>> {
        let function = format!("{}_from_json", record.name().to_snake_case());
        let has_function = |component: &ComponentInterface| component.get_function_definition(&function).is_some();
        let is_model = record.methods().iter().any(|method| method.name() == TO_JSON)
            && record.fields().iter().any(|field| field.name() == EXTRA);
        match (self.components.iter().any(has_function), is_model) {
            (true, _) => Ok(Some(function)),
            (false, true) => Err(format!("the model {} has no function `{function}`", record.name()).into()),
            (false, false) => Ok(None),
        }
    }

    /// The objects that are classes in the languages, by name. Interfaces for foreign code are none.
    pub fn objects(&self) -> Vec<&Object> {
        let all = self.components.iter().flat_map(ComponentInterface::object_definitions);
        let mut objects: Vec<_> = all.filter(|object| !object.has_callback_interface()).collect();
        objects.sort_by(|one, other| one.name().cmp(other.name()));
        objects
    }

    /// The functions of the library.
    pub fn functions(&self) -> Vec<&Function> {
        self.components.iter().flat_map(ComponentInterface::function_definitions).collect()
    }

    /// Whether an object is the pages of a lazy list.
    pub fn is_pages(object: &Object) -> bool {
        object.methods().iter().any(|method| method.name() == NEXT_PAGE)
    }

    /// Whether a type is an object that the client hands out: calls of one kind.
    pub fn is_resource(&self, of: Option<&Type>) -> bool {
        let Some(Type::Object { name, .. }) = of else { return false };
        self.objects().into_iter().any(|object| object.name() == name && self.is_remote(object))
    }

    /// Whether a type of a parameter or field stays inside the package: interfaces and records that only the layer over
    /// UniFFI's code uses.
    pub fn is_internal(&self, of: &Type) -> bool {
        match of {
            Type::Record { name, .. } => self.internal_records().contains(name),
            Type::Object { name, .. } | Type::CallbackInterface { name, .. } => INTERNAL_INTERFACES.contains(&&**name),
            _ => false,
        }
    }

    /// Whether a record is one of the core, which has no secret fields that are not a type of their own.
    pub fn is_of_core(&self, record: &Record) -> bool {
        let core = self.components.iter().find(|component| component.crate_name() == CORE);
        core.is_some_and(|core| core.get_record_definition(record.name()).is_some())
    }

    /// Whether callers of Swift see a record.
    pub fn is_public(&self, record: &Record) -> bool {
        !self.internal_records().iter().any(|name| name == record.name())
    }

    /// Whether a record is the request of a call.
    pub fn is_argument(&self, record: &Record) -> bool {
        let methods = self.objects().into_iter().flat_map(Object::methods);
        let mut arguments = methods.flat_map(|method| method.arguments()).map(AsType::as_type);
        arguments.any(|of| matches!(of, Type::Record { name, .. } if name == record.name()))
    }

    /// Whether a record has amounts, also in the rows of a list.
    pub fn has_amounts(&self, record: &Record) -> bool {
        record.fields().iter().any(|field| match field.as_type() {
            Type::Optional { inner_type } => is_amount(&inner_type),
            Type::Sequence { inner_type } => match &*inner_type {
                Type::Record { name, .. } => self.record(name).is_some_and(|row| self.has_amounts(row)),
                _ => false,
            },
            of => is_amount(&of),
        })
    }

    /// The records that are rows of lists, by name.
    pub fn rows(&self) -> Vec<&Record> {
        let pages = self.objects().into_iter().flat_map(Object::methods).filter(|method| method.name() == NEXT_PAGE);
        let mut rows: Vec<_> = pages
            .filter_map(|method| match method.return_type() {
                Some(Type::Sequence { inner_type }) => match &**inner_type {
                    Type::Record { name, .. } => self.record(name),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        rows.sort_by(|one, other| one.name().cmp(other.name()));
        rows
    }

    /// The records whose fields are arguments in Swift, and those that hold an object.
    pub fn internal_records(&self) -> Vec<String> {
        let holds_object = |record: &&Record| {
            record.fields().iter().any(|field| match field.as_type() {
                Type::Optional { inner_type } => matches!(*inner_type, Type::Object { .. }),
                of => matches!(of, Type::Object { .. }),
            })
        };
        let mut names: Vec<_> =
            self.records().into_iter().filter(holds_object).map(|record| record.name().to_owned()).collect();
        for method in self.objects().into_iter().flat_map(Object::methods) {
            for argument in method.arguments() {
                if let Type::Record { name, .. } = argument.as_type()
                    && ["query", "filter"].contains(&argument.name())
                {
                    names.push(name);
                }
            }
        }
        names.push("ErrorDetails".into());
        names.sort();
        names.dedup();
        names
    }

    /// The type of the rows, when a type is the pages of a lazy list.
    pub fn row_of_pages(&self, of: &Type) -> Option<&Type> {
        let Type::Object { name, .. } = of else { return None };
        let object = self.components.iter().find_map(|component| component.get_object_definition(name))?;
        let method = object.methods().into_iter().find(|method| method.name() == NEXT_PAGE)?;
        match method.return_type() {
            Some(Type::Sequence { inner_type }) => Some(inner_type),
            _ => None,
        }
    }

    /// Whether the calls of an object go to the platform: the client's do, and those of the resources that it hands out.
    pub fn is_remote(&self, object: &Object) -> bool {
        let handed_out = |client: &&Object| {
            client.methods().iter().any(|method| {
                let resource = matches!(method.return_type(), Some(Type::Object { name, .. }) if name == object.name());
                resource && method.arguments().is_empty() && !method.throws()
            })
        };
        object.name() == CLIENT
            || self.objects().into_iter().filter(|one| one.name() == CLIENT).any(|client| handed_out(&client))
    }
}

/// Whether a type is an amount of money or another exact decimal.
pub fn is_amount(of: &Type) -> bool {
    matches!(of, Type::Custom { name, .. } if name == "Decimal")
}

fn is_open(one: &Enum) -> bool {
    let unknown = one.variants().iter().find(|variant| variant.name() == UNKNOWN);
    unknown.is_some_and(|variant| matches!(variant.fields(), [field] if field.as_type() == Type::String))
}

#[cfg(test)]
mod tests {
    use uniffi_bindgen::interface::Object;

    use super::Interface;

    const UDL: &str = r#"
        namespace keysecure { CardStatus card_status_from_text(string text); };
        [Enum] interface CardStatus { Frozen(); Unknown(string raw); };
        enum Outcome { "NotSent" };
        dictionary Card { string card_no; };
        interface Client { Cards cards(); AccessToken access_token([ByRef] string key); };
        interface Cards { Card get(string card_no); };
        interface AccessToken { };
    "#;

    #[test]
    fn open_enums_keep_an_unknown_text() {
        let interface = Interface::from_udl(UDL);
        let open = interface.open_enums().unwrap();
        let names: Vec<_> = open.iter().map(|(one, function)| (one.name(), function.as_str())).collect();
        assert_eq!(names, [("CardStatus", "card_status_from_text")]);
    }

    #[test]
    fn an_open_enum_without_its_function_is_an_error() {
        let udl = UDL.replace("CardStatus card_status_from_text(string text);", "");
        let error = Interface::from_udl(&udl).open_enums().unwrap_err().to_string();
        assert_eq!(error, "the open enum CardStatus has no function `card_status_from_text`");
    }

    #[test]
    fn remote_objects_are_the_client_and_its_resources() {
        let interface = Interface::from_udl(UDL);
        let remote: Vec<_> =
            interface.objects().into_iter().filter(|object| interface.is_remote(object)).map(Object::name).collect();
        assert_eq!(remote, ["Cards", "Client"]);
    }
}
