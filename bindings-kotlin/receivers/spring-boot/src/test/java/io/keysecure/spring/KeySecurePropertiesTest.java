package io.keysecure.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.keysecure.model.Environment;
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
                "KEYSECURE_STORE", "file:/var/lib/shop"));
        assertEquals("s3cr3t", properties.apiSecret());
        assertEquals(Environment.PRODUCTION, properties.environment());
        assertEquals("file:/var/lib/shop", properties.store());
        assertFalse(properties.toString().contains("s3cr3t"));
    }

    @Test
    void missingCredentialsAreNamed() {
        BindException error = assertThrows(BindException.class, () -> bound(Map.of("KEYSECURE_API_KEY", "key")));
        assertEquals(
                "keysecure.api-key and keysecure.api-secret must be set",
                NestedExceptionUtils.getRootCause(error).getMessage());
    }
}
