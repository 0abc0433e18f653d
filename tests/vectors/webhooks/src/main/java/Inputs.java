import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The raw texts of webhooks. */
final class Inputs {
    record Input(String name, String body, String appId, String timestamp, String secret, boolean lax) {
        /** Has a key that fastjson may interpret, which the rules do not cover. */
        boolean special() {
            return name.startsWith("type_") || name.startsWith("ref_");
        }
    }

    static final String APP_ID = "ak_7c1f0e52b9";
    static final String TIMESTAMP = "1735689600000";
    static final String SECRET = "sk_Zm9vYmFyYmF6cXV4";

    private final List<Input> all = new ArrayList<>();

    static List<Input> all() {
        Inputs inputs = new Inputs();
        inputs.events();
        inputs.keyOrders();
        inputs.collisions();
        inputs.shapes();
        inputs.numbers();
        inputs.words();
        inputs.characters();
        inputs.keys();
        inputs.duplicates();
        inputs.specials();
        inputs.envelopes();
        inputs.lax();
        return inputs.all;
    }

    private void body(String name, String body) {
        all.add(new Input(name, body, APP_ID, TIMESTAMP, SECRET, false));
    }

    private void data(String name, String data) {
        body(name, "{\"id\":\"evt_1\",\"action\":\"Consumption\",\"data\":" + data + "}");
    }

    private void laxBody(String name, String body) {
        all.add(new Input(name, body, APP_ID, TIMESTAMP, SECRET, true));
    }

    private void laxData(String name, String data) {
        laxBody(name, "{\"id\":\"evt_1\",\"action\":\"Consumption\",\"data\":" + data + "}");
    }

    /** A value at the top of data, in an object and in an array. */
    private static String everywhere(String value) {
        return "{\"v\":" + value + ",\"o\":{\"v\":" + value + "},\"a\":[" + value + "]}";
    }

    private static String object(List<String> keys) {
        return IntStream.range(0, keys.size()).mapToObj(i -> "\"" + keys.get(i) + "\":" + i).collect(Collectors.joining(",", "{", "}"));
    }

    private static <T> List<T> shuffled(List<T> list, long seed) {
        List<T> copy = new ArrayList<>(list);
        Collections.shuffle(copy, new Random(seed));
        return copy;
    }

    private static <T> List<T> reversed(List<T> list) {
        List<T> copy = new ArrayList<>(list);
        Collections.reverse(copy);
        return copy;
    }

