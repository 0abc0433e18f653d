@file:Suppress("DEPRECATION")

package io.keysecure.model

import java.math.BigDecimal

// Former names, kept for one version. Only for Kotlin: Java does not see type aliases.

@Deprecated("Renamed", ReplaceWith("amount"))
public val TransferRecord.balance: BigDecimal? get() = amount

@Deprecated("Renamed", ReplaceWith("SimulationRequest"))
public typealias Simulated = SimulationRequest

@Deprecated("Renamed", ReplaceWith("FeeSchedule"))
public typealias Tariff = FeeSchedule

@Deprecated("Renamed", ReplaceWith("FeeWaiver"))
public typealias Exemption = FeeWaiver

@Deprecated("Renamed", ReplaceWith("WindowBound"))
public typealias When = WindowBound

@Deprecated("Renamed", ReplaceWith("OnStoreFailure"))
public typealias WhenUnavailable = OnStoreFailure

@Deprecated("Renamed", ReplaceWith("CheckStatus"))
public typealias Health = CheckStatus

@Deprecated("Renamed", ReplaceWith("CheckResult"))
public typealias Finding = CheckResult
