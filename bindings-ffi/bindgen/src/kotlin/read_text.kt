        val len = buf.getInt()
        val start = buf.position()
        // Not as a `ByteBuffer`: that has such a method of its own since Java 9 only.
        (buf as java.nio.Buffer).position(start + len)
        return String(buf.array(), buf.arrayOffset() + start, len, Charsets.UTF_8)
    }
