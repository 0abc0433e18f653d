import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The forms without a library: every number and string of a nested value stays as the body writes it, only white space between the parts
 * is removed, and keys may be reordered. A sender that signs the text it sends produces these.
 */
final class Raw {
    /** Thrown for text that is not strict JSON; only its class counts. */
    static final class NotJson extends RuntimeException {}

    private final String text;
    private final Supplier<Map<String, String>> maps;
    private int at;

    private Raw(String text, Supplier<Map<String, String>> maps) {
        this.text = text;
        this.maps = maps;
    }

    static String canonical(String body, String appId, String timestamp, String order) {
        Supplier<Map<String, String>> maps = switch (order) {
            case "given" -> LinkedHashMap::new;
            case "hash" -> HashMap::new;
            default -> TreeMap::new;
        };
        String data = members(body, LinkedHashMap::new).get("data");
        if (data == null) {
            throw new NotJson();
        }
        Map<String, Object> values = new LinkedHashMap<>();
        members(data, maps).forEach((key, member) ->
            values.put(key, member.equals("null") ? null : member.startsWith("\"") ? unescaped(member) : new StringBuilder(member)));
        return Canonical.of(values, appId, timestamp, Object::toString);
    }

    /** The members of an object: unescaped key, compact text of the value; the last one of a name counts. */
    private static Map<String, String> members(String text, Supplier<Map<String, String>> maps) {
        Raw raw = new Raw(text, maps);
        Map<String, String> members = new LinkedHashMap<>();
        raw.expect('{');
        if (raw.peek() != '}') {
            do {
                String key = raw.string();
                raw.expect(':');
                members.put(unescaped(key), raw.value());
            } while (raw.comma());
        }
        raw.expect('}');
        return members;
    }

    private String value() {
        char first = peek();
        if (first == '"') {
            return string();
        }
        if (first == '[') {
            at++;
            StringBuilder out = new StringBuilder("[");
            if (peek() != ']') {
                do {
                    out.append(out.length() > 1 ? "," : "").append(value());
                } while (comma());
            }
            expect(']');
            return out.append(']').toString();
        }
        if (first == '{') {
            at++;
            Map<String, String> members = maps.get();
            Map<String, String> spelling = new HashMap<>();
            if (peek() != '}') {
                do {
                    String key = string();
                    expect(':');
                    // The map keys on the name; the first spelling of a name is the one written.
                    spelling.putIfAbsent(unescaped(key), key);
                    members.put(unescaped(key), value());
                } while (comma());
            }
            expect('}');
            StringBuilder out = new StringBuilder("{");
            members.forEach((key, member) -> out.append(out.length() > 1 ? "," : "").append(spelling.get(key)).append(':').append(member));
            return out.append('}').toString();
        }
        int start = at;
        while (at < text.length() && "+-.0123456789eEtrufalsn".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        if (at == start) {
            throw new NotJson();
        }
        return text.substring(start, at);
    }

    private String string() {
        peek();
        int start = at;
        expect('"');
        while (at < text.length() && text.charAt(at) != '"') {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        expect('"');
        return text.substring(start, at);
    }

    private static String unescaped(String quoted) {
        StringBuilder out = new StringBuilder();
        for (int i = 1; i < quoted.length() - 1; i++) {
            char c = quoted.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            c = quoted.charAt(++i);
            int simple = "\"\\/bfnrt".indexOf(c);
            if (c == 'u') {
                out.append((char) Integer.parseInt(quoted.substring(i + 1, i + 5), 16));
                i += 4;
            } else if (simple >= 0) {
                out.append("\"\\/\b\f\n\r\t".charAt(simple));
            } else {
                throw new NotJson();
            }
        }
        return out.toString();
    }

    private char peek() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        if (at == text.length()) {
            throw new NotJson();
        }
        return text.charAt(at);
    }

    private void expect(char c) {
        if (peek() != c) {
            throw new NotJson();
        }
        at++;
    }

    private boolean comma() {
        if (peek() == ',') {
            at++;
            return true;
        }
        return false;
    }
}
