package shop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.keysecure.relay.Relay;
import io.keysecure.relay.RelayResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Serves the relay of apps with the HTTP server of the JDK, behind a proxy that speaks TLS and limits the time of reading a request. On
 * JDK 21 and later, {@code Executors.newVirtualThreadPerTaskExecutor()} keeps no platform thread for each stream of events.
 */
public final class RelayServer implements AutoCloseable {
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;

    /**
     * Starts a server on loopback.
     *
     * @param relay mounted at {@code /keysecure}.
     * @param port the port, 0 for any free one.
     */
    public RelayServer(Relay relay, int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(threads);
        server.createContext("/keysecure/", exchange -> serve(relay, exchange));
        server.start();
    }

    private static void serve(Relay relay, HttpExchange exchange) throws IOException {
        // The text of the URI is what the app sent: a decoded path would not be.
        String path = exchange.getRequestURI().toString();
        String method = exchange.getRequestMethod();
        try (exchange;
                RelayResponse response =
                        relay.handle(method, path, exchange.getRequestHeaders(), exchange.getRequestBody(), exchange)) {
            response.getHeaders().forEach(exchange.getResponseHeaders()::set);
            Integer length = response.getContentLength();
            boolean isHead = method.equals("HEAD");
            // 0 means chunks, for events.
            exchange.sendResponseHeaders(response.getStatus(), isHead ? -1 : length == null ? 0 : length);
            if (!isHead) {
                OutputStream output = exchange.getResponseBody();
                response.writeTo(output);
                output.close();
            }
        }
    }

    /** The port of the server. */
    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