    private void events() {
        String auth = "{\"consume_no\":\"C202501010000000001\",\"card_no\":\"K100000000000000001\",\"cardholder_no\":\"H1000000001\","
            + "\"type\":\"Consumption\",\"amount\":%s,\"local_amount\":%s,\"local_currency\":\"%s\","
            + "\"merchant_info\":{\"merchant_name\":\"%s\",\"merchant_mcc\":\"5734\",\"city\":\"%s\",\"country\":\"%s\"},"
            + "\"status\":\"Pending\",\"time\":1735689600123}";
        String envelope = "{\"id\":\"9f1b6c0e-0a3b-4c5d-8e7f-1a2b3c4d5e6f\",\"action\":\"%s\",\"data\":%s}";
        body("auth_plain", envelope.formatted("Auth", auth.formatted("10.50", "10.50", "USD", "OPENAI *CHATGPT", "SAN FRANCISCO", "US")));
        body("auth_yen", envelope.formatted("Auth", auth.formatted("6.7", "1000", "JPY", "東京タワー", "港区", "JP")));
        body("auth_whole", envelope.formatted("Auth", auth.formatted("100.00", "1E+2", "EUR", "A&B / \\\"C\\\"", "K\\u00f6ln", "DE")));
        body("auth_zero", envelope.formatted("Auth", auth.formatted("0", "0.00", "USD", "VERIFY", "", "")));
        all.add(new Input("auth_other_secret", envelope.formatted("Auth", auth.formatted("10.50", "10.50", "USD", "M", "C", "US")),
            "应用", "1", "密钥🔑", false));
        all.add(new Input("auth_long_secret", envelope.formatted("Auth", auth.formatted("10.50", "10.50", "USD", "M", "C", "US")),
            "k", "1735689600000", "s".repeat(65), false));

        String consumption = "{\"consume_no\":\"C202501010000000002\",\"consume_relate_no\":%s,\"card_no\":\"K100000000000000001\","
            + "\"cardholder_no\":\"H1000000001\",\"type\":\"%s\",\"amount\":%s,\"fee\":%s,\"local_amount\":%s,\"local_currency\":\"USD\","
            + "\"merchant_info\":{\"merchant_name\":\"AMAZON MKTPL*2X1\",\"merchant_mcc\":\"5942\",\"city\":\"SEATTLE\",\"country\":\"US\"},"
            + "\"status\":\"%s\",\"remark\":%s,\"detail\":%s,\"fee_detail\":%s,\"time\":1735689600123}";
        String fees = "[{\"fee_type\":\"Auth_fee\",\"amount\":0.30},{\"fee_type\":\"Cross_border_fee\",\"amount\":0.15}]";
        body("consumption_pending", envelope.formatted("Consumption",
            consumption.formatted("\"\"", "Consumption", "25.99", "0", "25.99", "Pending", "\"\"", "\"\"", "[]")));
        body("consumption_fees", envelope.formatted("Consumption",
            consumption.formatted("\"\"", "Consumption", "25.99", "0.45", "25.99", "Success", "\"\"", "\"\"", fees)));
        body("consumption_nulls", envelope.formatted("Consumption",
            consumption.formatted("null", "Consumption", "25.99", "0.45", "25.99", "Success", "null", "null", fees)));
        body("consumption_null_fees", envelope.formatted("Consumption",
            consumption.formatted("null", "Consumption", "25.99", "null", "null", "Success", "null", "null", "null")));
        body("consumption_fail", envelope.formatted("Consumption", consumption.formatted("\"\"", "Consumption", "1000.00", "0.5",
            "1000.00", "Fail", "\"insufficient balance\"", "\"余额不足\"", "[{\"fee_type\":\"Decline_fee\",\"amount\":0.5}]")));
        body("consumption_refund", envelope.formatted("Consumption", consumption.formatted("\"C202501010000000001\"", "Credit", "-25.99",
            "0.0", "-25.99", "Success", "\"\"", "\"{\\\"source\\\":\\\"merchant\\\"}\"", "[{\"fee_type\":\"Refund_fee\",\"amount\":0.0}]")));
        body("consumption_fee_order", envelope.formatted("Consumption", consumption.formatted("\"\"", "Consumption", "25.99", "1E+1",
            "25.99", "Success", "\"\"", "\"\"", "[{\"amount\":1E+1,\"fee_type\":\"Monthly_fee\"}]")));
        body("consumption_fee_null_amount", envelope.formatted("Consumption", consumption.formatted("\"\"", "Consumption", "25.99", "0.3",
            "25.99", "Success", "\"\"", "\"\"", "[{\"fee_type\":\"Auth_fee\",\"amount\":null},{\"fee_type\":null,\"amount\":0.3}]")));
        body("consumption_merchant_nulls", envelope.formatted("Consumption", "{\"consume_no\":\"C1\",\"amount\":1.00,"
            + "\"merchant_info\":{\"merchant_name\":\"M\",\"merchant_mcc\":null,\"city\":null,\"country\":\"US\"}}"));
        body("consumption_merchant_sorted", envelope.formatted("Consumption", "{\"amount\":1.00,\"consume_no\":\"C1\","
            + "\"merchant_info\":{\"city\":\"X\",\"country\":\"US\",\"merchant_mcc\":\"5942\",\"merchant_name\":\"M\"}}"));
        body("consumption_merchant_empty", envelope.formatted("Consumption", "{\"consume_no\":\"C1\",\"amount\":1,\"merchant_info\":{},"
            + "\"fee_detail\":[{}]}"));
        body("consumption_pretty", "{\n  \"id\" : \"1\",\n  \"action\" : \"Consumption\",\n  \"data\" : {\n    \"consume_no\" : \"C1\",\r\n"
            + "\t\"fee_detail\" : [ {\n      \"fee_type\" : \"Auth_fee\" , \"amount\" : 0.30\n    } ],\n    \"merchant_info\" : "
            + "{ \"merchant_name\" : \"M\" , \"city\" : \"C\" }\n  }\n}\n");

        String update = "{\"card_no\":\"K1\",\"before_status\":\"%s\",\"after_status\":\"%s\",\"reason\":%s,\"time\":%s}";
        body("card_update", envelope.formatted("Card_update", update.formatted("Normal", "Frozen", "\"risk\"", "1735689600123")));
        body("card_update_null_reason", envelope.formatted("Card_update", update.formatted("Frozen", "Normal", "null", "1735689600123")));
        body("card_update_text_time", envelope.formatted("Card_update",
            update.formatted("Normal", "Cancelled", "\"持卡人申请\"", "\"2025-01-01 08:00:00\"")));
        body("card_update_empty_reason", envelope.formatted("Card_update", update.formatted("Normal", "Frozen", "\"\"", "1735689600")));
    }

