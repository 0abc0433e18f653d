//! The library's functions: each is called by its second form, which takes two pointers, to its arguments and to its result.

use crate::Result;

/// The end of the arguments of every function that can fail.
const STATUS: &str = "uniffi_out_err: UniffiRustCallStatus, ";

/// Stands in `call.kt` for the most elements that the arguments of one function take.
const MOST_ARGUMENTS: &str = "UNIFFI_MOST_ARGUMENTS";

pub fn patched(kotlin: &str) -> Result<String> {
    let mut written = Vec::new();
    let mut most = 0;
    let mut lines = kotlin.lines();
    while let Some(line) = lines.next() {
        let Some((name, arguments)) = line.strip_prefix("    external fun ").and_then(|rest| rest.split_once('('))
        else {
            written.push(line.to_owned());
            continue;
        };
        let end = lines.next().unwrap_or_default();
        let result = end.strip_prefix("    ): ").ok_or_else(|| format!("{name} ends with {end:?}"))?;
        match form(name, arguments) {
            Form::Unused => {}
            Form::AsItIs => written.extend([line.to_owned(), end.to_owned()]),
            Form::Bare(arguments) => written.push(bare(name, arguments, result)?),
            Form::Through(symbol, arguments) => {
                let (function, elements) = through(name, &symbol, arguments, result)?;
                most = most.max(elements);
                written.push(function);
            }
        }
    }
    let text = written.join("\n") + "\n";
    if most == 0 || text.matches(MOST_ARGUMENTS).count() != 1 {
        return Err("the generated Kotlin has changed: no functions".into());
    }
    Ok(text.replace(MOST_ARGUMENTS, &most.to_string()))
}

/// How a function is called. Arguments are those before the status.
enum Form<'a> {
    /// By nobody: it is for asynchronous functions, of which there are none, or another way to make a buffer.
    Unused,
    /// It cannot fail and is called once.
    AsItIs,
    /// It has no second form, and needs none: numbers only.
    Bare(&'a str),
    /// By its second form, of this name.
    Through(String, &'a str),
}

fn form<'a>(name: &str, arguments: &'a str) -> Form<'a> {
    let arguments = arguments.strip_suffix(STATUS);
    if name.starts_with("ffi_") {
        // Those for buffers are the same for every crate: see `buffers.rs` of the library.
        return match arguments {
            Some(arguments) if name.ends_with("_rustbuffer_alloc") => {
                Form::Through("keysecure_ffibuffer_rustbuffer_alloc".into(), arguments)
            }
            Some(arguments) if name.ends_with("_rustbuffer_free") => {
                Form::Through("keysecure_ffibuffer_rustbuffer_free".into(), arguments)
            }
            None if name.ends_with("_contract_version") => Form::AsItIs,
            _ => Form::Unused,
        };
    }
    match arguments {
        None => Form::AsItIs,
        Some(arguments) if name.contains("_fn_clone_") || name.contains("_fn_free_") => Form::Bare(arguments),
        Some(arguments) => Form::Through(name.replacen("uniffi_", "uniffi_ffibuffer_", 1), arguments),
    }
}

fn bare(name: &str, arguments: &str, result: &str) -> Result<String> {
    let names: Vec<&str> = names_and_types(arguments)?.into_iter().map(|(argument, _)| argument).collect();
    let names = names.join(", ");
    Ok(format!(
        "    fun {name}({arguments}uniffi_out_err: UniffiCall): {result} = {name}({names}, uniffi_out_err.status())
    private external fun {name}({arguments}uniffi_out_err: Pointer): {result}"
    ))
}

/// The function, and how many elements its arguments take.
fn through(name: &str, symbol: &str, arguments: &str, result: &str) -> Result<(String, usize)> {
    let unknown = |of: &str| format!("{name} has a {of}, which is not known how to pass");
    let mut elements = Vec::new();
    for (argument, of) in names_and_types(arguments)? {
        match of {
            "Byte" | "Int" | "Long" => elements.push(argument.to_owned()),
            _ if is_buffer(of) => {
                elements.extend(["capacity", "len", "data"].map(|field| format!("{argument}.{field}")));
            }
            _ => return Err(unknown(of).into()),
        }
    }
    let added = match elements.as_slice() {
        [] => String::new(),
        elements => format!("        uniffi_out_err.add({})\n", elements.join(").add(")),
    };
    // A result ends where element 3, the status, begins: see `call.kt`.
    let (length, given) = match result {
        "Unit" => (0, String::new()),
        "Byte" => (1, "        return uniffi_out_err.byte(2)\n".into()),
        "Int" => (1, "        return uniffi_out_err.int(2)\n".into()),
        "Long" => (1, "        return uniffi_out_err.long(2)\n".into()),
        _ if is_buffer(result) => (
            3,
            format!(
                "        return {result}().also {{
            it.capacity = uniffi_out_err.long(0)
            it.len = uniffi_out_err.long(1)
            it.data = uniffi_out_err.pointer(2)
        }}
"
            ),
        ),
        _ => return Err(unknown(result).into()),
    };
    let function = format!(
        "    fun {name}({arguments}uniffi_out_err: UniffiCall): {result} {{
{added}        {symbol}(uniffi_out_err.arguments, uniffi_out_err.result({length}))
{given}    }}
    private external fun {symbol}(arguments: Pointer, result: Pointer)"
    );
    Ok((function, elements.len()))
}

