package shop;

import io.keysecure.receivers.RelayContract;
import io.keysecure.relay.Relay;

class RelayServerTest extends RelayContract {
    @Override
    protected Server start(Relay relay) throws Exception {
        RelayServer server = new RelayServer(relay, 0);
        return new Server(server.port(), server);
    }
}
