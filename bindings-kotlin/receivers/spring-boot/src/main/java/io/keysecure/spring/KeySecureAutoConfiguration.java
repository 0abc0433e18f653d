package io.keysecure.spring;

import io.keysecure.Client;
import io.keysecure.ClientBuilder;
import io.keysecure.Decider;
import io.keysecure.EventHandler;
import io.keysecure.Responder;
import io.keysecure.Store;
import io.keysecure.WebhookReceiver;
import io.keysecure.WebhookVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Makes a client, the receiver of webhooks and a health indicator from {@code keysecure.*}. The application adds an {@link EventHandler}
 * and, in authorization mode, a {@link Decider}; each other bean can be replaced by one of its own.
 */
@AutoConfiguration
@EnableConfigurationProperties(KeySecureProperties.class)
public class KeySecureAutoConfiguration {
    @Bean
    @ConditionalOnMissingBean
    Store keySecureStore(KeySecureProperties properties) {
        return Store.of(properties.store());
    }

    /** The client. Spring closes it. */
    @Bean
    @ConditionalOnMissingBean
    Client keySecureClient(KeySecureProperties properties, Store store) {
        ClientBuilder builder = Client.builder(properties.apiKey(), properties.apiSecret())
                .environment(properties.environment())
                .store(store);
        set(properties.baseUrl(), builder::baseUrl);
        set(properties.appId(), builder::appId);
        set(properties.proxy(), builder::proxy);
        set(properties.timezone(), builder::timezone);
        set(properties.caPem(), text -> builder.caPem(pem(text)));
        return builder.build();
    }

    private static void set(String value, Consumer<String> setting) {
        if (value != null) {
            setting.accept(value);
        }
    }

    private static String pem(String textOrPath) {
        if (textOrPath.contains("-----BEGIN")) {
            return textOrPath;
        }
        try {
            return Files.readString(Path.of(textOrPath));
        } catch (IOException | InvalidPathException error) {
            throw new IllegalArgumentException("keysecure.ca-pem is not PEM text, and no file can be read at that path", error);
        }
    }

    /** Verifies by the clock of the platform, which the client learns. */
    @Bean
    @ConditionalOnMissingBean
    WebhookVerifier keySecureWebhookVerifier(Client client, Store store) {
        return client.webhookVerifier(store);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(Decider.class)
    Responder keySecureResponder(Decider decider) {
        return new Responder(decider);
    }

    /** Without a decider, purchases are declined. */
    @Bean
    @ConditionalOnMissingBean
    WebhookReceiver keySecureWebhookReceiver(WebhookVerifier verifier, ObjectProvider<Responder> responder, EventHandler handler) {
        return new WebhookReceiver(verifier, responder.getIfAvailable(), handler);
    }

    @Bean
    WebhookController keySecureWebhookController(WebhookReceiver receiver) {
        return new WebhookController(receiver);
    }

    /** Of an application with Actuator. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(HealthIndicator.class)
    static class HealthConfiguration {
        @Bean
        @ConditionalOnMissingBean
        KeySecureHealthIndicator keySecureHealthIndicator(Client client, KeySecureProperties properties) {
            return new KeySecureHealthIndicator(client, properties.healthMaxAge());
        }
    }
}
