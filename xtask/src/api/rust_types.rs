//! Types, generics and signatures in the JSON of `rustdoc`, as Rust writes them. Of paths only the last name stays: the rest depends
//! on the imports of the source.

use serde_json::Value;

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The elements of an array; none of what is no array.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// An identifier, which is a number or text.
pub fn id(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A function, constant, macro or alias with its path.
pub fn value(kind: &str, inner: &Value, path: &str) -> String {
    match kind {
        "function" => function(inner, path),
        "constant" | "assoc_const" | "static" => format!("const {path}: {}", ty(&inner["type"])),
        "assoc_type" => format!("type {path}{}", colon(&inner["bounds"])),
        "type_alias" => format!("type {path}{} = {}", generics(&inner["generics"]), ty(&inner["type"])),
        "macro" | "proc_macro" => format!("macro {path}!"),
        other => format!("{other} {path}"),
    }
}

fn function(inner: &Value, path: &str) -> String {
    let header = &inner["header"];
    let word = |name: &str, word| if header[name] == true { word } else { "" };
    let words = [word("is_const", "const "), word("is_async", "async "), word("is_unsafe", "unsafe ")].concat();
    let inputs: Vec<_> = list(&inner["sig"]["inputs"]).iter().map(parameter).collect();
    let output = &inner["sig"]["output"];
    let output = if output.is_null() { String::new() } else { format!(" -> {}", ty(output)) };
    let of = &inner["generics"];
    format!("{words}fn {path}{}({}){output}{}", generics(of), inputs.join(", "), predicates(of))
}

fn parameter(pair: &Value) -> String {
    let (name, of) = (text(&pair[0]), ty(&pair[1]));
    if name != "self" {
        return format!("{name}: {of}");
    }
    match of.as_str() {
        "Self" => "self".into(),
        "&Self" => "&self".into(),
        "&mut Self" => "&mut self".into(),
        other => format!("self: {other}"),
    }
}

/// A type.
pub fn ty(value: &Value) -> String {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return if value == "infer" { "_".into() } else { value.to_string() };
    };
    match kind.as_str() {
        "resolved_path" => path(inner),
        "generic" | "primitive" => text(inner),
        "tuple" => format!("({})", joined(inner, ", ", ty)),
        "slice" => format!("[{}]", ty(inner)),
        "array" => format!("[{}; {}]", ty(&inner["type"]), text(&inner["len"])),
        "impl_trait" => format!("impl {}", bounds(inner)),
        "dyn_trait" => {
            let lifetime = inner["lifetime"].as_str().map_or(String::new(), |name| format!(" + {name}"));
            format!("dyn {}{lifetime}", joined(&inner["traits"], " + ", |one| path(&one["trait"])))
        }
        "borrowed_ref" => {
            let lifetime = inner["lifetime"].as_str().map_or(String::new(), |name| format!("{name} "));
            format!("&{lifetime}{}{}", if inner["is_mutable"] == true { "mut " } else { "" }, ty(&inner["type"]))
        }
        "raw_pointer" => {
            format!("*{} {}", if inner["is_mutable"] == true { "mut" } else { "const" }, ty(&inner["type"]))
        }
        "qualified_path" => {
            let of = if inner["trait"].is_null() { String::new() } else { format!(" as {}", path(&inner["trait"])) };
            format!("<{}{of}>::{}{}", ty(&inner["self_type"]), text(&inner["name"]), arguments(&inner["args"]))
        }
        "function_pointer" => {
            let output = &inner["sig"]["output"];
            let output = if output.is_null() { String::new() } else { format!(" -> {}", ty(output)) };
            format!("fn({}){output}", joined(&inner["sig"]["inputs"], ", ", |pair| ty(&pair[1])))
        }
        other => format!("{other}?"),
    }
}

/// A type or a trait with its arguments.
pub fn path(value: &Value) -> String {
    // Older versions call it `name`.
    let whole = value["path"].as_str().or_else(|| value["name"].as_str()).unwrap_or_default();
    let name = whole.rsplit("::").next().unwrap_or_default();
    format!("{name}{}", arguments(&value["args"]))
}

