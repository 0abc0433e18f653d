import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The documented algorithm up to the HMAC. The library under test only parses, and writes what is not a string. */
final class Canonical {
    static final String APP_ID = "appId";
    static final String TIMESTAMP = "timestamp";

    private Canonical() {}

    static String of(Map<String, ?> data, String appId, String timestamp, Function<Object, String> write) {
        TreeMap<String, Object> fields = new TreeMap<>();
        fields.put(APP_ID, appId);
        fields.put(TIMESTAMP, timestamp);
        for (Map.Entry<String, ?> field : data.entrySet()) {
            if (field.getValue() != null) {
                fields.put(field.getKey(), field.getValue());
            }
        }
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Object> field : fields.entrySet()) {
            Object value = field.getValue();
            text.append(text.length() == 0 ? "" : "&").append(field.getKey()).append('=');
            text.append(value instanceof String ? (String) value : write.apply(value));
        }
        return text.toString();
    }
}
