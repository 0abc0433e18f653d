package shop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.keysecure.Client;
import io.keysecure.Decision;
import io.keysecure.EventHandler;
import io.keysecure.KeySecureException;
import io.keysecure.Responder;
import io.keysecure.Store;
import io.keysecure.WebhookReceiver;
import io.keysecure.WebhookResponse;
import io.keysecure.model.AuthEvent;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Receives webhooks with the HTTP server of the JDK, behind a proxy that speaks TLS. */
public final class WebhookServer implements AutoCloseable {
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;

    /**
     * Starts a server on loopback.
     *
     * @param store shared by all workers: rejects replays and holds the first replies to purchases.
     * @param handler handles all events but purchases. An event may come twice.
     * @param port the port, 0 for any free one.
     */
    public WebhookServer(Client client, Store store, EventHandler handler, int port) throws IOException {
        WebhookReceiver receiver =
                new WebhookReceiver(client.webhookVerifier(store), new Responder(WebhookServer::decide), handler);
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        // The default runs one request at a time: a purchase would wait for the decision on another.
        server.setExecutor(threads);
        server.createContext("/webhooks", exchange -> receive(receiver, exchange));
        server.createContext("/healthz", exchange -> health(client, exchange));
        server.start();
    }

    /** Decides on a purchase, within 600 ms. */
    static Decision decide(AuthEvent purchase) {
        boolean isSmall = purchase.getAmount().compareTo(new BigDecimal(100)) <= 0;
        return isSmall ? Decision.approve() : Decision.decline("over the limit of 100");
    }

    private static void receive(WebhookReceiver receiver, HttpExchange exchange) throws IOException {
        if (!exchange.getRequestMethod().equals("POST")) {
            exchange.getResponseHeaders().set("Allow", "POST");
            send(exchange, 405, "{\"code\":1,\"message\":\"webhooks come by POST\"}".getBytes(StandardCharsets.UTF_8));
            return;
        }
        WebhookResponse response = receiver.receive(exchange.getRequestHeaders(), exchange.getRequestBody());
        send(exchange, response.getStatus(), response.toByteArray());
    }

    /** Ready once the platform has accepted the credentials: fetches an access token only while there is none. */
    private static void health(Client client, HttpExchange exchange) throws IOException {
        try {
            client.accessToken().close();
            send(exchange, 200, "{\"status\":\"ok\"}".getBytes(StandardCharsets.UTF_8));
        } catch (KeySecureException error) {
            send(exchange, 503, "{\"status\":\"down\"}".getBytes(StandardCharsets.UTF_8));
        }
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        try (OutputStream stream = exchange.getResponseBody()) {
            stream.write(body);
        }
    }

    /** The port of the server. */
    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdown();
    }

    /** Listens on port 8080, or the one given, with the settings of the environment. */
    public static void main(String[] arguments) throws IOException {
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8080;
        Store store = Store.of(System.getenv().getOrDefault("KEYSECURE_STORE", "memory"));
        new WebhookServer(Client.fromEnv(), store, event -> System.out.println(event), port);
    }
}
