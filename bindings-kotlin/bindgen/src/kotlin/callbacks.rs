//! Kotlin that Rust calls: there a buffer still is a JNA structure.

pub fn amended(kotlin: &str) -> Result<String, String> {
    let mut text = String::with_capacity(kotlin.len());
    for line in kotlin.lines() {
        let Some((before, signature)) = line.split_once("fun callback(") else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let (arguments, after) = signature.split_once(')').ok_or_else(|| format!("a callback's line is {line:?}"))?;
        let mut plain = String::new();
        text.push_str(before);
        text.push_str("fun callback(");
        for argument in arguments.split_terminator(',') {
            let (name, of) = argument.split_once(": ").ok_or_else(|| format!("a callback takes {argument:?}"))?;
            if let Some(class) = of.strip_suffix(".ByValue").filter(|class| class.starts_with("RustBuffer")) {
                text.push_str(&format!("{name}: {class}.Crossing.ByValue,"));
                plain.push_str(&format!("            val {name} = {name}.plain()\n"));
            } else if of.starts_with("RustBuffer") {
                text.push_str(&format!("{name}: {of}.Crossing,"));
            } else {
                text.push_str(&format!("{argument},"));
            }
        }
        text.push_str(&format!("){after}\n"));
        // An interface only declares it.
        if after.ends_with('{') {
            text.push_str(&plain);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::amended;

    #[test]
    fn a_callback_takes_structures_and_works_on_plain_buffers() {
        let declared =
            "    fun callback(`uniffiHandle`: Long,`key`: RustBufferKey.ByValue,`uniffiOutReturn`: RustBuffer,)\n";
        assert_eq!(
            amended(declared).unwrap(),
            "    fun callback(`uniffiHandle`: Long,`key`: RustBufferKey.Crossing.ByValue,`uniffiOutReturn`: RustBuffer.Crossing,)\n"
        );
        let written =
            "        override fun callback(`key`: RustBuffer.ByValue,uniffiCallStatus: UniffiRustCallStatus,) {\n";
        assert_eq!(
            amended(written).unwrap(),
            "        override fun callback(`key`: RustBuffer.Crossing.ByValue,uniffiCallStatus: UniffiRustCallStatus,) {
            val `key` = `key`.plain()
"
        );
        let other = "        override fun callback(handle: Long,): Long {\n";
        assert_eq!(amended(other).unwrap(), other);
    }

    #[test]
    fn code_of_another_form_is_refused() {
        assert!(amended("fun callback(").is_err());
        assert!(amended("fun callback(key)").is_err());
    }
}
