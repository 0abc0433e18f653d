import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import com.alibaba.fastjson.TypeReference;
import com.alibaba.fastjson.parser.Feature;
import com.alibaba.fastjson.serializer.SerializerFeature;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** Ways to implement the algorithm in Java with the names of fastjson 1, for fastjson 1 and fastjson 2's compatible artifact. */
@SuppressWarnings({"unchecked", "rawtypes"})
public final class Verifiers1 implements Supplier<Map<String, Function<String[], String>>> {
    public static class EventObject {
        public String id;
        public String action;
        public JSONObject data;
    }

    public static class EventMap {
        public String id;
        public String action;
        public Map<String, Object> data;
    }

    public static class EventTree {
        public String id;
        public String action;
        public TreeMap<String, Object> data;
    }

    private static final SerializerFeature NULLS = SerializerFeature.WriteMapNullValue;
    private static final SerializerFeature SORT = SerializerFeature.MapSortField;
    private static final SerializerFeature PLAIN = SerializerFeature.WriteBigDecimalAsPlain;

    /** The same value without any class of the library, as the platform may have built it. */
    private static Object plain(Object value) {
        if (value instanceof Map) {
            Map<String, Object> copy = new HashMap<>();
            ((Map<String, Object>) value).forEach((k, v) -> copy.put(k, plain(v)));
            return copy;
        }
        if (value instanceof List) {
            List<Object> copy = new ArrayList<>();
            ((List<Object>) value).forEach(v -> copy.add(plain(v)));
            return copy;
        }
        return value;
    }

