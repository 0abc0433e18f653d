//! The tables of functions through which Rust calls Kotlin and Swift.

/// Checks when the crate is compiled that a table has its functions in the order in which Kotlin and Swift write them.
///
/// They write it as C lays it out: the functions that free and clone a handle, then the methods as the trait declares them.
/// `UniFFI` 0.32 makes a Rust structure of it without `#[repr(C)]`, of which the compiler may choose any order. Another
/// order than this one would call the wrong function.
///
/// Not reported upstream yet.
#[doc(hidden)]
#[macro_export]
macro_rules! in_c_order {
    ($table:ident: $($method:ident),+) => {
        const _: () = {
            use std::mem::offset_of;

            let offsets = [
                offset_of!($table, uniffi_free),
                offset_of!($table, uniffi_clone),
                $(offset_of!($table, $method)),+
            ];
            let mut index = 0;
            while index < offsets.len() {
                assert!(offsets[index] == index * size_of::<usize>());
                index += 1;
            }
            assert!(size_of::<$table>() == offsets.len() * size_of::<usize>());
        };
    };
}

pub(crate) use in_c_order;