fn is_buffer(of: &str) -> bool {
    of.starts_with("RustBuffer") && of.ends_with(".ByValue")
}

/// Of `` `page`: Int,`size`: Int, ``.
fn names_and_types(arguments: &str) -> Result<Vec<(&str, &str)>> {
    arguments
        .split_terminator(',')
        .map(|argument| argument.split_once(": ").ok_or_else(|| format!("a function takes {argument:?}").into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::patched;

    /// Generated code with this function, and with the place for the number of arguments.
    fn code(function: &str, result: &str) -> String {
        format!("UNIFFI_MOST_ARGUMENTS\n    external fun {function}\n    ): {result}\n")
    }

    #[test]
    fn a_function_is_called_through_memory() {
        let patched = patched(&code(
            "uniffi_a_fn_method_cards_page(`ptr`: Long,`query`: RustBufferQuery.ByValue,`page`: Int,uniffi_out_err: UniffiRustCallStatus, ",
            "RustBufferPage.ByValue",
        ))
        .unwrap();
        assert_eq!(
            patched,
            "5
    fun uniffi_a_fn_method_cards_page(`ptr`: Long,`query`: RustBufferQuery.ByValue,`page`: Int,uniffi_out_err: UniffiCall): RustBufferPage.ByValue {
        uniffi_out_err.add(`ptr`).add(`query`.capacity).add(`query`.len).add(`query`.data).add(`page`)
        uniffi_ffibuffer_a_fn_method_cards_page(uniffi_out_err.arguments, uniffi_out_err.result(3))
        return RustBufferPage.ByValue().also {
            it.capacity = uniffi_out_err.long(0)
            it.len = uniffi_out_err.long(1)
            it.data = uniffi_out_err.pointer(2)
        }
    }
    private external fun uniffi_ffibuffer_a_fn_method_cards_page(arguments: Pointer, result: Pointer)
"
        );
    }

    #[test]
    fn what_cannot_fail_and_what_takes_only_a_handle_keeps_its_form() {
        let used = code("uniffi_a_fn_method_b(`ptr`: Long,uniffi_out_err: UniffiRustCallStatus, ", "Unit");
        let kept = "    external fun uniffi_a_checksum_method_b(\n    ): Int\n";
        assert!(patched(&format!("{used}{kept}")).unwrap().ends_with(kept));
        let clone =
            "    external fun uniffi_a_fn_clone_b(`handle`: Long,uniffi_out_err: UniffiRustCallStatus, \n    ): Long\n";
        assert!(patched(&format!("{used}{clone}")).unwrap().ends_with(
            "    fun uniffi_a_fn_clone_b(`handle`: Long,uniffi_out_err: UniffiCall): Long = uniffi_a_fn_clone_b(`handle`, uniffi_out_err.status())
    private external fun uniffi_a_fn_clone_b(`handle`: Long,uniffi_out_err: Pointer): Long
"
        ));
    }

    #[test]
    fn what_nobody_calls_goes() {
        let used = code("uniffi_a_fn_method_b(`ptr`: Long,uniffi_out_err: UniffiRustCallStatus, ", "Unit");
        let unused = "    external fun ffi_a_rust_future_complete_u8(`handle`: Long,uniffi_out_err: UniffiRustCallStatus, \n    ): Byte\n";
        assert!(!patched(&format!("{used}{unused}")).unwrap().contains("future"));
    }

    #[test]
    fn code_of_another_form_is_refused() {
        let status = "uniffi_out_err: UniffiRustCallStatus, ";
        assert!(patched("").is_err());
        assert!(patched(&code(&format!("uniffi_a_fn_b(`x`: Double,{status}"), "Unit")).is_err());
        assert!(patched(&code(&format!("uniffi_a_fn_b(`x`,{status}"), "Unit")).is_err());
        assert!(patched(&code(&format!("uniffi_a_fn_b({status}"), "Short")).is_err());
        assert!(patched(&code(&format!("uniffi_a_fn_b(`x`: Int,{status}"), "Unit").replace("    ): ", "): ")).is_err());
    }
}
