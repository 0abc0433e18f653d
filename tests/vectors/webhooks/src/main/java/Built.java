import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The Java objects that a platform's code may hold as the data of an event. */
public final class Built {
    public static class Merchant {
        public String merchant_name = "AMAZON MKTPL*2X1";
        public String merchant_mcc = "5942";
        public String city = "SEATTLE";
        public String country = "US";
    }

    public static class Fee {
        public String fee_type;
        public BigDecimal amount;

        Fee(String type, String amount) {
            this.fee_type = type;
            this.amount = new BigDecimal(amount);
        }
    }

    public static class Consumption {
        public String consume_no = "C202501010000000002";
        public String consume_relate_no = "";
        public String card_no = "K100000000000000001";
        public String cardholder_no = "H1000000001";
        public String type = "Consumption";
        public BigDecimal amount = new BigDecimal("25.90");
        public BigDecimal fee = new BigDecimal("0.45");
        public BigDecimal local_amount = new BigDecimal("25.90");
        public String local_currency = "USD";
        public Merchant merchant_info = new Merchant();
        public String status = "Success";
        public String remark = "";
        public String detail = "";
        public List<Fee> fee_detail = new ArrayList<>(List.of(new Fee("Auth_fee", "0.30"), new Fee("Cross_border_fee", "0.15")));
        public Long time = 1735689600123L;
    }

    public static class Floats {
        public double amount = 10.50;
        public Double fee = 1.0E10;
        public float local_amount = 0.1f;
        public double[] rates = {0.0, -0.0, 1.0E7, 9999999.0, 0.001, 1.0E-4, 100.0, 123456789.5, 1.0E21, 0.1 + 0.2};
        public Map<String, Double> limits = new LinkedHashMap<>(Map.of("daily", 1.0E7));
        public int count = 7;
        public long total = 9007199254740993L;
        public BigInteger big = new BigInteger("18446744073709551616");
    }

    public static class Flat {
        public Map<String, Object> o = new LinkedHashMap<>();
    }

    /** Whether a value of that name is also sent by writers that escape every letter that is not ASCII, half a surrogate pair included. */
    static boolean isSentEscaped(String name) {
        return name.equals("texts that were cut");
    }

    private Built() {}

    private static Map<String, Object> fill(Map<String, Object> map, Object... pairs) {
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }

    private static Map<String, Object> consumption(Supplier<Map<String, Object>> maps) {
        Map<String, Object> merchant = fill(maps.get(), "merchant_name", "OPENAI *CHATGPT", "merchant_mcc", "5734", "city", "SAN FRANCISCO",
            "country", "US");
        List<Object> fees = new ArrayList<>(List.of(
            fill(maps.get(), "fee_type", "Auth_fee", "amount", new BigDecimal("0.30")),
            fill(maps.get(), "fee_type", "Cross_border_fee", "amount", new BigDecimal("0.15"))));
        return fill(maps.get(), "consume_no", "C202501010000000002", "consume_relate_no", "", "card_no", "K100000000000000001",
            "cardholder_no", "H1000000001", "type", "Consumption", "amount", new BigDecimal("10.50"), "fee", new BigDecimal("0.45"),
            "local_amount", new BigDecimal("10.50"), "local_currency", "USD", "merchant_info", merchant, "status", "Success",
            "remark", null, "detail", "", "fee_detail", fees, "time", 1735689600123L);
    }

    private static Map<String, Object> numbered(Map<String, Object> map, int count) {
        for (int i = 0; i < count; i++) {
            map.put("field_" + i * 37 % 101, i);
        }
        return map;
    }

    private static Map<String, Object> top(Object... pairs) {
        return fill(new LinkedHashMap<>(), pairs);
    }

