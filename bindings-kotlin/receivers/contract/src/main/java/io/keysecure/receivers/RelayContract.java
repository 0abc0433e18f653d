package io.keysecure.receivers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keysecure.Client;
import io.keysecure.KeySecureException;
import io.keysecure.Store;
import io.keysecure.WebhookVerifier;
import io.keysecure.model.ErrorKind;
import io.keysecure.model.Grant;
import io.keysecure.relay.AuditRecord;
import io.keysecure.relay.Relay;
import io.keysecure.relay.RelayRequest;
import io.keysecure.relay.Scope;
import io.keysecure.sandbox.Sandbox;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What every server does with a relay, tested over sockets. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class RelayContract {
    /** A running server on loopback. */
    public record Server(int port, AutoCloseable stop) {}

    private static final String CARDS_GET = "/keysecure/v1/cards.get";

    private final Sandbox sandbox = new Sandbox();
    private final Client client = sandbox.clientBuilder().store(Store.memory()).build();
    private final String own = sandbox.approvedCardholder();
    private final String cardNo = sandbox.virtualCard(own);
    private final String foreignCardNo = sandbox.virtualCard(sandbox.approvedCardholder());
    private final List<AuditRecord> records = new CopyOnWriteArrayList<>();
    private final List<RelayRequest> requests = new CopyOnWriteArrayList<>();
    private final Relay relay = Relay.builder(client, this::authorize)
            .mount("/keysecure")
            .audit(records::add)
            .requestsPerSecond(10_000)
            .build();
    private Server server;

    /** Starts a server that serves this relay, which is mounted at {@code /keysecure}. */
    protected abstract Server start(Relay relay) throws Exception;

    private Scope authorize(RelayRequest request) {
        requests.add(request);
        String token = request.getBearer();
        if (token == null || !token.startsWith("s3ssion-")) {
            return null;
        }
        return Scope.cardholder(own).session(token.substring(8)).readOnly().grant(Grant.CARDS_PRIVATE_INFO, Grant.CARDS_SET_PIN);
    }

    @BeforeAll
    void start() throws Exception {
        server = start(relay);
    }

    @AfterAll
    void stop() throws Exception {
        server.stop().close();
        client.close();
        sandbox.close();
    }

    private Client app(String session) {
        return Client.relay("http://127.0.0.1:" + server.port() + "/keysecure", refused -> session).build();
    }

    @Test
    void anAppReadsItsCardAndNoOther() {
        try (Client app = app("s3ssion-app")) {
            assertEquals(cardNo, app.cards().get(cardNo).getCardNo());
            assertEquals(ErrorKind.NOT_FOUND, kindOf(() -> app.cards().get(foreignCardNo)));
            assertEquals(ErrorKind.PERMISSION, kindOf(() -> app.cards().freeze(cardNo)));
        }
        try (Client stranger = app("other")) {
            assertEquals(ErrorKind.AUTHENTICATION, kindOf(() -> stranger.cards().get(cardNo)));
        }
    }

    @Test
    void theRecordsHoldNoSecret() {
        String pan;
        try (Client app = app("s3ssion-secrets")) {
            var secrets = app.cards().privateInfo(cardNo);
            pan = secrets.exposePan();
            kindOf(() -> app.cards().setPin(cardNo, own, "739251"));
        }
        String text = records.toString() + requests;
        assertTrue(text.contains("cards.private_info") && text.contains("cards.set_pin"), text);
        for (String secret : List.of(pan, "739251", "s3ssion-", "Bearer")) {
            assertFalse(text.contains(secret), text);
        }
    }

    @Test
    void authorizeSeesTheRequestOfTheServer() throws Exception {
        assertEquals(200, post(CARDS_GET, "s3ssion-context", "X-Phone: 7\r\n"));
        RelayRequest last = requests.get(requests.size() - 1);
        assertEquals(CARDS_GET, last.getPath());
        assertEquals("7", last.header("x-phone"));
        assertTrue(last.getContext() != null);
    }

    @Test
    void aPathThatIsNotExactlyTheOneIsRefused() throws Exception {
        assertEquals(200, post(CARDS_GET, "s3ssion-paths", ""));
        for (String path : List.of(
                "/keysecure/v1/cards%2Eget",
                "/keysecure/v1/%63ards.get",
                "/keysecure/v1%2Fcards.get",
                "/keysecure/v1/../v1/cards.get",
                "/keysecure/v1/./cards.get",
                "/keysecure//v1/cards.get",
                "//keysecure/v1/cards.get",
                "/keysecure/v1/cards.get/",
                "/keysecure/v1/cards.get;session=1",
                "/keysecure/v1/cards.get?card_no=" + foreignCardNo,
                "/keysecure/v1/cards.get?",
                "/keysecure/v1/cards.get%00",
                "/keysecure/v1/Cards.get")) {
            int status = post(path, "s3ssion-paths", "");
            assertTrue(status == 400 || status == 404, path + ": " + status);
        }
    }

    @Test
    void headersThatComeTwiceAreRefused() throws Exception {
        for (String more : List.of(
                "Authorization: Bearer other\r\n",
                "authorization: Bearer s3ssion-twice\r\n",
                "Content-Type: text/plain\r\n",
                "Idempotency-Key: a\r\nIdempotency-Key: b\r\n")) {
            assertEquals(400, post(CARDS_GET, "s3ssion-twice", more), more);
        }
    }

    @Test
    void aBodyThatNamesAFieldTwiceOrAnotherIsRefused() throws Exception {
        for (String body : List.of(
                "{\"card_no\":\"" + cardNo + "\",\"card_no\":\"" + cardNo + "\"}",
                "{\"card_no\":\"" + cardNo + "\",\"scope\":\"all\"}",
                "card_no=" + cardNo,
                "")) {
            assertEquals(400, statusOf(request("POST", CARDS_GET, "s3ssion-fields", "", body)), body);
        }
    }

    @Test
    void aBodyInChunksIsRead() throws Exception {
        String body = "{\"card_no\":\"" + cardNo + "\"}";
        String chunks = "3\r\n" + body.substring(0, 3) + "\r\n" + Integer.toHexString(body.length() - 3) + "\r\n" + body.substring(3)
                + "\r\n0\r\n\r\n";
        assertEquals(200, statusOf(head("POST", CARDS_GET, "s3ssion-chunks") + "Transfer-Encoding: chunked\r\n\r\n" + chunks));
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedBeforeItsEnd() throws Exception {
        String part = "x".repeat(17_000);
        String head = head("POST", CARDS_GET, "s3ssion-large");
        assertEquals(413, statusOf(head + "Content-Length: 10000000\r\n\r\n" + part));
        assertEquals(413, statusOf(head + "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(17_000) + "\r\n" + part));
    }

    @Test
    void aBodyThatDoesNotArriveHoldsUpNobody() throws Exception {
        List<Socket> slow = new ArrayList<>();
        for (int number = 0; number < 8; number++) {
            Socket socket = new Socket("127.0.0.1", server.port());
            write(socket, head("POST", CARDS_GET, "s3ssion-slow") + "Content-Length: 40\r\n\r\n{");
            slow.add(socket);
        }
        assertEquals(200, post(CARDS_GET, "s3ssion-fast", ""));
        for (Socket socket : slow) {
            socket.close();
        }
        assertEquals(200, post(CARDS_GET, "s3ssion-fast", ""));
    }

    @Test
    void otherMethodsAreRefused() throws Exception {
        assertEquals(405, statusOf(head("GET", CARDS_GET, "s3ssion-methods") + "\r\n"));
        assertEquals(405, statusOf(head("DELETE", CARDS_GET, "s3ssion-methods") + "\r\n"));
        String whole = responseTo(head("HEAD", CARDS_GET, "s3ssion-methods") + "\r\n");
        assertTrue(whole.startsWith("HTTP/1.1 405") && whole.endsWith("\r\n\r\n"), whole);
    }

    @Test
    void anAppGetsItsEvents() throws Exception {
        try (Socket socket = events("s3ssion-events")) {
            BufferedReader lines = lines(socket);
            assertTrue(until(lines, "id:").startsWith("id:"));
            publish("c-1");
            assertTrue(until(lines, "data:").contains("\"c-1\""));
        }
    }

    @Test
    void aStreamEndsWhenItsAppHasGone() throws Exception {
        for (int number = 0; number < 4; number++) {
            try (Socket socket = events("s3ssion-gone")) {
                until(lines(socket), "id:");
            }
        }
        // A server learns that an app has gone when it writes. A session has 4 streams at most.
        for (int attempt = 0; attempt < 200; attempt++) {
            publish("gone-" + attempt);
            try (Socket socket = events("s3ssion-gone")) {
                if (lines(socket).readLine().contains(" 200")) {
                    return;
                }
            }
            Thread.sleep(50);
        }
        throw new AssertionError("the streams of apps that have gone are still open");
    }

    private void publish(String consumeNo) {
        String body = "{\"id\":\"1\",\"action\":\"Consumption\",\"data\":{\"consume_no\":\"" + consumeNo + "\",\"cardholder_no\":\"" + own
                + "\",\"card_no\":\"" + cardNo + "\",\"amount\":1,\"status\":\"Success\"}}";
        relay.publish(WebhookVerifier.parseUnverified(body.getBytes(StandardCharsets.UTF_8)));
    }

    private ErrorKind kindOf(Runnable call) {
        try {
            call.run();
            return null;
        } catch (KeySecureException error) {
            return error.getKind();
        }
    }

    private Socket events(String session) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(20_000);
        write(socket, head("GET", "/keysecure/v1/events", session).replace("Connection: close\r\n", "") + "\r\n");
        return socket;
    }

    private static BufferedReader lines(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private static String until(BufferedReader lines, String start) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith(start)) {
                return line;
            }
        }
        throw new AssertionError("the stream ended before " + start);
    }

    private int post(String path, String session, String moreHeaders) throws IOException {
        return statusOf(request("POST", path, session, moreHeaders, "{\"card_no\":\"" + cardNo + "\"}"));
    }

    private static String head(String method, String path, String session) {
        return method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer " + session
                + "\r\nContent-Type: application/json\r\n";
    }

    private static String request(String method, String path, String session, String moreHeaders, String body) {
        return head(method, path, session) + moreHeaders + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private int statusOf(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(20_000);
            write(socket, request);
            InputStream input = socket.getInputStream();
            String line = new String(input.readNBytes(12), StandardCharsets.US_ASCII);
            return Integer.parseInt(line.substring("HTTP/1.1 ".length()));
        }
    }

    private String responseTo(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(20_000);
            write(socket, request);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }
}
