package shop;

import io.keysecure.Client;
import io.keysecure.EventHandler;
import io.keysecure.Store;
import io.keysecure.receivers.ReceiverContract;
import io.keysecure.sandbox.Sandbox;

class WebhookServerTest extends ReceiverContract {
    @Override
    protected Server start(Sandbox sandbox, EventHandler handler) throws Exception {
        Client client = sandbox.client();
        WebhookServer server = new WebhookServer(client, Store.memory(), handler, 0);
        return new Server(server.port(), "/webhooks", "/healthz", () -> {
            server.close();
            client.close();
        });
    }
}
