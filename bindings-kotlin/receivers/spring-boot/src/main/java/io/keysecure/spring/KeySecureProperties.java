package io.keysecure.spring;

import io.keysecure.model.Environment;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings {@code keysecure.*}. All environment variables of {@code Client.fromEnv()}, such as KEYSECURE_API_SECRET, set them too.
 * An empty value counts as absent.
 *
 * @param apiKey the Api-Key.
 * @param apiSecret the apiSecret. Do not write it into a file of the application.
 * @param environment {@code sandbox}, the default, or {@code production}.
 * @param baseUrl replaces the address of the environment.
 * @param appId the app id of webhooks, when it is not the Api-Key.
 * @param proxy the URL of an http or https proxy.
 * @param caPem the trusted root certificates: PEM text, or the path of a file with it.
 * @param timezone the offset in which a date begins and ends, such as {@code UTC+8}, the default.
 * @param store shared by all workers: {@code file:DIRECTORY} on one machine, {@code redis://HOST} on several, {@code memory}, the
 *     default, for a single process.
 * @param healthMaxAge how long the health check repeats a result before it asks the platform again.
 */
@ConfigurationProperties("keysecure")
public record KeySecureProperties(
        String apiKey,
        String apiSecret,
        Environment environment,
        String baseUrl,
        String appId,
        String proxy,
        String caPem,
        String timezone,
        String store,
        @DefaultValue("60s") Duration healthMaxAge) {

    public KeySecureProperties {
        apiKey = filled(apiKey);
        apiSecret = filled(apiSecret);
        if (apiKey == null || apiSecret == null) {
            throw new IllegalArgumentException("keysecure.api-key and keysecure.api-secret must be set");
        }
        environment = environment == null ? Environment.SANDBOX : environment;
        baseUrl = filled(baseUrl);
        appId = filled(appId);
        proxy = filled(proxy);
        caPem = filled(caPem);
        timezone = filled(timezone);
        store = filled(store) == null ? "memory" : store;
    }

    private static String filled(String text) {
        return text == null || text.isEmpty() ? null : text;
    }

    /** Omits the credentials, also those in the URLs of the proxy and the store. */
    @Override
    public String toString() {
        return "KeySecureProperties[environment=" + environment + ", baseUrl=" + baseUrl + "]";
    }
}
