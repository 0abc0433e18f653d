package io.keysecure

import io.keysecure.internal.ffi.FfiSimulation
import io.keysecure.model.SimulationRequest
import io.keysecure.model.SimulationResult

/** Simulates purchases and refunds at a merchant. Refused in production. Every call blocks. */
public class Simulation internal constructor(private val calls: Calls<FfiSimulation>) {
    /**
     * Simulates the authorization of a purchase. Needs `cardNo` and `amount`.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun auth(request: SimulationRequest): SimulationResult = calls.mutate("simulation.auth") { it.auth(request) }

    /**
     * Clears a purchase: `Pending` becomes `Success`. Needs `consumeNo`; `amount` may differ from the authorized amount.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun consumptionClear(request: SimulationRequest): SimulationResult =
        calls.mutate("simulation.consumption_clear") { it.consumptionClear(request) }

    /**
     * Fails a purchase: `Pending` becomes `Fail`. Needs `consumeNo`.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun consumptionFail(request: SimulationRequest): SimulationResult =
        calls.mutate("simulation.consumption_fail") { it.consumptionFail(request) }

    /**
     * Reverses an authorization. Needs `consumeRelateNo`; without `amount` it reverses the full amount.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun reversal(request: SimulationRequest): SimulationResult = calls.mutate("simulation.reversal") { it.reversal(request) }

    /**
     * Refunds a cleared purchase. Needs `consumeRelateNo`; without `amount` it refunds the full amount.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun refund(request: SimulationRequest): SimulationResult = calls.mutate("simulation.refund") { it.refund(request) }
}
