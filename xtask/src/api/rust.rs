//! The public items of a crate, from the JSON of `rustdoc`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::rust_types::{self as types, text};
use crate::run;

/// The published crates, with the features that their documentation has.
const CRATES: [(&str, &str); 2] = [("keysecure", "redis"), ("keysecure-sandbox", "")];

/// The interface of both crates, one item a line. `None` after a failure, which is printed.
pub fn read() -> Option<String> {
    let rustdoc = wrapper()?;
    let mut all = String::new();
    for (name, features) in CRATES {
        let mut cargo = run::cargo(&format!("rustdoc --locked --lib -p {name} --features"));
        cargo.arg(features).args("-- -Zunstable-options --output-format json".split_whitespace());
        if !run::passes(cargo.env("RUSTDOC", &rustdoc)) {
            return None;
        }
        let file = run::target_dir().join("doc").join(format!("{}.json", name.replace('-', "_")));
        let json = fs::read_to_string(&file).map_err(|error| eprintln!("{}: {error}", file.display())).ok()?;
        let json: Value = serde_json::from_str(&json).map_err(|error| eprintln!("{}: {error}", file.display())).ok()?;
        for line in lines(&json) {
            all.push_str(&line);
            all.push('\n');
        }
    }
    Some(all)
}

/// A `rustdoc` that may write JSON, which is not stable. The variable is for it alone: build scripts that see it compile
/// their crates again.
fn wrapper() -> Option<PathBuf> {
    let file = run::target_dir().join("rustdoc-json.sh");
    let written = fs::write(&file, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n");
    #[cfg(unix)]
    let written = written.and_then(|()| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))
    });
    written.map_err(|error| eprintln!("{}: {error}", file.display())).ok()?;
    Some(file)
}

/// The items of a crate, sorted.
fn lines(json: &Value) -> BTreeSet<String> {
    let mut reader = Reader { index: &json["index"], lines: BTreeSet::new(), open: Vec::new() };
    let root = &json["root"];
    let name = text(&reader.item(root)["name"]);
    reader.module(root, &name);
    reader.lines
}

struct Reader<'a> {
    index: &'a Value,
    lines: BTreeSet<String>,
    /// The modules around the item, so that one that exports its parent is not read for ever.
    open: Vec<String>,
}

impl<'a> Reader<'a> {
    fn item(&self, id: &Value) -> &'a Value {
        &self.index[types::id(id)]
    }

    fn add(&mut self, line: String) {
        self.lines.insert(line);
    }

    fn module(&mut self, id: &Value, path: &str) {
        let key = types::id(id);
        if self.open.contains(&key) {
            return;
        }
        self.open.push(key);
        for child in types::list(&self.item(id)["inner"]["module"]["items"]) {
            self.exported(child, path);
        }
        self.open.pop();
    }

    /// An item of a module or of an enum that is exported as a whole.
    fn exported(&mut self, id: &Value, parent: &str) {
        let item = self.item(id);
        let exported = &item["inner"]["use"];
        if exported.is_null() {
            self.named(id, parent, &text(&item["name"]));
        } else if exported["is_glob"] == true {
            let target = &exported["id"];
            for child in types::list(&self.item(target)["inner"]["module"]["items"]) {
                self.exported(child, parent);
            }
        } else if self.item(&exported["id"]).is_null() {
            // Of another crate.
            self.add(format!("pub use {parent}::{} = {}", text(&exported["name"]), text(&exported["source"])));
        } else {
            self.named(&exported["id"], parent, &text(&exported["name"]));
        }
    }

    fn named(&mut self, id: &Value, parent: &str, name: &str) {
        let item = self.item(id);
        let path = format!("{parent}::{name}");
        let Some((kind, inner)) = item["inner"].as_object().and_then(|inner| inner.iter().next()) else { return };
        let hidden = types::list(&item["attrs"]).iter().any(|attribute| attribute.to_string().contains("doc(hidden)"));
        if hidden {
            return;
        }
        let generics = types::generics(&inner["generics"]);
        let bounds = types::predicates(&inner["generics"]);
        match kind.as_str() {
            "module" => {
                self.add(format!("pub mod {path}"));
                self.module(id, &path);
            }
            "struct" | "union" => {
                self.add(format!("pub {kind} {path}{generics}{bounds}{}", closed(&inner["kind"], item)));
                self.fields(&inner["kind"], &path);
                self.impls(&inner["impls"], &path);
            }
            "enum" => {
                self.add(format!("pub enum {path}{generics}{bounds}{}", closed(&Value::Null, item)));
                for variant in types::list(&inner["variants"]) {
                    let variant = self.item(variant);
                    let path = format!("{path}::{}", text(&variant["name"]));
                    let kind = &variant["inner"]["variant"]["kind"];
                    self.add(format!("pub variant {path}{}", closed(&Value::Null, variant)));
                    self.fields(kind, &path);
                }
                self.impls(&inner["impls"], &path);
            }
            "trait" => {
                self.add(format!("pub trait {path}{generics}{}{bounds}", types::colon(&inner["bounds"])));
                for child in types::list(&inner["items"]) {
                    self.member(child, &path);
                }
                // Of types of other crates: those of our own types are beside them.
                self.foreign_impls(&inner["implementations"], &path);
            }
            _ => self.add(format!("pub {}", types::value(kind, inner, &path))),
        }
    }

    /// The fields of a struct or a variant.
    fn fields(&mut self, kind: &Value, path: &str) {
        let plain = [&kind["plain"]["fields"], &kind["struct"]["fields"], &kind["tuple"]];
        for field in plain.into_iter().flat_map(types::list) {
            let field = self.item(field);
            if !field.is_null() {
                let name = text(&field["name"]);
                self.add(format!("pub field {path}::{name}: {}", types::ty(&field["inner"]["struct_field"])));
            }
        }
    }

    fn impls(&mut self, ids: &Value, path: &str) {
        for id in types::list(ids) {
            let one = &self.item(id)["inner"]["impl"];
            // What a compiler or another crate implements for every type is not this type's own.
            if !one["blanket_impl"].is_null() || one["is_synthetic"] == true || one.is_null() {
                continue;
            }
            if one["trait"].is_null() {
                for member in types::list(&one["items"]) {
                    self.member(member, path);
                }
            } else {
                let not = if one["is_negative"] == true { "!" } else { "" };
                let of = types::path(&one["trait"]);
                // A mark of the compiler for types that may be constants in a pattern.
                if of == "StructuralPartialEq" {
                    continue;
                }
                self.add(format!("impl {not}{of} for {}  // {path}", types::ty(&one["for"])));
            }
        }
    }

    fn foreign_impls(&mut self, ids: &Value, path: &str) {
        for id in types::list(ids) {
            let one = &self.item(id)["inner"]["impl"];
            let target = &one["for"]["resolved_path"]["id"];
            if !one.is_null() && (target.is_null() || self.item(target).is_null()) {
                self.add(format!("impl {} for {}  // {path}", types::path(&one["trait"]), types::ty(&one["for"])));
            }
        }
    }

    /// A method, constant or type of a trait or an `impl`.
    fn member(&mut self, id: &Value, path: &str) {
        let item = self.item(id);
        let Some((kind, inner)) = item["inner"].as_object().and_then(|inner| inner.iter().next()) else { return };
        let provided = if inner["has_body"] == false { "  // required" } else { "" };
        let path = format!("{path}::{}", text(&item["name"]));
        self.add(format!("pub {}{provided}", types::value(kind, inner, &path)));
    }
}

