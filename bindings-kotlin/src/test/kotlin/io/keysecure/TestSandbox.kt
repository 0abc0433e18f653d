package io.keysecure

/** The sandbox of the test artifact. */
typealias Sandbox = io.keysecure.sandbox.Sandbox
