//! UniFFI's Kotlin, with calls that cost half.
//!
//! Each crossing makes a JNA `Structure` for the status of the call: memory of its own, a cleaner, and fields read by
//! reflection, some ten microseconds. Here a status is a few bytes that the thread keeps, and a structure is made only
//! for a call that failed. Remove this when UniFFI's JNI backend is out of its trial (uniffi-rs#2911).

use std::path::Path;
use std::{fs, io};

/// What is replaced: the text, how often it stands there (`None`: at least once), and what stands there instead.
const CHANGES: [(&str, Option<usize>, &str); 4] = [
    ("uniffi_out_err: UniffiRustCallStatus", None, "uniffi_out_err: Pointer"),
    ("callback: (UniffiRustCallStatus) -> U", Some(2), "callback: (Pointer) -> U"),
    (
        "    var status = UniffiRustCallStatus()
    val return_value = callback(status)
    uniffiCheckCallStatus(errorHandler, status)
    return return_value
}
",
        Some(1),
        CALL,
    ),
    ("internal const val UNIFFI_CALL_SUCCESS", Some(1), STATUSES),
];

/// A call, with a status of the thread's.
const CALL: &str = "    val statuses = UniffiStatuses.ofThread.get()
    val status = statuses.take()
    try {
        val return_value = callback(status)
        if (status.getByte(0) != UNIFFI_CALL_SUCCESS) {
            uniffiCheckCallStatus(errorHandler, statuses.whole(status))
        }
        return return_value
    } finally {
        statuses.give(status)
    }
}
";

const STATUSES: &str = "// Statuses of calls, kept by the thread. More than one is in use when foreign code is called back and calls again.
internal class UniffiStatuses {
    private val free = ArrayList<com.sun.jna.Memory>()

    fun take(): com.sun.jna.Memory {
        val status = if (free.isEmpty()) com.sun.jna.Memory(SIZE) else free.removeAt(free.size - 1)
        status.setByte(0, 0)
        return status
    }

    fun give(status: com.sun.jna.Memory) {
        free.add(status)
    }

    // The structure of a status that says more than success.
    fun whole(status: com.sun.jna.Memory): UniffiRustCallStatus {
        val whole = UniffiRustCallStatus()
        whole.pointer.write(0, status.getByteArray(0, SIZE.toInt()), 0, SIZE.toInt())
        whole.read()
        return whole
    }

    companion object {
        private val SIZE = UniffiRustCallStatus().size().toLong()
        val ofThread: ThreadLocal<UniffiStatuses> = ThreadLocal.withInitial(::UniffiStatuses)
    }
}

internal const val UNIFFI_CALL_SUCCESS";

/// Amends every Kotlin file below a folder. Code that has another form than expected is an error, not left as it is.
pub fn amend(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            amend(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "kt") {
            let text = amended(&fs::read_to_string(&path)?).map_err(io::Error::other)?;
            fs::write(&path, text)?;
        }
    }
    Ok(())
}

fn amended(kotlin: &str) -> Result<String, String> {
    let mut text = kotlin.to_owned();
    for (old, count, new) in CHANGES {
        let found = text.matches(old).count();
        if found == 0 || count.is_some_and(|count| count != found) {
            return Err(format!("the generated Kotlin has changed: {found} times {old:?}"));
        }
        text = text.replace(old, new);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{CHANGES, amended};

    #[test]
    fn code_of_another_form_is_refused() {
        let known: String = CHANGES.iter().map(|(old, count, _)| old.repeat(count.unwrap_or(3))).collect();
        let amended_once = amended(&known).unwrap();
        assert!(amended_once.contains("statuses.take()") && !amended_once.contains("(UniffiRustCallStatus) -> U"));
        assert!(amended(&amended_once).is_err());
        assert!(amended("").is_err());
    }
}