    static Map<String, Supplier<Object>> all() {
        Map<String, Supplier<Object>> all = new LinkedHashMap<>();
        all.put("LinkedHashMaps", () -> consumption(LinkedHashMap::new));
        all.put("HashMaps", () -> consumption(HashMap::new));
        all.put("TreeMaps", () -> consumption(TreeMap::new));
        all.put("small HashMaps", () -> consumption(() -> new HashMap<>(1)));
        all.put("large HashMaps", () -> consumption(() -> new HashMap<>(100)));
        all.put("bean", Consumption::new);
        all.put("bean with nulls", () -> {
            Consumption bean = new Consumption();
            bean.remark = null;
            bean.consume_relate_no = null;
            bean.merchant_info.city = null;
            bean.fee_detail.get(0).amount = null;
            return bean;
        });
        all.put("bean of stripped amounts", () -> {
            Consumption bean = new Consumption();
            bean.amount = new BigDecimal("1000.00").stripTrailingZeros();
            bean.local_amount = new BigDecimal("100").setScale(2);
            bean.fee = new BigDecimal("0.0000001");
            bean.fee_detail.get(0).amount = new BigDecimal("10.00").stripTrailingZeros();
            bean.fee_detail.get(1).amount = new BigDecimal("0.00000000");
            return bean;
        });
        all.put("bean of one amount from a double", () -> {
            Consumption bean = new Consumption();
            bean.amount = new BigDecimal(0.1);
            bean.fee_detail.get(0).amount = new BigDecimal(10.1);
            return bean;
        });
        all.put("bean with one fee twice", () -> {
            Consumption bean = new Consumption();
            bean.fee_detail.set(1, bean.fee_detail.get(0));
            return bean;
        });
        all.put("one map under two names", () -> {
            Map<String, Object> merchant = top("merchant_name", "M", "city", "C");
            return top("merchant_info", merchant, "original_merchant", merchant);
        });
        all.put("bean of floats", Floats::new);
        all.put("map of doubles", () -> top("amount", 10.50, "fee", 1.0E10, "zero", -0.0, "small", 1.0E-7, "o", top("amount", 1.0E7, "fee", 100.0, "f", 0.1f)));
        all.put("not a number", () -> top("a", "x", "fee", Double.NaN, "o", top("fee", Double.POSITIVE_INFINITY, "f", Float.NaN)));
        all.put("exact numbers", () -> top("a", new BigDecimal("1E+3"), "b", new BigDecimal("1E-7"), "c", new BigDecimal("0E-8"), "d", new BigDecimal("1E+400"),
            "o", top("a", new BigDecimal("1E+3"), "b", new BigDecimal("1E-7"), "c", new BigDecimal("1.50E+5"), "d", new BigInteger("123456789012345678901234567890"))));
        for (int count : new int[] {3, 5, 7, 12, 13, 25, 49}) {
            all.put("HashMap of " + count, () -> top("o", numbered(new HashMap<>(), count)));
            all.put("HashMap made for " + count, () -> top("o", numbered(new HashMap<>(count), count)));
            all.put("HashMap copied from " + count, () -> top("o", new HashMap<>(numbered(new LinkedHashMap<>(), count))));
            all.put("LinkedHashMap of " + count, () -> top("o", numbered(new LinkedHashMap<>(), count)));
            all.put("TreeMap of " + count, () -> top("o", numbered(new TreeMap<>(), count)));
        }
        all.put("HashMap of 13 with nulls", () -> top("o", fill(numbered(new HashMap<>(), 13), "field_0", null, "field_37", null)));
        all.put("LinkedHashMap of twins", () -> top("o", top("BBBB", 1, "AaAa", 2, "AaBB", 3, "BBAa", 4)));
        all.put("HashMap of twins", () -> top("o", new HashMap<>(top("BBBB", 1, "AaAa", 2, "AaBB", 3, "BBAa", 4))));
        all.put("bean around a map", () -> {
            Flat bean = new Flat();
            fill(bean.o, "merchant_name", "M", "merchant_mcc", null, "city", "C", "country", "US");
            return bean;
        });
        all.put("texts", () -> top("a", "中文 😀 \" \\ / < > & ' \u0000\b\t\n\f\r\u001f\u007f\u0085\u2028\ufeff", "o",
            top("b", "中文 😀 \" \\ / < > & ' \u0000\b\t\n\f\r\u001f\u007f\u0085\u2028\ufeff", "\"k\" é\u007f\u2028", 1)));
        all.put("lone surrogate", () -> top("a", "x\ud800y", "o", top("b", "x\udc00y")));
        all.put("nulls", () -> top("a", null, "b", 1, "o", top("x", null, "y", 1), "l", Arrays.asList(null, top("z", null), 1)));
        all.put("empty things", () -> top("a", "", "o", new HashMap<>(), "l", new ArrayList<>(), "n", top("o", new HashMap<>(), "l", new ArrayList<>())));
        all.put("date", () -> top("time", new Date(1735689600123L), "o", top("time", new Date(1735689600123L))));
        all.put("enum", () -> top("status", Thread.State.NEW, "o", top("status", Thread.State.NEW)));
        all.put("character", () -> top("grade", 'A', "o", top("grade", 'A')));
        all.put("bytes", () -> top("raw", new byte[] {1, 2, -1}, "o", top("raw", new byte[] {1, 2, -1})));
        all.put("numbers as keys", () -> top("o", new LinkedHashMap<>(Map.of(10, "x"))));
        all.put("texts that were cut", () -> top("consume_no", "C1", "detail", "Caf\u00e9 \ud83d", "remark", "\ude00 x", "merchant_info",
            top("merchant_name", "Caf\u00e9 \ud83d", "city", "\ud83d\ud83d\ude00")));
        all.put("text of json", () -> top("detail", "{\"b\":1,\"a\":10.50}", "o", top("detail", "[1, 2]")));
        return all;
    }
}
