//! Open enums with their text as a property, as an enum for `switch`, and with functions that Java can call.
//!
//! UniFFI has no configuration for any of it; not asked for upstream.

use std::fmt::Write as _;

use heck::{ToLowerCamelCase as _, ToShoutySnakeCase as _, ToUpperCamelCase as _};
use uniffi_bindgen::interface::Enum;

use super::{MODEL_PACKAGE, is_of_objects, replace};
use crate::interface::Interface;
use crate::{Result, documentation};

/// The end of a sealed class.
const END: &str = "\n    companion object\n}";

pub fn patch(kotlin: &str, interface: &Interface) -> Result<String> {
    if is_of_objects(kotlin) {
        return Ok(kotlin.to_owned());
    }
    let mut text = replace(kotlin, 1, MODEL_PACKAGE, MODEL_PACKAGE)?;
    for (one, function) in interface.open_enums()? {
        let name = one.name().to_upper_camel_case();
        let missing = || format!("UniFFI generates another class {name}");
        let start = text.find(&format!("sealed class {name} {{")).ok_or_else(missing)?;
        let end = start + text[start..].find(END).ok_or_else(missing)? + END.len();
        let class = class(one, &name, &function, &text[start..end])?;
        text.replace_range(start..end, &class);
    }
    Ok(serializable(&text))
}

/// Makes the other sealed classes serializable, as records are. Errors have a parent.
fn serializable(kotlin: &str) -> String {
    let mut text = String::with_capacity(kotlin.len());
    for line in kotlin.split_inclusive('\n') {
        match line.strip_prefix("sealed class ").and_then(|rest| rest.strip_suffix(" {\n")) {
            Some(name) if !name.contains(':') => {
                let _ = writeln!(text, "sealed class {name} : java.io.Serializable {{");
            }
            _ => text.push_str(line),
        }
    }
    text
}

fn class(one: &Enum, name: &str, function: &str, generated: &str) -> Result<String> {
    let (mut known, mut branches, mut values, mut makers) =
        (String::new(), String::new(), String::new(), String::new());
    let mut class = generated.replacen(" {", " : OpenEnum {", 1);
    for variant in one.variants() {
        let (object, constant) = (variant.name().to_upper_camel_case(), variant.name().to_shouty_snake_case());
        let doc = documentation::lines(variant.docstring().unwrap_or_default()).join(" ");
        let _ = write!(known, "\n        /** {doc} */\n        {constant},\n");
        let _ = writeln!(branches, "            is {object} -> Known.{constant}");
        if variant.has_fields() {
            continue;
        }
        let line = format!("    object {object} : {name}()\n");
        let resolved =
            format!("    object {object} : {name}() {{\n        private fun readResolve(): Any = {object}\n    }}\n");
        class = replace(&class, 1, &line, &resolved)?;
        let maker = variant.name().to_lower_camel_case();
        let _ =
            write!(makers, "\n        /** {doc} */\n        @JvmStatic\n        fun `{maker}`(): {name} = {object}\n");
        let _ = write!(values, "{}{object}", if values.is_empty() { "" } else { ", " });
    }
    let function = function.to_lower_camel_case();
    let additions = format!(
        "
    /** This value as an enum, for `switch` in Java. */
    val known: Known get() = when (this) {{
{branches}    }}

    @Transient
    private var text: kotlin.String? = null

    /** The platform's text. */
    override val value: kotlin.String
        get() = if (this is Unknown) raw else text ?: io.keysecure.call {{ toString() }}.also {{ text = it }}

    /** The values that this version knows, and one for all others. */
    enum class Known {{{known}    }}

    companion object {{
        /** Returns the value of the platform's text; `Unknown` when this version does not know it. */
        @JvmStatic
        fun of(text: kotlin.String): {name} = io.keysecure.call {{ io.keysecure.internal.ffi.{function}(text) }}

        /** Like [of]. Jackson, JAX-RS and Spring look for a function of this name. */
        @JvmStatic
        fun valueOf(text: kotlin.String): {name} = of(text)

        /** Returns the values that this version knows. */
        @JvmStatic
        fun values(): List<{name}> = listOf({values})
{makers}    }}
}}"
    );
    replace(&class, 1, END, &additions)
}