    @Override
    public Map<String, Function<String[], String>> get() {
        Map<String, Function<String, Map<String, ?>>> parsers = new LinkedHashMap<>();
        parsers.put("parseObject(text)", t -> JSONObject.parseObject(t).getJSONObject("data"));
        parsers.put("parseObject(text, OrderedField)", t -> JSON.parseObject(t, Feature.OrderedField).getJSONObject("data"));

        Map<String, Function<Object, String>> writers = new LinkedHashMap<>();
        writers.put("toJSONString(x)", x -> JSON.toJSONString(x));
        writers.put("toJSONString(x, MapSortField)", x -> JSON.toJSONString(x, SORT));
        writers.put("toJSONString(x, WriteMapNullValue)", x -> JSON.toJSONString(x, NULLS));
        writers.put("toJSONString(x, WriteBigDecimalAsPlain)", x -> JSON.toJSONString(x, PLAIN));
        writers.put("toJSONString(x, MapSortField, WriteMapNullValue)", x -> JSON.toJSONString(x, SORT, NULLS));
        writers.put("toJSONString(x, MapSortField, WriteBigDecimalAsPlain)", x -> JSON.toJSONString(x, SORT, PLAIN));

        Map<String, Function<String[], String>> all = new LinkedHashMap<>();
        parsers.forEach((p, parser) -> writers.forEach((w, writer) ->
            all.put(p + " " + w, in -> Canonical.of(parser.apply(in[0]), in[1], in[2], writer))));

        // Other ways to parse, all with the plain writer.
        Function<Object, String> write = x -> JSON.toJSONString(x);
        Map<String, Function<String, Map<String, ?>>> others = new LinkedHashMap<>();
        others.put("parseObject(bytes)", t ->
            ((JSONObject) JSON.parse(t.getBytes(StandardCharsets.UTF_8))).getJSONObject("data"));
        others.put("parse(text)", t -> ((JSONObject) JSON.parse(t)).getJSONObject("data"));
        others.put("parseObject(text, JSONObject.class)", t -> JSON.parseObject(t, JSONObject.class).getJSONObject("data"));
        others.put("parseObject(text, Map.class)", t -> (Map) JSON.parseObject(t, Map.class).get("data"));
        others.put("parseObject(text, HashMap.class)", t -> (Map) JSON.parseObject(t, HashMap.class).get("data"));
        others.put("parseObject(text, LinkedHashMap.class)", t -> (Map) JSON.parseObject(t, LinkedHashMap.class).get("data"));
        others.put("parseObject(text, TreeMap.class)", t -> (Map) JSON.parseObject(t, TreeMap.class).get("data"));
        others.put("parseObject(text, Map<String, Object>)", t ->
            (Map) JSON.parseObject(t, new TypeReference<Map<String, Object>>() {}).get("data"));
        others.put("parseObject(text, LinkedHashMap<String, Object>)", t ->
            (Map) JSON.parseObject(t, new TypeReference<LinkedHashMap<String, Object>>() {}).get("data"));
        others.put("parseObject(text, TreeMap<String, Object>)", t ->
            (Map) JSON.parseObject(t, new TypeReference<TreeMap<String, Object>>() {}).get("data"));
        others.put("parseObject(text, bean with JSONObject)", t -> JSON.parseObject(t, EventObject.class).data);
        others.put("parseObject(text, bean with Map)", t -> JSON.parseObject(t, EventMap.class).data);
        others.put("parseObject(text, bean with TreeMap)", t -> JSON.parseObject(t, EventTree.class).data);
        others.put("parseObject(getString(data))", t -> JSONObject.parseObject(JSONObject.parseObject(t).getString("data")));
        others.put("parseObject(toJSONString(parseObject(text)))", t ->
            JSONObject.parseObject(JSON.toJSONString(JSONObject.parseObject(t))).getJSONObject("data"));
        others.put("parseObject(toJSONString(data), TreeMap.class)", t ->
            JSON.parseObject(JSON.toJSONString(JSONObject.parseObject(t).getJSONObject("data")), TreeMap.class));
        others.put("parseObject(toJSONString(data), LinkedHashMap.class)", t ->
            JSON.parseObject(JSON.toJSONString(JSONObject.parseObject(t).getJSONObject("data")), LinkedHashMap.class));
        others.put("toJSON(parseObject(text, Map.class))", t ->
            ((JSONObject) JSON.toJSON(JSON.parseObject(t, Map.class))).getJSONObject("data"));
        others.put("toJSON(parseObject(text, LinkedHashMap.class))", t ->
            ((JSONObject) JSON.toJSON(JSON.parseObject(t, LinkedHashMap.class))).getJSONObject("data"));
        others.forEach((p, parser) -> all.put(p + " toJSONString(x)", in -> Canonical.of(parser.apply(in[0]), in[1], in[2], write)));

        // Other ways to write, all from the plain parser.
        Function<String, Map<String, ?>> parse = parsers.get("parseObject(text)");
        Map<String, Function<Object, String>> more = new LinkedHashMap<>();
        more.put("toJSONString(parse(toJSONString(x)))", x -> JSON.toJSONString(JSON.parse(JSON.toJSONString(x))));
        more.put("toJSONString(parse(toJSONString(x, WriteMapNullValue)), WriteMapNullValue)", x ->
            JSON.toJSONString(JSON.parse(JSON.toJSONString(x, NULLS)), NULLS));
        more.put("toJSONString(parse(toJSONString(x, MapSortField)))", x -> JSON.toJSONString(JSON.parse(JSON.toJSONString(x, SORT))));
        more.put("x.toString()", Object::toString);
        more.put("toJSONString(x, DisableCircularReferenceDetect)", x ->
            JSON.toJSONString(x, SerializerFeature.DisableCircularReferenceDetect));
        more.put("new String(toJSONBytes(x))", x -> new String(JSON.toJSONBytes(x), StandardCharsets.UTF_8));
        more.put("toJSONString(x, BrowserCompatible)", x -> JSON.toJSONString(x, SerializerFeature.BrowserCompatible));
        more.put("toJSONString(x, BrowserSecure)", x -> JSON.toJSONString(x, SerializerFeature.BrowserSecure));
        more.put("toJSONString(x, WriteSlashAsSpecial)", x -> JSON.toJSONString(x, SerializerFeature.WriteSlashAsSpecial));
        more.forEach((w, writer) ->
            all.put("parseObject(text) " + w, in -> Canonical.of(parse.apply(in[0]), in[1], in[2], writer)));
        all.put("parseObject(text, OrderedField) toJSONString(toJSON(plain HashMaps of x))", in ->
            Canonical.of(parsers.get("parseObject(text, OrderedField)").apply(in[0]), in[1], in[2], x -> JSON.toJSONString(JSON.toJSON(plain(x)))));
        return all;
    }
}
