import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Writes vectors.json, built.json and variants.json: Main BUILD_FOLDER OUTPUT_FOLDER. */
public final class Main {
    /** The forms, each with the variant that stands for it. */
    private static final String[][] FORMS = {
        {"fastjson1-hash", "fastjson1: parseObject(text) toJSONString(x)"},
        {"fastjson1-given", "fastjson1: parseObject(text, OrderedField) toJSONString(x)"},
        {"fastjson1-sorted", "fastjson1: parseObject(text) toJSONString(x, MapSortField)"},
        {"fastjson1-hash-nulls", "fastjson1: parseObject(text) toJSONString(x, WriteMapNullValue)"},
        {"fastjson1-given-nulls", "fastjson1: parseObject(text, OrderedField) toJSONString(x, WriteMapNullValue)"},
        {"fastjson1-sorted-nulls", "fastjson1: parseObject(text) toJSONString(x, MapSortField, WriteMapNullValue)"},
        {"fastjson1-hash-plain", "fastjson1: parseObject(text) toJSONString(x, WriteBigDecimalAsPlain)"},
        {"fastjson1-given-plain", "fastjson1: parseObject(text, OrderedField) toJSONString(x, WriteBigDecimalAsPlain)"},
        {"fastjson1-sorted-plain", "fastjson1: parseObject(text) toJSONString(x, MapSortField, WriteBigDecimalAsPlain)"},
        {"fastjson1-rehash", "fastjson1: parseObject(text) toJSONString(parse(toJSONString(x)))"},
        {"fastjson1-sorthash", "fastjson1: parseObject(text) toJSONString(parse(toJSONString(x, MapSortField)))"},
        {"fastjson1-fit", "fastjson1: parseObject(text, OrderedField) toJSONString(toJSON(plain HashMaps of x))"},
        {"fastjson2-hash", "compat: parseObject(text) toJSONString(x)"},
        {"fastjson2-given", "fastjson2: parseObject(text) toJSONString(x)"},
        {"fastjson2-sorted", "fastjson2: parseObject(text) toJSONString(x, MapSortField)"},
        {"fastjson2-hash-nulls", "compat: parseObject(text) toJSONString(x, WriteMapNullValue)"},
        {"fastjson2-given-nulls", "fastjson2: parseObject(text) toJSONString(x, WriteMapNullValue)"},
        {"fastjson2-sorted-nulls", "fastjson2: parseObject(text) toJSONString(x, MapSortField, WriteMapNullValue)"},
        {"raw-given", "raw: given"},
        {"raw-hash", "raw: hash"},
        {"raw-sorted", "raw: sorted"},
    };

    private static final String[] LIBRARIES = {"fastjson1", "compat", "fastjson2"};

    /** A signed text, or the exception instead of one. */
    private record Outcome(String canonical, String error) {
        boolean same(Outcome other) {
            return canonical == null ? other.canonical == null : canonical.equals(other.canonical);
        }
    }

    private record Sent(String body, String canonical) {}

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        Path build = Path.of(arguments[0]);
        Path output = Path.of(arguments[1]);
        Map<String, Function<String[], String>> variants = new LinkedHashMap<>();
        Map<String, Function<String[], String[]>> senders = new LinkedHashMap<>();
        for (String library : LIBRARIES) {
            // The libraries share class names, so each has its own class loader with its own copy of our classes.
            ClassLoader loader = loader(build, library);
            String api = library.equals("fastjson2") ? "2" : "1";
            Main.<Function<String[], String>>load(loader, "Verifiers" + api).forEach((n, f) -> variants.put(library + ": " + n, f));
            Main.<Function<String[], String[]>>load(loader, "Senders" + api).forEach((n, f) -> senders.put(library + ": " + n, f));
        }

        for (String order : new String[] {"given", "hash", "sorted"}) {
            variants.put("raw: " + order, in -> Raw.canonical(in[0], in[1], in[2], order));
        }

        List<Inputs.Input> inputs = Inputs.all();
        Set<String> names = new HashSet<>();
        for (Inputs.Input input : inputs) {
            if (!names.add(input.name())) {
                throw new IllegalStateException("two vectors named " + input.name());
            }
        }
        Map<String, List<Outcome>> outcomes = new LinkedHashMap<>();
        variants.forEach((name, verify) -> outcomes.put(name, inputs.stream().map(input -> run(verify, input)).toList()));