    private void keyOrders() {
        List<String> words = List.of("merchant_name", "merchant_mcc", "city", "country", "amount", "fee", "fee_type", "status", "remark",
            "detail", "time", "type", "currency", "card_no", "cardholder_no", "consume_no", "local_amount", "local_currency", "reason",
            "before_status", "after_status", "code", "message", "data", "id", "action", "name", "mcc", "postal", "region", "terminal",
            "acquirer", "arn", "auth_code", "network", "wallet", "token", "channel", "ip", "device", "locale", "zone", "created",
            "updated", "expired", "limit", "used", "balance", "total", "count", "page", "size", "first", "last", "middle", "title",
            "phone", "email", "street", "number");
        for (int size : new int[] {1, 2, 3, 5, 6, 7, 11, 12, 13, 14, 24, 25, 26, 48, 49, 60}) {
            List<String> keys = words.subList(0, size);
            data("order_%02d_given".formatted(size), "{\"o\":" + object(keys) + "}");
            if (size >= 5) {
                data("order_%02d_shuffled".formatted(size), "{\"o\":" + object(shuffled(keys, size)) + ",\"a\":[" + object(reversed(keys)) + "]}");
            }
            if (size >= 12) {
                List<String> sorted = new ArrayList<>(keys);
                Collections.sort(sorted);
                data("order_%02d_sorted".formatted(size), "{\"o\":" + object(sorted) + "}");
            }
        }
        data("order_top_many", object(shuffled(words, 7)));
        data("order_120_numbered", "{\"o\":" + object(shuffled(IntStream.range(0, 120).mapToObj(i -> "key" + i).toList(), 120)) + "}");
        data("order_200_mixed", "{\"o\":" + object(shuffled(IntStream.range(0, 200)
            .mapToObj(i -> (i % 3 == 0 ? "Feld" : i % 3 == 1 ? "字段" : "f_") + i * 7919).toList(), 200)) + "}");
        // A null takes a place in the table, so it decides when the table grows.
        String twelve = object(words.subList(0, 12));
        data("order_12_and_null", "{\"o\":" + twelve.replace("}", ",\"currency\":null}") + "}");
        data("order_13_one_null", "{\"o\":" + object(words.subList(0, 13)).replace(":5,", ":null,") + "}");
        data("order_two_levels", "{\"o\":{\"merchant_name\":{\"merchant_name\":1,\"city\":2,\"country\":3},\"city\":[{\"zone\":1,\"arn\":2,\"ip\":3}],"
            + "\"country\":{\"zone\":{\"status\":1,\"amount\":2,\"fee\":3},\"arn\":null}}}");
        data("order_case", "{\"o\":{\"b\":1,\"B\":2,\"a\":3,\"A\":4,\"_\":5,\"0\":6,\"10\":7,\"9\":8,\"\":9,\"é\":10,\"中\":11,\"😀\":12,\"\uFF21\":13}}");
        data("order_digits", "{\"o\":{\"10\":1,\"9\":2,\"1\":3,\"2\":4,\"100\":5,\"-1\":6,\"01\":7}}");
        data("order_high_hash", "{\"o\":{\"zzzzzzzzzz\":1,\"aaaaaaaaaaaaaaaa\":2,\"polygenelubricants\":3,\"GydZG_\":4,\"DESIGNING WORKHOUSES\":5,\"zzzzzz\":6,\"q\":7}}");
    }

    /** Strings of equal hashCode: every one of the 2^n made of "Aa" and "BB". */
    private static List<String> twins(int n) {
        List<String> out = List.of("");
        for (int i = 0; i < n; i++) {
            out = out.stream().flatMap(s -> List.of(s + "Aa", s + "BB").stream()).toList();
        }
        return out;
    }

    /** Keys k0, k1, ... that share one bucket of a table of this size. */
    private static List<String> neighbours(int table, int bucket, int count) {
        return IntStream.iterate(0, i -> i + 1).mapToObj(i -> "k" + i).filter(k -> {
            int hash = k.hashCode();
            return ((hash ^ (hash >>> 16)) & (table - 1)) == bucket;
        }).limit(count).toList();
    }

    private static List<String> joined(List<String> a, List<String> b) {
        List<String> all = new ArrayList<>(a);
        all.addAll(b);
        return all;
    }

    private void collisions() {
        data("twins_2", "{\"o\":{\"Aa\":1,\"BB\":2},\"a\":[{\"BB\":1,\"Aa\":2}],\"BB\":1,\"Aa\":2}");
        data("twins_4", "{\"o\":" + object(shuffled(twins(2), 1)) + "}");
        for (int n : new int[] {8, 9, 10, 11, 12, 16}) {
            List<String> keys = twins(4).subList(0, n);
            data("twins_%02d_rising".formatted(n), "{\"o\":" + object(keys) + "}");
            data("twins_%02d_falling".formatted(n), "{\"o\":" + object(reversed(keys)) + "}");
            data("twins_%02d_shuffled".formatted(n), "{\"o\":" + object(shuffled(keys, n)) + "}");
        }
        List<String> few = List.of("merchant_name", "merchant_mcc", "city", "country", "amount");
        data("twins_16_and_others", "{\"o\":" + object(shuffled(joined(twins(4), few), 3)) + "}");
        data("twins_32_shuffled", "{\"o\":" + object(shuffled(twins(5), 32)) + "}");
        data("twins_64_shuffled", "{\"o\":" + object(shuffled(twins(6), 64)) + "}");
        data("twins_64_and_60", "{\"o\":" + object(shuffled(joined(twins(6), neighbours(1, 0, 60)), 124)) + "}");
        data("bucket_64_12", "{\"o\":" + object(neighbours(64, 5, 12)) + "}");
        data("bucket_64_20_shuffled", "{\"o\":" + object(shuffled(neighbours(64, 5, 20), 20)) + "}");
        data("bucket_64_30_falling", "{\"o\":" + object(reversed(neighbours(64, 33, 30))) + "}");
        // A treeified bucket that a growing table splits, into lists and into trees.
        data("bucket_split_lists", "{\"o\":" + object(joined(shuffled(neighbours(64, 5, 12), 1), neighbours(1, 0, 60))) + "}");
        data("bucket_split_trees", "{\"o\":" + object(joined(shuffled(neighbours(64, 9, 40), 2), neighbours(1, 0, 170))) + "}");
        data("bucket_split_shuffled", "{\"o\":" + object(shuffled(joined(neighbours(64, 9, 40), neighbours(1, 0, 170)).stream().distinct().toList(), 3)) + "}");
        data("bucket_one_side", "{\"o\":" + object(joined(shuffled(neighbours(512, 7, 16), 4), neighbours(1, 0, 120))) + "}");
        data("bucket_twins_null", "{\"o\":" + object(shuffled(twins(4), 6)).replace(":7", ":null").replace(":3,", ":null,") + "}");
    }