/// Says that code outside the crate can neither build nor match an item completely.
fn closed(kind: &Value, item: &Value) -> &'static str {
    let is_open = types::list(&item["attrs"]).iter().any(|attribute| attribute.to_string().contains("non_exhaustive"));
    if is_open || kind["plain"]["has_stripped_fields"] == true { "  // non-exhaustive" } else { "" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::lines;

    #[test]
    fn exported_items_have_the_path_that_callers_write() {
        let json = json!({"root": 0, "index": {
            "0": {"name": "shop", "inner": {"module": {"items": [1, 5]}}},
            "1": {"name": null, "inner": {"use": {"name": "Card", "source": "cards::Card", "id": 2, "is_glob": false}}},
            "2": {"name": "Card", "attrs": ["#[non_exhaustive]"], "inner": {"struct": {
                "kind": {"plain": {"fields": [3], "has_stripped_fields": false}}, "generics": {"params": [], "where_predicates": []},
                "impls": [4, 6]}}},
            "3": {"name": "number", "inner": {"struct_field": {"resolved_path": {"path": "String", "args": null}}}},
            "4": {"name": null, "inner": {"impl": {"trait": {"path": "Debug", "args": null}, "blanket_impl": null,
                "is_synthetic": false, "for": {"resolved_path": {"path": "Card", "args": null}}, "items": []}}},
            "5": {"name": null, "inner": {"use": {"name": "Decimal", "source": "decimal::Decimal", "id": 99, "is_glob": false}}},
            "6": {"name": null, "inner": {"impl": {"trait": null, "blanket_impl": null, "is_synthetic": false, "items": [7]}}},
            "7": {"name": "get", "inner": {"function": {"has_body": true, "generics": {"params": [], "where_predicates": []},
                "header": {"is_const": false, "is_unsafe": false, "is_async": false},
                "sig": {"inputs": [["self", {"borrowed_ref": {"lifetime": null, "is_mutable": false, "type": {"generic": "Self"}}}]],
                    "output": {"borrowed_ref": {"lifetime": null, "is_mutable": false, "type": {"primitive": "str"}}}}}}},
        }});
        let expected = [
            "impl Debug for Card  // shop::Card",
            "pub field shop::Card::number: String",
            "pub fn shop::Card::get(&self) -> &str",
            "pub struct shop::Card  // non-exhaustive",
            "pub use shop::Decimal = decimal::Decimal",
        ];
        assert!(lines(&json).iter().eq(&expected), "{:?}", lines(&json));
    }
}