        write(output.resolve("vectors.json"), vectors(inputs, outcomes));
        write(output.resolve("built.json"), built(senders, variants));
        write(output.resolve("variants.json"), variants(inputs, outcomes));
    }

    private static ClassLoader loader(Path build, String library) throws MalformedURLException {
        List<URL> urls = new ArrayList<>();
        urls.add(build.resolve("classes").toUri().toURL());
        File[] jars = build.resolve("jars").resolve(library).toFile().listFiles();
        Arrays.sort(jars);
        for (File jar : jars) {
            urls.add(jar.toURI().toURL());
        }
        return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    @SuppressWarnings("unchecked")
    private static <F> Map<String, F> load(ClassLoader loader, String name) throws ReflectiveOperationException {
        return ((Supplier<Map<String, F>>) loader.loadClass(name).getDeclaredConstructor().newInstance()).get();
    }

    private static Outcome run(Function<String[], String> verify, Inputs.Input input) {
        try {
            return new Outcome(sent(verify.apply(new String[] {input.body(), input.appId(), input.timestamp()})), null);
        } catch (Exception | StackOverflowError e) {
            return new Outcome(null, e.getClass().getSimpleName());
        }
    }

    /** The input of the HMAC: Java turns a lone surrogate into a question mark. */
    private static String sent(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static String signature(String canonical, String secret) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(canonical.getBytes(StandardCharsets.UTF_8)));
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One entry for each signed text, with all the forms that lead to it, then one for each kind of failure. */
    private static String forms(Function<String, Outcome> outcome, Inputs.Input input) {
        Map<Outcome, List<String>> groups = new LinkedHashMap<>();
        for (String[] form : FORMS) {
            if (!input.lax() || !form[0].startsWith("raw-")) {
                groups.computeIfAbsent(outcome.apply(form[1]), k -> new ArrayList<>()).add(json(form[0]));
            }
        }
        List<String> entries = new ArrayList<>();
        groups.forEach((o, names) -> entries.add("{\"form\": [" + String.join(", ", names) + "], " + (o.error != null
            ? "\"error\": " + json(o.error)
            : "\"canonical\": " + json(o.canonical) + ", \"signature\": " + json(signature(o.canonical, input.secret()))) + "}"));
        return entries.stream().collect(Collectors.joining(",\n   ", "[\n   ", "]"));
    }

    private static String head(Inputs.Input input) {
        return "{\"name\": " + json(input.name()) + ",\n  \"body\": " + json(input.body()) + ",\n  \"app_id\": " + json(input.appId())
            + ", \"timestamp\": " + json(input.timestamp()) + ", \"secret\": " + json(input.secret());
    }

    private static String vectors(List<Inputs.Input> inputs, Map<String, List<Outcome>> outcomes) {
        List<String> entries = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            int index = i;
            Inputs.Input input = inputs.get(i);
            entries.add(head(input) + ", \"lax\": " + input.lax() + ", \"special\": " + input.special()
                + ",\n  \"forms\": " + forms(variant -> outcomes.get(variant).get(index), input) + "}");
        }
        return array(entries);
    }

    private static String built(Map<String, Function<String[], String[]>> senders, Map<String, Function<String[], String>> variants) {
        Map<Sent, List<String>> all = new LinkedHashMap<>();
        senders.forEach((name, send) -> {
            try {
                String[] pair = send.apply(new String[] {Inputs.APP_ID, Inputs.TIMESTAMP});
                all.computeIfAbsent(new Sent(sent(pair[0]), sent(pair[1])), k -> new ArrayList<>()).add(name);
            } catch (RuntimeException e) {
                // This library cannot hold or write this value, so no webhook would be sent.
                System.err.println("not sent: " + name + ": " + e.getClass().getSimpleName());
            }
        });
        List<String> entries = new ArrayList<>();
        all.forEach((sent, names) -> {
            Inputs.Input input = new Inputs.Input("built_%03d".formatted(entries.size() + 1), sent.body, Inputs.APP_ID, Inputs.TIMESTAMP,
                Inputs.SECRET, false);
            Map<String, Outcome> outcomes = new HashMap<>();
            Arrays.stream(FORMS).forEach(form -> outcomes.put(form[1], run(variants.get(form[1]), input)));
            String reached = Arrays.stream(FORMS).filter(form -> sent.canonical.equals(outcomes.get(form[1]).canonical))
                .map(form -> json(form[0])).collect(Collectors.joining(", ", "[", "]"));
            entries.add(head(input) + ",\n  \"senders\": " + names.stream().map(Main::json).collect(Collectors.joining(",\n    ", "[", "]"))
                + ",\n  \"canonical\": " + json(sent.canonical) + ", \"signature\": " + json(signature(sent.canonical, input.secret()))
                + ",\n  \"reached_by\": " + reached + ", \"lax\": " + (outcomes.get("raw: given").error != null) + ", \"special\": " + sent.body.contains("\"$ref\"") + "}");
        });
        return array(entries);
    }

    /** Each variant with the form nearest to it, and the vectors (strict, not special) where it differs from that form. */
    private static String variants(List<Inputs.Input> inputs, Map<String, List<Outcome>> outcomes) {
        return array(outcomes.keySet().stream().map(variant -> {
            String best = null;
            List<String> bestDiffers = null;
            for (String[] form : FORMS) {
                List<String> differs = new ArrayList<>();
                for (int i = 0; i < inputs.size(); i++) {
                    if (!inputs.get(i).lax() && !inputs.get(i).special() && !outcomes.get(variant).get(i).same(outcomes.get(form[1]).get(i))) {
                        differs.add(inputs.get(i).name());
                    }
                }
                if (bestDiffers == null || differs.size() < bestDiffers.size()) {
                    best = form[0];
                    bestDiffers = differs;
                }
            }
            return "{\"variant\": " + json(variant) + ", \"form\": " + json(best) + ", \"differs\": "
                + bestDiffers.stream().map(Main::json).collect(Collectors.joining(", ", "[", "]")) + "}";
        }).toList());
    }

    private static String array(List<String> entries) {
        return entries.stream().collect(Collectors.joining(",\n", "[\n", "\n]\n"));
    }

    private static String json(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c < 0x20 || c >= 0x7f && c < 0xa1 || c >= 0x2000 && c < 0x2070 || c >= 0xd800 && c < 0xe001 || c >= 0xfe00 && c < 0x10000) {
                out.append("\\u%04x".formatted(c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.append('"').toString();
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardCharsets.UTF_8);
    }
}