    private void shapes() {
        data("empty_data", "{}");
        data("empty_nested", "{\"o\":{},\"a\":[],\"s\":\"\",\"oo\":{\"o\":{}},\"aa\":[[]],\"ao\":[{}],\"oa\":{\"a\":[]}}");
        data("deep_objects", "{\"o\":" + "{\"k\":".repeat(30) + "1" + "}".repeat(30) + "}");
        data("deep_arrays", "{\"a\":" + "[".repeat(30) + "1" + "]".repeat(30) + "}");
        data("deep_mixed", "{\"a\":[{\"z\":[{\"y\":{\"b\":[1,[2,[3,{\"d\":null,\"c\":[null]}]]],\"a\":{}}}]},[[],[{}],[[\"\"]]]]}");
        data("array_kinds", "{\"a\":[1,\"1\",1.0,true,false,null,{},[],\"\"]}");
        data("array_top_strings", "{\"a\":[\"x\",\"y&z=1\",\"\\\"\"]}");
        data("spaces_inside_strings", "{\"o\":{\"k k\":\" a  b \",\"l\": [ 1 , 2 ] }, \"s\" : \"  padded  \"}");
        data("one_string", "{\"s\":\"x\"}");
        data("long_string", "{\"s\":\"" + "x".repeat(3000) + "\",\"o\":{\"s\":\"" + "é\\n".repeat(1500) + "\"}}");
        data("long_array", "{\"a\":[" + IntStream.range(0, 300).mapToObj(i -> "{\"i\":" + i + ",\"a\":" + i + ".50}").collect(Collectors.joining(",")) + "]}");
    }

    private void numbers() {
        String[] numbers = {
            "0", "-0", "0.0", "-0.0", "0.00", "0.0000000", "-0.00000000", "0e0", "0E+5", "0e-5", "0e-9", "-0e1", "0.0e3", "0E-7",
            "1", "-1", "7.0", "10.5", "10.50", "100.00", "-10.50", "0.1", "0.10", "1E+3", "1e3", "1E3", "1e+03", "1e03", "1.5E3", "1.50e1", "1.50e2",
            "1.50e3", "12e0", "12.34e1", "12.34e2", "12.34e3", "1e-3", "1E-6", "1E-7", "1.0E-7", "1.0e-6", "0.000001", "0.0000001", "0.00000010", "0.0000012",
            "0.00000012", "123456789.123456789", "2147483647", "2147483648", "-2147483648", "-2147483649", "9007199254740993",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
            "18446744073709551616", "-18446744073709551616", "1e18", "1e19", "1e23", "-1E+3", "100000000000000000000000000000000000000",
            "123456789012345678901234567890123456789012345678901234567890", "0.1234567890123456789012345678901234567890",
            "12345678901234567890123456789012345.6789", "123456789012345678.90", "1234567890123456789.0", "99999999999999999999.99",
            "0.30000000000000004", "1.7976931348623157e308", "1e308", "1e309", "1e400", "1e-400", "4.9e-324", "1e99", "1e100", "1e101",
            "1e-99", "1e-100", "1e-101", "1.0E10", "1.0E+10", "9.99E9", "0.001", "0.0010", "1.0E-4", "1.000000000000000000000", "3.1400000000000000000000000000000000",
            "1e2147483647", "1e-2147483647", "25.99", "1735689600123", "1735689600123.0", "922337203685477580.7", "9223372036854775.807",
            "9223372036854775.808", "-92233720368547758.08", "-92233720368547758.09", "-9.223372036854775808", "0.000000000000000000",
            "1234567.1234567", "16777217.0", "1e16", "1.5e+0010", "-1.50E-0002", "0.0123456789012345678",
            // Numbers that fastjson 2 converts to doubles.
            "5e-324", "1e-323", "9.9e-324", "2e-323", "2.2e-322", "2.2250738585072014e-308", "1e21", "1e22", "8.41e21", "2e-3", "2.0e-3", "1e6", "1e7",
            "9999999e1", "12345678.9e0", "12345678.9e1", "1234567.8e-1", "9007199254740993e1", "123456789012345678e3", "1234567890123456789012345e-5",
            "0.1e1", "1e-0", "-0e0", "-0.0e0", "-0.0e1", "9223372036854775807e1", "9223372036854775808e1", "123456789.123456789e1",
            "0.00000001e8", "0.00000001e7", "1.1e23", "4503599627370497.5e1", "179769313486231580793728971405301e276", "10.50e0", "10.50E+00", "1e00", "93e-5", "9.3E-4", "7609987190609e5", "5e22",
            "1234567890123456789012345678901234567890.5e3", "12345678901234567890123456789012345678901234567890e3", "1e1023", "1e2047", "1e2048", "1e-2048",
        };
        for (String number : numbers) {
            data("number " + number, everywhere(number));
        }
        data("number 400 digits", everywhere("1" + "0".repeat(398) + "1"));
        data("number 400 decimals", everywhere("0." + "12345678".repeat(50)));
        data("number 70 zeros", everywhere("1." + "0".repeat(70)));
        data("number 1e2147483648", everywhere("1e2147483648"));
        data("numbers_many", "{\"amount\":10.50,\"fee\":1E+3,\"o\":{\"amount\":10.50,\"fee\":1E+3,\"n\":-0.0},\"a\":[10.50,1E+3,[1e400,0.0000001]]}");
        data("number_then_space", "{\"a\" : 10.50 ,\"o\":{\"b\" :\t1e3\n}}");
    }

