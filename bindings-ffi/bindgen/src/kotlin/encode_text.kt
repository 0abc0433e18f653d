        // Without surrogates nothing can be wrong, and this is the quick way.
        if (value.none { it.isSurrogate() }) {
            return ByteBuffer.wrap(value.toByteArray(Charsets.UTF_8))
        }
        // Make sure we don't have invalid UTF-16, check for lone surrogates.
        return Charsets.UTF_8.newEncoder().run {
