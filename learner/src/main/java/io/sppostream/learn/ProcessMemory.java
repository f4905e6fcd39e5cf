package io.sppostream.learn;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Memory of a process, as the Linux kernel tells it. */
public final class ProcessMemory {
    private static final long KIB = 1024;

    private ProcessMemory() {}

    /**
     * The most resident bytes that a process has had ({@code VmHWM}); null on other systems, or if there is no such process.
     *
     * @param process its id, or {@code self}
     */
    public static @Nullable Long peakResidentBytes(String process) {
        try (Stream<String> status = Files.lines(Path.of("/proc", process, "status"))) {
            return status.filter(line -> line.startsWith("VmHWM:"))
                    .findFirst()
                    .map(line -> KIB * Long.parseLong(line.replaceAll("\\D", "")))
                    .orElse(null);
        } catch (IOException | UncheckedIOException e) {
            return null;
        }
    }
}
