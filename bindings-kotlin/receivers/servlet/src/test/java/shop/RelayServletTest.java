package shop;

import io.keysecure.receivers.RelayContract;
import io.keysecure.relay.Relay;
import java.net.InetSocketAddress;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.ServerConnector;

class RelayServletTest extends RelayContract {
    @Override
    protected Server start(Relay relay) throws Exception {
        ServletContextHandler context = new ServletContextHandler();
        context.addServlet(new ServletHolder(new RelayServlet(relay)), "/keysecure/*");
        var server = new org.eclipse.jetty.server.Server(new InetSocketAddress("127.0.0.1", 0));
        server.setHandler(context);
        server.start();
        return new Server(((ServerConnector) server.getConnectors()[0]).getLocalPort(), server::stop);
    }
}
