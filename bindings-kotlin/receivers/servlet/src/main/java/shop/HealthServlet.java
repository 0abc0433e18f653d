package shop;

import io.keysecure.Client;
import io.keysecure.KeySecureException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Ready once the platform has accepted the credentials: fetches an access token only while there is none. */
public final class HealthServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient Client client;

    public HealthServlet(Client client) {
        this.client = client;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        boolean isReady = isReady();
        response.setStatus(isReady ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        response.setContentType("application/json");
        response.getWriter().print(isReady ? "{\"status\":\"ok\"}" : "{\"status\":\"down\"}");
    }

    private boolean isReady() {
        try {
            client.accessToken().close();
            return true;
        } catch (KeySecureException error) {
            return false;
        }
    }
}
