//! Kotlin that Rust calls: there a buffer still is a JNA structure.

use crate::Result;

pub fn patched(kotlin: &str) -> Result<String> {
    let mut lines = Vec::new();
    for line in kotlin.lines() {
        match line.split_once("fun callback(") {
            Some((before, signature)) => lines.extend(callback(before, signature)?),
            None => lines.push(line.to_owned()),
        }
    }
    Ok(lines.join("\n") + "\n")
}

/// The signature and, where a body follows it, the plain buffers that the body works on.
fn callback(before: &str, signature: &str) -> Result<Vec<String>> {
    let (arguments, after) =
        signature.split_once(')').ok_or_else(|| format!("unexpected start of a foreign method: {signature:?}"))?;
    let mut taken = Vec::new();
    let mut plain = Vec::new();
    for argument in arguments.split_terminator(',') {
        let (name, of) = argument
            .split_once(": ")
            .ok_or_else(|| format!("unexpected argument of a foreign method: {argument:?}"))?;
        if let Some(class) = of.strip_suffix(".ByValue").filter(|class| class.starts_with("RustBuffer")) {
            taken.push(format!("{name}: {class}.Crossing.ByValue,"));
            plain.push(format!("            val {name} = {name}.plain()"));
        } else if of.starts_with("RustBuffer") {
            taken.push(format!("{name}: {of}.Crossing,"));
        } else {
            taken.push(format!("{argument},"));
        }
    }
    let mut lines = vec![format!("{before}fun callback({}){after}", taken.concat())];
    if after.ends_with('{') {
        lines.append(&mut plain);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::patched;

    #[test]
    fn a_callback_takes_structures_and_works_on_plain_buffers() {
        let declared =
            "    fun callback(`uniffiHandle`: Long,`key`: RustBufferKey.ByValue,`uniffiOutReturn`: RustBuffer,)\n";
        assert_eq!(
            patched(declared).unwrap(),
            "    fun callback(`uniffiHandle`: Long,`key`: RustBufferKey.Crossing.ByValue,`uniffiOutReturn`: RustBuffer.Crossing,)\n"
        );
        let written =
            "        override fun callback(`key`: RustBuffer.ByValue,uniffiCallStatus: UniffiRustCallStatus,) {\n";
        assert_eq!(
            patched(written).unwrap(),
            "        override fun callback(`key`: RustBuffer.Crossing.ByValue,uniffiCallStatus: UniffiRustCallStatus,) {
            val `key` = `key`.plain()
"
        );
        let other = "        override fun callback(handle: Long,): Long {\n";
        assert_eq!(patched(other).unwrap(), other);
    }

    #[test]
    fn code_of_another_form_is_refused() {
        assert!(patched("fun callback(").is_err());
        assert!(patched("fun callback(key)").is_err());
    }
}
