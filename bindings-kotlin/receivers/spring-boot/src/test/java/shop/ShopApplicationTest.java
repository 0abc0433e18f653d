package shop;

import io.keysecure.EventHandler;
import io.keysecure.receivers.ReceiverContract;
import io.keysecure.sandbox.Sandbox;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

class ShopApplicationTest extends ReceiverContract {
    @Override
    protected Server start(Sandbox sandbox, EventHandler handler) {
        var context = (ServletWebServerApplicationContext) new SpringApplicationBuilder(ShopApplication.class)
                .initializers((GenericApplicationContext beans) -> beans.registerBean(EventHandler.class, () -> handler))
                .run(
                        "--server.port=0",
                        "--server.address=127.0.0.1",
                        "--keysecure.health-max-age=0s",
                        "--keysecure.api-key=" + sandbox.getApiKey(),
                        "--keysecure.api-secret=" + sandbox.getApiSecret(),
                        "--keysecure.base-url=" + sandbox.getBaseUrl());
        return new Server(context.getWebServer().getPort(), "/webhooks", "/actuator/health", context::close);
    }
}
