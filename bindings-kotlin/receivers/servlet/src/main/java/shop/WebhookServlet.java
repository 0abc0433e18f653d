package shop;

import io.keysecure.WebhookReceiver;
import io.keysecure.WebhookResponse;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;

/** Receives webhooks. No filter before it may read the body, which is signed as it is. */
public final class WebhookServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient WebhookReceiver receiver;

    public WebhookServlet(WebhookReceiver receiver) {
        this.receiver = receiver;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Map<String, Enumeration<String>> headers = new HashMap<>();
        for (String name : Collections.list(request.getHeaderNames())) {
            headers.put(name, request.getHeaders(name));
        }
        WebhookResponse received = receiver.receive(headers, request.getInputStream());
        response.setStatus(received.getStatus());
        response.setContentType(received.getContentType());
        response.getOutputStream().write(received.toByteArray());
    }
}
