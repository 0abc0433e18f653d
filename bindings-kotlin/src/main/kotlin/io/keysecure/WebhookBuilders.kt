package io.keysecure

import io.keysecure.internal.ffi.FfiWebhookOptions
import io.keysecure.internal.ffi.FfiWebhookVerifier
import io.keysecure.model.AuthEvent
import io.keysecure.model.OnStoreFailure
import java.time.Clock
import java.time.Duration
import java.util.concurrent.Executor
import java.util.function.BiConsumer

/**
 * Builds a [WebhookVerifier], for Java:
 *
 *     WebhookVerifier.builder(apiKey, apiSecret).store(Store.of("file:/var/lib/shop")).build();
 */
public class WebhookVerifierBuilder internal constructor(
    private var secrets: List<String>?,
    private val create: (FfiWebhookOptions, List<String>?) -> FfiWebhookVerifier,
) {
    private var options = FfiWebhookOptions()

    /** Sets how far the timestamp may differ from the clock, in either direction. Default: 300 s. */
    public fun tolerance(tolerance: Duration): WebhookVerifierBuilder = with { copy(tolerance = tolerance) }

    /** Rejects a webhook that was accepted before, and holds the decisions of a [Responder]. Default: none, replays are accepted. */
    public fun store(store: Store): WebhookVerifierBuilder = with { copy(store = store.ffi) }

    /** Sets the store from a text: `memory`, `file:DIRECTORY` or a Redis URL. */
    public fun store(text: String): WebhookVerifierBuilder = store(Store.of(text))

    /** Sets what to do when the store is unavailable. Default: `REJECT`, and the platform sends the webhook again. */
    public fun onStoreFailure(action: OnStoreFailure): WebhookVerifierBuilder = with { copy(onStoreFailure = action) }

    /** Accepts webhooks of any age. Use it for stored webhooks only: it allows replays. */
    public fun ignoreTimestamp(): WebhookVerifierBuilder = with { copy(ignoreTimestamp = true) }

    /** Sets the largest body to accept, in bytes, at least 1. Default: 64 KiB; more than 1 MiB counts as 1 MiB. */
    public fun maxBody(bytes: Int): WebhookVerifierBuilder = with { copy(maxBody = bytes) }

    /** Replaces the secret: several during a rotation. */
    public fun secrets(vararg secrets: String): WebhookVerifierBuilder {
        this.secrets = secrets.toList()
        return this
    }

    /** Sets a clock, for tests and simulated time. Default: the system's, or the platform's as a client learns it. */
    public fun clock(clock: Clock): WebhookVerifierBuilder = with { copy(clock = GuardedClock(clock)) }

    /**
     * Creates the verifier.
     *
     * @throws KeySecureException when a setting is not valid.
     */
    public fun build(): WebhookVerifier {
        Warnings.install()
        return WebhookVerifier(call { create(options, secrets) }, options.maxBody)
    }

    private inline fun with(change: FfiWebhookOptions.() -> FfiWebhookOptions): WebhookVerifierBuilder {
        options = options.change()
        return this
    }
}

/**
 * Builds a [Responder], for Java:
 *
 *     Responder.builder(this::decide).onFailure((purchase, error) -> metrics.count(error)).build();
 */
public class ResponderBuilder internal constructor(private val decider: Decider) {
    private var otherwise: Decision? = null
    private var budget: Duration? = null
    private var executor: Executor? = null
    private var onFailure: BiConsumer<AuthEvent, Throwable>? = null

    /** Sets the reply when the decision is late or throws. Default: decline. */
    public fun otherwise(decision: Decision): ResponderBuilder = apply { otherwise = decision }

    /** Sets how long a decision may take after the webhook was verified. Default: 600 ms; more than 800 ms count as 800 ms. */
    public fun budget(budget: Duration): ResponderBuilder = apply { this.budget = budget }

    /** Sets what runs the decisions, see [Responder]. Default: a new daemon thread for each decision. */
    public fun executor(executor: Executor): ResponderBuilder = apply { this.executor = executor }

    /** Sets what receives the purchase and the exception of each decision that threw. What it throws is ignored. */
    public fun onFailure(action: BiConsumer<AuthEvent, Throwable>): ResponderBuilder = apply { onFailure = action }

    /**
     * Creates the responder.
     *
     * @throws KeySecureException.InvalidInput when the budget is negative.
     */
    public fun build(): Responder = Responder(decider, otherwise, budget, executor, onFailure)
}
