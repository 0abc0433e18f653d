package io.keysecure.spring;

import io.keysecure.Client;
import io.keysecure.model.CheckResult;
import io.keysecure.model.CheckStatus;
import io.keysecure.model.Report;
import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;

/**
 * Reports the checks of {@link Client#doctor()} under {@code /actuator/health}, component {@code keySecure}. They make requests to the platform:
 * {@code management.endpoint.health.cache.time-to-live} limits how often. Do not add it to the liveness or readiness group: webhooks are
 * received while the platform's API is down, too.
 */
class KeySecureHealthIndicator extends AbstractHealthIndicator {
    private final Client client;

    KeySecureHealthIndicator(Client client) {
        this.client = client;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        Report report = client.doctor();
        if (!report.isHealthy()) {
            builder.down();
        } else if (!report.isComplete()) {
            builder.unknown();
        } else {
            builder.up();
        }
        builder.withDetail("environment", report.getEnvironment()).withDetail("baseUrl", report.getBaseUrl());
        for (CheckResult result : report.getFindings()) {
            if (result.getStatus() != CheckStatus.PASS && result.getStatus() != CheckStatus.SKIPPED) {
                builder.withDetail(result.getCheck().name(), result.getFound() + ": " + result.getAdvice());
            }
        }
    }
}
