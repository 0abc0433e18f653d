package io.keysecure.spring;

import io.keysecure.model.Environment;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings {@code keysecure.*}. The environment variables of {@code Client.fromEnv()}, such as KEYSECURE_API_SECRET, set them too.
 *
 * @param apiKey the Api-Key.
 * @param apiSecret the apiSecret. Do not write it into a file of the application.
 * @param environment {@code sandbox} or {@code production}.
 * @param baseUrl replaces the address of the environment.
 * @param store shared by all workers: {@code file:DIRECTORY} on one machine, {@code redis://HOST} on several, {@code memory} for a
 *     single process.
 */
@ConfigurationProperties("keysecure")
public record KeySecureProperties(
        String apiKey,
        String apiSecret,
        @DefaultValue("sandbox") Environment environment,
        String baseUrl,
        @DefaultValue("memory") String store) {

    public KeySecureProperties {
        if (apiKey == null || apiSecret == null) {
            throw new IllegalArgumentException("keysecure.api-key and keysecure.api-secret must be set");
        }
    }

    /** Omits the credentials. */
    @Override
    public String toString() {
        return "KeySecureProperties[environment=" + environment + ", baseUrl=" + baseUrl + "]";
    }
}
