package io.keysecure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keysecure.sandbox.Sandbox;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kotlin.jvm.JvmClassMappingKt;
import kotlin.reflect.KCallable;
import kotlin.reflect.KVisibility;
import kotlin.reflect.jvm.ReflectJvmMapping;
import org.junit.jupiter.api.Test;

/** The signatures that Java callers see, of all public classes of the library and of the sandbox. */
class JavaSignaturesTest {
    /** Of Kotlin's libraries: functions, pairs, coroutines, results, sequences, unsigned numbers. The constants of an enum are a list. */
    private static final Pattern FOR_KOTLIN = Pattern.compile("\\bkotlinx?\\.(?!enums\\.EnumEntries<)");

    /** For programs that use the library of Kotlin anyway. */
    private static final Set<String> OF_KOTLIN_LIBRARIES = Set.of("io.keysecure.json.SerializersModuleKt", "io.keysecure.Coroutines", "io.keysecure.relay.RelayCoroutines");

    @Test
    void noPublicSignatureHasATypeThatOnlyKotlinCanUse() throws Exception {
        List<String> found = new ArrayList<>();
        for (Class<?> type : publicClasses()) {
            Stream<Executable> all = Stream.concat(Arrays.stream(type.getConstructors()), Arrays.stream(type.getDeclaredMethods()));
            for (Executable one : all.filter(JavaSignaturesTest::isForJava).collect(Collectors.toList())) {
                String signature = signature(one);
                if (FOR_KOTLIN.matcher(signature).find()) found.add(type.getName() + " " + signature);
                // The name of a function with a parameter of an inline class.
                if (one.getName().contains("-")) found.add(type.getName() + " " + signature);
            }
        }
        assertEquals(List.of(), found);
    }

    private static String signature(Executable one) {
        Stream<Type> types = Arrays.stream(one.getGenericParameterTypes());
        if (one instanceof Method) types = Stream.concat(types, Stream.of(((Method) one).getGenericReturnType()));
        return one.getName() + types.map(Type::getTypeName).collect(Collectors.toList());
    }

    private static boolean isForJava(Executable one) {
        return Modifier.isPublic(one.getModifiers()) && !one.isSynthetic() && !isInternal(one);
    }

    /** What is internal in Kotlin is public for Java; its name says so, and for constructors only the metadata. */
    private static boolean isInternal(Executable one) {
        if (one instanceof Method) return one.getName().contains("$");
        Class<?> type = one.getDeclaringClass();
        if (type.getAnnotation(kotlin.Metadata.class) == null) return false;
        KCallable<?> function = ReflectJvmMapping.getKotlinFunction((java.lang.reflect.Constructor<?>) one);
        return function != null && function.getVisibility() == KVisibility.INTERNAL;
    }

    @Test
    void internalClassesHaveNoNameOfAPublicOne() throws Exception {
        Set<String> names = publicClasses().stream().map(Class::getSimpleName).collect(Collectors.toSet());
        assertTrue(names.containsAll(Set.of("Client", "Store", "Sandbox", "Transfer", "KeySecureException")));
        List<String> doubles = new ArrayList<>();
        for (Class<?> type : allClasses()) {
            if (!type.getName().contains("$") && isInternal(type) && names.contains(type.getSimpleName())) doubles.add(type.getName());
        }
        assertEquals(List.of(), doubles);
    }

    @Test
    void classesOfTheNativeLayerSayThatTheyAreInternal() throws Exception {
        Pattern telling = Pattern.compile("(Ffi|Uniffi|uniffi|RustBuffer|ForeignBytes|IntegrityChecking|Keysecure_(relay_)?ffi).*");
        List<String> others = allClasses().stream()
                .filter(type -> type.getName().startsWith("io.keysecure.internal.") && !type.getName().contains("$") && isPublic(type))
                .map(Class::getSimpleName)
                .filter(name -> !telling.matcher(name).matches())
                .collect(Collectors.toList());
        assertEquals(List.of(), others);
        for (Class<?> type : allClasses()) {
            boolean isHelper = type.getName().startsWith("io.keysecure.model.") && telling.matcher(type.getSimpleName()).matches();
            if (isHelper && isPublic(type) && !type.getName().contains("$")) assertTrue(isInternal(type), type.getName());
        }
    }

    private static boolean isPublic(Class<?> type) {
        return Modifier.isPublic(type.getModifiers()) && (type.getDeclaringClass() == null || isPublic(type.getDeclaringClass()));
    }

    /** What is internal in Kotlin is public for Java; the metadata says so. */
    private static boolean isInternal(Class<?> type) {
        kotlin.Metadata metadata = type.getAnnotation(kotlin.Metadata.class);
        if (metadata == null) return false;
        // 1: a class; all others are files of functions, or made by the compiler.
        return metadata.k() == 1 && JvmClassMappingKt.getKotlinClass(type).getVisibility() == KVisibility.INTERNAL;
    }

    /** Those that a Java caller can name. A file of functions without a name for Java has none. */
    private static List<Class<?>> publicClasses() throws Exception {
        List<Class<?>> classes = new ArrayList<>();
        for (Class<?> type : allClasses()) {
            boolean isFile = type.getSimpleName().endsWith("Kt") || OF_KOTLIN_LIBRARIES.contains(type.getName());
            boolean isNative = type.getName().startsWith("io.keysecure.internal.");
            if (isPublic(type) && !type.isSynthetic() && !isFile && !isNative && !isWithinInternal(type)) classes.add(type);
        }
        assertTrue(classes.size() > 100, classes.size() + " classes");
        return classes;
    }

    private static boolean isWithinInternal(Class<?> type) {
        return type != null && (isInternal(type) || isWithinInternal(type.getDeclaringClass()));
    }

    private static List<Class<?>> allClasses() throws Exception {
        List<Class<?>> classes = new ArrayList<>();
        for (Class<?> one : List.of(Client.class, Sandbox.class)) {
            Path folder = Paths.get(one.getProtectionDomain().getCodeSource().getLocation().toURI());
            Path root = Files.isDirectory(folder) ? folder : FileSystems.newFileSystem(folder, (ClassLoader) null).getPath("/");
            // The sandbox is compiled with the tests.
            try (Stream<Path> files = Files.walk(root.resolve(one.getPackageName().replace('.', '/')))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".class")).collect(Collectors.toList())) {
                    String name = root.relativize(file).toString().replace(".class", "").replace('/', '.');
                    // Those that Kotlin makes of inlined functions have no readable surroundings.
                    if (!name.contains("$$")) classes.add(Class.forName(name, false, Client.class.getClassLoader()));
                }
            }
        }
        return classes;
    }
}
