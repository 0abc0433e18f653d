//! A thread of the library that calls Kotlin is a daemon thread of the JVM while it does.
//!
//! JNA attaches such a thread as one that keeps the JVM alive: at its end, a program would wait for a decision that hangs. JNA
//! looks for an initializer only when it makes the pointer to a function, which is before other code can set one.

use crate::Result;
use crate::interface::Interface;

const TABLE: &str = "    internal var vtable = UniffiVTable";
const END: &str = "    )";
const REGISTER: &str = "    internal fun register(lib: UniffiLib) {";

pub fn patch(kotlin: &str, _: &Interface) -> Result<String> {
    let (mut lines, mut methods, mut is_table) = (Vec::new(), Vec::new(), false);
    for line in kotlin.lines() {
        lines.push(line.to_owned());
        if line.starts_with(TABLE) {
            (methods, is_table) = (Vec::new(), true);
        } else if line == END {
            is_table = false;
        } else if is_table {
            methods.push(line.trim());
        } else if line == REGISTER {
            if methods.is_empty() {
                return Err("UniffiLib gets functions of no table".into());
            }
            lines.push(format!(
                "        for (method in listOf<Callback>({})) {{",
                methods.join(" ").trim_end_matches(',')
            ));
            lines.push(
                "            Native.setCallbackThreadInitializer(method, com.sun.jna.CallbackThreadInitializer(true, true, \"keysecure\"))"
                    .to_owned(),
            );
            lines.push("        }".to_owned());
        }
    }
    // A file without interfaces that Kotlin implements has no tables.
    if kotlin.matches("internal fun register(").count() != kotlin.matches(REGISTER).count()
        || !kotlin.contains("UniffiHandleMap")
    {
        return Err("the functions that Kotlin gives to Rust have another form".into());
    }
    Ok(lines.join("\n") + "\n")
}