    private void words() {
        for (String word : new String[] {"true", "false", "null"}) {
            data("word_" + word, everywhere(word));
        }
        data("nulls_in_object", "{\"o\":{\"a\":null,\"b\":1,\"c\":null},\"p\":{\"a\":null}}");
        data("nulls_in_array", "{\"a\":[null,1,null,[null],{\"x\":null}],\"b\":[null]}");
        data("null_only", "{\"x\":null}");
        data("empty_string", everywhere("\"\""));
        data("strings_like_json", "{\"a\":\"{\\\"b\\\":1, \\\"a\\\":10.50}\",\"b\":\"[1, 2]\",\"c\":\"null\",\"d\":\"true\",\"o\":{\"a\":\"{\\\"b\\\": 1}\",\"b\":\"[]\"}}");
        data("strings_like_numbers", "{\"a\":\"10.50\",\"b\":\"1E+3\",\"c\":\"-0\",\"o\":{\"a\":\"10.50\",\"b\":\"007\"},\"l\":[\"1e400\"]}");
        data("strings_like_dates", "{\"a\":\"2025-01-01\",\"b\":\"2025-01-01 08:00:00\",\"c\":\"2025-01-01T08:00:00.000Z\",\"d\":\"/Date(1735689600000)/\","
            + "\"o\":{\"a\":\"2025-01-01T08:00:00Z\",\"b\":\"2025-01-01T08:00:00+08:00\",\"c\":\"/Date(1735689600000+0800)/\"},\"l\":[\"20250101\"]}");
        data("string_quotes_kept", "{\"a\":\"\\\"quoted\\\"\",\"o\":{\"a\":\"\\\"quoted\\\"\"}}");
    }

