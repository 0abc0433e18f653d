package shop;

import io.keysecure.Client;
import io.keysecure.Decision;
import io.keysecure.EventHandler;
import io.keysecure.Responder;
import io.keysecure.Store;
import io.keysecure.WebhookReceiver;
import io.keysecure.model.AuthEvent;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Runs the servlets in Jetty, behind a proxy that speaks TLS. */
public final class ShopServer {
    private final Server server;

    /**
     * Starts a server on loopback.
     *
     * @param store shared by all workers: rejects replays and holds the first replies to purchases.
     * @param handler handles all events but purchases. An event may come twice.
     * @param port the port, 0 for any free one.
     */
    public ShopServer(Client client, Store store, EventHandler handler, int port) throws Exception {
        WebhookReceiver receiver =
                new WebhookReceiver(client.webhookVerifier(store), new Responder(ShopServer::decide), handler);
        ServletContextHandler context = new ServletContextHandler();
        context.addServlet(new ServletHolder(new WebhookServlet(receiver)), "/webhooks");
        context.addServlet(new ServletHolder(new HealthServlet(client)), "/healthz");
        server = new Server(new InetSocketAddress("127.0.0.1", port));
        server.setHandler(context);
        server.start();
    }

    /** Decides on a purchase, within 600 ms. */
    static Decision decide(AuthEvent purchase) {
        boolean isSmall = purchase.getAmount().compareTo(new BigDecimal(100)) <= 0;
        return isSmall ? Decision.approve() : Decision.decline("over the limit of 100");
    }

    /** The port of the server. */
    public int port() {
        return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
    }

    /** Stops the server. */
    public void stop() throws Exception {
        server.stop();
    }

    /** Listens on port 8080, or the one given, with the settings of the environment. */
    public static void main(String[] arguments) throws Exception {
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8080;
        Store store = Store.of(System.getenv().getOrDefault("KEYSECURE_STORE", "memory"));
        new ShopServer(Client.fromEnv(), store, event -> System.out.println(event), port);
    }
}
