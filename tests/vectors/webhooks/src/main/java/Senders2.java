import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import com.alibaba.fastjson2.JSONWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** Ways to sign and write the objects of Built with fastjson 2: each returns the body and the signed text. */
@SuppressWarnings("unchecked")
public final class Senders2 implements Supplier<Map<String, Function<String[], String[]>>> {
    private static Map<String, Object> event(Object data) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("id", "evt_1");
        event.put("action", "Consumption");
        event.put("data", data);
        return event;
    }

    @Override
    public Map<String, Function<String[], String[]>> get() {
        JSONWriter.Feature nulls = JSONWriter.Feature.WriteMapNullValue;
        JSONWriter.Feature sort = JSONWriter.Feature.MapSortField;
        Function<Object, String> write = x -> JSON.toJSONString(x);
        Map<String, Function<String[], String[]>> all = new LinkedHashMap<>();
        Built.all().forEach((name, make) -> {
            if (make.get() instanceof Map) {
                all.put(name + ", signed as it is", in -> {
                    Map<String, Object> data = (Map<String, Object>) make.get();
                    return new String[] {JSON.toJSONString(event(data)), Canonical.of(data, in[0], in[1], write)};
                });
            }
            all.put(name + ", signed as parseObject(toJSONString(data))", in -> {
                Map<String, Object> data = JSONObject.parseObject(JSON.toJSONString(make.get()));
                return new String[] {JSON.toJSONString(event(make.get())), Canonical.of(data, in[0], in[1], write)};
            });
            all.put(name + ", signed as toJSON(data)", in -> {
                Map<String, Object> data = (JSONObject) JSON.toJSON(make.get());
                return new String[] {JSON.toJSONString(event(make.get())), Canonical.of(data, in[0], in[1], write)};
            });
            all.put(name + ", signed and sent as parseObject(toJSONString(data))", in -> {
                Map<String, Object> data = JSONObject.parseObject(JSON.toJSONString(make.get()));
                return new String[] {JSON.toJSONString(event(data)), Canonical.of(data, in[0], in[1], write)};
            });
            all.put(name + ", signed as parseObject(toJSONString(data)), sent with MapSortField", in -> {
                Map<String, Object> data = JSONObject.parseObject(JSON.toJSONString(make.get()));
                return new String[] {JSON.toJSONString(event(make.get()), sort), Canonical.of(data, in[0], in[1], write)};
            });
            all.put(name + ", signed with MapSortField", in -> {
                Map<String, Object> data = JSONObject.parseObject(JSON.toJSONString(make.get()));
                return new String[] {JSON.toJSONString(event(make.get())), Canonical.of(data, in[0], in[1], x -> JSON.toJSONString(x, sort))};
            });
            all.put(name + ", sent with WriteMapNullValue", in -> {
                Map<String, Object> data = JSONObject.parseObject(JSON.toJSONString(make.get()));
                return new String[] {JSON.toJSONString(event(make.get()), nulls), Canonical.of(data, in[0], in[1], write)};
            });
            all.put(name + ", signed and sent with WriteMapNullValue", in -> {
                Map<String, Object> data = JSONObject.parseObject(JSON.toJSONString(make.get(), nulls));
                return new String[] {JSON.toJSONString(event(make.get()), nulls), Canonical.of(data, in[0], in[1], x -> JSON.toJSONString(x, nulls))};
            });
            if (Built.isSentEscaped(name)) {
                all.put(name + ", signed as parseObject(toJSONString(data)), sent with EscapeNoneAscii", in -> {
                    Map<String, Object> data = JSONObject.parseObject(JSON.toJSONString(make.get()));
                    String body = JSON.toJSONString(event(make.get()), JSONWriter.Feature.EscapeNoneAscii);
                    return new String[] {body, Canonical.of(data, in[0], in[1], write)};
                });
                all.put(name + ", signed as it was received, sent as bytes with EscapeNoneAscii", in -> {
                    byte[] body = JSON.toJSONBytes(event(make.get()), JSONWriter.Feature.EscapeNoneAscii);
                    String text = new String(body, StandardCharsets.UTF_8);
                    return new String[] {text, Canonical.of(JSONObject.parseObject(text).getJSONObject("data"), in[0], in[1], write)};
                });
            }
        });
        return all;
    }
}
