package io.keysecure

import io.keysecure.ffi.Simulation as FfiSimulation
import io.keysecure.model.SimulationRequest
import io.keysecure.model.SimulationResult

/** Simulates purchases and refunds at a merchant. Refused in production. Every call blocks. */
public class Simulation internal constructor(private val ffi: FfiSimulation) {
    /**
     * Simulates the authorization of a purchase. Needs `cardNo` and `amount`.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun auth(request: SimulationRequest): SimulationResult = mutate("simulation.auth") { ffi.auth(request) }

    /**
     * Clears a purchase: `Pending` becomes `Success`. Needs `consumeNo`; `amount` may differ from the authorized amount.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun consumptionClear(request: SimulationRequest): SimulationResult =
        mutate("simulation.consumption_clear") { ffi.consumptionClear(request) }

    /**
     * Fails a purchase: `Pending` becomes `Fail`. Needs `consumeNo`.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun consumptionFail(request: SimulationRequest): SimulationResult =
        mutate("simulation.consumption_fail") { ffi.consumptionFail(request) }

    /**
     * Reverses an authorization. Needs `consumeRelateNo`; without `amount` it reverses the full amount.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun reversal(request: SimulationRequest): SimulationResult = mutate("simulation.reversal") { ffi.reversal(request) }

    /**
     * Refunds a cleared purchase. Needs `consumeRelateNo`; without `amount` it refunds the full amount.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun refund(request: SimulationRequest): SimulationResult = mutate("simulation.refund") { ffi.refund(request) }
}
