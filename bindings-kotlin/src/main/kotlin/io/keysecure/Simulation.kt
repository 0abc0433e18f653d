package io.keysecure

import io.keysecure.ffi.Simulation as FfiSimulation
import io.keysecure.model.SimulationRequest
import io.keysecure.model.SimulationResult

/** The simulation calls: what happens at a shop, made to happen. Refused in production. All of them block. */
public class Simulation internal constructor(private val ffi: FfiSimulation) {
    /** A purchase asks for approval. Needs `cardNo` and `amount`. */
    public fun auth(request: SimulationRequest): SimulationResult = call { ffi.auth(request) }

    /** A purchase is cleared: `Pending` becomes `Success`. Needs `consumeNo`; `amount` may differ from the purchase's. */
    public fun consumptionClear(request: SimulationRequest): SimulationResult = call { ffi.consumptionClear(request) }

    /** A purchase fails: `Pending` becomes `Fail`. Needs `consumeNo`. */
    public fun consumptionFail(request: SimulationRequest): SimulationResult = call { ffi.consumptionFail(request) }

    /** An authorization is given back. Needs `consumeRelateNo`; without `amount` all of it. */
    public fun reversal(request: SimulationRequest): SimulationResult = call { ffi.reversal(request) }

    /** A cleared purchase is given back. Needs `consumeRelateNo`; without `amount` all of it. */
    public fun refund(request: SimulationRequest): SimulationResult = call { ffi.refund(request) }
}
