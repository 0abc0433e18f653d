        val len = buf.getInt()
        val start = buf.position()
        buf.position(start + len)
        return String(buf.array(), buf.arrayOffset() + start, len, Charsets.UTF_8)
    }
