package shop;

import io.keysecure.relay.Relay;
import io.keysecure.relay.RelayResponse;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;

/**
 * Serves the relay of apps, for all paths below its mount. A stream of events keeps the thread of its request: let the container use
 * virtual threads.
 */
public final class RelayServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient Relay relay;

    public RelayServlet(Relay relay) {
        this.relay = relay;
    }

    /** All methods: the relay refuses those that it does not serve. */
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Map<String, Enumeration<String>> headers = new HashMap<>();
        for (String name : Collections.list(request.getHeaderNames())) {
            headers.put(name, request.getHeaders(name));
        }
        // The path as it was received: `getPathInfo` is decoded.
        String query = request.getQueryString();
        String path = request.getRequestURI() + (query == null ? "" : "?" + query);
        try (RelayResponse relayed = relay.handle(request.getMethod(), path, headers, request.getInputStream(), request)) {
            response.setStatus(relayed.getStatus());
            relayed.getHeaders().forEach(response::setHeader);
            if (relayed.getContentLength() != null) {
                response.setContentLength(relayed.getContentLength());
            }
            if (!request.getMethod().equals("HEAD")) {
                relayed.writeTo(response.getOutputStream());
            }
        }
    }
}
