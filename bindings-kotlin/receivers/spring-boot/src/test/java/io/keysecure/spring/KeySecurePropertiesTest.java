package io.keysecure.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.keysecure.model.Environment;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class KeySecurePropertiesTest {
    private static KeySecureProperties bound(Map<String, Object> variables) {
        var source = new SystemEnvironmentPropertySource("systemEnvironment", variables);
        return new Binder(ConfigurationPropertySources.from(source)).bindOrCreate("keysecure", KeySecureProperties.class);
    }

    @Test
    void theVariablesOfTheClientSetThem() {
        KeySecureProperties properties = bound(Map.of(
                "KEYSECURE_API_KEY", "key",
                "KEYSECURE_API_SECRET", "s3cr3t",
                "KEYSECURE_ENVIRONMENT", "production",
                "KEYSECURE_BASE_URL", "https://cards.example",
                "KEYSECURE_APP_ID", "app",
                "KEYSECURE_PROXY", "http://user:s3cr3t@proxy.example",
                "KEYSECURE_CA_PEM", "/etc/shop/ca.pem",
                "KEYSECURE_TIMEZONE", "UTC+2",
                "KEYSECURE_STORE", "file:/var/lib/shop"));
        assertEquals(
                new KeySecureProperties(
                        "key", "s3cr3t", Environment.PRODUCTION, "https://cards.example", "app", "http://user:s3cr3t@proxy.example",
                        "/etc/shop/ca.pem", "UTC+2", "file:/var/lib/shop", Duration.ofSeconds(60)),
                properties);
        assertFalse(properties.toString().contains("s3cr3t"));
    }

    @Test
    void emptyVariablesCountAsAbsent() {
        KeySecureProperties properties = bound(Map.of(
                "KEYSECURE_API_KEY", "key",
                "KEYSECURE_API_SECRET", "s3cr3t",
                "KEYSECURE_ENVIRONMENT", "",
                "KEYSECURE_PROXY", "",
                "KEYSECURE_STORE", ""));
        assertEquals(bound(Map.of("KEYSECURE_API_KEY", "key", "KEYSECURE_API_SECRET", "s3cr3t")), properties);
        assertEquals(Environment.SANDBOX, properties.environment());
        assertEquals("memory", properties.store());
    }

    @Test
    void missingCredentialsAreNamed() {
        BindException error = assertThrows(BindException.class, () -> bound(Map.of("KEYSECURE_API_KEY", "key")));
        assertEquals(
                "keysecure.api-key and keysecure.api-secret must be set",
                NestedExceptionUtils.getRootCause(error).getMessage());
    }
}
