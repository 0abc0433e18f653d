package io.keysecure.receivers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.keysecure.Client;
import io.keysecure.EventHandler;
import io.keysecure.Replies;
import io.keysecure.model.CardStatus;
import io.keysecure.model.ConsumptionType;
import io.keysecure.model.Event;
import io.keysecure.model.SimulationRequest;
import io.keysecure.sandbox.Sandbox;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** What every receiver does, tested over sockets with signed webhooks of the offline sandbox. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
public abstract class ReceiverContract {
    /**
     * A running server on loopback.
     *
     * @param webhooks the path of webhooks.
     * @param health the path of the health check.
     */
    public record Server(int port, String webhooks, String health, AutoCloseable stop) {}

    private final Sandbox sandbox = new Sandbox("--mode", "authorization");
    private final Client client = sandbox.client();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, Integer> handled = new ConcurrentHashMap<>();
    private final Map<String, Integer> failures = new ConcurrentHashMap<>();
    private Server server;

    /** Starts the server with a client of the sandbox. */
    protected abstract Server start(Sandbox sandbox, EventHandler handler) throws Exception;

    @BeforeAll
    void start() throws Exception {
        server = start(sandbox, this::handle);
        deliverTo(uri(server.webhooks()).toString());
    }

    @AfterAll
    void stop() throws Exception {
        server.stop().close();
        client.close();
        sandbox.close();
    }

    private void handle(Event event) {
        if (!(event instanceof Event.CardUpdate update)) {
            return;
        }
        String cardNo = update.getData().getCardNo();
        handled.merge(cardNo, 1, Integer::sum);
        if (failures.merge(cardNo, -1, Integer::sum) >= 0) {
            throw new IllegalStateException("the database is not available");
        }
    }

    // The first test: the client has no token yet.
    @Order(1)
    @Test
    void healthIsDownUntilTheCredentialsAreAccepted() throws Exception {
        sandbox.control("POST /settings", Map.of("key_state", "not_enabled"));
        assertEquals(503, get(server.health()).statusCode());
        sandbox.control("POST /settings", Map.of("key_state", "active"));
        HttpResponse<String> up = get(server.health());
        assertEquals(200, up.statusCode(), up.body());
        assertTrue(up.body().toLowerCase().matches("\\{\"status\":\"(ok|up)\".*"), up.body());
    }

    @Test
    void purchasesAreApprovedOrDeclinedInTime() {
        String cardNo = card();
        assertEquals("Pending", statusOf(purchase(cardNo, "100.00")));
        assertEquals("Fail", statusOf(purchase(cardNo, "100.01")));
        assertEquals(List.of("200 0", "200 1"), responses(cardNo, "Auth"));
    }

    @Test
    void aReplayIsHandledOnceAndGetsTheFirstReplyAgain() throws Exception {
        String cardNo = card();
        sandbox.control("POST /callbacks/faults", Map.of("action", "Card_update", "kind", "duplicate"));
        freeze(cardNo);
        assertEquals(List.of("200 0", "200 0"), responses(cardNo, "Card_update"));
        assertEquals(1, handled.get(cardNo));

        String shopper = card();
        purchase(shopper, "5.00");
        purchase(shopper, "500.00");
        List<JsonObject> asked = deliveries(shopper, "Auth");
        assertEquals("200 " + Replies.accept(), replay(asked.get(0)));
        assertEquals("200 " + Replies.decline("over the limit of 100"), replay(asked.get(1)));
    }

    @Test
    void aWrongSignatureIsRejected() throws Exception {
        String cardNo = card();
        sandbox.control("POST /callbacks/faults", Map.of("action", "Card_update", "kind", "wrong_signature"));
        freeze(cardNo);
        assertEquals("400 1", responses(cardNo, "Card_update").get(0));
        assertFalse(handled.containsKey(cardNo));
    }

    @Test
    void aHandlerThatFailsGetsTheWebhookAgain() {
        String cardNo = card();
        failures.put(cardNo, 1);
        freeze(cardNo);
        sandbox.advance(Duration.ofSeconds(10));
        settle();
        assertEquals(List.of("500 1", "200 0"), responses(cardNo, "Card_update"));
        assertEquals(2, handled.get(cardNo));
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedBeforeItsEnd() throws Exception {
        String part = "x".repeat(70_000);
        assertEquals("413", statusOfUnfinished("Content-Length: 10000000\r\n\r\n" + part));
        assertEquals("413", statusOfUnfinished("Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(70_000) + "\r\n" + part));
    }

    @Test
    void otherMethodsAndPathsAreRefused() throws Exception {
        assertEquals(405, get(server.webhooks()).statusCode());
        assertEquals(404, get("/other").statusCode());
    }

    private String card() {
        return sandbox.virtualCard(sandbox.approvedCardholder());
    }

    private void freeze(String cardNo) {
        client.cards().updateStatus(cardNo, CardStatus.frozen());
        settle();
    }

    private String purchase(String cardNo, String amount) {
        SimulationRequest purchase = SimulationRequest.builder()
                .cardNo(cardNo)
                .type(ConsumptionType.consumption())
                .amount(new BigDecimal(amount))
                .build();
        return client.simulation().auth(purchase).getConsumeNo();
    }

    private String statusOf(String consumeNo) {
        return client.consumptions().get(consumeNo).getStatus().getValue();
    }

    private void deliverTo(String url) {
        sandbox.control("POST /callbacks/settings", Map.of("url", url));
    }

    private void settle() {
        JsonElement settled = sandbox.control("POST /callbacks/settle", Map.of("ms", 20_000));
        assertTrue(settled.getAsJsonObject().get("settled").getAsBoolean());
    }

    private List<JsonObject> deliveries(String cardNo, String action) {
        List<JsonObject> all = new ArrayList<>();
        for (JsonElement one : sandbox.control("GET /callbacks/deliveries", Map.of()).getAsJsonObject().getAsJsonArray("deliveries")) {
            JsonObject delivery = one.getAsJsonObject();
            boolean isAsked = delivery.get("action").getAsString().equals(action);
            if (isAsked && delivery.get("body").getAsString().contains('"' + cardNo + '"')) {
                all.add(delivery);
            }
        }
        return all;
    }

    /** The HTTP status and the code of each response. */
    private List<String> responses(String cardNo, String action) {
        return deliveries(cardNo, action).stream()
                .map(delivery -> delivery.get("http_status").getAsString() + " " + delivery.get("code").getAsString())
                .collect(Collectors.toList());
    }

    /** Sends the identical request again. */
    private String replay(JsonObject delivery) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri(server.webhooks()))
                .header("Timestamp", delivery.get("timestamp_ms").getAsString())
                .header("Signature", delivery.get("signature").getAsString())
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(delivery.get("body").getAsString()))
                .build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** The status of the response to a request whose body does not end. */
    private String statusOfUnfinished(String rest) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(10_000);
            OutputStream output = socket.getOutputStream();
            String head = "POST " + server.webhooks() + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
            output.write((head + rest).getBytes(StandardCharsets.US_ASCII));
            output.flush();
            InputStream input = socket.getInputStream();
            String line = new String(input.readNBytes(12), StandardCharsets.US_ASCII);
            return line.substring("HTTP/1.1 ".length());
        }
    }
}
