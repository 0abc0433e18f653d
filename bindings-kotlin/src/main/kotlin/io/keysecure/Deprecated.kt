@file:Suppress("DEPRECATION")

package io.keysecure

// Former names, kept for one version. Only for Kotlin: Java does not see type aliases.

@Deprecated("Renamed", ReplaceWith("EnsureOptions"))
public typealias Ensure = EnsureOptions

@Deprecated("Renamed; it is single-pass now", ReplaceWith("Pager"))
public typealias Rows<T> = Pager<T>

@Deprecated("Renamed", ReplaceWith("VerifiedWebhook"))
public typealias Received = VerifiedWebhook

@Deprecated("Renamed", ReplaceWith("EnsureOptions.firstAttempt()"))
public fun EnsureOptions.Companion.neverSent(): EnsureOptions = firstAttempt()

@Deprecated("Renamed", ReplaceWith("replyDuplicate(body)"))
public fun WebhookVerifier.replyAgain(body: ByteArray): String = replyDuplicate(body)

@Deprecated("Renamed", ReplaceWith("duplicate(body)"))
public fun Replies.again(body: ByteArray): String = duplicate(body)
