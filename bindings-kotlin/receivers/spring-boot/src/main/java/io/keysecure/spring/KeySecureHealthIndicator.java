package io.keysecure.spring;

import io.keysecure.Client;
import io.keysecure.model.CheckResult;
import io.keysecure.model.CheckStatus;
import io.keysecure.model.Report;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;

/**
 * Reports the checks of {@link Client#doctor()} under {@code /actuator/health}, component {@code keySecure}. They make requests to the
 * platform, so a report is repeated for {@code keysecure.health-max-age}: Actuator's own cache does not apply to every request. Do not
 * add it to the liveness or readiness group: webhooks are received while the platform's API is down, too.
 */
class KeySecureHealthIndicator extends AbstractHealthIndicator {
    private final Client client;
    private final long maxAgeNanos;
    // Not a monitor, which would keep the carrier of a virtual thread on JDK 21 to 23.
    private final ReentrantLock lock = new ReentrantLock();
    private Report latest;
    private long latestAt;

    KeySecureHealthIndicator(Client client, Duration maxAge) {
        this.client = client;
        this.maxAgeNanos = maxAge.toNanos();
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        Report report = report();
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

    /** Others wait for a check in progress and get its report. */
    private Report report() {
        lock.lock();
        try {
            if (latest == null || System.nanoTime() - latestAt >= maxAgeNanos) {
                latest = client.doctor();
                latestAt = System.nanoTime();
            }
            return latest;
        } finally {
            lock.unlock();
        }
    }
}
