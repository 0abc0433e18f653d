import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import com.alibaba.fastjson2.JSONReader;
import com.alibaba.fastjson2.JSONWriter;
import com.alibaba.fastjson2.TypeReference;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** Ways to implement the algorithm in Java with fastjson 2. */
@SuppressWarnings({"unchecked", "rawtypes"})
public final class Verifiers2 implements Supplier<Map<String, Function<String[], String>>> {
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

    private static final JSONWriter.Feature NULLS = JSONWriter.Feature.WriteMapNullValue;
    private static final JSONWriter.Feature SORT = JSONWriter.Feature.MapSortField;
    private static final JSONWriter.Feature PLAIN = JSONWriter.Feature.WriteBigDecimalAsPlain;

    @Override
    public Map<String, Function<String[], String>> get() {
        Map<String, Function<String, Map<String, ?>>> parsers = new LinkedHashMap<>();
        parsers.put("parseObject(text)", t -> JSON.parseObject(t).getJSONObject("data"));
        parsers.put("parseObject(text, Map.class)", t -> (Map) JSON.parseObject(t, Map.class).get("data"));
        parsers.put("parseObject(text, UseNativeObject)", t -> {
            Object data = JSON.parseObject(t, JSONReader.Feature.UseNativeObject).get("data");
            return (Map) data;
        });

        Map<String, Function<Object, String>> writers = new LinkedHashMap<>();
        writers.put("toJSONString(x)", x -> JSON.toJSONString(x));
        writers.put("toJSONString(x, MapSortField)", x -> JSON.toJSONString(x, SORT));
        writers.put("toJSONString(x, WriteMapNullValue)", x -> JSON.toJSONString(x, NULLS));
        writers.put("toJSONString(x, WriteBigDecimalAsPlain)", x -> JSON.toJSONString(x, PLAIN));
        writers.put("toJSONString(x, MapSortField, WriteMapNullValue)", x -> JSON.toJSONString(x, SORT, NULLS));

        Map<String, Function<String[], String>> all = new LinkedHashMap<>();
        parsers.forEach((p, parser) -> writers.forEach((w, writer) ->
            all.put(p + " " + w, in -> Canonical.of(parser.apply(in[0]), in[1], in[2], writer))));

        Function<Object, String> write = x -> JSON.toJSONString(x);
        Map<String, Function<String, Map<String, ?>>> others = new LinkedHashMap<>();
        others.put("parseObject(bytes)", t -> JSON.parseObject(t.getBytes(StandardCharsets.UTF_8)).getJSONObject("data"));
        others.put("parseObject(chars)", t -> JSON.parseObject(t.toCharArray()).getJSONObject("data"));
        others.put("parse(text)", t -> ((JSONObject) JSON.parse(t)).getJSONObject("data"));
        others.put("parseObject(text, HashMap.class)", t -> (Map) JSON.parseObject(t, HashMap.class).get("data"));
        others.put("parseObject(text, LinkedHashMap.class)", t -> (Map) JSON.parseObject(t, LinkedHashMap.class).get("data"));
        others.put("parseObject(text, TreeMap.class)", t -> (Map) JSON.parseObject(t, TreeMap.class).get("data"));
        others.put("parseObject(text, Map<String, Object>)", t ->
            (Map) JSON.parseObject(t, new TypeReference<Map<String, Object>>() {}).get("data"));
        others.put("parseObject(text, TreeMap<String, Object>)", t ->
            (Map) JSON.parseObject(t, new TypeReference<TreeMap<String, Object>>() {}).get("data"));
        others.put("parseObject(text, bean with JSONObject)", t -> JSON.parseObject(t, EventObject.class).data);
        others.put("parseObject(text, bean with Map)", t -> JSON.parseObject(t, EventMap.class).data);
        others.put("parseObject(getString(data))", t -> JSON.parseObject(JSON.parseObject(t).getString("data")));
        others.put("parseObject(toJSONString(data), TreeMap.class)", t ->
            JSON.parseObject(JSON.toJSONString(JSON.parseObject(t).getJSONObject("data")), TreeMap.class));
        others.put("parseObject(text, UseBigDecimalForDoubles)", t ->
            JSON.parseObject(t, JSONReader.Feature.UseBigDecimalForDoubles).getJSONObject("data"));
        others.forEach((p, parser) -> all.put(p + " toJSONString(x)", in -> Canonical.of(parser.apply(in[0]), in[1], in[2], write)));

        Function<String, Map<String, ?>> parse = parsers.get("parseObject(text)");
        Map<String, Function<Object, String>> more = new LinkedHashMap<>();
        more.put("toJSONString(parse(toJSONString(x)))", x -> JSON.toJSONString(JSON.parse(JSON.toJSONString(x))));
        more.put("x.toString()", Object::toString);
        more.put("toJSONString(x, ReferenceDetection)", x -> JSON.toJSONString(x, JSONWriter.Feature.ReferenceDetection));
        more.put("new String(toJSONBytes(x))", x -> new String(JSON.toJSONBytes(x), StandardCharsets.UTF_8));
        more.put("toJSONString(x, BrowserCompatible)", x -> JSON.toJSONString(x, JSONWriter.Feature.BrowserCompatible));
        more.put("toJSONString(x, BrowserSecure)", x -> JSON.toJSONString(x, JSONWriter.Feature.BrowserSecure));
        more.forEach((w, writer) ->
            all.put("parseObject(text) " + w, in -> Canonical.of(parse.apply(in[0]), in[1], in[2], writer)));
        return all;
    }
}