    private void characters() {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("chinese", "余额不足，请充值");
        texts.put("latin", "Zoë Müller ß ÿ");
        texts.put("emoji", "😀👩‍👩‍👧 🇨🇳");
        texts.put("emoji_escaped", "\\ud83d\\ude00\\uD83D\\uDE00");
        texts.put("supplementary", "𝄞𠮷");
        texts.put("quote", "a\\\"b");
        texts.put("backslash", "a\\\\b\\\\\\\\");
        texts.put("slash", "a/b\\/c</script>");
        texts.put("apostrophe", "it's");
        texts.put("html", "<a href=x>&amp;</a>");
        texts.put("separators", "a&b=c&appId=x");
        texts.put("short_escapes", "\\b\\f\\n\\r\\t");
        texts.put("escaped_ascii", "\\u0041\\u0062\\u002f\\u0022\\u005c\\u0027\\u003c\\u0026");
        texts.put("escaped_latin", "\\u00e9\\u00E9\\u4e2d\\u4E2D");
        texts.put("escaped_newline", "\\u000a\\u000A\\u0009");
        texts.put("c1_raw", "\u0080\u0085\u0090\u009f\u00a0\u00ad");
        texts.put("c1_escaped", "\\u0080\\u0085\\u0090\\u009f\\u00a0\\u00ad");
        texts.put("delete_raw", "a\u007fb");
        texts.put("delete_escaped", "a\\u007fb");
        texts.put("line_separators_raw", "a\u2028b\u2029c");
        texts.put("line_separators_escaped", "a\\u2028b\\u2029c");
        texts.put("bom_raw", "a\ufeffb");
        texts.put("bom_escaped", "a\\ufeffb");
        texts.put("zero_width_raw", "a\u200bb\u200dc\u2060d\u00add");
        texts.put("noncharacters_raw", "a\ufffeb\uffffc\ufffdd");
        texts.put("noncharacters_escaped", "a\\ufffeb\\uffffc\\ufffdd");
        texts.put("private_use", "a\ue000b");
        texts.put("combining", "e\u0301");
        texts.put("lone_high", "a\\ud800b");
        texts.put("lone_low", "a\\udc00b");
        texts.put("lone_high_last", "a\\ud83d");
        texts.put("reversed_pair", "\\ude00\\ud83d");
        texts.put("two_high", "\\ud83d\\ud83d\\ude00");
        texts.put("half_raw_half_escaped", "\\ud83d😀\\ude00");
        for (int c = 0; c < 0x20; c++) {
            texts.put("control_%02x".formatted(c), "a\\u%04xb".formatted(c));
        }
        texts.forEach((name, text) -> {
            data("char_" + name, everywhere("\"" + text + "\""));
            data("key_" + name, "{\"k" + text + "\":1,\"o\":{\"k" + text + "\":1,\"z\":2}}");
        });
        data("char_all_ascii", everywhere("\"" + IntStream.range(0x20, 0x7f).filter(c -> c != '"' && c != '\\')
            .mapToObj(c -> String.valueOf((char) c)).collect(Collectors.joining()) + "\""));
        data("char_all_latin1", everywhere("\"" + IntStream.range(0x7f, 0x100).mapToObj(c -> String.valueOf((char) c)).collect(Collectors.joining()) + "\""));
        data("char_general_punctuation", everywhere("\"" + IntStream.range(0x2000, 0x2070).mapToObj(c -> String.valueOf((char) c)).collect(Collectors.joining()) + "\""));
        data("char_specials_block", everywhere("\"" + IntStream.range(0xfff0, 0x10000).mapToObj(c -> String.valueOf((char) c)).collect(Collectors.joining()) + "\""));
        data("char_all_controls", everywhere("\"" + IntStream.range(0, 0x20).mapToObj("\\u%04x"::formatted).collect(Collectors.joining()) + "\""));
        data("char_controls_and_chinese", everywhere("\"中" + IntStream.range(0, 0x20).mapToObj("\\u%04x"::formatted).collect(Collectors.joining()) + "文\u007f\u0085/\\/'\""));
        data("char_every_block", everywhere("\"" + IntStream.range(0, 0x10000 / 0x80).map(i -> i * 0x80 + 0x41)
            .filter(c -> c < 0xd800 || c > 0xdfff).mapToObj(c -> String.valueOf((char) c)).collect(Collectors.joining()) + "\""));
    }

    private void keys() {
        data("keys_around_ours", "{\"A\":1,\"Z\":2,\"_a\":3,\"0\":4,\"a\":5,\"appI\":6,\"appID\":7,\"appIdx\":8,\"app_id\":9,\"timestamq\":10,"
            + "\"timestam\":11,\"timestamp_\":12,\"timeStamp\":13,\"time\":14,\"zz\":15,\"~\":16,\"é\":17,\"中\":18,\"-\":19,\" \":20}");
        data("keys_utf16_order", "{\"\uFF21\":1,\"😀\":2,\"\uE000\":3,\"\uD7FF\":4,\"𝄞\":5,\"\uFFFD\":6,\"o\":{\"\uFF21\":1,\"😀\":2,\"\uE000\":3,\"\uD7FF\":4}}");
        data("keys_empty", "{\"\":1,\"o\":{\"\":2}}");
        data("keys_prefix", "{\"ab\":1,\"a\":2,\"abc\":3,\"a\\u0000\":4,\"a \":5}");
        data("keys_with_marks", "{\"a=b\":1,\"a&b\":2,\"a b\":3,\"a.b\":4,\"a'b\":5,\"a/b\":6,\"<k>\":7,\"o\":{\"a=b\":1,\"a'b\":2,\"a/b\":3,\"<k>\":4}}");
        data("keys_escaped_name", "{\"\\u0061mount\":10.50,\"o\":{\"\\u0061\":1}}");
        data("key_appid", "{\"appId\":\"theirs\",\"x\":\"1\"}");
        data("key_appid_number", "{\"appId\":10.50,\"timestamp\":1735689600999}");
        data("key_appid_null", "{\"appId\":null,\"timestamp\":null,\"x\":1}");
        data("key_appid_empty", "{\"appId\":\"\",\"timestamp\":\"\"}");
        data("key_appid_object", "{\"appId\":{\"b\":1,\"a\":2},\"timestamp\":[1]}");
        data("key_timestamp", "{\"timestamp\":\"5\",\"timestamps\":\"6\"}");
        data("key_appid_nested", "{\"o\":{\"timestamp\":1,\"appId\":2}}");
        data("key_id_action", "{\"id\":\"x\",\"action\":\"y\",\"data\":{\"data\":1}}");
    }

