package io.keysecure.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keysecure.Client;
import io.keysecure.KeySecureException;
import io.keysecure.Store;
import io.keysecure.WebhookVerifier;
import io.keysecure.sandbox.KeySecureSandbox;
import io.keysecure.sandbox.Sandbox;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

@KeySecureSandbox
class KeySecureAutoConfigurationTest {
    private static Client client(Sandbox sandbox, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("keysecure.api-key", sandbox.getApiKey());
        all.put("keysecure.api-secret", sandbox.getApiSecret());
        all.put("keysecure.base-url", sandbox.getBaseUrl());
        var properties = new Binder(new MapConfigurationPropertySource(all)).bind("keysecure", KeySecureProperties.class).get();
        return new KeySecureAutoConfiguration().keySecureClient(properties, Store.memory());
    }

    private static int requests(Sandbox sandbox) {
        return sandbox.control("GET /requests", Map.of()).getAsJsonObject().getAsJsonArray("requests").size();
    }

    @Test
    void theClientGetsTheProxy(Sandbox sandbox) {
        var error = assertThrows(
                KeySecureException.Config.class,
                () -> client(sandbox, Map.of("keysecure.proxy", "http://127.0.0.1:8080")));
        assertTrue(error.getMessage().contains("does not go through a proxy"), error.getMessage());
    }

    @Test
    void theClientSignsWithTheAppId(Sandbox sandbox) {
        try (Client client = client(sandbox, Map.of("keysecure.app-id", "shop-app"))) {
            byte[] body = "{\"id\":\"1\",\"action\":\"Card_update\",\"data\":{\"card_no\":\"k\"}}".getBytes(StandardCharsets.UTF_8);
            var headers = client.webhookVerifier().signForTests(Instant.now(), body);
            List<String> secrets = List.of(sandbox.getApiSecret());
            new WebhookVerifier("shop-app", secrets).verifySignature(headers, body);
            var other = new WebhookVerifier(sandbox.getApiKey(), secrets);
            assertThrows(KeySecureException.Webhook.class, () -> other.verifySignature(headers, body));
        }
    }

    @Test
    void theClientChecksTheOffset(Sandbox sandbox) {
        assertThrows(KeySecureException.Config.class, () -> client(sandbox, Map.of("keysecure.timezone", "nowhere")));
        client(sandbox, Map.of("keysecure.timezone", "UTC+2")).close();
    }

    @Test
    void certificatesAreTextOrAFile(Sandbox sandbox, @TempDir Path folder) throws IOException {
        String broken = "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n";
        Path file = Files.writeString(folder.resolve("ca.pem"), broken);
        for (String value : List.of(broken, file.toString())) {
            assertThrows(KeySecureException.Config.class, () -> client(sandbox, Map.of("keysecure.ca-pem", value)));
        }
        var error = assertThrows(
                IllegalArgumentException.class,
                () -> client(sandbox, Map.of("keysecure.ca-pem", folder.resolve("none.pem").toString())));
        assertTrue(error.getMessage().startsWith("keysecure.ca-pem "), error.getMessage());
    }

    @Test
    void oneReportServesAllHealthChecksOfItsTime(Sandbox sandbox) {
        try (Client client = client(sandbox, Map.of())) {
            var cached = new KeySecureHealthIndicator(client, Duration.ofSeconds(60));
            var states = IntStream.range(0, 20).parallel().mapToObj(n -> cached.health().getStatus()).distinct().toList();
            assertEquals(1, states.size());
            int first = requests(sandbox);
            assertTrue(first > 0);
            assertEquals(states.get(0), cached.health().getStatus());
            assertEquals(first, requests(sandbox));

            sandbox.control("POST /settings", Map.of("key_state", "not_enabled"));
            assertEquals(states.get(0), cached.health().getStatus());
            assertEquals(Status.DOWN, new KeySecureHealthIndicator(client, Duration.ZERO).health().getStatus());
        }
    }
}
