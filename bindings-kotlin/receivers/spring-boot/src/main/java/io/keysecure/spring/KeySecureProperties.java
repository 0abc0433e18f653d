package io.keysecure.spring;

import io.keysecure.model.Environment;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings {@code keysecure.*}.
 *
 * @param apiKey the Api-Key.
 * @param apiSecret the apiSecret. Pass it by the environment: KEYSECURE_APISECRET.
 * @param environment {@code sandbox} or {@code production}.
 * @param baseUrl replaces the address of the environment.
 * @param store shared by all workers: {@code file:DIRECTORY} on one machine, {@code redis://HOST} on several, {@code memory} for a single process.
 */
@ConfigurationProperties("keysecure")
public record KeySecureProperties(
        String apiKey,
        String apiSecret,
        @DefaultValue("sandbox") Environment environment,
        String baseUrl,
        @DefaultValue("memory") String store) {

    /** Omits the apiSecret. */
    @Override
    public String toString() {
        return "KeySecureProperties[environment=" + environment + ", baseUrl=" + baseUrl + "]";
    }
}