    private void duplicates() {
        data("duplicate_top", "{\"a\":1,\"b\":2,\"a\":3}");
        data("duplicate_top_kinds", "{\"a\":{\"x\":1},\"b\":2,\"a\":\"s\"}");
        data("duplicate_top_null_last", "{\"a\":1,\"b\":2,\"a\":null}");
        data("duplicate_top_null_first", "{\"a\":null,\"b\":2,\"a\":1}");
        data("duplicate_nested", "{\"o\":{\"z\":1,\"b\":2,\"z\":3,\"a\":4}}");
        data("duplicate_nested_null_last", "{\"o\":{\"z\":1,\"b\":2,\"z\":null,\"a\":4}}");
        data("duplicate_nested_null_first", "{\"o\":{\"z\":null,\"b\":2,\"z\":1,\"a\":4}}");
        data("duplicate_escaped", "{\"a\":1,\"\\u0061\":2,\"o\":{\"a\":1,\"\\u0061\":2}}");
        data("duplicate_objects", "{\"o\":{\"x\":{\"a\":1},\"x\":{\"b\":2}}}");
        data("duplicate_three", "{\"o\":{\"x\":1,\"y\":1,\"x\":2,\"y\":2,\"x\":3}}");
        data("duplicate_timestamp", "{\"timestamp\":\"1\",\"timestamp\":\"2\"}");
        body("duplicate_data", "{\"id\":\"1\",\"action\":\"A\",\"data\":{\"a\":1},\"data\":{\"b\":2}}");
        body("duplicate_data_null", "{\"id\":\"1\",\"action\":\"A\",\"data\":{\"a\":1},\"data\":{\"a\":null}}");
        data("duplicate_twins", "{\"o\":" + object(joined(twins(4), List.of("AaBBAaBB", "BBBBBBBB"))) + "}");
    }

    private void specials() {
        data("type_unknown_top", "{\"@type\":\"Visa\",\"a\":1}");
        data("type_unknown_nested", "{\"o\":{\"@type\":\"Visa\",\"a\":1}}");
        data("type_not_first", "{\"o\":{\"b\":1,\"@type\":\"Visa\",\"a\":1}}");
        data("type_number", "{\"o\":{\"@type\":7,\"a\":1}}");
        data("type_null", "{\"o\":{\"@type\":null,\"a\":1}}");
        data("type_empty", "{\"o\":{\"@type\":\"\",\"a\":1}}");
        data("type_hashmap", "{\"o\":{\"@type\":\"java.util.HashMap\",\"z\":1,\"b\":2,\"a\":null}}");
        data("type_linkedhashmap", "{\"o\":{\"@type\":\"java.util.LinkedHashMap\",\"z\":1,\"b\":2}}");
        data("type_treemap", "{\"o\":{\"@type\":\"java.util.TreeMap\",\"z\":1,\"b\":2}}");
        data("type_jsonobject", "{\"o\":{\"@type\":\"com.alibaba.fastjson.JSONObject\",\"z\":1,\"b\":2}}");
        data("type_refused", "{\"o\":{\"@type\":\"java.lang.Thread\",\"a\":1}}");
        data("type_in_string", "{\"s\":\"{\\\"@type\\\":\\\"java.lang.Thread\\\"}\"}");
        data("ref_unknown", "{\"o\":{\"$ref\":\"abc\"}}");
        data("ref_root", "{\"o\":{\"$ref\":\"$\"}}");
        data("ref_self", "{\"o\":{\"$ref\":\"@\"}}");
        data("ref_parent", "{\"o\":{\"p\":{\"$ref\":\"..\"}}}");
        data("ref_path", "{\"a\":{\"x\":1,\"b\":2},\"o\":{\"$ref\":\"$.data.a\"}}");
        data("ref_path_in_list", "{\"l\":[{\"x\":1,\"b\":2},{\"$ref\":\"$.data.l[0]\"}]}");
        data("ref_path_relative", "{\"a\":{\"x\":1},\"o\":{\"$ref\":\"$.a\"}}");
        data("ref_with_more", "{\"a\":{\"x\":1},\"o\":{\"$ref\":\"$.data.a\",\"y\":1}}");
        data("ref_second", "{\"a\":{\"x\":1},\"o\":{\"y\":1,\"$ref\":\"$.data.a\"}}");
        data("ref_number", "{\"o\":{\"$ref\":7}}");
        data("ref_null", "{\"o\":{\"$ref\":null}}");
        data("ref_top", "{\"$ref\":\"abc\",\"x\":1}");
        data("class_key", "{\"o\":{\"class\":\"x\",\"$id\":\"1\",\"@id\":\"2\",\"$type\":\"3\",\"__proto__\":\"4\"}}");
        data("value_key", "{\"o\":{\"value\":1,\"val\":2,\"$numberDecimal\":\"1.50\",\"$oid\":\"x\"}}");
    }

    private void envelopes() {
        body("envelope_data_first", "{\"data\":{\"b\":1,\"a\":{\"z\":1,\"b\":2}},\"action\":\"A\",\"id\":\"1\"}");
        body("envelope_more", "{\"id\":\"1\",\"x\":{\"data\":{\"no\":1}},\"action\":\"A\",\"data\":{\"a\":1},\"y\":null}");
        body("envelope_no_id", "{\"data\":{\"a\":1}}");
        body("envelope_spaces", " \t\r\n{ \"id\" : \"1\" , \"action\" : \"A\" , \"data\" : { \"a\" : [ ] , \"o\" : { } } } \r\n");
        body("envelope_escaped_data", "{\"id\":\"1\",\"action\":\"A\",\"d\\u0061ta\":{\"a\":1}}");
        laxBody("envelope_data_missing", "{\"id\":\"1\",\"action\":\"A\"}");
        laxBody("envelope_data_null", "{\"id\":\"1\",\"action\":\"A\",\"data\":null}");
        laxBody("envelope_data_list", "{\"id\":\"1\",\"action\":\"A\",\"data\":[1]}");
        laxBody("envelope_data_text", "{\"id\":\"1\",\"action\":\"A\",\"data\":\"{\\\"z\\\":{\\\"y\\\":10.50,\\\"b\\\":1}}\"}");
        laxBody("envelope_data_plain_text", "{\"id\":\"1\",\"action\":\"A\",\"data\":\"x\"}");
        laxBody("envelope_list", "[{\"id\":\"1\",\"action\":\"A\",\"data\":{\"a\":1}}]");
    }