fn arguments(value: &Value) -> String {
    let inside = &value["angle_bracketed"];
    if !inside.is_null() {
        let constraint = |one: &Value| {
            let binding = &one["binding"];
            let equal = &binding["equality"]["type"];
            let what = if equal.is_null() { colon(&binding["constraint"]) } else { format!(" = {}", ty(equal)) };
            format!("{}{what}", text(&one["name"]))
        };
        let plain = list(&inside["args"]).iter().map(argument);
        let all: Vec<_> = plain.chain(list(&inside["constraints"]).iter().map(constraint)).collect();
        return if all.is_empty() { String::new() } else { format!("<{}>", all.join(", ")) };
    }
    let call = &value["parenthesized"];
    if call.is_null() {
        return String::new();
    }
    let output = if call["output"].is_null() { String::new() } else { format!(" -> {}", ty(&call["output"])) };
    format!("({}){output}", joined(&call["inputs"], ", ", ty))
}

fn argument(value: &Value) -> String {
    if let Some(lifetime) = value["lifetime"].as_str() {
        return lifetime.to_owned();
    }
    let constant = &value["const"];
    if constant.is_null() { ty(&value["type"]) } else { text(&constant["expr"]) }
}

/// The parameters of an item, without those that `impl Trait` stands for.
pub fn generics(value: &Value) -> String {
    let parameters = list(&value["params"]).iter().filter_map(|one| {
        let (name, kind) = (text(&one["name"]), &one["kind"]);
        if kind["type"]["is_synthetic"] == true {
            return None;
        }
        let constant = &kind["const"];
        Some(if constant.is_null() {
            format!("{name}{}", colon(&kind["type"]["bounds"]))
        } else {
            format!("const {name}: {}", ty(&constant["type"]))
        })
    });
    let parameters: Vec<_> = parameters.collect();
    if parameters.is_empty() { String::new() } else { format!("<{}>", parameters.join(", ")) }
}

/// The `where` of an item.
pub fn predicates(value: &Value) -> String {
    let all: Vec<_> = list(&value["where_predicates"])
        .iter()
        .filter_map(|one| {
            let bound = &one["bound_predicate"];
            (!bound.is_null()).then(|| format!("{}{}", ty(&bound["type"]), colon(&bound["bounds"])))
        })
        .collect();
    if all.is_empty() { String::new() } else { format!(" where {}", all.join(", ")) }
}

/// Bounds behind a colon, if there are any.
pub fn colon(value: &Value) -> String {
    let bounds = bounds(value);
    if bounds.is_empty() { bounds } else { format!(": {bounds}") }
}

fn bounds(value: &Value) -> String {
    let bound = |one: &Value| {
        let of = &one["trait_bound"];
        if of.is_null() {
            return one["outlives"].as_str().map_or_else(|| "use<..>".to_owned(), str::to_owned);
        }
        let maybe = if of["modifier"] == "maybe" { "?" } else { "" };
        format!("{maybe}{}", path(&of["trait"]))
    };
    joined(value, " + ", bound)
}

fn joined(value: &Value, between: &str, one: impl Fn(&Value) -> String) -> String {
    list(value).iter().map(one).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{generics, ty};

    #[test]
    fn types_are_written_as_rust_writes_them() {
        let option = json!({"resolved_path": {"path": "std::option::Option", "args": {"angle_bracketed": {
            "args": [{"type": {"borrowed_ref": {"lifetime": "'a", "is_mutable": true, "type": {"primitive": "u8"}}}}],
            "constraints": []}}}});
        assert_eq!(ty(&option), "Option<&'a mut u8>");
        let call = json!({"impl_trait": [{"trait_bound": {"modifier": "none", "trait": {"path": "Fn", "args":
            {"parenthesized": {"inputs": [{"generic": "T"}], "output": {"tuple": []}}}}}}, {"outlives": "'static"}]});
        assert_eq!(ty(&call), "impl Fn(T) -> () + 'static");
        let iterator = json!({"dyn_trait": {"lifetime": null, "traits": [{"trait": {"path": "Iterator", "args": {"angle_bracketed":
            {"args": [], "constraints": [{"name": "Item", "binding": {"equality": {"type": {"slice": {"primitive": "u8"}}}}}]}}}}]}});
        assert_eq!(ty(&iterator), "dyn Iterator<Item = [u8]>");
    }

    #[test]
    fn parameters_that_stand_for_impl_trait_are_left_out() {
        let value = json!({"params": [
            {"name": "'a", "kind": {"lifetime": {"outlives": []}}},
            {"name": "T", "kind": {"type": {"is_synthetic": false, "bounds": [{"trait_bound": {"modifier": "maybe",
                "trait": {"path": "Sized", "args": null}}}]}}},
            {"name": "impl Fn()", "kind": {"type": {"is_synthetic": true, "bounds": []}}},
        ]});
        assert_eq!(generics(&value), "<'a, T: ?Sized>");
    }
}
