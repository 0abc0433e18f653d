package io.keysecure.json

import io.keysecure.model.OpenEnum
import java.lang.reflect.InvocationTargetException

/** The class of an open enum; [type] may be that of one of its values. */
internal fun openEnumOf(type: Class<*>): Class<*> =
    generateSequence(type) { it.superclass }.takeWhile { OpenEnum::class.java.isAssignableFrom(it) }.last()

/** The static function of [type] that makes a value from a text: `of` or `fromJson`. */
internal fun maker(type: Class<*>, name: String): (String) -> Any {
    val method = type.getMethod(name, String::class.java)
    return { text ->
        try {
            method.invoke(null, text)
        } catch (thrown: InvocationTargetException) {
            throw thrown.targetException
        }
    }
}