    private void lax() {
        laxData("lax_single_quotes", "{'a':'x','o':{'b':'it\"s','a':1}}");
        laxData("lax_bare_keys", "{a:1,o:{b:2,a:1}}");
        laxData("lax_trailing_comma_object", "{\"a\":1,\"o\":{\"b\":1,},}");
        laxData("lax_trailing_comma_array", "{\"a\":[1,2,]}");
        laxData("lax_double_comma", "{\"a\":[1,,2],\"o\":{\"a\":1,,\"b\":2}}");
        laxData("lax_missing_comma_object", "{\"o\":{\"a\":1 \"b\":2}}");
        laxData("lax_missing_comma_array", "{\"a\":[1 2]}");
        laxData("lax_line_comment", "{\"a\":1,// note\n\"b\":2}");
        laxData("lax_block_comment", "{/* note */\"a\":/**/1}");
        laxData("lax_leading_zero", everywhere("007"));
        laxData("lax_minus_leading_zero", everywhere("-01.50"));
        laxData("lax_plus", everywhere("+1"));
        laxData("lax_point_first", everywhere(".5"));
        laxData("lax_point_last", everywhere("5."));
        laxData("lax_point_exponent", everywhere("1.e3"));
        laxData("lax_no_exponent", everywhere("1e"));
        laxData("lax_minus_only", everywhere("-"));
        laxData("lax_hex_number", everywhere("0x1F"));
        laxData("lax_nan", everywhere("NaN"));
        laxData("lax_infinity", everywhere("Infinity"));
        for (String suffix : new String[] {"L", "S", "B", "F", "D"}) {
            laxData("lax_suffix_" + suffix, everywhere("12" + suffix));
        }
        laxData("lax_suffix_decimal", everywhere("1.50D"));
        laxData("lax_undefined", everywhere("undefined"));
        laxData("lax_True", everywhere("True"));
        laxData("lax_NULL", everywhere("NULL"));
        laxData("lax_bare_word", everywhere("abc"));
        laxData("lax_new_date", everywhere("new Date(1735689600000)"));
        laxData("lax_set", everywhere("Set[2,1]"));
        laxData("lax_treeset", everywhere("TreeSet[2,1]"));
        laxData("lax_hex_bytes", everywhere("x'4142'"));
        laxData("lax_escape_x", everywhere("\"\\x41\""));
        laxData("lax_escape_quote", everywhere("\"\\'\""));
        laxData("lax_escape_v", everywhere("\"\\v\""));
        laxData("lax_escape_digits", everywhere("\"\\0\\1\\7\""));
        laxData("lax_escape_F", everywhere("\"a\\Fb\""));
        laxData("lax_escape_unknown", everywhere("\"\\q\""));
        laxData("lax_escape_short", everywhere("\"\\u41\""));
        laxData("lax_escape_capital_u", everywhere("\"\\U0041\""));
        for (int c : new int[] {0x00, 0x01, 0x09, 0x0a, 0x0d, 0x1a, 0x1f}) {
            laxData("lax_raw_control_%02x".formatted(c), everywhere("\"a" + (char) c + "b\""));
        }
        laxData("lax_number_key", "{1:2,\"o\":{10:1,9:2}}");
        laxData("lax_null_key", "{\"o\":{null:1,\"a\":2}}");
        laxData("lax_object_key", "{\"o\":{{\"a\":1}:2}}");
        laxBody("lax_bom", "\ufeff{\"id\":\"1\",\"action\":\"A\",\"data\":{\"a\":1}}");
        laxBody("lax_after", "{\"id\":\"1\",\"action\":\"A\",\"data\":{\"a\":1}}x");
        laxBody("lax_two_values", "{\"id\":\"1\",\"action\":\"A\",\"data\":{\"a\":1}}{}");
        laxBody("lax_cut", "{\"id\":\"1\",\"action\":\"A\",\"data\":{\"a\":1}");
        laxBody("lax_semicolon", "{\"id\":\"1\",\"action\":\"A\",\"data\":{\"a\":1}};");
        laxBody("lax_form_feed", "{\"id\":\"1\",\f\"action\":\"A\",\b\"data\":{\"a\":1}}");
        laxBody("lax_nbsp", "{\"id\":\"1\",\u00a0\"data\":{\"a\":1}}");
        laxBody("lax_empty", "");
    }
}
